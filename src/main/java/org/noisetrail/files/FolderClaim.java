package org.noisetrail.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * That nobody else who claims a folder writes to it, or only who shares it, until this is closed or the process ends, however it does: the lock of a file in it. One that a killed process has
 * left is taken as it is.
 */
public final class FolderClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FolderClaim.class);

    private static final String NAME = ".claim.tmp";

    /** This process's: where it closes a file, it loses all locks that it has of it, so that none is opened twice. */
    private static final Map<Path, Held> HELD = new HashMap<>();

    private final Path file;
    private boolean closed;

    /** What this process has of a folder. */
    private static final class Held {
        final boolean shared;
        /** Null where files cannot be locked: who wants to write there is not to be kept from it. */
        final @Nullable FileLock lock;

        int claims = 1;

        Held(boolean shared, @Nullable FileLock lock) {
            this.shared = shared;
            this.lock = lock;
        }
    }

    /** @throws IllegalArgumentException if another has it, or one of the two would have it alone */
    FolderClaim(Path folder, boolean shared) {
        file = real(folder).resolve(NAME);
        synchronized (HELD) {
            Held held = HELD.get(file);
            if (held == null) {
                HELD.put(file, new Held(shared, lock(folder, shared)));
            } else if (shared && held.shared) {
                held.claims++;
            } else {
                throw taken(folder);
            }
        }
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(folder, e);
        }
    }

    private @Nullable FileLock lock(Path folder, boolean shared) {
        try {
            while (true) {
                Object before = key();
                FileChannel open = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
                FileLock lock = tryLock(open, shared);
                if (lock == null) {
                    open.close();
                    throw taken(folder);
                }
                // Who had it before may have removed the file meanwhile, and another have made and locked a new one.
                if (isThere(open, before)) {
                    if (!shared) {
                        AtomicFiles.TEMPORARY.add(file);
                    }
                    return lock;
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

    private @Nullable FileLock tryLock(FileChannel open, boolean shared) throws IOException {
        try {
            return open.tryLock(0, Long.MAX_VALUE, shared);
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
    public void close() {
        synchronized (HELD) {
            Held held = HELD.get(file);
            if (closed || held == null) {
                return;
            }
            closed = true;
            if (--held.claims == 0) {
                HELD.remove(file);
                release(held);
            }
        }
    }

    @SuppressWarnings("try") // closing lets go of the lock
    private void release(Held held) {
        FileLock lock = held.lock;
        if (lock == null) {
            return;
        }
        try (FileChannel locked = lock.channel()) {
            if (!held.shared || isLast(lock, locked)) {
                // While it is locked: a moment later it may be another's.
                AtomicFiles.discard(file);
            }
        } catch (IOException e) {
            LOG.debug("{} cannot be removed: {}", file, AtomicFiles.reason(e));
        }
    }

    /** Whether no other process shares the file, nor has taken it a moment after this one let it go. */
    private static boolean isLast(FileLock shared, FileChannel file) throws IOException {
        shared.release();
        return file.tryLock() != null;
    }
}
