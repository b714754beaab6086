package org.noisetrail.files;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.noisetrail.NoisetrailException;

/** Files that appear whole or not at all: written beside their place, then moved there. Safe to use from several threads. */
public final class AtomicFiles {
    private static final AtomicLong COUNTER = new AtomicLong();

    /** Those that are there. Not File.deleteOnExit, which forgets none while the process lives. */
    static final Set<Path> TEMPORARY = ConcurrentHashMap.newKeySet();

    static {
        ProcessEnd.tidy(() -> TEMPORARY.forEach(file -> file.toFile().delete()));
    }

    /** In the names of temporary files: machines that share a folder may have processes of the same number. */
    static final String HOST = host();

    @FunctionalInterface
    public interface Writer<T> {
        void write(T target) throws IOException;
    }

    private AtomicFiles() {}

    /** @throws NoisetrailException that names the file, if it cannot be written; there is nothing new in the folder then */
    public static void write(Path file, byte[] content) {
        write(file, out -> out.write(content));
    }

    /** @throws NoisetrailException that names the file, if it cannot be written; there is nothing new in the folder then */
    public static void write(Path file, Writer<OutputStream> writer) {
        replace(file, temporary -> {
            // Not Files.newOutputStream: an interrupt would close its channel, and an interrupted thread writes what a
            // cancelled search has found.
            try (OutputStream out = new FileOutputStream(temporary.toFile())) {
                writer.write(out);
            }
        });
    }

    /** As {@link #write}, for writers that want a path. */
    public static void replace(Path file, Writer<Path> writer) {
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
            Path temporary = temporary(target);
            try {
                writer.write(temporary);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                discard(temporary);
            }
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    /**
     * A new temporary file beside a file, for what goes with the process: whoever takes it {@link #discard}s it, or the process's end does, or, if the process
     * was killed, a later {@link OutputFolder}. A link that somebody has put in its place goes, and what it points to stays as it is.
     */
    public static Path temporary(Path file) throws IOException {
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + HOST + "."
                + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet() + ".tmp");
        Files.deleteIfExists(temporary);
        Files.createFile(temporary);
        TEMPORARY.add(temporary);
        return temporary;
    }

    /** Removes a temporary file, if it is there, and forgets it. */
    public static void discard(Path temporary) throws IOException {
        try {
            Files.deleteIfExists(temporary);
        } finally {
            TEMPORARY.remove(temporary);
        }
    }

    private static String host() {
        try {
            // Not InetAddress, which may ask a name server.
            String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
            return name.replaceAll("[^A-Za-z0-9-]", "_");
        } catch (IOException e) {
            return "localhost";
        }
    }

    /** The error of a file that cannot be written: it names the file and the system's reason. */
    public static NoisetrailException cannotWrite(Path file, IOException e) {
        return new NoisetrailException("cannot write " + file + ": " + reason(e), e);
    }

    /** The error of a file that cannot be read: it names the file and the system's reason. */
    public static NoisetrailException cannotRead(Path file, IOException e) {
        return new NoisetrailException("cannot read " + file + ": " + reason(e), e);
    }

    /** Why a file operation failed, without the file's name. */
    public static String reason(Exception e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "a file is in the way of a folder";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "the folder is not empty";
        }
        if (e instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
