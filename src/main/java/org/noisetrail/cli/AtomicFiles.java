package org.noisetrail.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicLong;
import org.noisetrail.NoisetrailException;

/** Files that appear whole or not at all: written beside their place, then moved there. */
final class AtomicFiles {
    private static final AtomicLong COUNTER = new AtomicLong();

    @FunctionalInterface
    interface Writer<T> {
        void write(T target) throws IOException;
    }

    private AtomicFiles() {}

    static void write(Path file, byte[] content) {
        write(file, out -> out.write(content));
    }

    /** @throws NoisetrailException that names the file, if it cannot be written; there is nothing new in the folder then */
    static void write(Path file, Writer<OutputStream> writer) {
        replace(file, temporary -> {
            // Not Files.newOutputStream: an interrupt would close its channel, and what a cancelled search has found is
            // written by an
            // interrupted thread.
            try (OutputStream out = new FileOutputStream(temporary.toFile())) {
                writer.write(out);
            }
        });
    }

    /** As {@link #write}, for writers that want a path. */
    static void replace(Path file, Writer<Path> writer) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                if (Files.isDirectory(file)) {
                    throw new FileSystemException(file.toString(), null, "is a folder");
                }
                // A pipe or a device: to move a file there would remove it.
                writer.write(file);
                return;
            }
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            Path temporary = target.resolveSibling("." + target.getFileName() + "."
                    + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet() + ".tmp");
            // For a process that is told to end while it writes: it does so after its hooks have run.
            temporary.toFile().deleteOnExit();
            try {
                writer.write(temporary);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    static NoisetrailException cannotWrite(Path file, IOException e) {
        return new NoisetrailException("cannot write " + file + ": " + Failures.reason(e), e);
    }
}
