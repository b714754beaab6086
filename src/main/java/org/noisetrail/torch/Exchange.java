package org.noisetrail.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;

/**
 * Small arrays that host and device tell each other, side by side in one memory on either side. What the host puts goes over in one copy, before the first of it is asked for on the
 * device; what the device has written comes back in one copy, for all that is read until the device is given a place to write to again. On the CPU the two sides are apart as well, so that
 * what holds on a card is seen there.
 *
 * <p>Places are taken and given back as on a stack: those of a step lie where those of the step before did. One thread takes, puts, reads and closes; {@link Slice#pointer} and {@link
 * Slice#tensor} are for any.
 */
public final class Exchange implements AutoCloseable {
    /** Bytes of a block, at least. */
    private static final int FIRST = 1 << 16;
    /** What each place is a multiple of: no type needs more. */
    private static final int ALIGNMENT = 16;

    private final Device device;
    private final boolean early;
    private final List<Block> blocks = new ArrayList<>();

    /** Whether copies to the device may still be under way: their sources must not be overwritten. */
    private boolean sending;

    private volatile boolean unsent;

    public Exchange(Device device) {
        this(device, device.isCuda());
    }

    /** @param early whether a copy to the device may still be under way when the host goes on */
    Exchange(Device device, boolean early) {
        this.device = device;
        this.early = early;
    }

    /** A place with these values. */
    public Slice put(int[] values) {
        Slice slice = take(values.length, Integer.BYTES, ScalarType.Int);
        slice.host().asIntBuffer().put(values);
        return slice.send();
    }

    /** A place with these values. */
    public Slice put(long[] values) {
        Slice slice = take(values.length, Long.BYTES, ScalarType.Long);
        slice.host().asLongBuffer().put(values);
        return slice.send();
    }

    /** A place with these values. */
    public Slice put(double[] values) {
        Slice slice = take(values.length, Double.BYTES, ScalarType.Double);
        slice.host().asDoubleBuffer().put(values);
        return slice.send();
    }

    /** A place for the device to write to, of so many int32. */
    public Slice ints(int count) {
        return take(count, Integer.BYTES, ScalarType.Int);
    }

    /** A place for the device to write to, of so many float64. */
    public Slice doubles(int count) {
        return take(count, Double.BYTES, ScalarType.Double);
    }

    private Slice take(int count, int size, ScalarType type) {
        int bytes = Math.multiplyExact(count, size);
        Block last = blocks.isEmpty() ? null : blocks.get(blocks.size() - 1);
        if (last != null && !sending) {
            last.reclaim();
        }
        if (last == null || !last.holds(bytes)) {
            blocks.removeIf(block -> !sending && block.closeIfEmpty());
            last = new Block(device, Math.max(FIRST, Math.multiplyExact(2, Math.max(bytes, total()))));
            blocks.add(last);
        }
        return last.take(this, bytes, type);
    }

    private int total() {
        return blocks.stream().mapToInt(block -> block.capacity).sum();
    }

    private void flush() {
        if (unsent) {
            synchronized (this) {
                if (unsent) {
                    blocks.forEach(Block::send);
                    sending = early;
                    unsent = false;
                }
            }
        }
    }

    /** What the device does next may write to any place: all that is read of the exchange afterwards is fetched anew. */
    public void written() {
        flush();
        blocks.forEach(block -> block.written = true);
    }

    private void fetch(Block block) {
        if (block.written) {
            flush();
            block.receive();
            sending = false;
        }
    }

    @Override
    public void close() {
        blocks.forEach(Block::close);
        blocks.clear();
    }

    /** A place in it, until it is closed: refused with an {@link IllegalStateException} from then on. */
    public static final class Slice implements AutoCloseable {
        private final Exchange exchange;
        private final Block block;
        private final int from;
        private final int bytes;
        private final ScalarType type;
        private final Pointer there;
        private @Nullable Tensor tensor;
        private boolean closed;

        private Slice(Exchange exchange, Block block, int from, int bytes, ScalarType type) {
            this.exchange = exchange;
            this.block = block;
            this.from = from;
            this.bytes = bytes;
            this.type = type;
            there = new BytePointer(block.there).getPointer(from);
        }

        /** What was closed is another's place by now. */
        private void requireOpen() {
            if (closed) {
                throw new IllegalStateException("the place is closed");
            }
        }

        private ByteBuffer host() {
            return block.bytes.slice(from, bytes).order(ByteOrder.nativeOrder());
        }

        private Slice send() {
            block.unsent(from, bytes);
            exchange.unsent = true;
            return this;
        }

