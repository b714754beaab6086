package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;

class HostileTrailTest {
    private static final EdmSampler SAMPLER = new EdmSampler(3, .002, 80, 7, 40, .05, Double.POSITIVE_INFINITY, 1.003);

    @TempDir
    Path folder;

    private static Trail trail() {
        Recipe searched = Recipe.steps(
                0,
                0,
                List.of(
                        List.of(),
                        List.of(Draw.global(3, 1), new Draw.Named(65535, 65535, true)),
                        List.of(new Draw.Combined(1, List.of(.5, -1.25)))));
        Recipe chain = new Recipe(
                List.of(Draw.global(0, 2)),
                2,
                List.of(
                        Move.down(List.of()),
                        Move.down(List.of()),
                        new Move(1, List.of(Draw.global(7, 0))),
                        Move.down(List.of()),
                        Move.down(List.of())));
        return new Trail(
                "exact-mixture",
                Map.of("guidance", "7.5"),
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
        assertThat(Files.readString(file()))
                .contains("\"seed\":\"18446744073709551615\"", "g3.1 l65535.65535", "c1:0.5,-1.25", "^1 g7.0");
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
    @ValueSource(ints = {3, 1000000})
    void aNewerVersionIsRefused(int version) throws IOException {
        trail().write(file());
        change("\"version\":2", "\"version\":" + version);
        assertThatThrownBy(() -> Trail.read(file()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(
                        file() + " is of version " + version + "; this library reads up to 2: use a newer noisetrail");
    }

    @Test
    void aTrailOfAnotherModelIsRefused() {
        Trail trail = new Trail("another", Map.of(), SAMPLER, 0, .15, false, trail().images());
        assertThatThrownBy(() ->
                        trail.replay(new ExactMixture(new ImageShape(1, 2, 2), false, 1, 0), 64, SearchListener.NONE))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("the trail was drawn with another model, or with other settings of it: trail another, model"
                        + " exact-mixture");
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
                "\"version\":2|\"version\":\"one\"",
                "\"version\":2|\"version\":0",
                "\"version\":2|\"version\":1.5",
                "\"seed\":\"18446744073709551615\"|\"seed\":\"18446744073709551616\"",
                "\"seed\":\"18446744073709551615\"|\"seed\":\"-1\"",
                "\"lambda\":0.15|\"lambda\":-1",
                "\"lambda\":0.15|\"lambda\":1e999",
                "\"lambda\":0.15|\"lambda\":null",
                "\"project\":true|\"project\":\"perhaps\"",
                "\"name\":\"edm\"|\"name\":\"ddim\"",
                "\"name\":\"edm\"|\"name\":\"none\"",
                "\"name\":\"edm\"|\"name\":7",
                "\"settings\":{\"guidance\":\"7.5\"}|\"settings\":{\"guidance\":[7.5]}",
                "\"settings\":{\"guidance\":\"7.5\"}|\"settings\":null",
                "\"steps\":3|\"steps\":4",
                "\"steps\":3|\"steps\":2000000000",
                "\"sigmaMin\":0.002|\"sigmaMin\":0",
                "\"sigmaMax\":80.0|\"sigmaMax\":\"Infinity\"",
                "\"image\":4294967295|\"image\":4294967296",
                "\"image\":4294967295|\"image\":-1",
                "\"image\":4294967295|\"image\":1.5",
                "\"class\":9|\"class\":-2",
                "\"class\":9|\"class\":99999999999",
                "\"class\":9|\"prompt\":9",
                "\"class\":9|\"prompt\":\"a cat\",\"negative\":{}",
                "\"start\":\"g0.2\"|\"start\":2",
                "\"start\":\"g0.2\"|\"start\":\"\"",
                "\"start\":\"g0.2\"|\"start\":\"l0.2\"",
                "\"start\":\"g0.2\"|\"start\":\"^1 g0.2\"",
                "\"start\":\"g0.2\"|\"start\":\"g0.65536\"",
                "\"start\":\"g0.2\"|\"start\":\"h1:4.0:0.5,-1.25\"",
                "\"start\":\"g0.2\"|\"start\":\"g0.2 f1:4.0:0.5,-1.25\"",
                "\"chain\":2|\"chain\":-1",
                "\"chain\":2|\"chain\":65536",
                "g3.1|x3.1",
                "g3.1|g3",
                "g3.1|g65536.1",
                "g3.1|g3.-1",
                "c1:0.5,-1.25|c1:",
                "c1:0.5,-1.25|c1:0,0.0",
                "c1:0.5,-1.25|c1:0.5,,1",
                "c1:0.5,-1.25|c1:1e999,1",
                "c1:0.5,-1.25|c65536:1,1",
                "c1:0.5,-1.25|c1:NaN,1",
                "c1:0.5,-1.25|c1:0x1p3,1",
                "c1:0.5,-1.25|c1:1-+e",
                "^1 g7.0|^2 g7.0",
                "^1 g7.0|^3 g7.0",
                "^1 g7.0|^-1 g7.0",
                "^1 g7.0|^100000 g7.0",
                "^1 g7.0|^1g7.0",
                "^1 g7.0|^0 g7.0",
                "^1 g7.0|g7.0",
                "\"^1 g7.0\"|7",
                "\"^1 g7.0\"|null",
                "\"^1 g7.0\"|{}",
                "\"images\":[|\"images\":7,\"x\":[",
                "\"project\":true|\"project\":true,\"lambda\":1",
            })
    void aFieldOutOfItsRangeIsOneClearError(String from, String to) throws IOException {
        trail().write(file());
        change(from, to);
        assertThatThrownBy(() -> Trail.read(file()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file().toString())
                .hasMessageNotContaining("\n");
    }

    /** As {@link #trail}, but by the library that wrote version 1. */
    private static final String VERSION_1 = """
        {"format":"noisetrail-trail","version":1,"denoiser":"exact-mixture","seed":"1","lambda":0.3,"project":true,\
        "sampler":{"name":"edm","steps":3,"sigmaMin":0.002,"sigmaMax":80.0,"rho":7.0,"churn":40.0,"churnMin":0.05,"churnMax":"Infinity","churnNoise":1.003},\
        "images":[{"image":5,"class":9,"start":2,"chain":2,"steps":["","g3.1 l65535.65535",""]},\
        {"image":6,"class":-1,"start":0,"chain":0,"steps":["","",""]}]}
        """;

    @Test
    void aTrailOfVersion1IsRead() throws IOException {
        Files.writeString(file(), VERSION_1);
        Trail trail = Trail.read(file());
        assertThat(trail.sampler()).isEqualTo(SAMPLER);
        assertThat(trail.settings()).isEmpty();
        assertThat(trail.images())
                .containsExactly(
                        new Trail.Entry(
                                new ImageRequest(5, 9),
                                Recipe.steps(
                                        2,
                                        2,
                                        List.of(
                                                List.of(),
                                                List.of(Draw.global(3, 1), new Draw.Named(65535, 65535, true)),
                                                List.of()))),
                        new Trail.Entry(
                                new ImageRequest(6, -1), Recipe.steps(0, 0, List.of(List.of(), List.of(), List.of()))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "\"name\":\"edm\"|\"name\":\"ddim\"",
                "\"steps\":3|\"steps\":4",
                "\"steps\":3|\"steps\":2000000000",
                "\"sigmaMin\":0.002|\"sigmaMin\":0",
                "\"sigmaMax\":80.0|\"sigmaMax\":\"Infinity\"",
                "\"class\":9|\"class\":-2",
                "\"class\":9|\"class\":99999999999",
                "\"start\":2|\"start\":-1",
                "\"start\":2|\"start\":65536",
                "\"chain\":2|\"chain\":65536",
                "\"denoiser\":|\"model\":",
                "g3.1|x3.1",
                "\"g3.1|\"^0 g3.1",
            })
    void aFieldOfVersion1OutOfItsRangeIsOneClearError(String from, String to) throws IOException {
        Files.writeString(file(), VERSION_1);
        change(from, to);
        assertThatThrownBy(() -> Trail.read(file()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file().toString())
                .hasMessageNotContaining("\n");
    }

    private void change(String from, String to) throws IOException {
        String text = Files.readString(file());
        assertThat(text).contains(from);
        Files.writeString(file(), text.replace(from, to));
    }
}
