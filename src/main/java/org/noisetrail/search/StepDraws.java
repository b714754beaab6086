package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;

/** How a wave's images came where they stand: what their noises are made of, step by step. */
final class StepDraws {
    private final Wave wave;
    /** [slot][step]. */
    private final List<List<List<Draw>>> steps = new ArrayList<>();

    StepDraws(Wave wave) {
        this.wave = wave;
        wave.each(slot -> steps.add(new ArrayList<>()));
    }

    /** Begins a step: each image's noise is the step's own. */
    void step() {
        steps.forEach(draws -> draws.add(List.of()));
    }

    void set(int slot, int step, Draw draw) {
        steps.get(slot).set(step, List.of(draw));
    }

    /**
     * Writes the winners of rounds first + 1, ... of local search.
     *
     * @param epsilon the probability that a candidate is fresh noise: by its coin is told which was
     */
    void accept(int step, int first, int[] slots, int[][] winners, double epsilon) {
        Draws.Builder keys = wave.engine().draws(step, winners.length * slots.length);
        for (int k = 0; k < winners.length; k++) {
            for (int g = 0; g < slots.length; g++) {
                keys.add(slots[g], first + k + 1, Math.max(0, winners[k][g]), 0, NoiseKind.NONE);
            }
        }
        double[] coins = wave.engine().coins(keys);
        for (int g = 0; g < slots.length; g++) {
            List<Draw> draws = new ArrayList<>(steps.get(slots[g]).get(step));
            for (int k = 0; k < winners.length; k++) {
                if (winners[k][g] < 0) {
                    continue;
                }
                boolean local = coins[k * slots.length + g] >= epsilon;
                if (!local) {
                    draws.clear();
                }
                draws.add(new Draw.Named(first + k + 1, winners[k][g], local));
            }
            steps.get(slots[g]).set(step, draws);
        }
    }

    /** The steps so far, and own noise to {@code end}. */
    Recipe recipe(int slot, int end) {
        List<List<Draw>> taken = new ArrayList<>(steps.get(slot));
        while (taken.size() < end) {
            taken.add(List.of());
        }
        return Recipe.steps(0, 0, taken);
    }

    List<Recipe> recipes() {
        return steps.stream().map(draws -> Recipe.steps(0, 0, draws)).toList();
    }
}
