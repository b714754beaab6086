package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The SHA-256 of a description and files, computed when first asked: a large checkpoint takes seconds. Thread-safe. */
public final class Digest {
    private final String description;
    private final ModelFiles files;
    private final List<String> names;
    private @Nullable String value;

    public Digest(String description, ModelFiles files, String file) {
        this(description, files, List.of(file));
    }

    /** @param names of the files, in the order that they count in */
    public Digest(String description, ModelFiles files, List<String> names) {
        this.description = description;
        this.files = files;
        this.names = List.copyOf(names);
    }

    public synchronized String value() {
        if (value == null) {
            value = compute();
        }
        return value;
    }

    private String compute() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(description.getBytes(StandardCharsets.UTF_8));
            for (String name : names) {
                digest.update((byte) 0);
                add(digest, name);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void add(MessageDigest digest, String name) {
        try (InputStream in = files.open(name)) {
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", files.path(name), e);
        }
    }
}
