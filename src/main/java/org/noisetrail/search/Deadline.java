package org.noisetrail.search;

import java.util.function.LongSupplier;

/** When a wave's time is up: so early that what is left is enough to finish plainly, if calls take what they took so far. Thread-safe. */
final class Deadline {
    /**
     * A processor's call of few rows takes less than one of many, but not in proportion: one row as long as some two to five of many (benchmarks/results/fashion-scenes.md), here as eight.
     */
    static final int PROCESSOR_LEAST = 8;
    /** A card's may take as long as one of many. */
    static final int CARD_LEAST = Integer.MAX_VALUE;

    /** What takes time. */
    enum Work {
        NETWORK,
        JUDGING
    }

    private final long end;
    private final int least;
    private final int hands;
    private final LongSupplier clock;
    private final long[] nanos = new long[Work.values().length];
    private final long[] calls = new long[nanos.length];
    private final long[] rows = new long[nanos.length];
    private long since;
    private Work running = Work.NETWORK;
    private int runningRows;
    private boolean begun;

    /**
     * @param end on the clock
     * @param least rows that any call takes as long as, at least
     * @param hands how many calls may run at once: then one takes up to so many times what lies between two beginnings
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    Deadline(long end, int least, int hands, LongSupplier clock) {
        this.end = end;
        this.least = least;
        this.hands = hands;
        this.clock = clock;
    }

    /** A call of so many rows begins, and with that the one before has ended, or was begun beside it. */
    synchronized void begin(Work work, int count) {
        long now = clock.getAsLong();
        if (begun) {
            nanos[running.ordinal()] += now - since;
            calls[running.ordinal()]++;
            rows[running.ordinal()] += runningRows;
        }
        begun = true;
        running = work;
        runningRows = count;
        since = now;
    }

    /** Nanoseconds that so many images take, spread over the hands, in calls of at most so many rows. */
    synchronized double needed(Work work, int images, int batch) {
        int w = work.ordinal();
        if (calls[w] == 0) {
            return 0;
        }
        double taken = (double) hands * nanos[w];
        double perCall = taken / calls[w];
        double perRow = taken / rows[w];
        long one = Sizes.chunks(images, hands);
        long together = Math.min(one, batch);
        double few = Math.min(perCall, perRow * Math.max(least, together));
        return Sizes.chunks(one, batch) * Math.max(few, perRow * together);
    }

    /** Whether what needs so many nanoseconds would not end before it. */
    boolean isUp(double needed) {
        return clock.getAsLong() - end + needed >= 0;
    }
}
