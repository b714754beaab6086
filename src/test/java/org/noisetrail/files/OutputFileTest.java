package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;

class OutputFileTest {
    @TempDir
    private Path folder;

    @Test
    void aFolderIsNoFile() {
        assertThatThrownBy(() -> OutputFile.check("--store", folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--store must be a file, but is a folder: " + folder);
    }

    @Test
    void aFileHoldsNoFiles() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Path inner = file.resolve("scores.safetensors");
        assertThatThrownBy(() -> OutputFile.check("--store", inner))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--store must be in a folder, but that is a file: " + inner);
        assertThat(file).hasContent("mine");
    }

    @Test
    void whatPassesCanBeWritten() {
        Path file = folder.resolve("a/b/rounds.json");
        OutputFile.check("--out", file);
        assertThat(file).doesNotExist();
        AtomicFiles.write(file, new byte[] {1});
        OutputFile.check("--out", file);
        assertThat(file).hasBinaryContent(new byte[] {1});
        assertThat(folder.resolve("a/b")).isDirectoryContaining(each -> each.equals(file));
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() {
        assertThatThrownBy(() -> OutputFile.check("--out", Path.of("/proc/nowhere/rounds.json")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("cannot write to the folder /proc/nowhere: ");
    }

    /** A file is written beside what a link points to, and a device where it is. */
    @Test
    void whereItIsWrittenIsWhatCounts() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("/proc/self/status"));
        assertThatThrownBy(() -> OutputFile.check("--out", link)).hasMessageStartingWith("cannot write to the folder");
        Files.delete(link);
        assertThatCode(() -> OutputFile.check("--out", Path.of("/dev/null"))).doesNotThrowAnyException();
    }
}
