package org.noisetrail.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That nobody else who claims a folder writes to it, until this is closed or the process ends, however it does: the lock of a file in it. One that a killed process has left is taken as it is.
 */
public final class FolderClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FolderClaim.class);

    private static final String NAME = ".claim.tmp";

    /** This process's: where it closes a file, it loses all locks that it has of it, so that none is opened twice. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final @Nullable FileChannel channel;

    /** @throws IllegalArgumentException if another has it */
    FolderClaim(Path folder) {
        file = real(folder).resolve(NAME);
        if (!HELD.add(file)) {
            throw taken(folder);
        }
        try {
            channel = lock(folder);
        } catch (RuntimeException e) {
            HELD.remove(file);
            throw e;
        }
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(folder, e);
        }
    }

    /** Null where files cannot be locked: who wants to write there is not to be kept from it. */
    private @Nullable FileChannel lock(Path folder) {
        try {
            while (true) {
                Object before = key();
                FileChannel open = FileChannel.open(
                        file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                if (!tryLock(open)) {
                    open.close();
                    throw taken(folder);
                }
                // Who had it before may have removed the file meanwhile, and another have made and locked a new one.
                if (isThere(open, before)) {
                    AtomicFiles.TEMPORARY.add(file);
                    return open;
                }
                open.close();
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be locked: {}", file, AtomicFiles.reason(e));
            return null;
        }
    }

    /** Whether the file that is locked is the one that others find: then it was there before it was opened, and still is. A new one is so in the next round. */
    private boolean isThere(FileChannel open, @Nullable Object before) throws IOException {
        try {
            Object now = key();
            return now == null ? Files.exists(file) : now.equals(before);
        } catch (IOException e) {
            open.close();
            throw e;
        }
    }

    /** Tells the file that is there from any other; null where none is, or where the system tells them not. */
    private @Nullable Object key() throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private boolean tryLock(FileChannel open) throws IOException {
        try {
            return open.tryLock() != null;
        } catch (IOException e) {
            open.close();
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private static IllegalArgumentException taken(Path folder) {
        return new IllegalArgumentException(
                folder + " is being written to by another run: wait until it has ended, or give another --out");
    }

    @Override
    @SuppressWarnings("try") // closing lets go of the lock
    public void close() {
        try (FileChannel locked = channel) {
            if (locked != null) {
                // While it is locked: a moment later it may be another's.
                AtomicFiles.discard(file);
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be removed: {}", file, AtomicFiles.reason(e));
        } finally {
            HELD.remove(file);
        }
    }
}
