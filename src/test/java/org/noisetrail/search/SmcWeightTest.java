package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SmcWeightTest {
    private static final double LAMBDA = 3;

    private static SmcWeight way(Potential potential, double... rewards) {
        SmcWeight weight = SmcWeight.BEGUN;
        for (double reward : rewards) {
            weight = weight.grown(reward, LAMBDA, potential);
        }
        return weight;
    }

    /** Feynman-Kac steering's own condition: the product of all potentials is exp(lambda r). */
    @ParameterizedTest
    @EnumSource(Potential.class)
    void whatWasSpentOnTheWayMakesUpTheTiltInTheEnd(Potential potential) {
        double infinity = Double.POSITIVE_INFINITY;
        assertThat(way(potential, 2, -1, 4).ended(.5, LAMBDA).standing()).isCloseTo(LAMBDA * .5, within(1e-12));
        assertThat(way(potential, 2, Double.NaN, infinity, -infinity, 4)
                        .ended(.5, LAMBDA)
                        .standing())
                .isCloseTo(LAMBDA * .5, within(1e-12));
        assertThat(way(potential, 2, 1e308, 4).ended(.5, LAMBDA).standing()).isCloseTo(LAMBDA * .5, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"NaN, -Infinity", "-Infinity, -Infinity", "Infinity, Infinity", "1e308, Infinity"})
    void aRewardThatIsNotFiniteDecidesWhereItIsMetAndIsForgotten(double reward, double standing) {
        for (Potential potential : Potential.values()) {
            SmcWeight before = way(potential, 2, -1);
            SmcWeight met = before.grown(reward, LAMBDA, potential);
            assertThat(met.standing()).isEqualTo(standing);
            assertThat(met.grown(4, LAMBDA, potential)).isEqualTo(before.grown(4, LAMBDA, potential));
            assertThat(before.ended(reward, LAMBDA).standing()).isEqualTo(standing);
            assertThat(SmcWeight.BEGUN.grown(reward, LAMBDA, potential).standing())
                    .isEqualTo(standing);
        }
    }

    @ParameterizedTest
    @EnumSource(Potential.class)
    void whatIsResampledWeighsNothingMoreThanOthersAndIsStillMadeUpFor(Potential potential) {
        SmcWeight resampled = way(potential, 2, -1).resampled();
        assertThat(resampled.standing()).isZero();
        double spent = way(potential, 2, -1).standing();
        assertThat(resampled.ended(.5, LAMBDA).standing()).isCloseTo(LAMBDA * .5 - spent, within(1e-12));
    }
}
