package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;

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

    /** Else it is a file that cannot be read, and nobody says of what. */
    @Test
    void aFolderIsNoSchedule(@TempDir Path folder) {
        for (String text : List.of("", folder.toString())) {
            assertThatThrownBy(() -> Rounds.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("or a file that is there: " + text);
            assertThatThrownBy(() -> ScoreAtFirst.parse(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("score-at-first must be true, false or a file that is there: " + text);
        }
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

    @Test
    void aBandGoesUpwardFromNothingAtLeast() {
        String upward = "the noise levels of a schedule must go upward: ";
        assertThatThrownBy(() -> Rounds.byNoiseLevel(1, .01, 20, 1)).hasMessage(upward + "20@1..0.01,1");
        assertThatThrownBy(() -> Rounds.byNoiseLevel(0, Double.NaN, 20, 1)).hasMessage(upward + "20@0..NaN,1");
        assertThatThrownBy(() -> Rounds.parse("20@2..1,1")).hasMessage(upward + "20@2..1,1");
        String least = "the noise levels of a schedule must be >= 0: ";
        assertThatThrownBy(() -> Rounds.byNoiseLevel(Double.NaN, 1, 20, 1)).hasMessage(least + "NaN");
        assertThatThrownBy(() -> Rounds.byNoiseLevel(-1, 1, 20, 1)).hasMessage(least + "-1.0");
    }

    @Test
    void aBandWithoutAnEndComesBackFromItsText() {
        Rounds open = Rounds.byNoiseLevel(.01, Double.POSITIVE_INFINITY, 20, 1);
        assertThat(open.toString()).isEqualTo("20@0.01..Infinity,1");
        assertThat(Rounds.namesFile(open.toString())).isFalse();
        assertThat(Rounds.parse(open.toString())).isEqualTo(open);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "\"version\" : 2|\"version\" : 3|is of version 3; this library reads up to 2: use a newer noisetrail",
                "\"version\" : 2|\"version\" : 0|version must be >= 1: 0",
                "\"version\" : 2|\"version\" : \"2\"|version"
            })
    void aFileOfAnotherVersionIsRefused(String from, String to, String message, @TempDir Path folder)
            throws IOException {
        Path file = folder.resolve("rounds.json");
        new RoundSchedule(List.of(2.5, .1), List.of(3, 0)).write(file);
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
        assertThatThrownBy(() -> RoundSchedule.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(message);
    }
}
