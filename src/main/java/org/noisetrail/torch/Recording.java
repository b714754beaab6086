package org.noisetrail.torch;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
    /** The gates of what the thread's recording calls, while it has one. */
    private static final ThreadLocal<Set<CallGate>> OPEN = new ThreadLocal<>();

    private static volatile boolean anyOnCards;

    private final Graph graph;
    private final @Nullable Memory memory;
    private final List<CallGate> gates;

    private Recording(Graph graph, @Nullable Memory memory, Set<CallGate> gates) {
        this.graph = graph;
        this.memory = memory;
        this.gates = List.copyOf(gates);
    }

    /**
     * Records work, which does not run yet, on a thread that has entered the lane.
     *
     * @param lane takes the work
     * @param pool of where LibTorch computes
     * @throws org.noisetrail.NoisetrailException if it cannot be recorded
     */
    public static Recording record(Lane lane, Pool pool, Runnable work) {
        Set<CallGate> gates = new LinkedHashSet<>();
        OPEN.set(gates);
        try {
            return pool.device.isCuda()
                    ? onCard(lane, pool, work, gates)
                    : new Recording(Graph.record(lane, work), null, gates);
        } finally {
            OPEN.remove();
        }
    }

    private static Recording onCard(Lane lane, Pool pool, Runnable work, Set<CallGate> gates) {
        anyOnCards = true;
        synchronized (CardMemory.RECORDING) {
            try {
                return held(lane, pool, work, gates);
            } catch (RuntimeException e) {
                if (!OutOfMemory.is(e)) {
                    throw e;
                }
                // While anything is recorded, the allocator does not give up what it holds unused.
                CardMemory.release();
                gates.clear();
                return held(lane, pool, work, gates);
            }
        }
    }

    private static Recording held(Lane lane, Pool pool, Runnable work, Set<CallGate> gates) {
        try (Unfinished parts = new Unfinished()) {
            Memory memory = parts.add(Torch.call(() -> new Memory(pool, lane.stream())));
            Graph graph;
            try {
                graph = Graph.record(lane, work);
            } finally {
                memory.end();
            }
            return parts.finish(new Recording(graph, memory, gates));
        }
    }

    /** Whether this process has recorded on a card: what failed there for want of memory may have had none for as long as that took. */
    public static boolean anyOnCards() {
        return anyOnCards;
    }

    /** What this thread records, if it does, calls what a gate keeps. */
    static void uses(CallGate gate) {
        Set<CallGate> gates = OPEN.get();
        if (gates != null) {
            gates.add(gate);
        }
    }

    /** Whether this thread records: what fails then is no measure of what fails else. */
    public static boolean isOpen() {
        return OPEN.get() != null;
    }

    /**
     * Gives the lane the recorded work.
     *
     * @throws org.noisetrail.NoisetrailException if a model that it calls was closed
     */
    public void launch() {
        CallGate.run(gates, graph::launch);
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
