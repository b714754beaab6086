package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;

class ConfigFileTest {
    private static ConfigFile keys(String json) {
        return ConfigFile.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
    }

    static Stream<Arguments> asked() {
        return Stream.<Consumer<ConfigFile>>of(
                        keys -> keys.integer("a", 0, 0, 1000),
                        keys -> keys.integers("a", 1, 1),
                        keys -> keys.positive("a", 1),
                        keys -> keys.number("a", 1),
                        keys -> keys.numbers("a", 1),
                        keys -> keys.text("a"),
                        keys -> keys.flag("a", false),
                        keys -> keys.oneOf("a", "b", "b"),
                        keys -> keys.words("a", "b"),
                        keys -> keys.only("a", "1"),
                        ConfigFile::requireAllKnown)
                .flatMap(way -> Stream.of("NaN", "Infinity", "-Infinity", "[NaN]", "[-Infinity]")
                        .map(value -> Arguments.of(value, way)));
    }

    /** They may be there, as Python writes them, as long as nothing asks. */
    @ParameterizedTest(name = "{index}: {0}")
    @MethodSource("asked")
    void aNumberThatIsNoneIsNoValueOfAnything(String value, Consumer<ConfigFile> ask) {
        ConfigFile keys = keys("{\"a\": " + value + ", \"b\": 1}");
        assertThat(keys.integer("b", 1, 1)).isEqualTo(1);
        assertThatThrownBy(() -> ask.accept(keys))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageMatching("config.json: (a must be |unknown option a: ).*");
    }
}
