package org.noisetrail;

/**
 * The root of every exception this library throws on purpose: bad files, wrong shapes, devices that are not there.
 * Impossible arguments are an {@link IllegalArgumentException}.
 */
public class NoisetrailException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NoisetrailException(String message) {
        super(message);
    }

    public NoisetrailException(String message, Throwable cause) {
        super(message, cause);
    }
}
