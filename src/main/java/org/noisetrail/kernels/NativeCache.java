package org.noisetrail.kernels;

import java.io.File;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.UserFolder;

/**
 * Where JavaCPP unpacks native libraries to. It asks for a home folder, takes {@code ?} for one where the system knows no such user, and then trusts what it finds under a known
 * name in the folder for temporary files, which any user may have put there.
 */
final class NativeCache {
    private static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

    private static final Path WITHIN = Path.of(".javacpp", "cache");

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
            UserFolder.make(folder);
            System.setProperty(PROPERTY, folder.toString());
            return Loader.getCacheDir().toPath();
        } catch (IOException e) {
            throw refused(folder + ": " + AtomicFiles.reason(e));
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
        try {
            return UserFolder.choose(WITHIN, home, variable, shared);
        } catch (NoisetrailException e) {
            throw refused(String.valueOf(e.getMessage()));
        }
    }

    private static NoisetrailException refused(String folderAndReason) {
        return new NoisetrailException(
                "native libraries cannot be unpacked to " + folderAndReason + "; name a folder of your own: -D"
                        + PROPERTY + "=FOLDER (for ./noisetrail in NOISETRAIL_JAVA_OPTIONS)");
    }
}
