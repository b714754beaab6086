package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;

/** The library's resources as files of their own. */
final class Unpacked {
    /** A class asks its own module alone, and a model may lie in another one. */
    static final ClassLoader RESOURCES = Unpacked.class.getClassLoader();

    /** By resource: one copy for the process, however often a model is loaded. */
    private static final Map<String, Path> FILES = new ConcurrentHashMap<>();

    private Unpacked() {}

    /**
     * A resource's file: its own, or a copy that goes with the process; another copy where somebody has cleaned up meanwhile.
     *
     * @param resource as a class loader names it
     * @param shown as messages name it
     * @throws org.noisetrail.NoisetrailException if there is no such resource, or it cannot be copied
     */
    static Path file(String resource, Path shown) {
        return FILES.compute(resource, (name, file) -> file != null && Files.exists(file) ? file : of(name, shown));
    }

    private static Path of(String resource, Path shown) {
        try {
            URL url = RESOURCES.getResource(resource);
            if (url != null && url.getProtocol().equals("file")) {
                return Path.of(url.toURI());
            }
            try (InputStream in = RESOURCES.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new NoSuchFileException(shown.toString());
                }
                Path copy =
                        Files.createTempFile("noisetrail-", "-" + resource.substring(resource.lastIndexOf('/') + 1));
                copy.toFile().deleteOnExit();
                Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
                return copy;
            }
        } catch (IOException e) {
            throw new NoisetrailException("cannot unpack " + shown + ": " + AtomicFiles.reason(e), e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
