package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;

class TrailTest {
    @TempDir
    Path folder;

    private Path file;

    private static Trail trail() {
        List<List<Draw>> steps = new java.util.ArrayList<>(Collections.nCopies(18, List.of()));
        steps.set(3, List.of(new Draw.Named(4, 65535, false), new Draw.Named(65535, 0, true)));
        EdmSampler sampler = new EdmSampler(18, .002, 80, 7, 40, .05, Double.POSITIVE_INFINITY, 1.003);
        return new Trail(
                "sha256:abc",
                Map.of(),
                sampler,
                -1L,
                .15,
                true,
                List.of(new Trail.Entry(new ImageRequest(0xFFFFFFFFL, 9), Recipe.steps(3, 7, steps))));
    }

    @BeforeEach
    void write() {
        file = folder.resolve("trail.json");
        trail().write(file);
    }

    @Test
    void whatIsReadIsWhatWasWritten() {
        assertThat(Trail.read(file)).isEqualTo(trail());
        assertThat(folder).isDirectoryContaining("glob:**/trail.json").isDirectoryNotContaining("glob:**/*.part");
    }

    @Test
    void theSeedIsWrittenUnsigned() throws IOException {
        assertThat(Files.readString(file)).contains("\"18446744073709551615\"");
    }

    @Test
    void anImageTakesAFewHundredBytes() throws IOException {
        assertThat(Files.size(file)).isLessThan(700);
    }

    private void replace(String what, String by) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(what);
        Files.writeString(file, text.replace(what, by));
    }

    private void refused(String... words) {
        assertThatThrownBy(() -> Trail.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContainingAll(words)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aNewerVersionIsRefused() throws IOException {
        replace("\"version\":2", "\"version\":3");
        refused("version 3", "newer noisetrail");
    }

    @Test
    void aFileOfAnotherFormatIsRefused() throws IOException {
        Files.writeString(file, "{\"images\": []}");
        refused("is not a trail");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        String text = Files.readString(file);
        Files.writeString(file, text.substring(0, text.length() / 2));
        refused(file.toString(), "is not a trail");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> Trail.read(folder.resolve("none.json")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("none.json");
    }

    @Test
    void aMissingFieldIsNamed() throws IOException {
        replace("\"lambda\":0.15,", "");
        refused("\"lambda\" is missing");
    }

    @Test
    void anUnreadableDrawIsShown() throws IOException {
        replace("g4.65535", "x4");
        refused("draw must be like g3.1, l3.1 or c1:0.5,-1.25: x4");
    }

    @Test
    void aDrawOutOfRangeIsRefused() throws IOException {
        replace("g4.65535", "g4.65536");
        refused("candidate must be from 0 to 65535: 65536");
    }

    @Test
    void aWrongNumberOfStepsIsRefused() throws IOException {
        replace("\"steps\":18", "\"steps\":20");
        refused("image 4294967295: steps must be 20: 18");
    }

    @Test
    void anImpossibleSeedIsRefused() throws IOException {
        replace("18446744073709551615", "18446744073709551616");
        refused("is not a valid trail");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        Path nowhere = folder.resolve("none").resolve("trail.json");
        assertThatThrownBy(() -> trail().write(nowhere))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("cannot write " + nowhere);
    }
}