        /** Where it lies on the device, to be read by what the device is told to do next. */
        public Pointer pointer() {
            requireOpen();
            exchange.flush();
            return there;
        }

        /** The number of that place. */
        public long address() {
            requireOpen();
            return there.address();
        }

        /** As {@link #pointer()}, from a byte on. */
        public Pointer pointer(long from) {
            Pointer start = pointer();
            return from == 0 ? start : new BytePointer(start).getPointer(from);
        }

        /** As {@link #pointer()}, to be written: what is read of the exchange afterwards is fetched anew. */
        public Pointer target() {
            requireOpen();
            exchange.flush();
            block.written = true;
            return there;
        }

        /** One-dimensional, on the device; closed with the place, or with the exchange. For reading, unless {@link #target} was called. */
        public Tensor tensor() {
            requireOpen();
            exchange.flush();
            synchronized (this) {
                if (tensor == null) {
                    tensor = Torch.call(() -> {
                        try (Tensor part = block.device.narrow(0, from, bytes)) {
                            return part.view(type);
                        }
                    });
                }
                return tensor;
            }
        }

        /** What the device has written. Waits for it, unless nothing was written since the last wait. */
        public int[] readInts(int count) {
            requireOpen();
            exchange.fetch(block);
            int[] values = new int[count];
            host().asIntBuffer().get(values);
            return values;
        }

        /** What the device has written. Waits for it, unless nothing was written since the last wait. */
        public double[] readDoubles(int count) {
            requireOpen();
            exchange.fetch(block);
            double[] values = new double[count];
            host().asDoubleBuffer().get(values);
            return values;
        }

        /** Gives the place back. */
        @Override
        public void close() {
            closed = true;
            if (tensor != null) {
                tensor.close();
                tensor = null;
            }
        }
    }

    /** Memory of both sides. */
    private static final class Block implements AutoCloseable {
        final int capacity;
        final Tensor host;
        final Tensor device;
        final ByteBuffer bytes;
        final Pointer there;
        private final List<Slice> slices = new ArrayList<>();
        private int top;
        private int unsentFrom;
        private int unsentTo;
        private volatile boolean written;

        Block(Device device, int capacity) {
            this.capacity = capacity;
            try (Unfinished parts = new Unfinished()) {
                Tensor plain = parts.add(Tensors.bytes(Device.CPU, capacity));
                // Only from page-locked memory does a copy not wait.
                host = device.isCuda() ? parts.add(Torch.call(() -> plain.pin_memory())) : plain;
                this.device = parts.add(Tensors.bytes(device, capacity));
                bytes = host.data_ptr_byte().capacity(capacity).asByteBuffer();
                there = Tensors.pointer(this.device);
                parts.finish();
                if (host != plain) {
                    plain.close();
                }
            }
        }

        boolean holds(int more) {
            return capacity - top >= more + ALIGNMENT;
        }

        Slice take(Exchange exchange, int size, ScalarType type) {
            Slice slice = new Slice(exchange, this, top, size, type);
            slices.add(slice);
            top += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            return slice;
        }

        /** Takes back what was closed last. */
        void reclaim() {
            int live = slices.size();
            while (live > 0 && slices.get(live - 1).closed) {
                live--;
            }
            if (live < slices.size()) {
                top = slices.get(live).from;
                slices.subList(live, slices.size()).clear();
                unsentTo = Math.min(unsentTo, top);
            }
        }

        boolean closeIfEmpty() {
            reclaim();
            if (slices.isEmpty()) {
                close();
                return true;
            }
            return false;
        }

        void unsent(int from, int size) {
            if (unsentTo <= unsentFrom) {
                unsentFrom = from;
            }
            unsentTo = from + size;
        }

        void send() {
            if (unsentTo > unsentFrom) {
                Traffic.uploaded();
                copy(host, device, unsentFrom, unsentTo, true);
            }
            unsentFrom = 0;
            unsentTo = 0;
        }

        void receive() {
            Traffic.downloaded();
            copy(device, host, 0, top, false);
            written = false;
        }

        @SuppressWarnings("CheckReturnValue") // copy_ gives back the tensor that it fills
        private static void copy(Tensor from, Tensor to, int begin, int end, boolean early) {
            Torch.run(() -> {
                try (Tensor source = from.narrow(0, begin, end - begin);
                        Tensor target = to.narrow(0, begin, end - begin)) {
                    target.copy_(source, early);
                }
            });
        }

        @Override
        public void close() {
            slices.forEach(Slice::close);
            host.close();
            device.close();
        }
    }
}
