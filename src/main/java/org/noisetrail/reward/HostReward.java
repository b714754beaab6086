package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Tensors;

/**
 * A user's function, called on threads that can be interrupted while it waits (for a server that scores, say). Each batch takes as many as there are processors; they
 * come from a pool that grows, so that a function that never returns, or waits for another search, holds up no batch but its own.
 */
record HostReward(String name, ToDoubleFunction<Image> reward) implements Reward {
    private static final AtomicInteger THREADS = new AtomicInteger();

    private static final Executor POOL =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Worker::new);

    HostReward {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(reward, "reward");
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        Work work = new Work(this, images.toHost());
        if (Thread.currentThread() instanceof Worker) {
            // Images that are scored within a reward: processors squared would be no faster.
            work.run();
        } else {
            runOnPool(work);
        }
        Tensors.copy(work.scores, scores);
    }

    private void runOnPool(Work work) {
        int workers = Math.min(work.images.size(), Runtime.getRuntime().availableProcessors());
        CompletionService<Void> ends = new ExecutorCompletionService<>(POOL);
        List<Future<?>> running = new ArrayList<>(workers);
        try {
            for (int i = 0; i < workers; i++) {
                running.add(ends.submit(work, null));
            }
            // In the order of their ends: a failure is told even where another call hangs.
            for (int i = 0; i < workers; i++) {
                ends.take().get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NoisetrailException failure) {
                throw failure;
            }
            throw new NoisetrailException("reward " + name + " failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        } finally {
            work.next.set(work.images.size());
            running.forEach(worker -> worker.cancel(true));
        }
    }

    private NoisetrailException interrupted(InterruptedException cause) {
        return new NoisetrailException("reward " + name + " was interrupted", cause);
    }

    /** Scores one image after another, in as many threads as run it. */
    private static final class Work implements Runnable {
        final HostReward reward;
        final List<Image> images;
        final double[] scores;
        final AtomicInteger next = new AtomicInteger();

        Work(HostReward reward, List<Image> images) {
            this.reward = reward;
            this.images = images;
            this.scores = new double[images.size()];
        }

        @Override
        public void run() {
            for (int row = next.getAndIncrement(); row < images.size(); row = next.getAndIncrement()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw reward.interrupted(new InterruptedException());
                }
                Image image = images.get(row);
                try {
                    scores[row] = reward.reward.applyAsDouble(image);
                } catch (Throwable e) {
                    next.set(images.size());
                    throw new NoisetrailException(
                            "reward " + reward.name + " failed on image " + row + " of its batch (" + image.condition()
                                    + "): " + e,
                            e);
                }
            }
        }
    }

    private static final class Worker extends Thread {
        Worker(Runnable work) {
            super(work, "noisetrail-reward-" + THREADS.incrementAndGet());
            setDaemon(true);
        }
    }
}
