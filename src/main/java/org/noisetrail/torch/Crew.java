package org.noisetrail.torch;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Threads that run LibTorch operations side by side, each with its share of the threads that its maker's operations use: with OpenMP that number belongs to the thread that
 * calls. Other threads, there or to come, keep theirs. Used by the thread that made it.
 */
public final class Crew implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final ExecutorService threads;

    /** @param hands how many tasks it runs at once, at least 1 */
    public Crew(int hands) {
        if (hands < 1) {
            throw new IllegalArgumentException("hands must be >= 1: " + hands);
        }
        int share = Math.max(1, Torch.threads() / hands);
        threads = Executors.newFixedThreadPool(hands, Crew::thread);
        CyclicBarrier together = new CyclicBarrier(hands);
        try {
            run(Collections.nCopies(hands, () -> {
                Torch.setOwnThreads(share);
                await(together);
            }));
        } catch (Throwable e) {
            // Where the system has no thread more, those that there are wait for it.
            threads.shutdownNow();
            throw e;
        }
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "noisetrail-worker-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    /** So that each task of a round is on another thread. */
    private static void await(CyclicBarrier together) {
        try {
            together.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Runs tasks, as many at once as there are hands, and returns when all have ended. If one fails the others are interrupted, and what it threw is thrown; if this thread is
     * interrupted, so are they, and it stays interrupted.
     */
    public void run(List<? extends Runnable> tasks) {
        Round round = new Round(tasks);
        round.parts.forEach(threads::execute);
        round.await();
    }

    private static final class Round {
        final List<Part> parts;
        private final CountDownLatch ended;
        private @Nullable Throwable failure;

        Round(List<? extends Runnable> tasks) {
            parts = tasks.stream().map(task -> new Part(this, task)).toList();
            ended = new CountDownLatch(parts.size());
        }

        void await() {
            boolean interrupted = false;
            while (true) {
                try {
                    ended.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                    parts.forEach(Part::interrupt);
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable thrown = failure();
            if (thrown instanceof Error error) {
                throw error;
            }
            if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
        }

        private synchronized @Nullable Throwable failure() {
            return failure;
        }

        void failed(Throwable thrown) {
            synchronized (this) {
                if (failure != null) {
                    return;
                }
                failure = thrown;
            }
            parts.forEach(Part::interrupt);
        }
    }

    /** A task, on the thread that runs it. */
    private static final class Part implements Runnable {
        private final Round round;
        private final Runnable task;
        private @Nullable Thread runner;
        private boolean interrupted;

        Part(Round round, Runnable task) {
            this.round = round;
            this.task = task;
        }

        @Override
        public void run() {
            begin();
            try {
                task.run();
            } catch (Throwable t) {
                round.failed(t);
            } finally {
                end();
                round.ended.countDown();
            }
        }

        private synchronized void begin() {
            runner = Thread.currentThread();
            if (interrupted) {
                runner.interrupt();
            }
        }

        /** The thread's next task is not told of this one's end. */
        private synchronized void end() {
            runner = null;
            Thread.interrupted();
        }

        synchronized void interrupt() {
            interrupted = true;
            if (runner != null) {
                runner.interrupt();
            }
        }
    }

    /** Ends the threads; no task runs any more. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
