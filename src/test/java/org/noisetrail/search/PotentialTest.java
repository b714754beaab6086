package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PotentialTest {
    private static final double NOTHING = Double.NEGATIVE_INFINITY;

    /** The growth at each of some rewards in turn. */
    private static double[] growths(Potential potential, double... rewards) {
        double[] growths = new double[rewards.length];
        double before = NOTHING;
        for (int i = 0; i < rewards.length; i++) {
            double now = potential.remembered(before, rewards[i]);
            growths[i] = potential.growth(before, now);
            before = now;
        }
        return growths;
    }

    @Test
    void weightsGrowByTheDifferenceTheLargestOrTheSumOfRewards() {
        assertThat(growths(Potential.DIFFERENCE, 3, 5, 1)).containsExactly(3, 2, -4);
        assertThat(growths(Potential.MAX, 3, 5, 1)).containsExactly(3, 5, 5);
        assertThat(growths(Potential.SUM, 3, 5, 1)).containsExactly(3, 8, 9);
    }
}
