package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IntervalTest {
    @Test
    void equalValuesHaveNoSpread() {
        assertThat(Interval.of(2, 2, 2, 2, 2, 2))
                .isEqualTo(new Interval(2, 2, 2))
                .hasToString("2.0000 [2.0000, 2.0000]");
    }

    @Test
    void fewValuesSayNothingOfOthers() {
        assertThat(Interval.of(1, 2, 3, 4, 5)).isEqualTo(new Interval(3, Double.NaN, Double.NaN));
        assertThat(Interval.of(1, 2, 3, 4, 5, 6).low()).isBetween(1.5, 3.0);
        assertThat(Interval.of(-.25))
                .isEqualTo(new Interval(-.25, Double.NaN, Double.NaN))
                .hasToString("-0.2500");
        assertThat(Interval.of(-.25).sign()).isZero();
    }

    @Test
    void theBootstrapOfZerosAndOnesIsBinomial() {
        // 40 values, 10 of them 1: a resample's sum is binomial(40, 1/4), whose 2.5th and 97.5th percentiles are 5 and
        // 16
        // (P(S <= 4) = .0160, P(S <= 5) = .0433; P(S <= 15) = .9741, P(S <= 16) = .9884).
        double[] values = new double[40];
        Arrays.fill(values, 0, 10, 1);
        Interval interval = Interval.of(values);
        assertThat(interval.mean()).isCloseTo(.25, within(1e-12));
        assertThat(interval.low()).isCloseTo(5 / 40.0, within(1e-12));
        assertThat(interval.high()).isCloseTo(16 / 40.0, within(1e-12));
    }

    @Test
    void ofManyValuesItIsTheNormalOne() {
        SplittableRandom random = new SplittableRandom(7);
        double[] values = random.doubles(2000).toArray();
        double mean = Arrays.stream(values).average().orElseThrow();
        double deviation = Math.sqrt(
                Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / values.length);
        double half = 1.95996 * deviation / Math.sqrt(values.length);
        Interval interval = Interval.of(values);
        assertThat(interval.low()).isCloseTo(mean - half, within(.05 * half));
        assertThat(interval.high()).isCloseTo(mean + half, within(.05 * half));
    }

    @Test
    void theSameValuesGiveTheSameInterval() {
        assertThat(Interval.of(1, 5, 2, 9, 4, 7)).isEqualTo(Interval.of(1, 5, 2, 9, 4, 7));
    }

    @Test
    void whatIsUnknownStaysSo() {
        assertThat(Interval.of()).isEqualTo(Interval.UNKNOWN);
        assertThat(Interval.of(1, Double.NaN)).isEqualTo(Interval.UNKNOWN);
        assertThat(Interval.UNKNOWN.toString()).isEqualTo("-");
        assertThat(Interval.UNKNOWN.sign()).isZero();
    }

    @Test
    void anIntervalThatTouchesZeroIsOnNeitherSide() {
        assertThat(new Interval(1, 0, 2).sign()).isZero();
        assertThat(new Interval(-1, -2, 0).sign()).isZero();
        assertThat(new Interval(1, Double.MIN_VALUE, 2).sign()).isOne();
        assertThat(new Interval(-1, -2, -Double.MIN_VALUE).sign()).isEqualTo(-1);
    }
}
