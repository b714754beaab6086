package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;

class JsonFilesTest {
    @TempDir
    Path folder;

    @Test
    void aByteOrderMarkIsNoMatter() throws IOException {
        Path file = folder.resolve("a.json");
        Files.writeString(file, "\uFEFF{\"a\": \"\u00e9\"}");
        assertThat(JsonFiles.read(file).get("a").textValue()).isEqualTo("\u00e9");
        assertThat(JsonFiles.parse("here", "\uFEFF[1]").get(0).intValue()).isEqualTo(1);
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("key twice", "{\"a\":1,\"a\":2}", "Duplicate field 'a'"),
                Arguments.of(
                        "deep", "[".repeat(65) + "]".repeat(65), "nesting depth (65) exceeds the maximum allowed (64)"),
                Arguments.of("very deep", "[".repeat(1_000_000), "nesting depth"),
                Arguments.of("deep objects", "{\"a\":".repeat(100_000), "nesting depth"),
                Arguments.of("two values", "{} {}", "not sound JSON"),
                Arguments.of("cut", "{\"a\":[1,", "not sound JSON"),
                Arguments.of("cut in a text", "\"abc", "not sound JSON"),
                Arguments.of("empty", "", "not sound JSON: it is empty"),
                Arguments.of("only a mark", "\uFEFF", "not sound JSON: it is empty"),
                Arguments.of("NaN", "[NaN]", "not sound JSON"),
                Arguments.of("escape", "{\"\\u001b[31m\":1,\"\\u001b[31m\":1}", "Duplicate field '\\u001b[31m'"),
                Arguments.of("long number", "1".repeat(5000), "exceeds the maximum allowed"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void whatIsNotSoundIsOneLineThatNamesTheSource(String what, String json, String fact) {
        assertThatThrownBy(() -> JsonFiles.parse("here", json))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("here: not sound JSON: ")
                .hasMessageContaining(fact)
                .message()
                .doesNotContain("\n", "com.fasterxml", "StreamReadConstraints", "\u001b");
    }

    @Test
    void anAvalancheOfEmptyListsIsRefusedBeforeItTakesMemory() {
        String lists = "[" + "[],".repeat(2_500_000) + "[]]";
        assertThatThrownBy(() -> JsonFiles.parse("here", lists)).hasMessageContaining("Token count");
    }

    @Test
    void bytesMustBeUtf8() {
        byte[] latin = "{\"a\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> JsonFiles.parse("here", latin)).hasMessage("here: not sound JSON: not UTF-8");
        byte[] wide = "{}".getBytes(StandardCharsets.UTF_16LE);
        assertThatThrownBy(() -> JsonFiles.parse("here", wide)).hasMessageStartingWith("here: not sound JSON: ");
    }

    @Test
    void aLargerFileIsRefusedByTheLimitThatItNames() throws IOException {
        Path file = folder.resolve("a.json");
        Files.writeString(file, "[1]");
        assertThat(JsonFiles.read(file, 3).size()).isEqualTo(1);
        assertThatThrownBy(() -> JsonFiles.read(file, 2)).hasMessage(file + ": must be <= 2 bytes: 3");
        assertThatThrownBy(() -> JsonFiles.read(folder.resolve("none")))
                .hasMessage("cannot read " + folder.resolve("none") + ": no such file or folder");
        assertThatThrownBy(() -> JsonFiles.read(folder)).isInstanceOf(NoisetrailException.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFileWithoutEndIsRefused() {
        assertThatThrownBy(() -> JsonFiles.read(Path.of("/dev/zero")))
                .hasMessage("/dev/zero: must be <= 16777216 bytes: more");
    }
}
