package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ContestTest {
    private static final LossBound BOUND = LossBound.parse("5%");
    private static final double NONE = Double.NEGATIVE_INFINITY;

    /** Truths are twice the screen's scores. */
    private static Agreement sure() {
        Agreement agreement = new Agreement();
        agreement.begin(0);
        agreement.observe(new double[] {1, 2, 3, 4, 5}, new double[] {2, 4, 6, 8, 10});
        return agreement;
    }

    private static Contest contest(int kept, boolean audited, double... screens) {
        return new Contest(10, kept, screens, sure(), BOUND, audited);
    }

    @Test
    void theBestScreenedIsVerifiedAndTheOthersCannotWin() {
        Contest contest = contest(1, false, 1, 3, 2);
        assertThat(contest.chosen()).containsExactly(11);
        contest.verify(11, 7);
        assertThat(contest.rest()).isEmpty();
        assertThat(new double[] {contest.score(0), contest.score(1), contest.score(2)})
                .containsExactly(NONE, 7, NONE);
        assertThat(contest.estimates(2)).containsExactly(3, 7, 5);
    }

    @Test
    void whatTheScreenSaysNothingOfIsVerified() {
        Contest contest = contest(1, false, Double.NaN, 3, NONE, 2, Double.POSITIVE_INFINITY);
        assertThat(contest.chosen()).containsExactly(10, 11, 12, 14);
        assertThat(contest.silent()).isEqualTo(3);
    }

    @Test
    void whereTheVerifiedAreNoNumbersAllAreVerified() {
        Contest contest = contest(1, false, 1, 3, 2);
        contest.verify(11, Double.NaN);
        assertThat(contest.rest()).containsExactly(10, 12);
        contest.verify(10, NONE);
        contest.verify(12, 1);
        assertThat(contest.rest()).isEmpty();
        assertThat(contest.score(1)).as("NaN is told as what it is").isNaN();
    }

    @Test
    void asManyAsGoOnMustHaveAScore() {
        Contest contest = contest(2, false, 1, 3, 2);
        assertThat(contest.chosen()).containsExactly(11, 12);
        contest.verify(11, 5);
        contest.verify(12, NONE);
        assertThat(contest.rest()).containsExactly(10);
    }

    @Test
    void anAuditMeasuresWhatTheChoiceWouldHaveLost() {
        Contest contest = contest(1, true, 1, 3, 2);
        assertThat(contest.chosen()).containsExactly(10, 11, 12);
        contest.verify(10, 9);
        contest.verify(11, 6.5);
        contest.verify(12, 4);
        ScreenTally tally = new ScreenTally();
        contest.learn(sure(), tally);
        assertThat(tally.read().audits()).isEqualTo(1);
        assertThat(tally.read().meanLoss()).isCloseTo(2.5, within(1e-12));
    }

    @Test
    void whereTwoGoOnAnAuditTakesTheirMean() {
        Contest contest = contest(2, true, 1, 3, 2, 0);
        contest.verify(10, 9);
        contest.verify(11, 6);
        contest.verify(12, 5);
        contest.verify(13, Double.NaN);
        ScreenTally tally = new ScreenTally();
        contest.learn(sure(), tally);
        // 9 and 6 of all, 6 and 5 of those that would have been verified.
        assertThat(tally.read().meanLoss()).isCloseTo(2, within(1e-12));
    }

    @Test
    void anAuditOfWhatWouldHaveBeenVerifiedWholeLosesNothing() {
        for (double broken : new double[] {Double.NaN, NONE}) {
            for (int kept : new int[] {1, 2}) {
                Contest contest = contest(kept, true, 1, 3, 2, 0);
                contest.verify(10, .8);
                contest.verify(11, broken);
                contest.verify(12, kept == 1 ? broken : .9);
                contest.verify(13, .7);
                ScreenTally tally = new ScreenTally();
                contest.learn(sure(), tally);
                assertThat(tally.read().audits()).isEqualTo(1);
                assertThat(tally.read().auditLoss()).isZero();
            }
        }
    }

    @Test
    void whatWasVerifiedIsLearntAndNothingElse() {
        Agreement agreement = new Agreement();
        agreement.begin(0);
        Contest contest = new Contest(10, 1, new double[] {1, 5, Double.NaN, 2, 3, 4}, agreement, BOUND, false);
        assertThat(contest.chosen()).containsExactly(10, 11, 12, 13, 14, 15);
        contest.verify(10, 3);
        contest.verify(11, Double.NaN);
        contest.verify(12, 100);
        contest.verify(13, 6);
        contest.verify(15, 12);
        ScreenTally tally = new ScreenTally();
        contest.learn(agreement, tally);
        assertThat(agreement.slope()).isCloseTo(3, within(1e-12));
        assertThat(tally.read().audits()).isZero();
    }
}
