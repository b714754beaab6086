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
    private static final ThreadLocal<Boolean> OPEN = new ThreadLocal<>();

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
     * @param pool of where LibTorch computes
     * @throws org.noisetrail.NoisetrailException if it cannot be recorded
     */
    public static Recording record(Lane lane, Pool pool, Runnable work) {
        OPEN.set(true);
        try {
            Device device = pool.device;
            return device.isCuda() ? onCard(lane, pool, work) : new Recording(Graph.record(lane, work), null);
        } finally {
            OPEN.remove();
        }
    }

    private static Recording onCard(Lane lane, Pool pool, Runnable work) {
        try (Unfinished parts = new Unfinished()) {
            Memory memory;
            Graph graph;
            // From where unused memory is given back to where recording ends.
            synchronized (CardMemory.RECORDING) {
                memory = parts.add(Torch.call(() -> new Memory(pool, lane.stream())));
                try {
                    graph = Graph.record(lane, work);
                } finally {
                    memory.end();
                }
            }
            return parts.finish(new Recording(graph, memory));
        }
    }

    /** Whether this thread records: what fails then is no measure of what fails else. */
    public static boolean isOpen() {
        return OPEN.get() != null;
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

    /** Of LibTorch's allocator: recordings that are launched one after the other, and leave each other nothing, share their memory. Thread-confined. */
    public static final class Pool {
        private final Device device;
        private @Nullable DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair id;

        /** @param device where LibTorch computes */
        public Pool(Device device) {
            this.device = device;
        }

        private DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair id() {
            DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair made = id;
            if (made == null) {
                made = MemPool.graph_pool_handle(false);
                // It is two numbers, and the binding would free them as the two vectors that it takes them for: so they
                // stay, 16 bytes a pool.
                made.deallocate(false);
                id = made;
            }
            return made;
        }
    }

    /** What a recording allocates on its stream is taken from its pool, and stays where it is as long as it may be launched. */
    private static final class Memory implements AutoCloseable {
        private final byte device;
        private final DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool;
        /** The allocator calls it for each stream that asks for memory. */
        private final StreamFilter filter;

        Memory(Pool pool, @Nullable Pointer stream) {
            // While anything is recorded, the allocator does not give up what it holds unused.
            CardMemory.release();
            device = (byte) pool.device.ordinal();
            this.pool = pool.id();
            long own = stream == null ? 0 : stream.address();
            try (Unfinished parts = new Unfinished()) {
                filter = parts.add(new StreamFilter() {
                    @Override
                    public boolean call(Pointer asking) {
                        return (asking == null ? 0 : asking.address()) == own;
                    }
                });
                torch_cuda.beginAllocateToPool(device, this.pool, filter);
                parts.finish();
            }
        }

        void end() {
            torch_cuda.endAllocateToPool(device, pool);
        }

        @Override
        public void close() {
            torch_cuda.getAllocator().releasePool(device, pool);
            filter.close();
        }
    }
}
