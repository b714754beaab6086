package org.noisetrail.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.CardMemory;
import org.noisetrail.torch.OutOfMemory;
import org.noisetrail.torch.Recording;
import org.noisetrail.torch.Tensors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * As many rows in a call as memory holds: one that fails for want of it is made again in two halves, and later ones have no more rows than these. Once: where half is too much even with no
 * other call beside it, the call fails. Thread-safe.
 */
final class Portions {
    private static final Logger LOG = LoggerFactory.getLogger(Portions.class);

    /** Held for reading by calls, whose memory others do not have; for writing by one that is made alone. Of the process: networks share its memory and its cards'. */
    private static final ReentrantReadWriteLock IN_FLIGHT = new ReentrantReadWriteLock();

    /** One call of a large network takes minutes; one that waits for another thread's would be waited for without end. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final String option;
    private final BooleanSupplier recorded;
    private volatile int most = Integer.MAX_VALUE;

    /** @param option the setting that keeps calls small from the start */
    Portions(String option) {
        this(option, Recording::anyOnCards);
    }

    /** @param recorded whether anything may have been recorded beside a call */
    Portions(String option, BooleanSupplier recorded) {
        this.option = option;
        this.recorded = recorded;
    }

    /** A call for some rows that follow each other. */
    @FunctionalInterface
    interface Portion {
        Tensor call(int from, int count);
    }

    /** @return the rows' results, the caller's to close */
    Tensor call(int rows, Portion portion) {
        RuntimeException failure = null;
        if (rows <= most) {
            try {
                return beside(portion, 0, rows);
            } catch (RuntimeException e) {
                // A recording needs its memory besides what calls have: it says nothing of them.
                if (!OutOfMemory.is(e) || Recording.isOpen()) {
                    throw e;
                }
                halve(rows);
                failure = e;
            }
        }
        if (failure != null && rows <= most) {
            // As many as it may have, and too many beside others.
            return alone(portion, 0, rows, failure);
        }
        List<Tensor> results = new ArrayList<>();
        try {
            for (int from = 0; from < rows; from += most) {
                results.add(one(portion, from, Math.min(most, rows - from)));
            }
            return Tensors.cat(results, 0);
        } finally {
            results.forEach(Tensor::close);
        }
    }

    private Tensor beside(Portion portion, int from, int count) {
        try {
            return inFlight(portion, from, count);
        } catch (RuntimeException e) {
            if (!OutOfMemory.is(e)
                    || !recorded.getAsBoolean()
                    || Recording.isOpen()
                    || IN_FLIGHT.getReadHoldCount() > 0) {
                throw e;
            }
            // Another thread's recording may have kept from it what LibTorch holds unused.
            return CardMemory.unrecorded(() -> inFlight(portion, from, count));
        }
    }

    private static Tensor inFlight(Portion portion, int from, int count) {
        IN_FLIGHT.readLock().lock();
        try {
            return portion.call(from, count);
        } finally {
            IN_FLIGHT.readLock().unlock();
        }
    }

    private synchronized void halve(int rows) {
        // Another thread's call may have failed meanwhile.
        if (most < Integer.MAX_VALUE || rows == 1) {
            return;
        }
        most = (rows + 1) / 2;
        LOG.warn(
                "out of memory with {} rows: going on with {} ({} {} says so from the start)",
                rows,
                most,
                option,
                most);
    }

    private Tensor one(Portion portion, int from, int count) {
        try {
            return beside(portion, from, count);
        } catch (RuntimeException e) {
            if (!OutOfMemory.is(e)) {
                throw e;
            }
            return alone(portion, from, count, e);
        }
    }

    /** Once the others in flight have ended; not within a recording, nor within one that waits for this. */
    private Tensor alone(Portion portion, int from, int count, RuntimeException failure) {
        if (Recording.isOpen() || IN_FLIGHT.getReadHoldCount() > 0 || !othersHaveEnded()) {
            throw tooMany(count, failure);
        }
        try {
            return portion.call(from, count);
        } catch (RuntimeException e) {
            throw OutOfMemory.is(e) ? tooMany(count, e) : e;
        } finally {
            IN_FLIGHT.writeLock().unlock();
        }
    }

    private static boolean othersHaveEnded() {
        try {
            return IN_FLIGHT.writeLock().tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private NoisetrailException tooMany(int rows, RuntimeException e) {
        String less = rows == 1
                ? "a single row is more than memory holds: "
                : rows + " rows are more than memory holds, and calls were halved already: " + option + " "
                        + (rows + 1) / 2 + " or less, ";
        return new NoisetrailException(less + "a smaller image or --precision bf16 needs less", e);
    }
}
