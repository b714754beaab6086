package org.noisetrail.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.noisetrail.NoisetrailException;

/** A file that a command writes once its work is done: what stands in its way is told before the work. */
public final class OutputFile {
    private OutputFile() {}

    /**
     * Refuses a place where no file can be written. Its folder is made if it is not there; a pipe or a device is taken as it is.
     *
     * @param option that names the file, for messages: {@code --out}
     * @throws IllegalArgumentException if it is a folder, or its folder is a file
     * @throws NoisetrailException if its folder cannot be written to
     */
    public static void check(String option, Path file) {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(option + " must be a file, but is a folder: " + file);
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            return;
        }
        Path folder = folder(file);
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(option + " must be in a folder, but that is a file: " + file);
        }
        OutputFolder.open(folder);
    }

    /** Where {@link AtomicFiles} writes it: of a link the folder of what it points to. */
    private static Path folder(Path file) {
        try {
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            Path folder = target.getParent();
            return folder == null ? target : folder;
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(file, e);
        }
    }
}
