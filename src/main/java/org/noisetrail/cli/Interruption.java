package org.noisetrail.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

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
    private final Thread hook = new Thread(this::end, "noisetrail-interruption");
    private boolean settled;

    Interruption() {
        this(PATIENCE);
    }

    /** @param patience after which the process ends, closed or not */
    Interruption(Duration patience) {
        this.patience = patience;
        Runtime.getRuntime().addShutdownHook(hook);
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
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already: the hook has run, or waits for this.
        }
    }
}
