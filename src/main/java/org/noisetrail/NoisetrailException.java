package org.noisetrail;

import org.jspecify.annotations.Nullable;

/**
 * The root of every exception this library throws on purpose: bad files, wrong shapes, devices that are not there.
 * Impossible arguments are an {@link IllegalArgumentException}.
 */
public class NoisetrailException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** For a failure that its message tells whole. */
    public NoisetrailException(String message) {
        super(message);
    }

    /** With what it came of. */
    public NoisetrailException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
