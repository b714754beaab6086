package org.noisetrail.files;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;

/**
 * Where a user's own files are kept that no option places: in the home folder, or where there is none that can be written to, in a folder of the user's own among temporary files. Java
 * says {@code ?} for the home of a user that the system does not know, as in a container.
 */
public final class UserFolder {
    private UserFolder() {}

    /**
     * Such a folder, which exists and may be written to.
     *
     * @param within the home folder, such as {@code .cache/noisetrail}
     * @throws NoisetrailException of its name and what is wrong with it, if there is none that can be trusted
     */
    public static Path choose(Path within) {
        return choose(
                within,
                System.getProperty("user.home"),
                System.getenv("HOME"),
                Path.of(System.getProperty("java.io.tmpdir")));
    }

    /**
     * @param home as Java knows it
     * @param variable HOME
     * @param shared where all users keep temporary files
     */
    public static Path choose(Path within, @Nullable String home, @Nullable String variable, Path shared) {
        return Stream.of(home == null ? "" : home, variable == null ? "" : variable)
                .filter(UserFolder::isFolder)
                .map(name -> Path.of(name).resolve(within))
                .filter(UserFolder::canWrite)
                .findFirst()
                .orElseGet(() -> own(shared));
    }

    private static boolean isFolder(String name) {
        try {
            Path path = Path.of(name);
            return path.isAbsolute() && Files.isDirectory(path);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static boolean canWrite(Path folder) {
        try {
            make(folder);
            return Files.isWritable(folder);
        } catch (IOException e) {
            return false;
        }
    }

    /** A folder of this user's among everybody's: made so, or found so. */
    private static Path own(Path shared) {
        Path folder = shared;
        try {
            // A link to the folder of this process, which belongs to its user.
            int user = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            folder = shared.toAbsolutePath().resolve("noisetrail-" + user);
            try {
                Files.createDirectory(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                check(folder, user);
            }
            return folder;
        } catch (IOException | UnsupportedOperationException e) {
            String reason = e instanceof IOException io ? AtomicFiles.reason(io) : "it has no owners";
            throw refused(folder, reason);
        }
    }

    /** Whoever may write there may have this program run what they like. */
    private static void check(Path folder, int user) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(folder, "it is no folder");
        }
        int owner = (Integer) Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (owner != user) {
            throw refused(folder, "it belongs to another user, " + owner);
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw refused(folder, "others may write to it, " + PosixFilePermissions.toString(permissions));
        }
    }

    private static NoisetrailException refused(Path folder, String reason) {
        return new NoisetrailException(folder + ": " + reason);
    }

    /** With all that it is in. */
    public static void make(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
        }
    }
}
