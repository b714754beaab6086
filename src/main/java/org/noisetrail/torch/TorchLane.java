package org.noisetrail.torch;

import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Lane;
import org.noisetrail.kernels.Natives;

/**
 * A lane whose stream is LibTorch's as well, on the threads that {@link #enter} it: its operations and the kernels then keep the order they were given in, without a wait, and beside
 * those of other lanes. On the CPU, where there are no streams, nothing but the lane. Untried: no card has run it.
 */
public final class TorchLane implements AutoCloseable {
    private final Lane lane;
    private final @Nullable Card card;

    private TorchLane(Lane lane, @Nullable Card card) {
        this.lane = lane;
        this.card = card;
    }

    /**
     * Opens one, and waits for what the device's default stream was given before, such as the weights of networks. Not for the whole device: that is an error while any of its streams is
     * recorded, and would break the recording.
     *
     * @throws org.noisetrail.NoisetrailException if the device cannot be used
     */
    public static TorchLane open(Device device) {
        Cards.require(device);
        if (!device.isCuda()) {
            return new TorchLane(Lane.open(device), null);
        }
        return Torch.call(() -> {
            Card card = new Card((byte) device.ordinal());
            Lane.ofDefaultStream(device).synchronize();
            return new TorchLane(Lane.of(device, card.pointer()), card);
        });
    }

    /** A lane without LibTorch's work. */
    public static TorchLane of(Lane lane) {
        return new TorchLane(lane, null);
    }

    /** The lane that LibTorch's operations of this thread go to now; nobody's to close. */
    public static Lane current(Device device) {
        return device.isCuda() ? Lane.of(device, Card.current((byte) device.ordinal())) : Lane.ofDefaultStream(device);
    }

    /** For kernels. */
    public Lane lane() {
        return lane;
    }

    /** From now until the result is closed, LibTorch's operations of this thread go to the lane. */
    public Scope enter() {
        return card == null ? () -> {} : card.enter();
    }

    /** While it is open, a thread's operations go to a lane. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits for the lane's work. */
    @Override
    public void close() {
        if (card != null) {
            lane.synchronize();
        }
        lane.close();
        if (card != null) {
            card.giveBack();
        }
    }

    /**
     * What has CUDA's classes, which cannot be loaded without a driver. The stream is of LibTorch's pool, which keeps it, and gives its 32 in turn: a lane that is closed leaves its stream to
     * the next one, since LibTorch's allocator keeps unused memory by streams, and since no two open lanes may have one.
     */
    private static final class Card {
        private static final Map<Byte, Deque<CUDAStream>> IDLE = new ConcurrentHashMap<>();

        static {
            Natives.load(torch_cuda.class);
        }

        final byte device;
        final CUDAStream stream;

        Card(byte device) {
            this.device = device;
            CUDAStream last = idle().pollFirst();
            stream = last == null ? Torch.keep(torch_cuda.getStreamFromPool(false, device)) : last;
        }

        private Deque<CUDAStream> idle() {
            return IDLE.computeIfAbsent(device, card -> new ConcurrentLinkedDeque<>());
        }

        void giveBack() {
            idle().addFirst(stream);
        }

        Pointer pointer() {
            return stream.stream();
        }

        static Pointer current(byte device) {
            try (CUDAStream stream = torch_cuda.getCurrentCUDAStream(device)) {
                return stream.stream();
            }
        }

        Scope enter() {
            CUDAStream before = torch_cuda.getCurrentCUDAStream(device);
            torch_cuda.setCurrentCUDAStream(stream);
            return () -> {
                torch_cuda.setCurrentCUDAStream(before);
                before.close();
            };
        }
    }
}
