package org.noisetrail.engine;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Rows of states, or of noise: float32 [rows, C, H, W] on the engine's device. Owned by who made it; once closed, refused with an {@link IllegalStateException}. */
public final class Rows implements AutoCloseable {
    private final int rows;
    private final ImageShape shape;
    private final Tensor tensor;
    private final BytePointer base;
    private boolean closed;

    Rows(Device device, int rows, ImageShape shape) {
        this.rows = rows;
        this.shape = shape;
        tensor = Tensors.floats(device, rows, shape.channels(), shape.height(), shape.width());
        base = new BytePointer(Tensors.pointer(tensor));
    }

    /** How many states there are. */
    public int rows() {
        return rows;
    }

    /** A copy on the host: rows x elements. */
    public float[] toFloats() {
        requireOpen();
        return Tensors.toFloats(tensor);
    }

    /** Kernels write through raw pointers: past too few rows they would go on. */
    void need(int count) {
        requireOpen();
        if (rows < count) {
            throw new IllegalArgumentException("rows must be >= " + count + ": " + rows);
        }
    }

    Pointer pointer() {
        requireOpen();
        return base;
    }

    /** What was closed is another's memory by now. */
    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the rows are closed");
        }
    }

    Pointer at(int row) {
        requireOpen();
        return row == 0 ? base : base.getPointer((long) row * shape.elements() * Float.BYTES);
    }

    /** A contiguous view, the caller's to close. */
    Tensor view(int from, int count) {
        requireOpen();
        return Tensors.rows(tensor, from, count);
    }

    /** Copies rows of a tensor, float32 [rows, C, H, W], over the rows from {@code at} on. */
    void set(int at, Tensor values) {
        try (Tensor view = view(at, Math.toIntExact(values.size(0)))) {
            Tensors.copy(values, view);
        }
    }

    /** into = a x + b y, over the rows of {@code into}. Two products and a sum: no fused operation makes bits depend on where a row lies. */
    static void combine(double a, Rows x, double b, Rows y, Rows into) {
        into.requireOpen();
        x.need(into.rows);
        y.need(into.rows);
        try (Tensor first = x.view(0, into.rows);
                Tensor second = y.view(0, into.rows);
                Scalar factor = new Scalar(a);
                Scalar other = new Scalar(b);
                Tensor scaled = Torch.call(() -> first.mul(factor));
                Tensor added = Torch.call(() -> second.mul(other));
                Tensor sum = Torch.call(() -> scaled.add(added))) {
            Tensors.copy(sum, into.tensor);
        }
    }

    @Override
    public void close() {
        closed = true;
        tensor.close();
    }
}
