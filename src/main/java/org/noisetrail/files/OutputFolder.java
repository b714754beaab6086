package org.noisetrail.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.noisetrail.NoisetrailException;

/** A folder that a command writes its files to; it is made if it is not there. */
public final class OutputFolder {
    private final Path folder;

    private OutputFolder(Path folder) {
        this.folder = folder;
    }

    /** Refuses a folder that cannot be written to now, before a search spends minutes. */
    public static OutputFolder open(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--out must be a folder, but is a file: " + folder);
        }
        try {
            Files.createDirectories(folder);
            // Permissions alone do not tell: the file system may be read-only.
            Path probe = folder.resolve("." + ProcessHandle.current().pid() + ".tmp");
            try {
                Files.write(probe, new byte[0]);
            } finally {
                Files.deleteIfExists(probe);
            }
        } catch (IOException e) {
            throw new NoisetrailException("cannot write to the folder " + folder + ": " + AtomicFiles.reason(e), e);
        }
        return new OutputFolder(folder);
    }

    public Path path() {
        return folder;
    }

    /** A file in the folder, or in a folder of it, which is made. */
    public Path file(String name) {
        Path file = folder.resolve(name);
        try {
            Path parent = file.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(file, e);
        }
        return file;
    }

    /** Removes a file that an earlier run has left, because it would belie the ones written now. */
    public void remove(String name) {
        Path file = folder.resolve(name);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new NoisetrailException("cannot remove " + file + ": " + AtomicFiles.reason(e), e);
        }
    }
}
