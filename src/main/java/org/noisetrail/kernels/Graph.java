package org.noisetrail.kernels;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * Work of a lane that was recorded once and is given to the device as a whole, again and again: one launch instead of many. CUDA's only.
 *
 * <p>The memory that the work names must stay where it is for as long as the graph is launched. What changes between launches must lie in that memory ({@link ProposeArgs#cursor}):
 * arguments and all else that is read from the host are those of the recording. Used by one thread at a time, and closed by its maker.
 */
public final class Graph implements AutoCloseable {
    private final Lane lane;
    private @Nullable Pointer graph;

    private Graph(Lane lane, Pointer graph) {
        this.lane = lane;
        this.graph = graph;
    }

    /**
     * Records what {@code work} gives to the lane's stream; none of it runs yet. While it records, the thread may not wait for the device nor read its memory, and nobody may use
     * the device's default stream. The work should have run before, so that what it needs is loaded. What {@code work} throws is thrown on, and nothing is recorded then.
     *
     * @throws org.noisetrail.NoisetrailException if the lane's device is the CPU, or if it cannot record the work
     */
    public static Graph record(Lane lane, Runnable work) {
        int device = lane.device().ordinal();
        Pointer stream = lane.stream();
        Kernels.check(NativeKernels.nt_graph_begin(device, stream));
        try (PointerPointer<Pointer> made = new PointerPointer<>(1L)) {
            try {
                work.run();
            } catch (Throwable failure) {
                if (NativeKernels.nt_graph_end(device, stream, made) == 0) {
                    NativeKernels.nt_graph_destroy(device, made.get(0));
                }
                throw failure;
            }
            Kernels.check(NativeKernels.nt_graph_end(device, stream, made));
            return new Graph(lane, made.get(0));
        }
    }

    /** Gives the recorded work to the lane's stream, once more. */
    public void launch() {
        if (graph == null) {
            throw new IllegalStateException("the graph is closed: " + lane);
        }
        Kernels.check(NativeKernels.nt_graph_launch(lane.device().ordinal(), lane.stream(), graph));
    }

    /** Waits for the lane's work, then frees the graph. The lane must still be open. */
    @Override
    public void close() {
        if (graph != null) {
            Pointer freed = graph;
            graph = null;
            lane.synchronize();
            Kernels.check(NativeKernels.nt_graph_destroy(lane.device().ordinal(), freed));
        }
    }
}
