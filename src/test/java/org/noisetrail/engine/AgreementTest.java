package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AgreementTest {
    private static final LossBound TIGHT = LossBound.parse("1%");
    private static final double[] ROUND = {4, 3.5, 2, 1, .5, 0};

    /** Rounds with a screen of deviation 1 and truths slope * screen + noise, each with a middle of its own. */
    private static Agreement seen(int rounds, int size, double slope, double noise) {
        Random random = new Random(8);
        Agreement agreement = new Agreement();
        agreement.begin(0);
        for (int i = 0; i < rounds; i++) {
            double middle = 10 * random.nextGaussian();
            double[] screens = new double[size];
            double[] truths = new double[size];
            for (int c = 0; c < size; c++) {
                screens[c] = middle + random.nextGaussian();
                truths[c] = 3 * middle + slope * screens[c] + noise * random.nextGaussian();
            }
            agreement.observe(screens, truths);
        }
        return agreement;
    }

    @Test
    void aScreenThatSaysAllNeedsOneVerified() {
        Agreement agreement = seen(1, 6, 2, 0);
        assertThat(agreement.choose(ROUND, 1, TIGHT).count()).isEqualTo(1);
        assertThat(agreement.choose(ROUND, 3, TIGHT).count()).isEqualTo(3);
        assertThat(agreement.choose(ROUND, 1, new LossBound(0, false)).count()).isEqualTo(6);
    }

    @Test
    void aScreenThatSaysNothingHasAllVerified() {
        assertThat(seen(40, 6, 0, 1).choose(ROUND, 1, TIGHT).count()).isEqualTo(6);
        assertThat(seen(40, 6, -1, .1).choose(ROUND, 1, TIGHT).count()).isEqualTo(6);
    }

    @Test
    void whereAllTruthsWereAlikeNothingIsKnownOfTheOrder() {
        Agreement agreement = new Agreement();
        agreement.begin(0);
        agreement.observe(ROUND, new double[ROUND.length]);
        assertThat(agreement.choose(ROUND, 1, TIGHT).count()).isEqualTo(6);
    }

    @Test
    void beforeAnythingIsKnownAllAreVerified() {
        assertThat(new Agreement().choose(ROUND, 1, TIGHT).count()).isEqualTo(6);
        assertThat(seen(1, 3, 1, 0).choose(ROUND, 1, TIGHT).count())
                .as("one degree of freedom")
                .isEqualTo(6);
    }

    @Test
    void theSlopeIsThatWithinRoundsWhateverTheirMiddles() {
        assertThat(seen(200, 5, 1.5, .2).slope()).isCloseTo(1.5, within(.05));
    }

    @Test
    void theWiderTheBoundTheFewerAreVerified() {
        Agreement agreement = seen(100, 6, 1, 1);
        int[] counts = IntStream.of(1, 5, 20, 100)
                .map(percent -> agreement
                        .choose(ROUND, 1, LossBound.parse(percent + "%"))
                        .count())
                .toArray();
        assertThat(counts).isSortedAccordingTo((a, b) -> b - a);
        assertThat(counts[0]).isGreaterThan(counts[3]);
        assertThat(counts[3]).isEqualTo(1);
    }

    @Test
    void aBoundIsInUnitsOfTheRewardOrOfItsSpread() {
        Agreement agreement = seen(100, 6, 1, .5);
        Agreement.Choice choice = agreement.choose(ROUND, 1, new LossBound(.05, false));
        assertThat(choice.expectedLoss()).isBetween(0., .05);
        double spread = Math.sqrt(variance(ROUND) + .25);
        assertThat(agreement.choose(ROUND, 1, new LossBound(.05 / spread, true)).count())
                .isEqualTo(choice.count());
    }

    private static double variance(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
    }

    @Test
    void whatIsNotSeenAgainIsForgotten() {
        Agreement agreement = seen(2, 6, 1, .1);
        int before = agreement.choose(ROUND, 1, TIGHT).count();
        for (int step = 1; step < 6; step++) {
            agreement.begin(step);
        }
        assertThat(before).isLessThan(6);
        assertThat(agreement.choose(ROUND, 1, TIGHT).count()).isEqualTo(6);
    }
}
