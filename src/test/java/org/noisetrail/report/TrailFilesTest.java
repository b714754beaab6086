package org.noisetrail.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;

class TrailFilesTest {
    /** Where the first chunk behind the header begins. */
    private static final int BEHIND_HEADER = 33;

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("a.png");
    }

    private static byte[] resource(String name) throws IOException {
        String path = name.endsWith(".png") ? "/png/" : "/trails/";
        try (var in = TrailFilesTest.class.getResourceAsStream(path + name)) {
            return in.readAllBytes();
        }
    }

    @Test
    void aTrailIsFoundHoweverItIsPacked() throws IOException {
        Path plain = Files.write(folder.resolve("plain.png"), resource("p_text.png"));
        Files.write(file, resource("p_ztxt.png"));
        assertThat(TrailFiles.read(file)).isEqualTo(TrailFiles.read(plain));
        assertThat(TrailFiles.read(file).images()).hasSize(1);
    }

    @Test
    void twoTrailsInAPictureAreRefused() throws IOException {
        byte[] one = resource("p_text.png");
        int length = texts(one);
        byte[] two = ByteBuffer.allocate(one.length + length)
                .put(one, 0, BEHIND_HEADER + length)
                .put(one, BEHIND_HEADER, one.length - BEHIND_HEADER)
                .array();
        Files.write(file, two);
        assertThatThrownBy(() -> TrailFiles.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(file + " must have one trail: it has 2");
    }

    /** How long its three text chunks are, together. */
    private static int texts(byte[] png) {
        int length = 0;
        for (int chunk = 0; chunk < 3; chunk++) {
            length += 12 + ByteBuffer.wrap(png).getInt(BEHIND_HEADER + length);
        }
        return length;
    }

    @Test
    void aPictureOfAnotherProgramIsToldFromABrokenOne() throws IOException {
        Files.write(file, Png.encode(PngTest.noise(1, 2, 2).toBufferedImage(), Map.of()));
        assertThatThrownBy(() -> TrailFiles.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(file + " is a picture without a trail: it was not written by generate");
    }

    @ParameterizedTest
    @ValueSource(strings = {"png-bad-iccp.png", "png-bad-ztxt.png", "png-no-idat.png"})
    void brokenPicturesAreOneLine(String broken) throws IOException {
        Files.write(file, resource(broken));
        assertThatThrownBy(() -> TrailFiles.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file + " is not a sound PNG file: ")
                .hasMessageNotContaining("\n");
    }

    @Test
    void aByteOrderMarkDoesNotMatterTextBehindATrailDoes() throws IOException {
        byte[] marked = resource("t_bom.json");
        Path trail = Files.write(folder.resolve("trail.json"), marked);
        assertThat(TrailFiles.read(trail).images()).hasSize(2);
        Files.write(trail, new byte[] {'{', '}'}, StandardOpenOption.APPEND);
        assertThatThrownBy(() -> TrailFiles.read(trail))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(trail.toString())
                .hasMessageNotContaining("\n");
    }

    @Test
    void oneImageTwiceIsRefused() throws IOException {
        Path trail = Files.write(folder.resolve("trail.json"), resource("t_dup.json"));
        assertThatThrownBy(() -> TrailFiles.read(trail))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(trail + " is not a valid trail: each image must be there once: 0");
    }
}
