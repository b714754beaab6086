package org.noisetrail.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.OutOfMemory;
import org.noisetrail.torch.Recording;
import org.noisetrail.torch.Tensors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * As many rows in a call as memory holds: one that fails for want of it is made again in two halves, and later ones have no more rows than these. Once: where half is too much, the call
 * fails. Thread-safe.
 */
final class Portions {
    private static final Logger LOG = LoggerFactory.getLogger(Portions.class);

    private final String option;
    private volatile int most = Integer.MAX_VALUE;

    /** @param option the setting that keeps calls small from the start */
    Portions(String option) {
        this.option = option;
    }

    /** A call for some rows that follow each other. */
    @FunctionalInterface
    interface Portion {
        Tensor call(int from, int count);
    }

    /** @return the rows' results, the caller's to close */
    Tensor call(int rows, Portion portion) {
        if (rows <= most) {
            try {
                return portion.call(0, rows);
            } catch (RuntimeException e) {
                // A recording needs its memory besides what calls have: it says nothing of them.
                if (!OutOfMemory.is(e) || Recording.isOpen()) {
                    throw e;
                }
                halve(rows, e);
            }
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

    private synchronized void halve(int rows, RuntimeException e) {
        if (rows > most) {
            // Another thread's call has failed meanwhile.
            return;
        }
        if (most < Integer.MAX_VALUE || rows == 1) {
            throw tooMany(rows, e);
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
            return portion.call(from, count);
        } catch (RuntimeException e) {
            throw OutOfMemory.is(e) ? tooMany(count, e) : e;
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
