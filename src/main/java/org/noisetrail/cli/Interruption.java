package org.noisetrail.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.noisetrail.files.ProcessEnd;

/**
 * While it is open, Ctrl-C (or SIGTERM) interrupts the thread that opened it instead of ending it, and the process ends when that thread
 * has closed it, however long that takes: what a search has finished can be written first.
 */
final class Interruption implements AutoCloseable {
    /** One call of a large network on a slow machine takes minutes: by then who waits must know for what. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final PrintWriter err;
    private final Duration patience;
    private final Thread worker = Thread.currentThread();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Runnable end = this::end;
    private boolean settled;

    /** @param err where is said what the process waits for */
    Interruption(PrintWriter err) {
        this(err, PATIENCE);
    }

    /** @param patience after which it is said */
    Interruption(PrintWriter err, Duration patience) {
        this.err = err;
        this.patience = patience;
        ProcessEnd.finish(end);
    }

    /** Told to end: returns when the thread has. */
    void end() {
        synchronized (this) {
            if (!settled) {
                worker.interrupt();
            }
        }
        try {
            if (!closed.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                err.println("noisetrail: interrupted; what runs is waited for, so that what is finished can be written"
                        + " (at once: kill -9 " + ProcessHandle.current().pid() + ")");
                err.flush();
                closed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From here on the thread is not interrupted any more, and if it was, that is forgotten: an interrupted thread cannot write files. */
    synchronized void settle() {
        settled = true;
        Thread.interrupted();
    }

    @Override
    public void close() {
        closed.countDown();
        ProcessEnd.forget(end);
    }
}
