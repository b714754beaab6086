package org.noisetrail.kernels;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads native libraries; where they are not unpacked yet, in one process at a time. JavaCPP unpacks them to a folder that all processes share, and opening one opens those it
 * needs: where another process is still writing them, the JVM dies of SIGBUS (bytedeco/javacpp#608). Whatever class of JavaCPP's is used first has to be loaded here.
 */
public final class Natives {
    private static final Logger LOG = LoggerFactory.getLogger(Natives.class);

    private static final String LOCK = ".noisetrail.lock";
    private static final Duration POLL = Duration.ofMillis(10);
    private static final Duration QUIET = Duration.ofSeconds(10);

    /** Unpacking takes seconds; on a slow disk, a minute. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** A literal is one object for all class loaders of a process: locks of files are held by a process, not by one of its threads. */
    private static final String PROCESS = "org.noisetrail.kernels.Natives";

    /** The linker's words: what needs a library, and the library. */
    private static final Pattern MISSING = Pattern.compile("([^/\\s:]+): ([^/\\s:]+): cannot open shared object file");

    private static final Set<Class<?>> LOADED = ConcurrentHashMap.newKeySet();

    private Natives() {}

    /**
     * Sees to it that natives can be loaded, where a user comes in: what is thrown within a class's initialiser is an error instead, and the class of no use ever after.
     *
     * @throws org.noisetrail.NoisetrailException if there is no folder to unpack them to
     */
    public static void require() {
        load(Pointer.class);
    }

    /** Loads the libraries of these classes of JavaCPP's, where that is not done yet. */
    public static void load(Class<?>... classes) {
        List<Class<?>> wanted = List.of(classes);
        // False while JavaCPP's builder looks at the classes.
        if (LOADED.containsAll(wanted) || !Loader.isLoadLibraries()) {
            return;
        }
        Path cache = NativeCache.folder();
        Runnable work = () -> wanted.forEach(Natives::loadOne);
        if (wanted.stream().allMatch(type -> NativeCache.isUnpacked(type, cache))) {
            work.run();
        } else {
            alone(cache.resolve(LOCK), PATIENCE, work);
        }
        LOADED.addAll(wanted);
        LOADED.add(Pointer.class);
    }

    private static void loadOne(Class<?> type) {
        try {
            Loader.load(type);
        } catch (UnsatisfiedLinkError e) {
            throw explained(e);
        }
    }

    /** Where the linker misses a library that another needs, an error that says so in one line; else the error itself. */
    static UnsatisfiedLinkError explained(UnsatisfiedLinkError error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            Matcher linker = MISSING.matcher(String.valueOf(at.getMessage()));
            if (linker.find()) {
                UnsatisfiedLinkError explained = new UnsatisfiedLinkError(linker.group(1) + " needs " + linker.group(2)
                        + ", which is not found: LD_LIBRARY_PATH must name the folders of all that it needs");
                // Not its cause: who looks for the deepest would find the words that this one explains.
                explained.addSuppressed(error);
                return explained;
            }
        }
        return error;
    }

    /** Whether the linker finds a library, by its name or path, or has it already. It stays open. */
    public static boolean isFound(String library) {
        load(Pointer.class);
        try {
            Loader.loadGlobal(library);
            return true;
        } catch (UnsatisfiedLinkError e) {
            LOG.debug("{}: {}", library, e.getMessage());
            return false;
        }
    }

    /** Does something in one process at a time, and on one thread of it. Where the file cannot be locked, it is done all the same. */
    @SuppressWarnings("try") // closing lets go of the lock
    static void alone(Path file, Duration patience, Runnable work) {
        synchronized (PROCESS) {
            try (FileChannel locked = lock(file, patience)) {
                work.run();
            } catch (IOException e) {
                LOG.debug("{} cannot be closed: {}", file, AtomicFiles.reason(e));
            }
        }
    }

    private static @Nullable FileChannel lock(Path file, Duration patience) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(folder) && !Files.isWritable(folder)) {
            // Nothing can be unpacked there.
            return null;
        }
        String reason;
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (waitFor(channel, file, patience)) {
                    return channel;
                }
                reason = "another process has had it for " + patience.toSeconds() + " s";
            } catch (IOException e) {
                reason = AtomicFiles.reason(e);
            }
            channel.close();
        } catch (IOException e) {
            reason = AtomicFiles.reason(e);
        }
        LOG.warn(
                "{} cannot be locked: {}; the native libraries are loaded all the same, which may fail if another process unpacks them now",
                file,
                reason);
        return null;
    }

    /** Asks again and again: a lock that is waited for ends with an interruption, and a class whose loading ends so can never be loaded. */
    private static boolean waitFor(FileChannel channel, Path file, Duration patience) throws IOException {
        long begin = System.nanoTime();
        boolean quiet = true;
        boolean interrupted = false;
        try {
            while (!tryLock(channel)) {
                long waited = System.nanoTime() - begin;
                if (waited > patience.toNanos()) {
                    return false;
                }
                if (quiet && waited > QUIET.toNanos()) {
                    quiet = false;
                    LOG.warn("waiting for another process that loads native libraries ({})", file);
                }
                try {
                    Thread.sleep(POLL.toMillis());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // Something else in this process holds it.
            return false;
        }
    }
}
