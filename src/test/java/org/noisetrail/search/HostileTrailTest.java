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
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.noise.Draw;
import org.noisetrail.sampler.EdmSampler;

class HostileTrailTest {
    private static final EdmSampler SAMPLER = new EdmSampler(3, .002, 80, 7, 40, .05, Double.POSITIVE_INFINITY, 1.003);

    @TempDir
    Path folder;

    private static Trail trail() {
        Recipe searched = new Recipe(
                0, 0, List.of(List.of(), List.of(new Draw(3, 1, false), new Draw(65535, 65535, true)), List.of()));
        Recipe chain = new Recipe(2, 2, List.of(List.of(), List.of(), List.of()));
        return new Trail(
                "exact-mixture",
                SAMPLER,
                -1,
                .15,
                true,
                List.of(
                        new Trail.Entry(new ImageRequest(0xFFFFFFFFL, 9), searched),
                        new Trail.Entry(new ImageRequest(0, -1), chain)));
    }

    private Path file() {
        return folder.resolve("trail.json");
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        trail().write(file());
        assertThat(Trail.read(file())).isEqualTo(trail());
        assertThat(Files.readString(file())).contains("\"seed\":\"18446744073709551615\"", "g3.1 l65535.65535");
    }

    @Test
    void nothingButTheFileStaysInItsFolder() throws IOException {
        trail().write(file());
        trail().write(file());
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file());
        }
    }

    @Test
    void aFolderThatIsNotThereIsOneClearError() {
        Path nowhere = folder.resolve("no/such/trail.json");
        assertThatThrownBy(() -> trail().write(nowhere))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("cannot write " + nowhere);
        assertThatThrownBy(() -> Trail.read(nowhere))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("no such trail: " + nowhere);
        assertThatThrownBy(() -> Trail.read(folder)).isInstanceOf(NoisetrailException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1000000})
    void aNewerVersionIsRefused(int version) throws IOException {
        trail().write(file());
        change("\"version\":1", "\"version\":" + version);
        assertThatThrownBy(() -> Trail.read(file()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(
                        file() + " is of version " + version + "; this library reads up to 1: use a newer noisetrail");
    }

    @Test
    void aTrailOfAnotherModelIsRefused() {
        Trail trail = new Trail("another", SAMPLER, 0, .15, false, trail().images());
        assertThatThrownBy(() ->
                        trail.replay(new ExactMixture(new ImageShape(1, 2, 2), false, 1, 0), 64, SearchListener.NONE))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("the trail was drawn with another model: trail another, model exact-mixture");
    }

    @Test
    void everyTruncatedFileIsRefused() throws IOException {
        trail().write(file());
        byte[] whole = Files.readAllBytes(file());
        for (int length = 0; length < whole.length - 2; length++) {
            Files.write(file(), java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Trail.read(file()))
                    .as("%d bytes", length)
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining(file().toString());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "\"format\":\"noisetrail-trail\"|\"format\":\"zip\"",
                "\"version\":1|\"version\":\"one\"",
                "\"version\":1|\"version\":0",
                "\"version\":1|\"version\":1.5",
                "\"seed\":\"18446744073709551615\"|\"seed\":\"18446744073709551616\"",
                "\"seed\":\"18446744073709551615\"|\"seed\":\"-1\"",
                "\"lambda\":0.15|\"lambda\":-1",
                "\"lambda\":0.15|\"lambda\":1e999",
                "\"lambda\":0.15|\"lambda\":null",
                "\"project\":true|\"project\":\"perhaps\"",
                "\"name\":\"edm\"|\"name\":\"ddim\"",
                "\"steps\":3|\"steps\":4",
                "\"steps\":3|\"steps\":2000000000",
                "\"sigmaMin\":0.002|\"sigmaMin\":0",
                "\"sigmaMax\":80.0|\"sigmaMax\":\"Infinity\"",
                "\"image\":4294967295|\"image\":4294967296",
                "\"image\":4294967295|\"image\":-1",
                "\"image\":4294967295|\"image\":1.5",
                "\"class\":9|\"class\":-2",
                "\"class\":9|\"class\":99999999999",
                "\"start\":2|\"start\":-1",
                "\"start\":2|\"start\":65536",
                "\"chain\":2|\"chain\":65536",
                "g3.1|x3.1",
                "g3.1|g3",
                "g3.1|g65536.1",
                "g3.1|g3.-1",
                "\"images\":[|\"images\":7,\"x\":[",
                "\"project\":true|\"project\":true,\"lambda\":1",
            })
    void aFieldOutOfItsRangeIsOneClearError(String from, String to) throws IOException {
        trail().write(file());
        change(from, to);
        assertThatThrownBy(() -> Trail.read(file()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file().toString());
    }

    private void change(String from, String to) throws IOException {
        String text = Files.readString(file());
        assertThat(text).contains(from);
        Files.writeString(file(), text.replace(from, to));
    }
}
