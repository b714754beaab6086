package org.noisetrail.search;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Draw;

/** Makes noise of its names: each row's own noise, then its draws one after the other. */
final class NamedNoise {
    private final StepEngine engine;
    private final Locality locality;

    /** @param locality how local draws lie around what was there before */
    NamedNoise(StepEngine engine, Locality locality) {
        this.engine = engine;
        this.locality = locality;
    }

    /** Whether draws are one fresh noise, which needs no making. */
    static boolean single(List<Draw> draws) {
        return draws.size() == 1 && draws.get(0) instanceof Draw.Named named && !named.local();
    }

    /**
     * A step's rows, each with its particle as parent.
     *
     * @param plain whether all draws are single ones, or none; otherwise noise and states were made beforehand, in the order of the rows
     */
    Draws rows(int at, List<Particle> parents, List<List<Draw>> draws, boolean plain) {
        Draws.Builder rows = engine.draws(at, parents.size());
        boolean dead = at >= 0 && engine.schedule().isDead(at);
        for (int r = 0; r < parents.size(); r++) {
            Particle parent = parents.get(r);
            // What begins has no state to come from.
            int from = at < 0 ? 0 : parent.row();
            if (dead || draws.get(r).isEmpty()) {
                rows.add(parent.slot(), 0, 0, from, NoiseKind.NONE);
            } else if (plain) {
                Draw.Named named = (Draw.Named) draws.get(r).get(0);
                rows.add(parent.slot(), named.round(), named.candidate(), from, NoiseKind.GLOBAL);
            } else {
                rows.add(parent.slot(), 0, 0, r, NoiseKind.PIVOT);
            }
        }
        return rows.build();
    }

    /**
     * @param slots a row each: the image whose it is
     * @param rows where each lies in {@code x} and {@code into}
     * @param chains the candidate of round 0 that is each row's own noise
     * @param draws what is then made of it
     * @param x the states that the noise is for; what is drawn by way of clean estimates takes them again
     */
    void make(int step, int[] slots, int[] rows, int[] chains, List<List<Draw>> draws, Particles x, Rows into) {
        Draws.Builder own = engine.draws(step, slots.length);
        for (int i = 0; i < slots.length; i++) {
            own.add(slots[i], 0, chains[i], rows[i], NoiseKind.GLOBAL);
        }
        apply(own, rows, into);
        int most = draws.stream().mapToInt(List::size).max().orElse(0);
        for (int level = 0; level < most; level++) {
            apply(level, step, slots, rows, draws, x, into);
        }
    }

    private void apply(int level, int step, int[] slots, int[] rows, List<List<Draw>> draws, Particles x, Rows into) {
        Draws.Builder named = engine.draws(step, slots.length);
        List<Integer> targets = new ArrayList<>();
        Map<Double, List<Integer>> mixed = new LinkedHashMap<>();
        for (int i = 0; i < slots.length; i++) {
            if (level >= draws.get(i).size()) {
                continue;
            }
            Draw draw = draws.get(i).get(level);
            if (draw instanceof Draw.Combined sum) {
                combine(step, slots[i], rows[i], sum, into);
            } else if (draw instanceof Draw.Shifted shifted) {
                shift(step, slots[i], rows[i], shifted, x, into);
            } else if (draw instanceof Draw.Mixed mix) {
                mixed.computeIfAbsent(mix.share(), share -> new ArrayList<>()).add(i);
            } else {
                Draw.Named name = (Draw.Named) draw;
                named.add(
                        slots[i],
                        name.round(),
                        name.candidate(),
                        rows[i],
                        name.local() ? NoiseKind.LOCAL : NoiseKind.GLOBAL);
                targets.add(rows[i]);
            }
        }
        if (!targets.isEmpty()) {
            apply(named, ints(targets), into);
        }
        mixed.forEach((share, which) -> mix(level, step, slots, rows, draws, share, which, into));
    }

    private void apply(Draws.Builder rows, int[] targets, Rows into) {
        try (Draws draws = rows.build();
                Rows noise = engine.rows(draws.rows())) {
            engine.noise(noise, into, draws, locality);
            engine.put(noise, targets, into);
        }
    }

    private void mix(
            int level,
            int step,
            int[] slots,
            int[] rows,
            List<List<Draw>> draws,
            double share,
            List<Integer> which,
            Rows into) {
        Draws.Builder names = engine.draws(step, which.size());
        for (int i : which) {
            Draw.Mixed mix = (Draw.Mixed) draws.get(i).get(level);
            names.add(slots[i], mix.round(), mix.candidate(), rows[i], NoiseKind.GLOBAL);
        }
        int[] targets = which.stream().mapToInt(i -> rows[i]).toArray();
        try (Draws keys = names.build();
                Rows before = engine.rows(targets.length);
                Rows fresh = engine.rows(targets.length)) {
            engine.noise(fresh, null, keys, Locality.NONE);
            engine.gather(into, targets, before);
            engine.mix(before, share, fresh, before);
            engine.put(before, targets, into);
        }
    }

    private void combine(int step, int slot, int row, Draw.Combined sum, Rows into) {
        try (Draws draws = terms(step, slot, row, sum.round(), sum.weights().size());
                Rows noise = engine.rows(1)) {
            engine.combine(draws, new double[][] {doubles(sum.weights())}, noise);
            engine.put(noise, new int[] {row}, into);
        }
    }

    /** Takes the candidates' clean estimates again, from where the image stands. */
    private void shift(int step, int slot, int row, Draw.Shifted shifted, Particles x, Rows into) {
        int size = shifted.weights().size();
        try (Draws draws = terms(step, slot, row, shifted.round(), size);
                Candidates estimates = engine.candidates(size);
                Rows z = engine.rows(1);
                Rows noise = engine.rows(1)) {
            if (shifted.screened()) {
                engine.screen(estimates, x, null, draws, 0, Locality.NONE);
            } else {
                engine.advance(estimates, x, null, draws, 0, Locality.NONE);
            }
            engine.gather(into, new int[] {row}, z);
            engine.shift(estimates, new double[][] {doubles(shifted.weights())}, shifted.shift(), z, noise);
            engine.put(noise, new int[] {row}, into);
        }
    }

    private Draws terms(int step, int slot, int row, int round, int size) {
        Draws.Builder terms = engine.draws(step, size);
        for (int m = 0; m < size; m++) {
            terms.add(slot, round, m, row, NoiseKind.GLOBAL);
        }
        return terms.build();
    }

    private static double[] doubles(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static int[] ints(List<Integer> values) {
        return values.stream().mapToInt(Integer::intValue).toArray();
    }
}
