package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.JsonFiles;

/** The files of a model: a folder's, or the library's own resources. */
public interface ModelFiles {
    boolean has(String file);

    InputStream open(String file) throws IOException;

    /** As messages name it. */
    Path path(String file);

    /** Gives the file as a path that lasts as long as the call. */
    <T> T with(String file, Function<Path, T> use);

    /** What a file is known by before it is read. */
    record Stamp(long size, FileTime written) {}

    /** Another one when the file was written again, or replaced; null where it cannot be, or is not there. By default null. */
    default @Nullable Stamp stamp(String file) {
        return null;
    }

    /** The file as a path that lasts as long as the process: where it is not a file of its own, a copy that goes with the process. */
    Path local(String file);

    /**
     * The names of the files in a folder of the model, in order; at most 10000. None where there is no such folder, or it cannot be told.
     *
     * @param folder empty for the model's own
     */
    List<String> list(String folder);

    /**
     * All of a file that is small: at most 64 MiB, four times a vocabulary of a million tokens.
     *
     * @throws NoisetrailException that names the file, if it cannot be read or is larger
     */
    default byte[] bytes(String file) {
        try (InputStream in = open(file)) {
            return JsonFiles.bytes(path(file).toString(), in, 64 << 20);
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(path(file), e);
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

            @Override
            public @Nullable Stamp stamp(String file) {
                return all.stamp(folder + "/" + file);
            }

            @Override
            public Path local(String file) {
                return all.local(folder + "/" + file);
            }

            @Override
            public List<String> list(String part) {
                return all.list(part.isEmpty() ? folder : folder + "/" + part);
            }
        };
    }

    /** @param location a folder as an absolute path, or the name of an embedded model */
    static ModelFiles at(String location) {
        Path folder = Path.of(location);
        return folder.isAbsolute() ? folder(folder) : embedded(location);
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

            @Override
            public @Nullable Stamp stamp(String file) {
                try {
                    Path path = folder.resolve(file);
                    return new Stamp(Files.size(path), Files.getLastModifiedTime(path));
                } catch (IOException e) {
                    return null;
                }
            }

            @Override
            public Path local(String file) {
                return folder.resolve(file);
            }

            @Override
            public List<String> list(String part) {
                try (Stream<Path> paths = Files.list(folder.resolve(part))) {
                    return paths.limit(10_000)
                            .filter(Files::isRegularFile)
                            .map(path -> path.getFileName().toString())
                            .sorted()
                            .toList();
                } catch (IOException | UncheckedIOException e) {
                    return List.of();
                }
            }
        };
    }

    static ModelFiles embedded(String name) {
        return new ModelFiles() {
            @Override
            public boolean has(String file) {
                return Unpacked.RESOURCES.getResource(resource(file)) != null;
            }

            @Override
            public InputStream open(String file) throws IOException {
                InputStream stream = Unpacked.RESOURCES.getResourceAsStream(resource(file));
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
                return use.apply(local(file));
            }

            @Override
            public Path local(String file) {
                return Unpacked.file(resource(file), path(file));
            }

            @Override
            public List<String> list(String folder) {
                return List.of();
            }

            private String resource(String file) {
                return "org/noisetrail/model/" + name + "/" + file;
            }
        };
    }
}
