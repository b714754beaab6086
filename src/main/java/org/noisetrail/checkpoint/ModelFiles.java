package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Function;
import org.noisetrail.NoisetrailException;

/** The files of a model: a folder's, or the library's own resources. */
public interface ModelFiles {
    boolean has(String file);

    InputStream open(String file) throws IOException;

    /** As messages name it. */
    Path path(String file);

    /** Gives the file as a path that lasts as long as the call. */
    <T> T with(String file, Function<Path, T> use);

    /**
     * All of a file that is small: at most 64 MB, the size of a vocabulary of a million tokens.
     *
     * @throws NoisetrailException that names the file, if it cannot be read or is larger
     */
    default byte[] bytes(String file) {
        int largest = 64 << 20;
        try (InputStream in = open(file)) {
            byte[] bytes = in.readNBytes(largest + 1);
            if (bytes.length > largest) {
                throw new NoisetrailException(path(file) + ": must be at most " + largest + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", path(file), e);
        }
    }

    /** The files of a folder within: names are from there on. */
    default ModelFiles within(String folder) {
        ModelFiles all = this;
        return new ModelFiles() {
            @Override
            public boolean has(String file) {
                return all.has(folder + "/" + file);
            }

            @Override
            public InputStream open(String file) throws IOException {
                return all.open(folder + "/" + file);
            }

            @Override
            public Path path(String file) {
                return all.path(folder + "/" + file);
            }

            @Override
            public <T> T with(String file, Function<Path, T> use) {
                return all.with(folder + "/" + file, use);
            }
        };
    }

    static ModelFiles folder(Path folder) {
        return new ModelFiles() {
            @Override
            public boolean has(String file) {
                return Files.isRegularFile(folder.resolve(file));
            }

            @Override
            public InputStream open(String file) throws IOException {
                return Files.newInputStream(folder.resolve(file));
            }

            @Override
            public Path path(String file) {
                return folder.resolve(file);
            }

            @Override
            public <T> T with(String file, Function<Path, T> use) {
                return use.apply(folder.resolve(file));
            }
        };
    }

    static ModelFiles embedded(String name) {
        return new ModelFiles() {
            @Override
            public boolean has(String file) {
                return ModelFiles.class.getResource(resource(file)) != null;
            }

            @Override
            public InputStream open(String file) throws IOException {
                InputStream stream = ModelFiles.class.getResourceAsStream(resource(file));
                if (stream == null) {
                    throw new java.nio.file.NoSuchFileException(path(file).toString());
                }
                return stream;
            }

            @Override
            public Path path(String file) {
                return Path.of(name, file);
            }

            @Override
            public <T> T with(String file, Function<Path, T> use) {
                try {
                    URL url = ModelFiles.class.getResource(resource(file));
                    if (url != null && url.getProtocol().equals("file")) {
                        return use.apply(Path.of(url.toURI()));
                    }
                    Path copy = Files.createTempFile("noisetrail-", "-" + file.replace('/', '-'));
                    try (InputStream in = open(file)) {
                        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
                        return use.apply(copy);
                    } finally {
                        Files.delete(copy);
                    }
                } catch (IOException e) {
                    throw Safetensors.failed("cannot unpack", path(file), e);
                } catch (URISyntaxException e) {
                    throw new IllegalStateException(e);
                }
            }

            private String resource(String file) {
                return "/org/noisetrail/model/" + name + "/" + file;
            }
        };
    }
}
