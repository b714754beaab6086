package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StepRoundsTest {
    private static StepRounds after(double... scores) {
        StepRounds rounds = new StepRounds(2, 10);
        for (double score : scores) {
            rounds.count(new int[] {1});
            rounds.scores(new int[] {1}, new double[] {score});
        }
        return rounds;
    }

    @Test
    void aStepIsOverWhenItsLastRoundsTogetherGainedTooLittle() {
        Patience patience = new Patience(2, .1, false);
        assertThat(after(1, 1.05).stalled(1, patience)).isFalse();
        assertThat(after(1, 1.05, 1.09).stalled(1, patience)).isTrue();
        assertThat(after(1, 1.05, 1.11).stalled(1, patience)).isFalse();
        assertThat(after(1, 5, 5.05, 5.09).stalled(1, patience)).isTrue();
    }

    @Test
    void whatAWorsePivotLosesIsNotGainedAgain() {
        assertThat(after(1, .5, 1).stalled(1, new Patience(2, .1, false))).isTrue();
        assertThat(after(1, .5, 1).stalled(1, new Patience(1, .1, false))).isTrue();
    }

    @Test
    void whatIsAskedForIsEnough() {
        assertThat(after(1, 1.5).stalled(1, new Patience(1, .5, false))).isFalse();
        assertThat(after(1, Math.nextDown(1.5)).stalled(1, new Patience(1, .5, false)))
                .isTrue();
    }

    @Test
    void withoutAnyGainAStepIsOverEvenIfNoneIsAskedFor() {
        assertThat(after(1, 1).stalled(1, new Patience(1, 0, false))).isTrue();
        assertThat(after(1, 1.0001).stalled(1, new Patience(1, 0, false))).isFalse();
    }

    @Test
    void anImageThatHadNoRoundIsNotStalled() {
        assertThat(after(1, 1, 1).stalled(0, new Patience(1, 1, false))).isFalse();
        assertThat(after(1, 1, 1).stalled(1, Patience.NEVER)).isFalse();
    }
}
