package org.noisetrail.torch;

import java.util.concurrent.atomic.LongAdder;

/**
 * How often this process has moved numbers between host and device; on the CPU, where a card would have. Each download, and each upload that is not from page-locked memory, lets the
 * host wait for a card. Thread-safe.
 */
public final class Traffic {
    private static final LongAdder UPLOADS = new LongAdder();
    private static final LongAdder DOWNLOADS = new LongAdder();

    /**
     * Counts so far.
     *
     * @param uploads copies to the device
     * @param downloads copies to the host, each of which waits for the device
     */
    public record Count(long uploads, long downloads) {
        /** What was counted since. */
        public Count since(Count before) {
            return new Count(uploads - before.uploads, downloads - before.downloads);
        }
    }

    private Traffic() {}

    /** Since the process began. */
    public static Count now() {
        return new Count(UPLOADS.sum(), DOWNLOADS.sum());
    }

    static void uploaded() {
        UPLOADS.increment();
    }

    static void downloaded() {
        DOWNLOADS.increment();
    }
}
