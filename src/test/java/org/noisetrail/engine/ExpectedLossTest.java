package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExpectedLossTest {
    private static double[] same(double value, int count) {
        double[] all = new double[count];
        Arrays.fill(all, value);
        return all;
    }

    /** Expected order statistics of standard normals (Harter 1961). */
    @Test
    void equalCandidatesLoseTheDifferenceOfExpectedMaxima() {
        double[] loss = ExpectedLoss.of(same(.3, 4), same(2, 4), 1);
        double[] maxima = {0, 0, .5641896, .8462844, 1.0293754};
        assertThat(loss[0]).isInfinite();
        for (int m = 1; m <= 4; m++) {
            assertThat(loss[m]).isCloseTo(2 * (maxima[4] - maxima[m]), within(2e-4));
        }
        assertThat(loss[4]).isZero();
    }

    @Test
    void whereTwoGoOnTheirMeanCounts() {
        double[] loss = ExpectedLoss.of(same(0, 4), same(1, 4), 2);
        double all = (1.0293754 + .2970114) / 2;
        assertThat(loss[1]).isInfinite();
        assertThat(loss[2]).isCloseTo(all, within(2e-4));
        assertThat(loss[3]).isCloseTo(all - .8462844 / 2, within(2e-4));
    }

    /** E max(0, X) of X normal, mean -1, deviation 1: the density at 1 less the tail above 1. */
    @Test
    void aCandidateThatIsBehindIsWorthItsChanceToBeAhead() {
        double[] loss = ExpectedLoss.of(new double[] {0, -1}, new double[] {0, 1}, 1);
        assertThat(loss[1]).isCloseTo(.2419707 - .1586553, within(1e-4));
    }

    @Test
    void whatIsCertainLosesNothing() {
        assertThat(ExpectedLoss.of(new double[] {3, 2, 1}, new double[3], 1)).containsExactly(1 / 0., 0, 0, 0);
    }

    @Test
    void itIsTheMeanOfManyDraws() {
        double[] mean = {1, .8, .1, -.2, -1};
        double[] deviation = {.3, .5, .7, .2, 1.1};
        double[] loss = ExpectedLoss.of(mean, deviation, 2);
        Random random = new Random(4);
        int draws = 200_000;
        double[] sum = new double[6];
        for (int i = 0; i < draws; i++) {
            double[] scores = new double[5];
            Arrays.setAll(scores, c -> mean[c] + deviation[c] * random.nextGaussian());
            for (int m = 2; m <= 5; m++) {
                sum[m] += best(Arrays.copyOf(scores, 5)) - best(Arrays.copyOf(scores, m));
            }
        }
        for (int m = 2; m <= 5; m++) {
            assertThat(loss[m]).as("m %d", m).isCloseTo(sum[m] / draws, within(.005));
        }
    }

    private static double best(double[] scores) {
        Arrays.sort(scores);
        return (scores[scores.length - 1] + scores[scores.length - 2]) / 2;
    }
}
