package org.noisetrail.kernels;

import java.io.File;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.stream.Stream;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;

/**
 * Where JavaCPP unpacks native libraries to. It asks for a home folder, takes {@code ?} for one where the system knows no such user, and then trusts what it finds under a known
 * name in the folder for temporary files, which any user may have put there.
 */
final class NativeCache {
    private static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

    private NativeCache() {}

    /**
     * The folder, which exists; JavaCPP is told of it, unless it has one already.
     *
     * @throws NoisetrailException if there is none that can be trusted
     */
    static Path folder() {
        String given = System.getProperty(PROPERTY);
        Path folder = given != null
                ? Path.of(given)
                : choose(
                        System.getProperty("user.home"),
                        System.getenv("HOME"),
                        Path.of(System.getProperty("java.io.tmpdir")));
        try {
            // One that cannot be made would have JavaCPP look for others.
            make(folder);
            System.setProperty(PROPERTY, folder.toString());
            return Loader.getCacheDir().toPath();
        } catch (IOException e) {
            throw refused(folder, AtomicFiles.reason(e));
        }
    }

    private static void make(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
        }
    }

    /** Whether a class's own library, which JavaCPP unpacks after all that it needs, lies whole in the folder, or need not be unpacked. */
    static boolean isUnpacked(Class<?> type, Path folder) {
        ClassProperties properties = Loader.loadProperties(type, Loader.loadProperties(), true);
        URL[] found = Loader.findLibrary(type, properties, properties.getProperty("platform.library"));
        try {
            if (found.length == 0 || !(found[0].openConnection() instanceof JarURLConnection library)) {
                return true;
            }
            JarEntry entry = library.getJarEntry();
            Path jar = Path.of(library.getJarFile().getName()).getFileName();
            File file = folder.resolve(jar).resolve(entry.getName()).toFile();
            return file.length() == entry.getSize() && file.lastModified() == entry.getTime();
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * @param home as Java knows it
     * @param variable HOME
     * @param shared where all users keep temporary files
     */
    static Path choose(@Nullable String home, @Nullable String variable, Path shared) {
        return Stream.of(home == null ? "" : home, variable == null ? "" : variable)
                .filter(NativeCache::isFolder)
                .map(name -> Path.of(name, ".javacpp", "cache"))
                .filter(NativeCache::canWrite)
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
        return new NoisetrailException(
                "native libraries cannot be unpacked to " + folder + ": " + reason + "; name a folder of your own: -D"
                        + PROPERTY + "=FOLDER (for ./noisetrail in NOISETRAIL_JAVA_OPTIONS)");
    }
}
