package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundsTest {
    @Test
    void aNumberHoldsAtEveryNoiseLevel() {
        assertThat(Rounds.parse("7").at(0, 80)).isEqualTo(7);
        assertThat(Rounds.parse("7").at(17, .002)).isEqualTo(7);
        assertThat(Rounds.parse("7").at(0, Double.POSITIVE_INFINITY)).isEqualTo(7);
    }

    @Test
    void aScheduleHoldsWithinItsLevelsTheirEndsIncluded() {
        Rounds schedule = Rounds.parse("20@0.01..1,2");
        assertThat(schedule.at(3, .01)).isEqualTo(20);
        assertThat(schedule.at(3, 1)).isEqualTo(20);
        assertThat(schedule.at(3, 1.01)).isEqualTo(2);
        assertThat(schedule.at(3, .0099)).isEqualTo(2);
        assertThat(schedule.at(0, Double.POSITIVE_INFINITY)).isEqualTo(2);
    }

    @Test
    void withoutASecondNumberTheOtherLevelsHaveOneRound() {
        assertThat(Rounds.parse("20@.01..1e1").at(3, 11)).isEqualTo(1);
        assertThat(Rounds.parse("20@.01..1e1").at(3, 9)).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "0", "65535", "20@0.01..1,2", "1@0..80,0"})
    void theTextComesBack(String text) {
        assertThat(Rounds.parse(text).toString()).isEqualTo(text);
        assertThat(Rounds.parse(text)).isEqualTo(Rounds.parse(Rounds.parse(text).toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "x", "1.5", "20@", "20@1", "20@1..", "20@2..1,1", "20@0..1,", "70000", "20@0..1,70000"
            })
    void whatIsNoScheduleIsRefused(String text) {
        assertThatThrownBy(() -> Rounds.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    /** An initial state of noise alone has no finite level; a file says so in a word. */
    @Test
    void aScheduleOfAnInfiniteLevelComesBackFromItsFile(@TempDir Path folder) {
        RoundSchedule schedule = new RoundSchedule(List.of(Double.POSITIVE_INFINITY, 2.5, .1), List.of(3, 0, 65535));
        schedule.write(folder.resolve("rounds.json"));
        RoundSchedule read = RoundSchedule.read(folder.resolve("rounds.json"));
        assertThat(read).isEqualTo(schedule);
        assertThat(read.at(0, Double.POSITIVE_INFINITY)).isEqualTo(3);
        assertThatThrownBy(() -> read.at(1, Double.POSITIVE_INFINITY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another sampler");
    }
}
