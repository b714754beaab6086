package org.noisetrail.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.MemPool;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Graph;
import org.noisetrail.kernels.Lane;

/**
 * Kernels and LibTorch's operations that a lane was given once, to be given again as a whole: a CUDA graph, and the memory that LibTorch took for it, which is its own. Of LibTorch's part
 * nothing has run on a card.
 */
public final class Recording implements AutoCloseable {
    private final Graph graph;
    private final @Nullable Memory memory;

    private Recording(Graph graph, @Nullable Memory memory) {
        this.graph = graph;
        this.memory = memory;
    }

    /**
     * Records work, which does not run yet, on a thread that has entered the lane.
     *
     * @param lane takes the work
     * @param device where LibTorch computes
     * @throws org.noisetrail.NoisetrailException if it cannot be recorded
     */
    public static Recording record(Lane lane, Device device, Runnable work) {
        if (!device.isCuda()) {
            return new Recording(Graph.record(lane, work), null);
        }
        Memory memory = Torch.call(() -> new Memory((byte) device.ordinal(), lane.stream()));
        boolean recorded = false;
        try {
            Graph graph;
            try {
                graph = Graph.record(lane, work);
            } finally {
                memory.end();
            }
            recorded = true;
            return new Recording(graph, memory);
        } finally {
            if (!recorded) {
                memory.close();
            }
        }
    }

    /** Gives the lane the recorded work. */
    public void launch() {
        graph.launch();
    }

    /** Waits for the lane. */
    @Override
    public void close() {
        graph.close();
        if (memory != null) {
            memory.close();
        }
    }

    /** A pool of LibTorch's allocator. What a recording allocates on its stream is taken from there, and stays where it is as long as it may be launched. */
    private static final class Memory implements AutoCloseable {
        private final byte device;
        private final DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool;
        /** The allocator calls it for each stream that asks for memory. */
        private final StreamFilter filter;

        Memory(byte device, @Nullable Pointer stream) {
            this.device = device;
            long own = stream == null ? 0 : stream.address();
            try (Unfinished parts = new Unfinished()) {
                filter = parts.add(new StreamFilter() {
                    @Override
                    public boolean call(Pointer asking) {
                        return (asking == null ? 0 : asking.address()) == own;
                    }
                });
                pool = parts.add(Torch.keep(MemPool.graph_pool_handle(false)));
                torch_cuda.beginAllocateToPool(device, pool, filter);
                parts.finish();
            }
        }

        void end() {
            torch_cuda.endAllocateToPool(device, pool);
        }

        @Override
        public void close() {
            torch_cuda.getAllocator().releasePool(device, pool);
            pool.close();
            filter.close();
        }
    }
}
