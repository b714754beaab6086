package org.noisetrail.search;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.engine.Winners;
import org.noisetrail.noise.Recipe;

/** Independent chains an image, the best of which is kept: best-of-N; with one chain, the naive sampler. */
final class ChainSearch {
    private final Wave wave;
    private final int chains;
    private final boolean sharedStart;
    private final int together;

    /** Chains beyond what goes to the network at once go one group after the other, so that a target or a time limit can end them. */
    ChainSearch(Wave wave, int chains, boolean sharedStart) {
        this.wave = wave;
        this.chains = chains;
        this.sharedStart = sharedStart;
        this.together = Math.min(chains, wave.maxBatch());
    }

    /** Chains that have come to their ends, image by image; owns their states. */
    private record Finished(Candidates candidates, double[] norms) implements AutoCloseable {
        @Override
        public void close() {
            candidates.close();
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
        try (Finished finished = chains(0, 1, 1)) {
            wave.engine.put(finished.candidates().next(), wave.slots(), best);
            return outcome(best, new int[wave.images()], finished.norms(), new long[wave.images()], null);
        }
    }

    private Outcome compare(int affordable, Particles states) {
        int[] winner = new int[wave.images()];
        double[] norms = new double[wave.images()];
        int groups = (affordable + together - 1) / together;
        try (Winners winners = wave.engine.winners(groups, wave.slots())) {
            double[] scores = new double[0];
            for (int group = 0; group < groups; group++) {
                int first = group * together;
                int count = Math.min(together, affordable - first);
                try (Finished finished = chains(first, count, affordable);
                        Draws draws = draws(wave.schedule().size() - 1, first, count)) {
                    wave.engine.score(finished.candidates(), draws, wave.reward());
                    wave.engine.select(finished.candidates(), winners, true, null, states);
                    int[] selected = winners.read()[group];
                    for (int slot = 0; slot < selected.length; slot++) {
                        if (selected[slot] >= 0) {
                            winner[slot] = first + selected[slot];
                            norms[slot] = finished.norms()[slot * count + selected[slot]];
                        }
                    }
                }
                double[] best = winners.scores();
                scores = best;
                wave.stand(states, () -> ends(winner, norms, best));
                wave.reportRewards(scores);
                if (Arrays.stream(scores).allMatch(s -> s >= wave.target())) {
                    break;
                }
            }
            long[] nans = Arrays.stream(winners.nanScores()).asLongStream().toArray();
            for (int slot = 0; slot < nans.length; slot++) {
                if (nans[slot] == wave.ledger.costs(slot).rewardCalls()) {
                    // NaN loses as minus infinity, but is told as what it is.
                    scores[slot] = Double.NaN;
                }
            }
            return outcome(states, winner, norms, nans, scores);
        }
    }

    private Outcome outcome(Particles best, int[] winner, double[] norms, long[] nans, double @Nullable [] rewards) {
        List<Recipe> recipes = Arrays.stream(winner)
                .mapToObj(chain -> recipe(chain, wave.schedule().size()))
                .toList();
        return new Outcome(best, recipes, norms, nans, rewards);
    }

    /** A chain's first steps. */
    private Recipe recipe(int chain, int steps) {
        return Recipe.steps(sharedStart ? 0 : chain, chain, Collections.nCopies(steps, List.of()));
    }

    private List<Stand> ends(int[] winner, double[] norms, double[] scores) {
        int steps = wave.schedule().size();
        return wave.mapped(
                slot -> new Stand(slot, steps, slot, recipe(winner[slot], steps), norms[slot], scores[slot]));
    }

    /** The first chain of each image, while none is at its end. */
    private void stand(int step, Particles x, int count, double[] norms) {
        wave.stand(
                x,
                () -> wave.mapped(slot -> {
                    int row = slot * count;
                    return new Stand(slot, step + 1, row, recipe(0, step + 1), norms[row], Double.NaN);
                }));
    }

    /** Runs chains first .. first + count - 1 of every image, of {@code all}. */
    private Finished chains(int first, int count, int all) {
        StepEngine engine = wave.engine;
        int rows = wave.images() * count;
        int steps = wave.schedule().size();
        double[] norms = new double[rows];
        Candidates candidates = engine.candidates(rows);
        Particles x = null;
        try {
            try (Draws draws = draws(-1, first, count)) {
                x = engine.start(draws);
            }
            for (int step = 0; step < steps; step++) {
                try (Draws draws = draws(step, first, count)) {
                    engine.advance(candidates, x, null, draws, 0, Locality.NONE);
                }
                if (!wave.schedule().isDead(step)) {
                    double[] now = engine.norms(candidates.noise());
                    Arrays.setAll(norms, r -> Math.max(norms[r], now[r]));
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
            return new Finished(candidates, norms);
        } catch (Throwable t) {
            candidates.close();
            throw t;
        } finally {
            if (x != null) {
                x.close();
            }
        }
    }

    private Draws draws(int step, int first, int count) {
        Draws.Builder draws = wave.engine.draws(step, wave.images() * count);
        wave.each(slot -> {
            for (int c = 0; c < count; c++) {
                int candidate = step < 0 && sharedStart ? 0 : first + c;
                draws.add(slot, 0, candidate, slot * count + c, Kind.GLOBAL);
            }
        });
        return draws.build();
    }
}
