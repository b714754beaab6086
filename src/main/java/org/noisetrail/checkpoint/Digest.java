package org.noisetrail.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The SHA-256 of a description and a file, computed when first asked: a large checkpoint takes seconds. Thread-safe. */
public final class Digest {
    private final String description;
    private final ModelFiles files;
    private final String file;
    private @Nullable String value;

    public Digest(String description, ModelFiles files, String file) {
        this.description = description;
        this.files = files;
        this.file = file;
    }

    public synchronized String value() {
        if (value == null) {
            value = compute();
        }
        return value;
    }

    private String compute() {
        try (InputStream in = files.open(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(description.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", files.path(file), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
