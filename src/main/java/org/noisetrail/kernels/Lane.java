package org.noisetrail.kernels;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * A device and the stream that its work goes to, in the order of the calls. On CUDA a lane owns a stream, whose work and that of the default stream keep the order they were given in
 * unless it is opened apart, or has one of somebody else's. On the CPU it has none, and a call has ended when it returns. Safe to share between threads, until it is closed.
 */
public final class Lane implements AutoCloseable {
    private final Device device;
    private final boolean owner;
    private @Nullable Pointer stream;
    private boolean closed;

    private Lane(Device device, @Nullable Pointer stream, boolean owner) {
        this.device = device;
        this.stream = stream;
        this.owner = owner;
    }

    /**
     * A lane with a stream of its own.
     *
     * @throws org.noisetrail.NoisetrailException if the device cannot be used
     */
    public static Lane open(Device device) {
        return open(device, 0);
    }

    /**
     * A lane with a stream of its own that keeps no order with the default stream: one can be recorded while others use that.
     *
     * @throws org.noisetrail.NoisetrailException if the device cannot be used
     */
    public static Lane openApart(Device device) {
        return open(device, 1);
    }

    private static Lane open(Device device, int apart) {
        if (!device.isCuda()) {
            return new Lane(device, null, false);
        }
        Natives.load(Pointer.class);
        try (PointerPointer<Pointer> made = new PointerPointer<>(1L)) {
            Kernels.check(NativeKernels.nt_stream_create(device.ordinal(), apart, made));
            return new Lane(device, made.get(0), true);
        }
    }

    /** A stream that somebody else owns, who keeps it until the lane is closed. */
    public static Lane of(Device device, Pointer stream) {
        return new Lane(device, stream, false);
    }

    /** The device's default stream, which nobody owns. */
    public static Lane ofDefaultStream(Device device) {
        return new Lane(device, null, false);
    }

    /** Where its work runs. */
    public Device device() {
        return device;
    }

    /** The CUDA stream (cudaStream_t); null on the CPU, and for the default stream. */
    public synchronized @Nullable Pointer stream() {
        if (closed) {
            throw new IllegalStateException("the lane is closed: " + device);
        }
        return stream;
    }

    /** Waits for the work that was given to the lane; a failure of any of it is thrown here. */
    public void synchronize() {
        if (device.isCuda()) {
            Kernels.check(NativeKernels.nt_stream_synchronize(device.ordinal(), stream()));
        }
    }

    /** Waits for the lane's work, then frees its stream. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (owner) {
                Kernels.check(NativeKernels.nt_stream_destroy(device.ordinal(), stream));
            }
            stream = null;
        }
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
