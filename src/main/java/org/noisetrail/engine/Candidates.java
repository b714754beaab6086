package org.noisetrail.engine;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/**
 * One transition per row: the noise each was given, the state it leads to, its clean estimate and its score. A workspace: made once by
 * {@link StepEngine#candidates}, overwritten by every {@link StepEngine#advance}.
 */
public final class Candidates implements AutoCloseable {
    final Rows noise;
    private Rows next;
    final Rows clean;
    final Tensor scores;
    int rows;
    int step;
    int round;

    Candidates(Device device, int capacity, ImageShape shape) {
        noise = new Rows(device, capacity, shape);
        next = new Rows(device, capacity, shape);
        clean = new Rows(device, capacity, shape);
        scores = Tensors.doubles(device, capacity);
    }

    int capacity() {
        return next.rows();
    }

    /** The states the rows lead to; overwritten by the next advance. */
    public Rows next() {
        return next;
    }

    /** Gives the next states away, and takes other rows of the same count to write the next ones to. */
    public Rows exchangeNext(Rows other) {
        if (other.rows() != next.rows()) {
            throw new IllegalArgumentException("rows must be " + next.rows() + ": " + other.rows());
        }
        Rows given = next;
        next = other;
        return given;
    }

    /** The rows' noise; overwritten by the next advance. */
    public Rows noise() {
        return noise;
    }

    @Override
    public void close() {
        noise.close();
        next.close();
        clean.close();
        scores.close();
    }
}
