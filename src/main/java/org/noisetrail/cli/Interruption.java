package org.noisetrail.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.noisetrail.files.ProcessEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * While it is open, Ctrl-C (or SIGTERM) interrupts the thread that opened it instead of ending it, and the process ends when that thread
 * has closed it, however long that takes, and its command has had its say: what a search has finished can be written first.
 */
final class Interruption implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Interruption.class);

    /** One call of a large network on a slow machine takes minutes: by then who waits must know for what. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** From where the thread has closed it to where its command has said how it ended. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /** Of the command that a thread runs. */
    private static final ThreadLocal<Interruption> OF_COMMAND = new ThreadLocal<>();

    private final PrintWriter err;
    private final Duration patience;
    private final Thread worker = Thread.currentThread();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch said = new CountDownLatch(1);
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
        OF_COMMAND.set(this);
        ProcessEnd.finish(end);
    }

    /** This thread's command has ended, and printed why if it has failed. */
    static void said() {
        Interruption last = OF_COMMAND.get();
        OF_COMMAND.remove();
        if (last != null) {
            last.said.countDown();
        }
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
            if (!said.await(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("the interrupted command has not ended");
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
