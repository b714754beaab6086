package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class WeightsTest {
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    @Test
    void aTemperatureOfAlmostNothingLeavesTheBestAlone() {
        for (double alpha : new double[] {1e-310, Double.MIN_VALUE}) {
            assertThat(Weights.softmax(new double[] {0, 3, -2, 3}, 1 / alpha)).containsExactly(0, 1, 0, 1);
            assertThat(Weights.softmax(new double[] {0, 0}, 1 / alpha)).containsExactly(1, 1);
        }
    }

    @Test
    void whatIsInfinitelyGoodTakesAllAndWhatIsInfinitelyBadNothing() {
        assertThat(Weights.softmax(new double[] {INFINITY, 5, INFINITY}, 2)).containsExactly(1, 0, 1);
        assertThat(Weights.softmax(new double[] {-INFINITY, 5, Double.NaN}, 2)).containsExactly(0, 1, 0);
        assertThat(Weights.softmax(new double[] {-INFINITY, Double.NaN}, 2)).containsExactly(1, 1);
        assertThat(Weights.softmax(new double[] {Double.MAX_VALUE, -Double.MAX_VALUE}, 1e300))
                .containsExactly(1, 0);
    }

    @Test
    void aUniformTakesTheFirstWhoseSumReachesIt() {
        double[] weights = {1, 5, 2, 0};
        double[] uniforms = {1e-9, .1249, .1251, .7499, .7501, 1 - 1e-9};
        assertThat(Arrays.stream(uniforms).mapToInt(u -> Weights.draw(weights, u)))
                .containsExactly(0, 0, 1, 1, 2, 2);
    }

    @Test
    void theEffectiveNumberIsTheSquareOfTheSumOverTheSumOfSquares() {
        assertThat(Weights.effective(new double[] {1, .5, .5})).isCloseTo(8 / 3., within(1e-12));
        assertThat(Weights.effective(new double[] {3, 3, 3, 3})).isCloseTo(4, within(1e-12));
        assertThat(Weights.effective(new double[] {0, 7, 0})).isCloseTo(1, within(1e-12));
    }

    @Test
    void aNodesValueIsOfTheBestWhereThatIsInfinite() {
        Branch root = new Branch(null, null, -1);
        for (double reward : new double[] {.5, INFINITY, Double.NaN, .25}) {
            Particle end = Particle.seed(0, 0, java.util.List.of()).scored(reward);
            root.add(end).backUp(3);
        }
        assertThat(root.value).isEqualTo(INFINITY);
        assertThat(root.drawn(3, .999)).isSameAs(root.children.get(1));
        assertThat(root.promising(1)).isSameAs(root.children.get(1));
    }

    @Test
    void aNodeWhoseEndsAreAllBadIsWorthNothingAndDrawnFromAlike() {
        Branch root = new Branch(null, null, -1);
        for (int end = 0; end < 4; end++) {
            root.add(Particle.seed(0, 0, java.util.List.of())).backUp(3);
        }
        assertThat(root.value).isLessThan(-1e29);
        assertThat(root.drawn(3, .6)).isSameAs(root.children.get(2));
    }
}
