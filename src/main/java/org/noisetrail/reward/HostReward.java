package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Tensors;

/**
 * A user's function, called on threads of a pool of its own: those of the common pool cannot be interrupted while the function
 * waits (for a server that scores, say).
 */
record HostReward(String name, ToDoubleFunction<Image> reward) implements Reward {
    private static final AtomicInteger THREADS = new AtomicInteger();

    private static final ThreadPoolExecutor POOL = pool(Runtime.getRuntime().availableProcessors());

    HostReward {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(reward, "reward");
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        Work work = new Work(this, images.toHost());
        if (Thread.currentThread() instanceof Worker) {
            // A reward that scores images within a reward: waiting for the pool from within it could wait for ever.
            work.run();
        } else {
            runOnPool(work);
        }
        Tensors.copy(work.scores, scores);
    }

    private void runOnPool(Work work) {
        int workers = Math.min(work.images.size(), POOL.getCorePoolSize());
        List<Future<?>> running = new ArrayList<>(workers);
        try {
            for (int i = 0; i < workers; i++) {
                running.add(POOL.submit(work));
            }
            for (Future<?> worker : running) {
                worker.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NoisetrailException failure) {
                throw failure;
            }
            throw new NoisetrailException("reward " + name + " failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoisetrailException("reward " + name + " was interrupted", e);
        } finally {
            work.next.set(work.images.size());
            running.forEach(worker -> worker.cancel(true));
        }
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

    private static ThreadPoolExecutor pool(int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Worker::new);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static final class Worker extends Thread {
        Worker(Runnable work) {
            super(work, "noisetrail-reward-" + THREADS.incrementAndGet());
            setDaemon(true);
        }
    }
}
