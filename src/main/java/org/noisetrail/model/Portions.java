package org.noisetrail.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
 * As many rows in a call as memory holds: one that fails for want of it is made again in two halves, and later ones have no more rows than these. Halves that fail, too, are made with no other
 * call beside them before they are halved again: others may only just now have the memory. A single row that fails alone ends the call. Thread-safe.
 */
final class Portions {
    private static final Logger LOG = LoggerFactory.getLogger(Portions.class);

    /** Held for reading by calls, whose memory others do not have; for writing by one that is made alone. Of the process: networks share its memory and its cards'. */
    private static final ReentrantReadWriteLock IN_FLIGHT = new ReentrantReadWriteLock();

    /** One call of a large network takes minutes; one that waits for another thread's would be waited for without end. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final String option;
    private final String remedy;
    private final BooleanSupplier recorded;
    private volatile int most;
    private volatile boolean halved;

    /**
     * @param option the setting that keeps calls small from the start
     * @param most rows of a call from the start
     * @param remedy what needs less memory, whatever the rows
     */
    Portions(String option, int most, String remedy) {
        this(option, most, remedy, Recording::anyOnCards);
    }

    /** @param recorded whether anything may have been recorded beside a call */
    Portions(String option, int most, String remedy, BooleanSupplier recorded) {
        this.option = option;
        this.most = most;
        this.remedy = remedy;
        this.recorded = recorded;
    }

    /** A call for some rows that follow each other. */
    @FunctionalInterface
    interface Portion {
        Tensor call(int from, int count);
    }

    /** @return the rows' results, the caller's to close */
    Tensor call(int rows, Portion portion) {
        List<Tensor> results = new ArrayList<>();
        try {
            int from = 0;
            do {
                int count = Math.min(most, rows - from);
                from += made(portion, from, count, results) ? count : 0;
            } while (from < rows);
            for (Tensor part : results) {
                if (part == null) {
                    // A user's network that gives nothing: who asked for it says so.
                    return part;
                }
            }
            return results.size() == 1 ? results.remove(0) : Tensors.cat(results, 0);
        } finally {
            results.stream().filter(Objects::nonNull).forEach(Tensor::close);
        }
    }

    /** @return whether there is one result more; if not, these are too many, and fewer are to be tried */
    private boolean made(Portion portion, int from, int count, List<Tensor> results) {
        try {
            return results.add(beside(portion, from, count));
        } catch (RuntimeException e) {
            // A recording needs its memory besides what calls have: it says nothing of them.
            if (!OutOfMemory.is(e) || Recording.isOpen()) {
                throw e;
            }
            return count > 1 && !halved || count > most ? halve(count, e) : alone(portion, from, count, results, e);
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

    /** @return false: none is made */
    private synchronized boolean halve(int count, RuntimeException failure) {
        if (count == 1) {
            throw new NoisetrailException("a single row is more than memory holds: " + remedy + " needs less", failure);
        }
        // Another thread's call may have failed meanwhile.
        if (count <= most) {
            most = (count + 1) / 2;
            halved = true;
            LOG.warn(
                    "out of memory with {} rows: going on with {} ({} {} says so from the start)",
                    count,
                    most,
                    option,
                    most);
        }
        return false;
    }

    /** Once the others in flight have ended, unless this is within one of them, or waits too long. */
    private boolean alone(Portion portion, int from, int count, List<Tensor> results, RuntimeException failure) {
        if (IN_FLIGHT.getReadHoldCount() > 0 || !othersHaveEnded()) {
            if (Thread.currentThread().isInterrupted()) {
                // It says nothing of how many memory holds.
                throw failure;
            }
            return halve(count, failure);
        }
        try {
            return results.add(portion.call(from, count));
        } catch (RuntimeException e) {
            if (!OutOfMemory.is(e)) {
                throw e;
            }
            return halve(count, e);
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
}
