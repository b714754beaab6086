package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /**
     * Of the differences from their rounds' means, (-1, 0, 1) with (-1, -1, 2) and (-3, -1, 1, 3) with (-2, -2, 0, 4): the sum of squared screens is 22, of products 23, of squared truths 30. Five degrees of
     * freedom, one of which the slope takes: residuals of 30 - 23^2 / 22 over 4, of Student's t of 4, whose variance is twice that.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void theExpectedLossIsThatOfStudentsTAboutTheRegressionLine(int kept) {
        Agreement agreement = new Agreement();
        agreement.begin(0);
        agreement.observe(new double[] {9, 10, 11}, new double[] {4, 4, 7});
        agreement.observe(new double[] {-3, -1, 1, 3}, new double[] {-22, -22, -20, -16});
        double residual = (30 - 23 * 23 / 22.) / 4;
        // The next round: screens 4, 2, 1, 0, -2 and -5 from their mean.
        double[] round = {11, 9, 8, 7, 5, 2};
        double[] loss = loss(new double[] {4, 2, 1, 0, -2, -5}, 23 / 22., 2 * residual, 22, kept);
        // Of the round's scores: of squared screens 50 over 5 times the slope's square, and the residual's own.
        double spread = Math.sqrt(23 * 23 / 22. / 22 * 50 / 5 + residual);
        for (int m = kept; m < round.length; m++) {
            for (LossBound bound :
                    List.of(new LossBound(loss[m] + 1e-9, false), new LossBound((loss[m] + 1e-9) / spread, true))) {
                Agreement.Choice choice = agreement.choose(round, kept, bound);
                assertThat(choice.count()).as(bound.toString()).isEqualTo(m);
                assertThat(choice.expectedLoss()).isCloseTo(loss[m], within(1e-9));
            }
            for (LossBound bound :
                    List.of(new LossBound(loss[m] - 1e-9, false), new LossBound((loss[m] - 1e-9) / spread, true))) {
                assertThat(agreement.choose(round, kept, bound).count())
                        .as(bound.toString())
                        .isEqualTo(m + 1);
            }
        }
    }

    /** Three of the rounds of four, at the step before: sums of 60, 60 and 72, and 9 degrees of freedom, each half of it now; residuals of 6 over 3.5, times 3.5 / 1.5. */
    @Test
    void whatWasSeenAStepBeforeCountsHalf() {
        Agreement agreement = new Agreement();
        agreement.begin(0);
        for (int round = 0; round < 3; round++) {
            agreement.observe(new double[] {-3, -1, 1, 3}, new double[] {-2, -2, 0, 4});
        }
        agreement.begin(1);
        double[] loss = loss(new double[] {2, 0, -2}, 1, 6 / 1.5, 30, 1);
        Agreement.Choice choice = agreement.choose(new double[] {2, 0, -2}, 1, new LossBound(loss[2] + 1e-9, false));
        assertThat(choice.count()).isEqualTo(2);
        assertThat(choice.expectedLoss()).isCloseTo(loss[2], within(1e-9));
    }

    /** Of scores about a line whose slope is as uncertain as screens of that sum of squares leave it. */
    private static double[] loss(double[] screens, double slope, double variance, double squares, int kept) {
        double[] means = Arrays.stream(screens).map(x -> slope * x).toArray();
        double[] deviations = Arrays.stream(screens)
                .map(x -> Math.sqrt(variance * (1 + x * x / squares)))
                .toArray();
        return ExpectedLoss.of(means, deviations, kept);
    }

    /** Their differences overflow: what that costs is not known, and all are verified. */
    @Test
    void scoresTooLargeToReckonWithAreVerified() {
        double[] screens = {1e308, 1, 0, -1e308};
        assertThat(seen(40, 6, 1, .1).choose(screens, 1, TIGHT).count()).isEqualTo(4);
        assertThat(seen(40, 6, 1, .1)
                        .choose(screens, 1, new LossBound(.01, false))
                        .count())
                .isEqualTo(4);
    }
}
