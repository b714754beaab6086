package org.noisetrail.search;

import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rivals;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.Trial;
import org.noisetrail.engine.Winners;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link Ascent}. */
final class AscentSearch extends StepwiseSearch {
    /** Where the direction of images is used: below this noise level it no longer pays. */
    private static final double IMAGE_LEVEL = 1;

    private static final double LARGEST_WEIGHT = 3;

    private final Ascent method;

    AscentSearch(Ascent method, Wave wave) {
        super(wave, method.candidates());
        this.method = method;
    }

    @Override
    void step(int step) {
        // The last is the one that is made of the others.
        long price = Sizes.price(wave.schedule(), step, atFirst(step), method.candidates() + 1L, 1);
        boolean searching = !wave.schedule().isDead(step);
        int[] searched = Arrays.stream(wave.slots())
                .filter(slot -> searching && !isEnough(slot) && wave.affords(slot, price, step + 1))
                .toArray();
        int[] plain = without(searched);
        if (plain.length > 0) {
            plain(step, plain);
            if (searching) {
                engine.put(single.noise(), plain, pivots);
            }
        }
        if (searched.length > 0) {
            search(step, searched);
            wave.watch(step, next(), searched, searched);
        } else if (searching) {
            norms.observe(pivots);
        }
    }

    private boolean atFirst(int step) {
        return Sizes.atFirst(method.scoreAtFirst(), wave.schedule(), step);
    }

    private void search(int step, int[] slots) {
        int size = method.candidates();
        Draws.Builder fresh = engine.draws(step, slots.length * size);
        for (int slot : slots) {
            for (int m = 0; m < size; m++) {
                fresh.add(slot, 1, m, slot, NoiseKind.GLOBAL);
            }
        }
        boolean image = method.direction() == Ascent.Direction.IMAGE
                && wave.schedule().step(step).level() >= IMAGE_LEVEL;
        boolean screened = atFirst(step);
        if (!screened) {
            search(step, slots, fresh, image, false, next());
            return;
        }
        try (Draws chosen = wave.own(step, slots, 0, NoiseKind.NONE)) {
            search(step, slots, fresh, image, true, halfway());
            complete(slots, chosen);
        }
    }

    private void search(
            int step, int[] slots, Draws.Builder fresh, boolean image, boolean screened, Particles winning) {
        int size = method.candidates();
        try (Draws noises = fresh.build();
                Winners winners = engine.winners(2, slots);
                Draws last = wave.own(step, slots, 0, NoiseKind.PIVOT);
                Rows better = engine.rows(images);
                Rows made = engine.rows(slots.length)) {
            if (screened) {
                engine.screen(many, x(), null, noises, 0, Locality.NONE);
                engine.score(many, noises, wave.reward());
            } else {
                // A shift is made of all clean estimates, and replay makes whole ones.
                Rivals rivals = Rivals.of(slots.length, size, image ? size : 1);
                engine.compete(many, new Trial(x(), null, noises, 0, Locality.NONE), wave.reward(), rivals);
            }
            double[] scores = engine.estimates(many);
            engine.select(many, winners, true, pivots, winning);
            double[][] weights = new double[slots.length][];
            for (int g = 0; g < slots.length; g++) {
                weights[g] = weights(Arrays.copyOfRange(scores, g * size, (g + 1) * size), method.regress());
            }
            make(step, slots, noises, weights, image, made);
            engine.put(made, slots, better);
            if (screened) {
                engine.screen(single, x(), better, last, 0, Locality.NONE);
            } else {
                engine.advance(single, x(), better, last, 0, Locality.NONE);
            }
            engine.score(single, last, wave.reward());
            engine.select(single, winners, true, pivots, winning);
            // Before the winners are read, so that it comes with them.
            norms.observe(pivots);
            remember(step, slots, winners, weights, image, screened);
        }
    }

    private void make(int step, int[] slots, Draws noises, double[][] weights, boolean image, Rows made) {
        if (!image) {
            engine.combine(noises, weights, made);
            return;
        }
        try (Draws own = wave.own(step, slots, 0, NoiseKind.GLOBAL);
                Rows z = engine.rows(slots.length)) {
            engine.noise(z, null, own, Locality.NONE);
            engine.shift(many, weights, method.shift(), z, made);
        }
    }

    /** Standardised and clipped; a score that is no number, or has no transform, counts as the least of the others. Where all are equal, each noise counts alike. */
    static double[] weights(double[] scores, Ascent.Regress regress) {
        double[] values = Arrays.stream(scores).map(regress::of).toArray();
        double least = Arrays.stream(values).filter(Double::isFinite).min().orElse(0);
        double most = Arrays.stream(values).filter(Double::isFinite).max().orElse(0);
        for (int m = 0; m < values.length; m++) {
            if (!Double.isFinite(values[m])) {
                values[m] = values[m] == Double.POSITIVE_INFINITY ? most : least;
            }
        }
        // By a power of two, which changes no digit: squares neither overflow nor vanish.
        int power = Math.getExponent(Arrays.stream(values).map(Math::abs).max().orElse(0));
        Arrays.setAll(values, m -> Math.scalb(values[m], -power));
        double mean = Arrays.stream(values).average().orElse(0);
        double deviation = Math.sqrt(
                Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / values.length);
        double[] weights = new double[values.length];
        for (int m = 0; m < values.length; m++) {
            double standard = deviation > 0 ? (values[m] - mean) / deviation : 1;
            weights[m] = Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, standard));
        }
        return weights;
    }

    private void remember(int step, int[] slots, Winners winners, double[][] weights, boolean image, boolean screened) {
        int[][] chosen = winners.read();
        double[] scores = winners.scores();
        int[] seen = winners.nanScores();
        wave.reportRewards(scores);
        wave.reportStep(step, slots, scores);
        reached(slots, scores);
        for (int g = 0; g < slots.length; g++) {
            wave.countNans(slots[g], seen[g]);
            List<Double> factors = Arrays.stream(weights[g]).boxed().toList();
            Draw draw = chosen[1][g] < 0
                    ? Draw.global(1, Math.max(0, chosen[0][g]))
                    : image ? new Draw.Shifted(1, method.shift(), screened, factors) : new Draw.Combined(1, factors);
            draws.set(slots[g], step, draw);
        }
    }
}
