package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExcerptTest {
    @Test
    void whatATerminalWouldObeyIsShownAsAnEscape() {
        assertThat(Excerpt.of("a\u001b[2Jb\nc\r\td\u0000\u007f\u009b"))
                .isEqualTo("a\\u001b[2Jb\\nc\\r\\td\\u0000\\u007f\\u009b");
        assertThat(Excerpt.of("a\u202Eb\u200Fc\u2028d\uFEFF")).isEqualTo("a\\u202eb\\u200fc\\u2028d\\ufeff");
        assertThat(Excerpt.of("half \uD83D pair")).isEqualTo("half \\ud83d pair");
    }

    @Test
    void lettersOfAllLanguagesStayAsTheyAre() {
        assertThat(Excerpt.of("Größe \u65e5\u672c \uD83D\uDC1F e\u0301"))
                .isEqualTo("Größe \u65e5\u672c \uD83D\uDC1F e\u0301");
    }

    @Test
    void longValuesAreCutBetweenCharacters() {
        assertThat(Excerpt.of("x".repeat(200))).isEqualTo("x".repeat(200));
        assertThat(Excerpt.of("x".repeat(201))).isEqualTo("x".repeat(200) + "...");
        assertThat(Excerpt.of("xxx\uD83D\uDC1F", 4)).isEqualTo("xxx...");
        assertThat(Excerpt.of("\u001b".repeat(1_000_000))).hasSize(200 * 6 + 3);
        assertThatThrownBy(() -> Excerpt.of("x", 0)).hasMessage("length must be >= 1: 0");
    }

    @Test
    void listsShowTheFirstFew() {
        assertThat(Excerpt.list(List.of())).isEqualTo("none");
        assertThat(Excerpt.list(List.of("a", "b\n"))).isEqualTo("a, b\\n");
        assertThat(Excerpt.list(
                        IntStream.range(0, 10).mapToObj(Integer::toString).toList()))
                .isEqualTo("0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
