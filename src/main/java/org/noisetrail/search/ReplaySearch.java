package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.torch.Unfinished;

/** Regenerates trajectories from recipes: one transition a step, each with the noise its draws name. Images whose moves differ in direction go one group after the other. */
record ReplaySearch(List<Recipe> recipes, double lambda, boolean project) implements Method {
    @Override
    public String name() {
        return "replay";
    }

    @Override
    public boolean needsReward() {
        return false;
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return 1;
    }

    @Override
    public Outcome search(Wave wave) {
        List<Recipe> here = recipes.subList(wave.first, wave.first + wave.images());
        try (Run run = new Run(wave, here)) {
            return run.toEnd();
        }
    }

    /** One wave's way through the moves. */
    private final class Run implements AutoCloseable {
        private final Wave wave;
        private final StepEngine engine;
        private final List<Recipe> recipes;
        private final double[] norms;
        private final Candidates candidates;
        private final Rows pivots;
        private final Particles x;
        private final NamedNoise names;

        Run(Wave wave, List<Recipe> recipes) {
            this.wave = wave;
            this.recipes = recipes;
            engine = wave.engine();
            norms = new double[wave.images()];
            try (Unfinished parts = new Unfinished()) {
                candidates = parts.add(engine.candidates(wave.images()));
                pivots = parts.add(engine.rows(wave.images()));
                x = parts.add(engine.particles(wave.images()));
                parts.finish();
            }
            names = new NamedNoise(engine, locality());
        }

        Outcome toEnd() {
            start();
            int[] done = new int[wave.images()];
            int[] position = new int[wave.images()];
            while (true) {
                // Those that stand at the earliest step move first: so the others wait for them, and steps are shared.
                int step = Arrays.stream(wave.slots())
                        .filter(slot -> done[slot] < recipes.get(slot).moves().size())
                        .map(slot -> position[slot])
                        .min()
                        .orElse(wave.schedule().size());
                if (step == wave.schedule().size()) {
                    break;
                }
                int[] here = Arrays.stream(wave.slots())
                        .filter(slot -> done[slot] < recipes.get(slot).moves().size() && position[slot] == step)
                        .toArray();
                int up = recipes.get(here[0]).moves().get(done[here[0]]).up();
                int[] moving = Arrays.stream(here)
                        .filter(slot ->
                                recipes.get(slot).moves().get(done[slot]).up() == up)
                        .toArray();
                move(step, up, moving, done);
                for (int slot : moving) {
                    position[slot] = up == Move.DOWN ? step + 1 : up;
                    done[slot]++;
                }
                wave.reportProgress((long) wave.images() * (step + 1));
            }
            return new Outcome(engine.copies(x, wave.slots()), recipes, norms, null);
        }

        private void start() {
            List<Move> starts = new ArrayList<>();
            recipes.forEach(recipe -> starts.add(Move.down(recipe.start())));
            boolean plain = recipes.stream().allMatch(Run::startsPlainly);
            Draws.Builder rows = engine.draws(-1, wave.images());
            wave.each(slot -> {
                int candidate = plain ? ((Draw.Named) recipes.get(slot).start().get(0)).candidate() : 0;
                int round = plain ? ((Draw.Named) recipes.get(slot).start().get(0)).round() : 0;
                rows.add(slot, round, candidate, slot, NoiseKind.GLOBAL);
            });
            try (Draws draws = rows.build()) {
                if (!plain) {
                    make(-1, wave.slots(), starts);
                    // Whose start is a noise as it was drawn is told nothing of it, whoever it is replayed with.
                    measure(Arrays.stream(wave.slots())
                            .filter(slot -> !startsPlainly(recipes.get(slot)))
                            .toArray());
                }
                try (Particles begun = plain ? engine.start(draws) : engine.start(draws, pivots)) {
                    engine.put(begun, wave.slots(), x);
                }
            }
        }

        private static boolean startsPlainly(Recipe recipe) {
            return recipe.start().size() == 1 && recipe.start().get(0) instanceof Draw.Named;
        }

        /** Takes images through the moves they stand at, all from the same step in the same direction. */
        private void move(int step, int up, int[] slots, int[] done) {
            List<Move> moves = Arrays.stream(slots)
                    .mapToObj(slot -> recipes.get(slot).moves().get(done[slot]))
                    .toList();
            boolean noisy = up != Move.DOWN || !wave.schedule().isDead(step);
            if (noisy) {
                make(step, slots, moves);
                measure(slots);
            }
            try (Draws draws = wave.own(step, slots, 0, noisy ? NoiseKind.PIVOT : NoiseKind.NONE)) {
                if (up == Move.DOWN) {
                    engine.advance(candidates, x, pivots, draws, 0, locality());
                    engine.put(candidates.next(), slots, x);
                    return;
                }
                try (Particles low = engine.copies(x, slots);
                        Particles high = engine.particles(slots.length);
                        Rows noise = engine.rows(slots.length)) {
                    engine.gather(pivots, slots, noise);
                    engine.renoise(draws, low, up, noise, high);
                    engine.put(high, slots, x);
                }
            }
        }

        /** Each image's noise to its row of the pivots. */
        private void make(int step, int[] slots, List<Move> moves) {
            int[] chains =
                    Arrays.stream(slots).map(slot -> recipes.get(slot).chain()).toArray();
            names.make(
                    step, slots, slots, chains, moves.stream().map(Move::draws).toList(), x, pivots);
        }

        private void measure(int[] slots) {
            double[] now = engine.norms(pivots);
            for (int slot : slots) {
                norms[slot] = Math.max(norms[slot], now[slot]);
            }
        }

        private Locality locality() {
            return new Locality(0, lambda, project);
        }

        @Override
        public void close() {
            candidates.close();
            pivots.close();
            x.close();
        }
    }
}
