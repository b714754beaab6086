package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;

/** What a wave's images are finished from when time is up: a copy of the furthest state of each, and of those at the end the best. */
final class BestSoFar implements AutoCloseable {
    private final Wave wave;
    private final StepEngine engine;
    private final int steps;
    private final Particles x;
    private final @Nullable Stand[] stands;

    BestSoFar(Wave wave) {
        this.wave = wave;
        engine = wave.engine();
        steps = wave.schedule().size();
        x = engine.particles(wave.images());
        stands = new Stand[wave.images()];
    }

    /** @param offered in any order; of one image's the best is taken, if it is further than what it had, or as far and better */
    void offer(Particles from, List<Stand> offered) {
        for (Stand stand : offered) {
            Stand before = stands[stand.slot()];
            if (before == null || better(stand, before)) {
                stands[stand.slot()] = stand;
            }
        }
        List<Stand> taken = offered.stream().filter(this::holds).toList();
        if (!taken.isEmpty()) {
            engine.copy(
                    from,
                    taken.stream().mapToInt(Stand::row).toArray(),
                    taken.stream().mapToInt(Stand::slot).toArray(),
                    x);
        }
    }

    private boolean holds(Stand stand) {
        return stands[stand.slot()] == stand;
    }

    private boolean better(Stand stand, Stand before) {
        return stand.step() != before.step() ? stand.step() > before.step() : stand.value() > before.value();
    }

    /** Calls of the denoiser that the furthest back still needs. */
    long callsToEnd() {
        long most = 0;
        for (Stand stand : stands) {
            most = Math.max(most, callsToEnd(stand));
        }
        return most;
    }

    private long callsToEnd(@Nullable Stand stand) {
        return stand == null
                ? wave.schedule().evaluations()
                : stand.step() == steps ? 0 : wave.schedule().evaluationsFrom(stand.step());
    }

    /** Whether every image can pay for its way to the end. */
    boolean isPaid() {
        return Arrays.stream(wave.slots()).allMatch(slot -> wave.remaining(slot) >= callsToEnd(stands[slot]));
    }

    /** The images, each taken to its end with its own noise. */
    Outcome finish() {
        Stand[] here = begun();
        double[] norms = Arrays.stream(here).mapToDouble(Stand::norm).toArray();
        try (Candidates candidates = engine.candidates(wave.images())) {
            for (int at = 0; at < steps; at++) {
                int step = at;
                int[] walking = Arrays.stream(wave.slots())
                        .filter(slot -> here[slot].step() <= step)
                        .toArray();
                if (walking.length > 0) {
                    double[] now = step(step, walking, here, candidates);
                    for (int r = 0; r < walking.length; r++) {
                        norms[walking[r]] = Math.max(norms[walking[r]], now[r]);
                    }
                }
            }
        }
        List<Recipe> recipes = Arrays.stream(here).map(this::whole).toList();
        return new Outcome(engine.copies(x, wave.slots()), recipes, norms, null);
    }

    /** The stands; who has none yet begins. */
    private Stand[] begun() {
        int[] fresh =
                Arrays.stream(wave.slots()).filter(slot -> stands[slot] == null).toArray();
        if (fresh.length > 0) {
            try (Draws own = wave.own(-1, fresh, 0, NoiseKind.GLOBAL);
                    Particles begun = engine.start(own)) {
                engine.put(begun, fresh, x);
            }
        }
        Stand[] here = new Stand[wave.images()];
        wave.each(slot -> {
            Stand stand = stands[slot];
            here[slot] = stand == null ? new Stand(slot, 0, slot, Recipe.steps(0, 0, List.of()), 0, Double.NaN) : stand;
        });
        return here;
    }

    private double[] step(int step, int[] slots, Stand[] here, Candidates candidates) {
        boolean dead = wave.schedule().isDead(step);
        Draws.Builder rows = engine.draws(step, slots.length);
        for (int slot : slots) {
            rows.add(slot, 0, here[slot].way().chain(), slot, dead ? NoiseKind.NONE : NoiseKind.GLOBAL);
        }
        try (Draws draws = rows.build()) {
            engine.advance(candidates, x, null, draws, 0, Locality.NONE);
            engine.put(candidates.next(), slots, x);
        }
        return dead ? new double[slots.length] : engine.norms(candidates);
    }

    private Recipe whole(Stand stand) {
        List<Move> moves = new ArrayList<>(stand.way().moves());
        for (int step = stand.step(); step < steps; step++) {
            moves.add(Move.down(List.of()));
        }
        return new Recipe(stand.way().start(), stand.way().chain(), moves);
    }

    @Override
    public void close() {
        x.close();
    }
}
