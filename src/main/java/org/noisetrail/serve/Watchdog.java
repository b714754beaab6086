package org.noisetrail.serve;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ends waits for clients that send or read nothing: the JDK's server waits without a deadline, but an interrupt closes the channel that a thread waits for. A thread is interrupted only
 * between {@link #begin} and {@link #end}, and the interrupt is forgotten with the wait: a thread that waits for a search is not touched. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
    /** Bytes that count as progress. */
    private static final int PIECE = 1 << 14;

    private final Map<Thread, Wait> waits = new ConcurrentHashMap<>();
    private final AtomicInteger cuts = new AtomicInteger();
    private final Thread thread;

    /** @param shortest of the waits: it looks several times as often */
    Watchdog(Duration shortest) {
        long millis = Math.max(1, Math.min(1000, shortest.toMillis() / 8));
        thread = new Thread(() -> watch(millis), "noisetrail-http-watchdog");
        thread.setDaemon(true);
        thread.start();
    }

    private void watch(long millis) {
        try {
            while (true) {
                Thread.sleep(millis);
                waits.values().forEach(wait -> wait.look(cuts));
            }
        } catch (InterruptedException e) {
            // It is closed.
        }
    }

    /** From here on this thread waits for a client; what it waited for before has ended. */
    void begin(Duration patience) {
        end();
        Thread waiting = Thread.currentThread();
        waits.put(waiting, new Wait(waiting, System.nanoTime() + patience.toNanos()));
    }

    /** This thread waits no more, if it did. */
    void end() {
        Wait wait = waits.remove(Thread.currentThread());
        if (wait != null) {
            wait.end();
        }
    }

    /** What waits for a client. */
    @FunctionalInterface
    interface Step<E extends Exception> {
        void run() throws E;
    }

    /** Waits for a client by this, and for no longer. */
    <E extends Exception> void during(Duration patience, Step<E> step) throws E {
        begin(patience);
        try {
            step.run();
        } finally {
            end();
        }
    }

    /** Threads for the JDK's server: they read a request's headers before anything else. */
    Executor reading(Executor threads, Duration head) {
        return exchange -> threads.execute(() -> during(head, exchange::run));
    }

    /** Writes in pieces, each of which may wait for so long: who reads slowly is told all. */
    OutputStream writing(OutputStream out, Duration step) {
        return new Pieces(out, step);
    }

    /** Waits that it has ended. */
    int cuts() {
        return cuts.get();
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    private static final class Wait {
        private final Thread waiting;
        private final long deadline;
        private boolean cut;
        private boolean ended;

        Wait(Thread waiting, long deadline) {
            this.waiting = waiting;
            this.deadline = deadline;
        }

        synchronized void look(AtomicInteger cuts) {
            if (!ended && !cut && System.nanoTime() - deadline >= 0) {
                cut = true;
                waiting.interrupt();
                cuts.incrementAndGet();
            }
        }

        synchronized void end() {
            ended = true;
            if (cut) {
                Thread.interrupted();
            }
        }
    }

    private final class Pieces extends FilterOutputStream {
        private final Duration step;

        Pieces(OutputStream out, Duration step) {
            super(out);
            this.step = step;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            for (int at = from, left = count; left > 0; ) {
                int now = Math.min(left, PIECE);
                int start = at;
                during(step, () -> out.write(bytes, start, now));
                at += now;
                left -= now;
            }
        }

        @Override
        public void flush() throws IOException {
            during(step, out::flush);
        }

        @Override
        public void close() throws IOException {
            during(step, out::close);
        }
    }
}
