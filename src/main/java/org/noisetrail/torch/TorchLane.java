package org.noisetrail.torch;

import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.bytedeco.cuda.cudart.CUstream_st;
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
            Lane.ofDefaultStream(device).synchronize();
            Card card = Card.of(device);
            return new TorchLane(card.lane, card);
        });
    }

    /** A lane without LibTorch's work. */
    public static TorchLane of(Lane lane) {
        return new TorchLane(lane, null);
    }

    /** The lane that LibTorch's operations of this thread go to now; nobody's to close. */
    public static Lane current(Device device) {
        return device.isCuda() ? Lane.of(device, Card.current(device)) : Lane.ofDefaultStream(device);
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
        if (card == null) {
            lane.close();
            return;
        }
        lane.synchronize();
        card.giveBack();
    }

    /**
     * What has CUDA's classes, which cannot be loaded without a driver. The stream is our own and not of LibTorch's pool, which gives its 32 in turn, and anybody any of them: what another
     * gave to a stream that is recorded would be recorded with it, and not run. It is never freed: a lane that is closed leaves it to the next one, since LibTorch's allocator keeps unused
     * memory by streams.
     */
    private static final class Card {
        private static final Map<Device, Deque<Card>> IDLE = new ConcurrentHashMap<>();

        static {
            Natives.load(torch_cuda.class);
        }

        final Lane lane;
        final CUDAStream stream;

        private Card(Device device) {
            try (Unfinished parts = new Unfinished()) {
                lane = parts.add(Lane.openApart(device));
                stream = Torch.keep(torch_cuda.getStreamFromExternal(new CUstream_st(lane.stream()), ordinal(device)));
                parts.finish();
            }
        }

        static Card of(Device device) {
            Card last = idle(device).pollFirst();
            return last == null ? new Card(device) : last;
        }

        private static Deque<Card> idle(Device device) {
            return IDLE.computeIfAbsent(device, card -> new ConcurrentLinkedDeque<>());
        }

        private static byte ordinal(Device device) {
            return (byte) device.ordinal();
        }

        void giveBack() {
            idle(lane.device()).addFirst(this);
        }

        static Pointer current(Device device) {
            try (CUDAStream stream = torch_cuda.getCurrentCUDAStream(ordinal(device))) {
                return stream.stream();
            }
        }

        Scope enter() {
            CUDAStream before = torch_cuda.getCurrentCUDAStream(ordinal(lane.device()));
            torch_cuda.setCurrentCUDAStream(stream);
            return () -> {
                torch_cuda.setCurrentCUDAStream(before);
                before.close();
            };
        }
    }
}
