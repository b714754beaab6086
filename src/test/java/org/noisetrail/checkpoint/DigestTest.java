package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;

class DigestTest {
    @TempDir
    Path folder;

    private Path weights;
    private Path other;

    @BeforeEach
    void write() throws IOException {
        weights = folder.resolve("net/weights");
        other = folder.resolve("net/other");
        Files.createDirectories(weights.getParent());
        for (Path file : List.of(weights, other)) {
            Files.writeString(file, "abc");
            Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2025-01-02T03:04:05Z")));
        }
    }

    private Digest digest() {
        return new Digest("net", ModelFiles.folder(folder).within("net"), "weights")
                .and(ModelFiles.folder(folder), "net/other");
    }

    private static void refused(String message, Digest digest) {
        assertThatThrownBy(digest::value)
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(message);
    }

    /** printf 'net\0abc' | sha256sum */
    @Test
    void oneFileIsItsDescriptionAndItsBytes() {
        assertThat(new Digest("net", ModelFiles.folder(weights.getParent()), "weights").value())
                .isEqualTo("8fed411b8845171c92b8c159050c5b4eaac8d7824968b3b7e186694b2924d6df");
    }

    /** printf 'net\0weights\0abc3\0net/other\0abd3\0' | sha256sum */
    @Test
    void severalFilesAreTheirNamesBytesAndLengthsInTheirOrder() throws IOException {
        Files.writeString(other, "abd");
        assertThat(digest().value()).isEqualTo("4e5f5bfb7e29447e9639b4eb535dbaa647b65f5f6f8def8a8a06f99cba7e730b");
        assertThat(new Digest("net", ModelFiles.folder(weights.getParent()), List.of("weights"))
                        .and(ModelFiles.folder(folder), "net/other")
                        .value())
                .isEqualTo(digest().value());
    }

    @Test
    void filesThatWereReplacedSinceTheyWereLoadedHaveNoId() throws IOException {
        Digest written = digest();
        Files.writeString(weights, "abd");
        refused(weights + " has changed since it was loaded", written);
        Digest longer = digest();
        FileTime before = Files.getLastModifiedTime(other);
        Files.writeString(other, "abcd");
        Files.setLastModifiedTime(other, before);
        refused(other + " has changed since it was loaded", longer);
        Digest gone = digest();
        Files.delete(other);
        refused("cannot read " + other + ": no such file or folder", gone);
    }

    @Test
    void underAnotherDescriptionItIsOfTheFilesAsTheyWereForTheFirst() throws IOException {
        Digest other = new Digest("other", ModelFiles.folder(weights.getParent()), "weights");
        assertThat(other.as("net").value())
                .isEqualTo("8fed411b8845171c92b8c159050c5b4eaac8d7824968b3b7e186694b2924d6df");
        assertThat(digest().as("net").value()).isEqualTo(digest().value());
        Files.writeString(weights, "abd");
        refused(weights + " has changed since it was loaded", other.as("net"));
    }

    @Test
    void anInterruptEndsTheReading() {
        Digest digest = digest();
        Thread.currentThread().interrupt();
        try {
            refused("interrupted while reading " + weights, digest);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        assertThat(digest.value()).isEqualTo(digest().value());
    }

    @Test
    void whatHasAnIdKeepsIt() throws IOException {
        Digest digest = digest();
        String value = digest.value();
        Files.delete(weights);
        assertThat(digest.value()).isEqualTo(value);
    }
}
