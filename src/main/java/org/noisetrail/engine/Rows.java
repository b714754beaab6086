package org.noisetrail.engine;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/** Rows of states, or of noise: float32 [rows, C, H, W] on the engine's device. Owned by who made it. */
public final class Rows implements AutoCloseable {
    private final int rows;
    private final ImageShape shape;
    private final Tensor tensor;
    private final BytePointer base;

    Rows(Device device, int rows, ImageShape shape) {
        this.rows = rows;
        this.shape = shape;
        tensor = Tensors.floats(device, rows, shape.channels(), shape.height(), shape.width());
        base = new BytePointer(Tensors.pointer(tensor));
    }

    public int rows() {
        return rows;
    }

    /** A copy on the host: rows x elements. */
    public float[] toFloats() {
        return Tensors.toFloats(tensor);
    }

    Pointer pointer() {
        return base;
    }

    Pointer at(int row) {
        return row == 0 ? base : base.getPointer((long) row * shape.elements() * Float.BYTES);
    }

    /** A contiguous view, the caller's to close. */
    Tensor view(int from, int count) {
        return Tensors.rows(tensor, from, count);
    }

    static Pointer at(Tensor tensor, long bytes) {
        Pointer start = Tensors.pointer(tensor);
        return bytes == 0 ? start : new BytePointer(start).getPointer(bytes);
    }

    @Override
    public void close() {
        tensor.close();
    }
}
