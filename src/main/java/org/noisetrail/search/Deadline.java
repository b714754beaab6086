package org.noisetrail.search;

import java.util.function.LongSupplier;

/** When a wave's time is up: so early that what is left is enough to finish plainly, if calls take what they took lately. Thread-safe. */
final class Deadline {
    /** Of a call's weight, what is left when the next one has ended: a machine's speed changes. */
    private static final double KEPT = .8;

    /** What takes time. */
    enum Work {
        NETWORK,
        JUDGING
    }

    private final long end;
    private final int least;
    private final int hands;
    private final LongSupplier clock;
    private final double[] nanos = new double[Work.values().length];
    private final double[] calls = new double[nanos.length];
    private final double[] rows = new double[nanos.length];
    private final boolean[] warm = new boolean[nanos.length];
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
            end(running.ordinal(), now - since);
        }
        begun = true;
        running = work;
        runningRows = count;
        since = now;
    }

    /** The first one is not counted: a process's first call may take as long as a hundred, and what it seemed to leave no time for would be given up. */
    private void end(int work, long taken) {
        if (warm[work]) {
            nanos[work] = KEPT * nanos[work] + taken;
            calls[work] = KEPT * calls[work] + 1;
            rows[work] = KEPT * rows[work] + runningRows;
        }
        warm[work] = true;
    }

    /** Nanoseconds that so many images take, spread over the hands, in calls of at most so many rows. */
    synchronized double needed(Work work, int images, int batch) {
        int w = work.ordinal();
        if (calls[w] == 0) {
            return 0;
        }
        double taken = hands * nanos[w];
        double perCall = taken / calls[w];
        double perRow = taken / rows[w];
        long one = Sizes.chunks(images, hands);
        long together = Math.min(one, batch);
        double few = Math.min(perCall, perRow * least);
        return Sizes.chunks(one, batch) * Math.max(few, perRow * together);
    }

    /** Whether what needs so many nanoseconds would not end before it. */
    boolean isUp(double needed) {
        return clock.getAsLong() - end + needed >= 0;
    }
}
