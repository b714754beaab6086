package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;

/** What the pivots of a wave's images are made of, step by step. */
final class PivotDraws {
    private final Wave wave;
    private final double epsilon;
    /** [slot][step]. */
    private final List<List<List<Draw>>> steps = new ArrayList<>();

    /** @param epsilon the probability that a candidate is fresh noise: by its coin is told which was */
    PivotDraws(Wave wave, double epsilon) {
        this.wave = wave;
        this.epsilon = epsilon;
        wave.each(slot -> steps.add(new ArrayList<>()));
    }

    /** Begins a step: each pivot is the step's own noise. */
    void step() {
        steps.forEach(draws -> draws.add(List.of()));
    }

    /** Writes the winners of rounds first + 1, ... into the images' recipes. */
    void accept(int step, int first, int[] slots, int[][] winners) {
        Draws.Builder keys = wave.engine().draws(step, winners.length * slots.length);
        for (int k = 0; k < winners.length; k++) {
            for (int g = 0; g < slots.length; g++) {
                keys.add(slots[g], first + k + 1, Math.max(0, winners[k][g]), 0, Kind.NONE);
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

    List<Recipe> recipes() {
        return steps.stream().map(draws -> Recipe.steps(0, 0, draws)).toList();
    }
}
