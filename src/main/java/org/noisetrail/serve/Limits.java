package org.noisetrail.serve;

import java.time.Duration;

/**
 * What a server takes on.
 *
 * @param queue jobs that wait beside the one that is drawn, 0 to 10000
 * @param images of a job, 1 to 1000
 * @param evaluations network evaluations that an image may cost, at least 1; below a plain trajectory's, nothing can be drawn
 * @param time after which a job's search starts no round any more and is finished plainly, above 0
 */
public record Limits(int queue, int images, long evaluations, Duration time) {
    /** 16 waiting jobs, 10 images, 20,000 evaluations, 10 minutes. */
    public static final Limits DEFAULT = new Limits(16, 10, 20_000, Duration.ofMinutes(10));

    /** Jobs that may wait. */
    public static final int MOST_WAITING = 10_000;

    /** Images of a job. */
    public static final int MOST_IMAGES = 1000;

    public Limits {
        range("queue", queue, 0, MOST_WAITING);
        range("images", images, 1, MOST_IMAGES);
        range("evaluations", evaluations, 1, Long.MAX_VALUE);
        if (time.isZero() || time.isNegative()) {
            throw new IllegalArgumentException("time must be > 0: " + time);
        }
    }

    private static void range(String what, long value, long low, long high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(what + " must be from " + low + " to " + high + ": " + value);
        }
    }
}
