package org.noisetrail.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.noisetrail.files.ProcessEnd;

/**
 * While it is open, Ctrl-C (or SIGTERM) interrupts the thread that opened it instead of ending it, and the process ends when that thread
 * has closed it: what a search has finished can be written first.
 */
final class Interruption implements AutoCloseable {
    /** A round of a large model on a slow machine may take long; a thread that hangs must not keep the process. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Duration patience;
    private final Thread worker = Thread.currentThread();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Runnable end = this::end;
    private boolean settled;

    Interruption() {
        this(PATIENCE);
    }

    /** @param patience after which the process ends, closed or not */
    Interruption(Duration patience) {
        this.patience = patience;
        ProcessEnd.finish(end);
    }

    private void end() {
        synchronized (this) {
            if (!settled) {
                worker.interrupt();
            }
        }
        try {
            closed.await(patience.toSeconds(), TimeUnit.SECONDS);
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
