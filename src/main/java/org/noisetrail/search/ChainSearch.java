package org.noisetrail.search;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Norms;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.engine.Winners;
import org.noisetrail.noise.Recipe;

/**
 * Independent chains an image, the best of which is kept: best-of-N; with one chain, the naive sampler.
 *
 * <p>Chains go in groups, one after the other, so that a target or a time limit can end them. Where there is a target, an image draws one chain, then as many again as it has drawn, and
 * so on until one has reached it: less than twice what it needed, whatever goes to the network at once and whoever it is drawn with.
 */
final class ChainSearch {
    private final Wave wave;
    private final int chains;
    private final boolean sharedStart;

    ChainSearch(Wave wave, int chains, boolean sharedStart) {
        this.wave = wave;
        this.chains = chains;
        this.sharedStart = sharedStart;
    }

    /** Chains that have come to their ends, image by image; owns their states. */
    private record Finished(Candidates candidates, double[] norms) implements AutoCloseable {
        @Override
        public void close() {
            candidates.close();
        }
    }

    /** What the chains of each image have come to, by slot. */
    private record Best(int[] chain, double[] norms, double[] scores) {
        static Best none(int images) {
            double[] scores = new double[images];
            Arrays.fill(scores, Double.NaN);
            return new Best(new int[images], new double[images], scores);
        }
    }

    Outcome run() {
        int affordable = (int) Math.min(chains, wave.affordable());
        Particles best = wave.engine.particles(wave.images());
        try {
            return affordable == 1 ? single(best) : compare(affordable, best);
        } catch (Throwable t) {
            best.close();
            throw t;
        }
    }

    private Outcome single(Particles best) {
        try (Finished finished = chains(wave.slots(), 0, 1, 1)) {
            wave.engine.put(finished.candidates().next(), wave.slots(), best);
            return outcome(best, new int[wave.images()], finished.norms(), null);
        }
    }

    private Outcome compare(int affordable, Particles particles) {
        Best best = Best.none(wave.images());
        int[] active = wave.slots();
        int count;
        for (int first = 0; first < affordable && active.length > 0; first += count) {
            count = Math.min(together(first), affordable - first);
            group(active, first, count, affordable, best, particles);
            wave.stand(particles, () -> ends(best));
            active = Arrays.stream(active)
                    .filter(slot -> !wave.isReached(best.scores[slot]))
                    .toArray();
        }
        return outcome(particles, best.chain, best.norms, best.scores);
    }

    /** How many chains go after the first so many. */
    private int together(int first) {
        return wave.target() < Double.POSITIVE_INFINITY ? BestOfN.aimed(first) : wave.maxBatch();
    }

    /** Chains first .. first + count - 1 of some images, of {@code all}. */
    private void group(int[] slots, int first, int count, int all, Best best, Particles particles) {
        // NaN would be "nothing yet", which any other score replaces: of chains without a score the first is kept.
        double[] before = Arrays.stream(slots)
                .mapToDouble(slot -> first == 0 ? Double.NaN : Particle.value(best.scores[slot]))
                .toArray();
        try (Winners winners = wave.engine.winners(1, slots, before);
                Finished finished = chains(slots, first, count, all);
                Draws draws = draws(wave.schedule().size() - 1, slots, first, count)) {
            wave.engine.score(finished.candidates(), draws, wave.reward());
            wave.engine.select(finished.candidates(), winners, true, null, particles);
            int[] selected = winners.read()[0];
            int[] nans = winners.nanScores();
            double[] scores = winners.scores();
            for (int g = 0; g < slots.length; g++) {
                int slot = slots[g];
                wave.countNans(slot, nans[g]);
                if (selected[g] >= 0) {
                    best.scores[slot] = scores[g];
                    best.chain[slot] = first + selected[g];
                    best.norms[slot] = finished.norms()[g * count + selected[g]];
                }
            }
            wave.reportRewards(
                    Arrays.stream(slots).mapToDouble(slot -> best.scores[slot]).toArray());
        }
    }

    private Outcome outcome(Particles best, int[] winner, double[] norms, double @Nullable [] rewards) {
        List<Recipe> recipes = Arrays.stream(winner)
                .mapToObj(chain -> recipe(chain, wave.schedule().size()))
                .toList();
        return new Outcome(best, recipes, norms, rewards);
    }

    /** A chain's first steps. */
    private Recipe recipe(int chain, int steps) {
        return Recipe.steps(sharedStart ? 0 : chain, chain, Collections.nCopies(steps, List.of()));
    }

    private List<Stand> ends(Best best) {
        int steps = wave.schedule().size();
        return wave.mapped(slot ->
                new Stand(slot, steps, slot, recipe(best.chain[slot], steps), best.norms[slot], best.scores[slot]));
    }

    /** The first chain of each image, while none is at its end. */
    private void stand(int step, Particles x, int count, Norms norms) {
        wave.stand(x, () -> {
            double[] longest = norms.read();
            return wave.mapped(slot -> {
                int row = slot * count;
                return new Stand(slot, step + 1, row, recipe(0, step + 1), longest[row], Double.NaN);
            });
        });
    }

    /** Runs chains first .. first + count - 1 of some images, of {@code all}. */
    private Finished chains(int[] slots, int first, int count, int all) {
        StepEngine engine = wave.engine;
        int rows = slots.length * count;
        int steps = wave.schedule().size();
        Candidates candidates = engine.candidates(rows);
        Particles x = null;
        try (Norms norms = engine.norms(rows)) {
            try (Draws draws = draws(-1, slots, first, count)) {
                x = engine.start(draws);
            }
            for (int step = 0; step < steps; step++) {
                try (Draws draws = draws(step, slots, first, count)) {
                    engine.advance(candidates, x, null, draws, 0, Locality.NONE);
                }
                if (!wave.schedule().isDead(step)) {
                    norms.observe(candidates.noise());
                }
                if (step < steps - 1) {
                    x = candidates.exchangeNext(x);
                }
                if (first == 0) {
                    stand(step, step < steps - 1 ? x : candidates.next(), count, norms);
                }
                long chainSteps = (long) first * steps + (long) count * (step + 1);
                wave.reportProgress(wave.images() * chainSteps / all);
            }
            return new Finished(candidates, norms.read());
        } catch (Throwable t) {
            candidates.close();
            throw t;
        } finally {
            if (x != null) {
                x.close();
            }
        }
    }

    private Draws draws(int step, int[] slots, int first, int count) {
        Draws.Builder draws = wave.engine.draws(step, slots.length * count);
        for (int g = 0; g < slots.length; g++) {
            for (int c = 0; c < count; c++) {
                int candidate = step < 0 && sharedStart ? 0 : first + c;
                draws.add(slots[g], 0, candidate, g * count + c, NoiseKind.GLOBAL);
            }
        }
        return draws.build();
    }
}
