package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;

class AtomicFilesTest {
    @TempDir
    private Path folder;

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFileIsReplacedWhole() throws IOException {
        Path file = folder.resolve("a.txt");
        AtomicFiles.write(file, "first, and longer".getBytes(StandardCharsets.UTF_8));
        AtomicFiles.write(file, "second".getBytes(StandardCharsets.UTF_8));
        assertThat(file).hasContent("second");
        assertThat(names()).containsExactly("a.txt");
    }

    @Test
    void aWriterThatFailsHalfwayLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = folder.resolve("a.txt");
        AtomicFiles.write(file, "old".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> AtomicFiles.write(file, out -> {
                    out.write(1);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("cannot write " + file + ": No space left on device");
        assertThat(file).hasContent("old");
        assertThat(names()).containsExactly("a.txt");
    }

    /** In a folder that others may write to: names can be guessed. */
    @Test
    void aLinkInATemporaryFilesPlaceIsNotFollowed(@TempDir Path elsewhere) throws IOException {
        Path mine = Files.writeString(elsewhere.resolve("mine"), "mine");
        Path file = folder.resolve("a.txt");
        Path last = AtomicFiles.temporary(file);
        AtomicFiles.discard(last);
        String name = last.getFileName().toString();
        int number = name.lastIndexOf('-') + 1;
        long next = Long.parseLong(name.substring(number, name.length() - ".tmp".length())) + 1;
        Files.createSymbolicLink(folder.resolve(name.substring(0, number) + next + ".tmp"), mine);
        AtomicFiles.write(file, new byte[] {'x'});
        assertThat(mine).hasContent("mine");
        assertThat(file).hasContent("x");
        assertThat(names()).containsExactly("a.txt");
        assertThat(Files.isSymbolicLink(file)).isFalse();
    }

    @Test
    void anInterruptedThreadCanWrite() throws IOException {
        Thread.currentThread().interrupt();
        try {
            AtomicFiles.write(folder.resolve("a.txt"), new byte[] {'x'});
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(folder.resolve("a.txt")).hasContent("x");
    }

    @Test
    void aLinkIsFollowedNotReplaced() throws IOException {
        Path real = Files.writeString(folder.resolve("real"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        AtomicFiles.write(link, new byte[] {'x'});
        assertThat(link).isSymbolicLink();
        assertThat(real).hasContent("x");
    }

    @Test
    void aFolderIsRefused() {
        assertThatThrownBy(() -> AtomicFiles.write(folder, new byte[1]))
                .hasMessage("cannot write " + folder + ": is a folder");
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        Path file = folder.resolve("no/a.txt");
        assertThatThrownBy(() -> AtomicFiles.write(file, new byte[1]))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("cannot write " + file);
    }

    @Test
    void reasonsAreWordsWhereJavaHasNone() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Throwable there = catchThrowable(() -> Files.createDirectories(file));
        assertThat(AtomicFiles.reason((IOException) there)).isEqualTo("a file is in the way of a folder");
        Throwable full = catchThrowable(() -> Files.delete(folder));
        assertThat(AtomicFiles.reason((IOException) full)).isEqualTo("the folder is not empty");
    }

    static boolean hasFullDevice() {
        return Files.exists(Path.of("/dev/full"));
    }

    @Test
    @EnabledIf("hasFullDevice")
    void aFullDeviceIsOneClearLineAndStaysADevice() {
        Path full = Path.of("/dev/full");
        assertThatThrownBy(() -> AtomicFiles.write(full, new byte[10]))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("cannot write /dev/full: No space left on device");
        assertThat(Files.isRegularFile(full)).isFalse();
    }
}
