package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;

/**
 * The SHA-256 of a description and files, computed when first asked: a large checkpoint takes seconds. Of the files as they were when it was made, or it is none. Thread-safe.
 */
public final class Digest {
    private record Input(ModelFiles files, String name, ModelFiles.@Nullable Stamp stamp) {
        Input(ModelFiles files, String name) {
            this(files, name, files.stamp(name));
        }

        void requireUnchanged() {
            if (!Objects.equals(files.stamp(name), stamp)) {
                throw new NoisetrailException(files.path(name) + " has changed since it was loaded");
            }
        }
    }

    private final String description;
    private final List<Input> inputs;
    private @Nullable String value;

    public Digest(String description, ModelFiles files, String file) {
        this(description, files, List.of(file));
    }

    /** @param names of the files, in an order that is always the same */
    public Digest(String description, ModelFiles files, List<String> names) {
        this(description, names.stream().map(name -> new Input(files, name)).toList());
    }

    private Digest(String description, List<Input> inputs) {
        this.description = description;
        this.inputs = inputs;
    }

    /** This with one more file. */
    public Digest and(ModelFiles files, String name) {
        return new Digest(
                description,
                Stream.concat(inputs.stream(), Stream.of(new Input(files, name)))
                        .toList());
    }

    /** The same files as they were for this one, under another description. The description comes first, so the number is computed anew. */
    public Digest as(String other) {
        return new Digest(other, inputs);
    }

    /** @throws NoisetrailException if a file cannot be read, or is no longer the one that was loaded, or the thread is interrupted meanwhile */
    public synchronized String value() {
        if (value == null) {
            value = compute();
        }
        return value;
    }

    private String compute() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            update(digest, description);
            for (Input input : inputs) {
                // One file is its bytes alone, as the first version had it: trails name models by it.
                if (inputs.size() > 1) {
                    update(digest, input.name);
                }
                long length = update(digest, input.files, input.name);
                input.requireUnchanged();
                if (inputs.size() > 1) {
                    update(digest, Long.toString(length));
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void update(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static long update(MessageDigest digest, ModelFiles files, String name) {
        try (InputStream in = files.open(name)) {
            byte[] buffer = new byte[1 << 16];
            long length = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                // Gigabytes take seconds; who waits for them in vain is told, and the next to ask begins anew.
                if (Thread.currentThread().isInterrupted()) {
                    throw new NoisetrailException("interrupted while reading " + files.path(name));
                }
                digest.update(buffer, 0, count);
                length += count;
            }
            return length;
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(files.path(name), e);
        }
    }
}
