package org.noisetrail.engine;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;

/**
 * A table of rows: whose noise each draws, and from which state. Owns its copy on the device; made by {@link StepEngine#draws}.
 */
public final class Draws implements AutoCloseable {
    /** int32 fields of nt_row. */
    static final int FIELDS = 5;

    private final int step;
    private final int[] slots;
    private final int[] classes;
    private final Tensor table;
    private final Tensor classesOnDevice;
    private final @Nullable Tensor labels;

    private Draws(Builder builder) {
        step = builder.step;
        slots = Arrays.copyOf(builder.slots, builder.rows);
        classes = new int[slots.length];
        long[] wide = new long[slots.length];
        for (int row = 0; row < slots.length; row++) {
            classes[row] = builder.engineClasses[slots[row]];
            wide[row] = classes[row];
        }
        int[] flat = Arrays.copyOf(builder.table, builder.rows * FIELDS);
        table = Tensors.of(builder.device, flat, flat.length);
        classesOnDevice = Tensors.of(builder.device, classes, classes.length);
        labels = builder.labelled ? Tensors.of(builder.device, wide, wide.length) : null;
    }

    public int rows() {
        return slots.length;
    }

    /** The step its rows belong to; -1 for initial states. */
    int step() {
        return step;
    }

    /** The image a row belongs to, as its place in the engine. */
    int slot(int row) {
        return slots[row];
    }

    Pointer table(int row) {
        return Rows.at(table, (long) row * FIELDS * Integer.BYTES);
    }

    @Nullable
    Tensor labels(int from, int count) {
        return labels == null ? null : Tensors.rows(labels, from, count);
    }

    Tensor classesOnDevice(int from, int count) {
        return Tensors.rows(classesOnDevice, from, count);
    }

    int[] classes(int from, int count) {
        return Arrays.copyOfRange(classes, from, from + count);
    }

    @Override
    public void close() {
        table.close();
        classesOnDevice.close();
        if (labels != null) {
            labels.close();
        }
    }

    /** Adds rows one by one. */
    public static final class Builder {
        private final Device device;
        private final long[] images;
        private final int[] engineClasses;
        private final boolean labelled;
        private final int step;
        private int[] table;
        private int[] slots;
        private int rows;

        Builder(Device device, long[] images, int[] classes, boolean labelled, int step, int capacity) {
            this.device = device;
            this.images = images;
            this.engineClasses = classes;
            this.labelled = labelled;
            this.step = step;
            this.table = new int[Math.multiplyExact(capacity, FIELDS)];
            this.slots = new int[capacity];
        }

        /**
         * @param slot the image, as its place in the engine
         * @param round 0 to 65535
         * @param candidate 0 to 65535
         * @param parent the row of the states and pivots it starts from
         */
        @SuppressWarnings("EnumOrdinal") // the order is nt_kind's
        public Builder add(int slot, int round, int candidate, int parent, Kind kind) {
            if (rows == slots.length) {
                slots = Arrays.copyOf(slots, Math.max(16, 2 * rows));
                table = Arrays.copyOf(table, slots.length * FIELDS);
            }
            int at = rows * FIELDS;
            table[at] = (int) images[slot];
            table[at + 1] = step + 1;
            table[at + 2] = round << 16 | candidate;
            table[at + 3] = parent;
            table[at + 4] = kind.ordinal();
            slots[rows++] = slot;
            return this;
        }

        public Draws build() {
            if (rows == 0) {
                throw new IllegalArgumentException("rows must be >= 1: 0");
            }
            return new Draws(this);
        }
    }
}
