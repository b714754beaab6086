package org.noisetrail.search;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only where a test says so: what a time limit leaves of a search is then the same on every machine, however busy. Thread-safe. */
public final class ManualClock {
    // As System.nanoTime may, it goes from the largest number to the least.
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000_000);

    /** Gives a search this time. */
    public Search.Builder of(Search.Builder search) {
        return search.clock(now::get);
    }

    /** Lets time pass. */
    public void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
