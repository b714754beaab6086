package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundsSpecTest {
    @Test
    void aNumberHoldsAtEveryNoiseLevel() {
        assertThat(RoundsSpec.parse("7").rounds().at(0, 80)).isEqualTo(7);
        assertThat(RoundsSpec.parse("7").rounds().at(17, .002)).isEqualTo(7);
    }

    @Test
    void aScheduleHoldsWithinItsLevelsTheirEndsIncluded() {
        RoundsSpec schedule = RoundsSpec.parse("20@0.01..1,2");
        assertThat(schedule.rounds().at(3, .01)).isEqualTo(20);
        assertThat(schedule.rounds().at(3, 1)).isEqualTo(20);
        assertThat(schedule.rounds().at(3, 1.01)).isEqualTo(2);
        assertThat(schedule.rounds().at(3, .0099)).isEqualTo(2);
    }

    @Test
    void withoutASecondNumberTheOtherLevelsHaveOneRound() {
        assertThat(RoundsSpec.parse("20@.01..1e1").rounds().at(3, 11)).isEqualTo(1);
        assertThat(RoundsSpec.parse("20@.01..1e1").rounds().at(3, 9)).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "x", "1.5", "20@", "20@1", "20@1..", "20@2..1,1", "20@0..1,", "70000", "20@0..1,70000"
            })
    void whatIsNoScheduleIsRefused(String text) {
        assertThatThrownBy(() -> RoundsSpec.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
