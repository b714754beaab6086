package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link InitialNoise}. */
final class InitialNoiseSearch extends PopulationSearch {
    private final InitialNoise method;
    private final @Nullable Particle[] pivots;

    InitialNoiseSearch(Wave wave, Population population, InitialNoise method) {
        super(wave, population);
        this.method = method;
        pivots = new Particle[wave.images()];
    }

    @Override
    Outcome run() {
        int round = 1;
        // So many candidates, the one that is made of them, and none of it if there are fewer than two.
        long learned = Math.min(method.candidates(), wave.affordable() - 1);
        if (method.variant() == InitialNoise.Variant.ASCENT && learned >= 2) {
            learn((int) learned);
            round = 2;
        } else {
            List<Particle> own = new ArrayList<>();
            wave.each(slot -> own.add(Particle.seed(slot, 0, List.of(Draw.global(0, 0)))));
            compete(toEnd(population.start(own)));
        }
        for (; round <= method.rounds() && around(round); round++) {
            wave.reportProgress((long) wave.images() * steps * round / (method.rounds() + 1));
        }
        pivots().forEach(pivot -> ends.end(steps, pivot));
        return ends.outcome();
    }

    /** Initial particles to their ends with their own noise, where they are judged. */
    private List<Particle> toEnd(List<Particle> particles) {
        List<Particle> moved = particles;
        for (int at = 0; at < steps; at++) {
            moved = population.step(at, moved, at == steps - 1);
        }
        return moved;
    }

    private void learn(int count) {
        List<Particle> seeds = new ArrayList<>();
        wave.each(slot -> {
            for (int m = 0; m < count; m++) {
                seeds.add(Particle.seed(slot, 0, List.of(Draw.global(1, m))));
            }
        });
        List<Particle> samples = toEnd(population.start(seeds));
        compete(samples);
        List<Particle> made = new ArrayList<>();
        Particle.byImage(samples).forEach((slot, own) -> {
            if (wave.isReached(pivots().get(slot).score())) {
                return;
            }
            double[] scores = own.stream().mapToDouble(Particle::score).toArray();
            List<Double> weights = Arrays.stream(AscentSearch.weights(scores, Ascent.Regress.SCORE))
                    .boxed()
                    .toList();
            made.add(Particle.seed(slot, 0, List.of(new Draw.Combined(1, weights))));
        });
        if (!made.isEmpty()) {
            compete(toEnd(population.start(made)));
        }
    }

    /** A round near the pivots of the images that pay for it and have not come to the target; false where none does. */
    private boolean around(int round) {
        List<Particle> seeds = new ArrayList<>();
        wave.each(slot -> {
            Particle pivot = pivots().get(slot);
            long paid = wave.isReached(pivot.score())
                    ? 0
                    : Math.min(
                            method.candidates(),
                            wave.remaining(slot) / wave.schedule().evaluations());
            for (int m = 0; m < paid; m++) {
                List<Draw> draws = new ArrayList<>(pivot.path().first());
                draws.add(new Draw.Mixed(round, m, method.share()));
                seeds.add(Particle.seed(slot, 0, draws));
            }
        });
        if (seeds.isEmpty()) {
            return false;
        }
        compete(toEnd(population.start(seeds)));
        return true;
    }

    /** A strictly better end is an image's pivot. */
    private void compete(List<Particle> judged) {
        for (Map.Entry<Integer, List<Particle>> own : Particle.byImage(judged).entrySet()) {
            Particle best = Particle.best(own.getValue());
            Particle before = pivots[own.getKey()];
            boolean better = before == null || Particle.value(best.score()) > Particle.value(before.score());
            if (better) {
                pivots[own.getKey()] = best;
            }
            population.retain(own.getValue(), better ? List.of(best) : List.of());
            if (better && before != null) {
                population.release(List.of(before));
            }
        }
        ends.report(steps - 1, pivots());
    }

    private List<Particle> pivots() {
        return Arrays.stream(pivots).map(Objects::requireNonNull).toList();
    }
}
