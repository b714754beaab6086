package org.noisetrail.engine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Condition;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;

/**
 * A table of rows: whose noise each draws, and from which state. Owns its copy on the device; made by {@link StepEngine#draws}.
 */
public final class Draws implements AutoCloseable {
    /** int32 fields of nt_row. */
    static final int FIELDS = 5;

    private final int step;
    private final int[] slots;
    private final Group group;
    private final int[] flat;
    private final int parents;
    private final int lastRound;
    private final Exchange.Slice table;
    private final Exchange.Slice entries;
    private final Exchange.Slice labels;

    private Draws(Group group, int step, int[] slots, int[] flat) {
        this.group = group;
        this.step = step;
        this.slots = slots;
        this.flat = flat;
        int[] label = new int[slots.length];
        long[] wide = new long[slots.length];
        int furthest = 0;
        int latest = 0;
        for (int row = 0; row < slots.length; row++) {
            latest = Math.max(latest, flat[row * FIELDS + 2] >>> 16);
            furthest = Math.max(furthest, flat[row * FIELDS + 3]);
            label[row] = group.conditions.get(slots[row]) instanceof Condition.Label known ? known.label() : -1;
            wide[row] = slots[row];
        }
        parents = furthest + 1;
        lastRound = latest;
        try (Unfinished parts = new Unfinished()) {
            table = parts.add(group.exchange.put(flat));
            entries = parts.add(group.exchange.put(wide));
            labels = parts.add(group.exchange.put(label));
            parts.finish();
        }
    }

    /** Some of its rows as a table of their own, the caller's to close. */
    Draws of(int[] rows) {
        int[] chosen = new int[rows.length * FIELDS];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(flat, rows[r] * FIELDS, chosen, r * FIELDS, FIELDS);
        }
        return new Draws(group, step, Arrays.stream(rows).map(row -> slots[row]).toArray(), chosen);
    }

    /** How many rows it names noise for. */
    public int rows() {
        return slots.length;
    }

    /** How many states and pivots there must be for its rows to start from. */
    int parents() {
        return parents;
    }

    /** The largest round of its rows. */
    int lastRound() {
        return lastRound;
    }

    /** @throws IllegalArgumentException if its rows are initial states, of which there is no transition */
    void needStep() {
        range("step", step, group.schedule.size() - 1);
    }

    /** @throws IllegalArgumentException if its rows are not initial states */
    void needStart() {
        if (step != -1) {
            throw new IllegalArgumentException("step must be -1: " + step);
        }
    }

    static void range(String what, int value, int high) {
        range(what, value, 0, high);
    }

    private static void range(String what, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(what + " must be from " + low + " to " + high + ": " + value);
        }
    }

    /** The step its rows belong to; -1 for initial states. */
    public int step() {
        return step;
    }

    /** The image a row belongs to, as its place in the engine. */
    public int slot(int row) {
        return slots[row];
    }

    /** The images of its rows. */
    List<Integer> slots() {
        return Arrays.stream(slots).boxed().toList();
    }

    Pointer table(int row) {
        return table.pointer((long) row * FIELDS * Integer.BYTES);
    }

    /** Where they lie on the device. */
    List<Long> places() {
        return Stream.of(table, entries, labels).map(Exchange.Slice::address).toList();
    }

    /** int64: which of the group's conditions each row has. */
    Tensor entries(int from, int count) {
        return Tensors.rows(entries.tensor(), from, count);
    }

    /** int32: each row's class, -1 without one. */
    Tensor labels(int from, int count) {
        return Tensors.rows(labels.tensor(), from, count);
    }

    List<Condition> conditions(int from, int count) {
        return Arrays.stream(slots, from, from + count)
                .mapToObj(group.conditions::get)
                .toList();
    }

    @Override
    public void close() {
        table.close();
        entries.close();
        labels.close();
    }

    /** Adds rows one by one. */
    public static final class Builder {
        private static final int COIN_ROUND = 0xFFFF;

        private final Group group;
        private final int step;
        private int[] table;
        private int[] slots;
        private int rows;

        Builder(Group group, int step, int capacity) {
            range("step", step, -1, group.schedule.size() - 1);
            range("capacity", capacity, Integer.MAX_VALUE);
            this.group = group;
            this.step = step;
            this.table = new int[Math.multiplyExact(capacity, FIELDS)];
            this.slots = new int[capacity];
        }

        /**
         * @param slot the image, as its place in the engine
         * @param round 0 to 65535
         * @param candidate 0 to 65535
         * @param parent the row of the states and pivots it starts from
         * @throws IllegalArgumentException if one is out of its range: it would be another noise's name
         */
        @SuppressWarnings("EnumOrdinal") // the order is nt_kind's
        public Builder add(int slot, int round, int candidate, int parent, NoiseKind kind) {
            range("slot", slot, group.images() - 1);
            range("round", round, 0xFFFF);
            range("candidate", candidate, 0xFFFF);
            range("parent", parent, Integer.MAX_VALUE - 1);
            if (rows == slots.length) {
                slots = Arrays.copyOf(slots, Math.max(16, 2 * rows));
                table = Arrays.copyOf(table, slots.length * FIELDS);
            }
            int at = rows * FIELDS;
            table[at] = (int) group.images[slot];
            table[at + 1] = step + 1;
            table[at + 2] = round << 16 | candidate;
            table[at + 3] = parent;
            table[at + 4] = kind.ordinal();
            slots[rows++] = slot;
            return this;
        }

        /**
         * A key of a coin, which names no noise: of round 65535.
         *
         * @param candidate 0 to 65535
         */
        public Builder coin(int slot, int candidate) {
            return add(slot, COIN_ROUND, candidate, 0, NoiseKind.NONE);
        }

        /** The coin of each row's key, in (0, 1): of what the host knows, on the host. */
        double[] coins() {
            try (IntPointer keys = new IntPointer(Arrays.copyOf(table, rows * FIELDS));
                    DoublePointer uniforms = new DoublePointer(2L * rows)) {
                Kernels.on(Device.CPU).uniforms(keys, rows, group.seed, uniforms);
                double[] coins = new double[rows];
                Arrays.setAll(coins, r -> uniforms.get(2L * r));
                return coins;
            }
        }

        /** The table, in the order of the calls. */
        public Draws build() {
            if (rows == 0) {
                throw new IllegalArgumentException("rows must be >= 1: 0");
            }
            return new Draws(
                    group, step, Arrays.copyOf(slots, rows), Arrays.copyOf(table, Math.multiplyExact(rows, FIELDS)));
        }
    }
}
