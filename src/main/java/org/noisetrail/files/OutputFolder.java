package org.noisetrail.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.noisetrail.NoisetrailException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that a command writes its files to; it is made if it is not there, and may be a link itself. Links within it are not followed.
 */
public final class OutputFolder {
    private static final Logger LOG = LoggerFactory.getLogger(OutputFolder.class);

    /** As {@link AtomicFiles} names them: those of this machine's processes, for of others nobody here knows whether they run. */
    private static final Pattern TEMPORARY =
            Pattern.compile("\\..+\\." + AtomicFiles.HOST + "\\.(\\d{1,18})-\\d+\\.tmp");

    private final Path folder;
    private final Set<Path> cleaned = ConcurrentHashMap.newKeySet();

    private OutputFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens a folder. Temporary files that processes of this machine have left when they were killed are removed where a file is written.
     *
     * @throws IllegalArgumentException if it is a file
     * @throws NoisetrailException if it cannot be written to: now, before a search spends minutes
     */
    public static OutputFolder open(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--out must be a folder, but is a file: " + folder);
        }
        try {
            Files.createDirectories(folder);
            // Permissions alone do not tell: the file system may be read-only.
            AtomicFiles.discard(AtomicFiles.temporary(folder.resolve("probe")));
        } catch (IOException e) {
            throw new NoisetrailException("cannot write to the folder " + folder + ": " + AtomicFiles.reason(e), e);
        }
        return new OutputFolder(folder);
    }

    /** A folder that is there, for who only looks: it need not be one that can be written to. */
    public static OutputFolder reading(Path folder) {
        return new OutputFolder(folder);
    }

    private void clean(String inner) {
        for (String name : names(inner)) {
            Matcher matcher = TEMPORARY.matcher(name);
            Path file = folder.resolve(inner).resolve(name);
            try {
                if (matcher.matches() && isLeftBehind(file, Long.parseLong(matcher.group(1)))) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException e) {
                LOG.debug("cannot remove {}: {}", file, AtomicFiles.reason(e));
            }
        }
    }

    /** Whether the process that wrote it has ended; in a container another one soon has its number. */
    private static boolean isLeftBehind(Path file, long process) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            return false;
        }
        // Clocks of files are coarse, and of processes too.
        Instant written = attributes.lastModifiedTime().toInstant().plusSeconds(1);
        return ProcessHandle.of(process)
                .map(running ->
                        running.info().startInstant().map(written::isBefore).orElse(false))
                .orElse(true);
    }

    /** The names of what is in the folder, or in a folder of it; none if that is not there, or is a link. Sorted. */
    public List<String> names(String inner) {
        Path where = folder.resolve(inner);
        if (!inner.isEmpty() && !Files.isDirectory(where, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(where)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            // A failure while the names are read comes unchecked.
            Exception cause = e instanceof UncheckedIOException && e.getCause() instanceof IOException io ? io : e;
            throw new NoisetrailException("cannot read the folder " + where + ": " + AtomicFiles.reason(cause), e);
        }
    }

    /** Whether there is a file, a folder or a link of this name. */
    public boolean has(String name) {
        return Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    public Path path() {
        return folder;
    }

    /**
     * Takes the folder for one writer: who else claims it, shared or not, is refused until this is closed.
     *
     * @throws IllegalArgumentException if another has it, in this process or in another one
     */
    public FolderClaim claim() {
        return new FolderClaim(folder, false);
    }

    /**
     * Takes the folder for one of several writers who bear each other: who claims it alone is refused until all of them have closed theirs.
     *
     * @throws IllegalArgumentException if another has it alone, in this process or in another one
     */
    public FolderClaim shared() {
        return new FolderClaim(folder, true);
    }

    /**
     * Refuses a file that could not be written for what is in its place.
     *
     * @param removed whether a file or a link of its name is removed before
     * @throws NoisetrailException if it, or a folder that it is in, is a link, which points to what is not ours to write; if it is a folder, or what it is in is a file
     */
    public void check(String name, boolean removed) {
        Path file = folder.resolve(name);
        Path at = folder;
        for (Path part : Path.of(name)) {
            at = at.resolve(part);
            boolean last = at.equals(file);
            String obstacle = null;
            if (Files.isSymbolicLink(at)) {
                obstacle = last && removed ? null : "a link";
            } else if (Files.isDirectory(at)) {
                obstacle = last ? "a folder" : null;
            } else if (!last && Files.exists(at)) {
                obstacle = "a file";
            }
            if (obstacle != null) {
                throw new NoisetrailException("cannot write " + file + ": " + at + " is " + obstacle);
            }
        }
    }

    /**
     * A file in the folder, or in a folder of it, which is made.
     *
     * @throws NoisetrailException as {@link #check}; if the folder cannot be made
     */
    public Path file(String name) {
        check(name, false);
        Path file = folder.resolve(name);
        try {
            Path parent = file.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
                if (cleaned.add(parent)) {
                    clean(folder.relativize(parent).toString());
                }
            }
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(file, e);
        }
        return file;
    }

    /** Removes a file, or a link and not what it points to, that an earlier run has left, because it would belie the ones written now. */
    public void remove(String name) {
        Path file = folder.resolve(name);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new NoisetrailException("cannot remove " + file + ": " + AtomicFiles.reason(e), e);
        }
    }
}
