package org.noisetrail.search;

/** When a wave's time is up: so early that what is left is enough to finish plainly, if calls take what they took so far. */
final class Deadline {
    /** What takes time. */
    enum Work {
        NETWORK,
        JUDGING
    }

    private final long end;
    private final long[] nanos = new long[Work.values().length];
    private final long[] calls = new long[nanos.length];
    private long since = System.nanoTime();
    private Work running = Work.NETWORK;
    private boolean begun;

    /** @param end on {@link System#nanoTime}'s clock */
    Deadline(long end) {
        this.end = end;
    }

    /** A call begins, and with that the one before has ended. */
    void begin(Work work) {
        long now = System.nanoTime();
        if (begun) {
            nanos[running.ordinal()] += now - since;
            calls[running.ordinal()]++;
        }
        begun = true;
        running = work;
        since = now;
    }

    /** Whether so many more calls would not end before it. */
    boolean isUp(long network, long judging) {
        double needed = network * mean(Work.NETWORK) + judging * mean(Work.JUDGING);
        return System.nanoTime() - end + needed >= 0;
    }

    private double mean(Work work) {
        return calls[work.ordinal()] == 0 ? 0 : (double) nanos[work.ordinal()] / calls[work.ordinal()];
    }
}
