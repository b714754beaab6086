package org.noisetrail.engine;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.StepEvent;

/** Chooses rows on the device, and copies what is chosen. */
final class Selection implements AutoCloseable {
    private final Group group;
    private final long rowBytes;
    private Tensor itself;

    Selection(Group group) {
        this.group = group;
        rowBytes = (long) group.elements * Float.BYTES;
        int rows = Math.max(group.maxBatch, group.images());
        itself = Tensors.of(group.device, range(rows), rows);
    }

    void select(Candidates candidates, Winners winners, boolean keep, @Nullable Rows pivots, Particles next) {
        int groups = winners.groups();
        int size = candidates.rows / groups;
        Pointer winner = winners.winner();
        Pointer targets = winners.targets();
        try (StepEvent select = StepEvent.select(group.images(), candidates.rows, candidates.step, candidates.round)) {
            group.kernels.select(
                    candidates.scores.pointer(),
                    groups,
                    size,
                    keep ? 1 : 0,
                    winners.best(),
                    winner,
                    winners.nans(),
                    winners.history(),
                    winners.rounds(),
                    winners.cursor());
            if (pivots != null) {
                group.kernels.gather(
                        candidates.noise.pointer(), rowBytes, winner, groups, 1, size, targets, pivots.pointer());
            }
            copy(candidates.current(), winner, groups, size, targets, next);
            group.kernels.stepCursor(winners.cursor(), 1);
        }
    }

    /** to[targets[r]] = from[sources[r]]; null is r itself. */
    void copy(Particles from, int @Nullable [] sources, int @Nullable [] targets, Particles to) {
        int count = count(from.x(), sources, targets);
        try (Exchange.Slice index = table(sources);
                Exchange.Slice target = table(targets)) {
            copy(from.x(), index, target, count, to.x());
            if (from.f() != null && to.f() != null) {
                copy(from.f(), index, target, count, to.f());
            }
            if (from.clean() != null && to.clean() != null) {
                copy(from.clean(), index, target, count, to.clean());
            }
        }
    }

    void copy(Rows from, int @Nullable [] sources, int @Nullable [] targets, Rows to) {
        int count = count(from, sources, targets);
        try (Exchange.Slice index = table(sources);
                Exchange.Slice target = table(targets)) {
            copy(from, index, target, count, to);
        }
    }

    private static int count(Rows from, int @Nullable [] sources, int @Nullable [] targets) {
        return sources != null ? sources.length : targets != null ? targets.length : from.rows();
    }

    private void copy(Rows from, Exchange.@Nullable Slice index, Exchange.@Nullable Slice target, int count, Rows to) {
        group.kernels.gather(
                from.pointer(),
                rowBytes,
                index == null ? itself(count) : index.pointer(),
                count,
                count,
                from.rows(),
                target == null ? null : target.pointer(),
                to.pointer());
    }

    /** Null for 0, 1, 2, ..., which need not be told. */
    private Exchange.@Nullable Slice table(int @Nullable [] rows) {
        return rows == null || Arrays.equals(rows, range(rows.length)) ? null : group.exchange.put(rows);
    }

    /** 0, 1, 2, ... on the device. */
    private Pointer itself(int count) {
        if (itself.numel() < count) {
            Tensor larger = Tensors.of(group.device, range(2 * count), 2 * count);
            itself.close();
            itself = larger;
        }
        return Tensors.pointer(itself);
    }

    private static int[] range(int count) {
        return IntStream.range(0, count).toArray();
    }

    private void copy(Particles from, Pointer index, long groups, long size, Pointer targets, Particles to) {
        copy(from.x(), index, groups, size, targets, to.x());
        if (from.f() != null && to.f() != null) {
            copy(from.f(), index, groups, size, targets, to.f());
        }
        if (from.clean() != null && to.clean() != null) {
            copy(from.clean(), index, groups, size, targets, to.clean());
        }
    }

    private void copy(Rows from, Pointer index, long groups, long size, Pointer targets, Rows to) {
        group.kernels.gather(from.pointer(), rowBytes, index, groups, 1, size, targets, to.pointer());
    }

    /** Of what the host knows, on the host. */
    static int[][] resample(double[][] weights, double[] uniforms) {
        int groups = weights.length;
        int size = weights[0].length;
        double[] flat = Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
        try (DoublePointer factors = new DoublePointer(flat);
                DoublePointer starts = new DoublePointer(uniforms);
                IntPointer drawn = new IntPointer((long) groups * size)) {
            Kernels.on(Device.CPU).resample(factors, starts, groups, size, drawn);
            int[] all = new int[groups * size];
            drawn.get(all);
            int[][] places = new int[groups][];
            Arrays.setAll(places, g -> Arrays.copyOfRange(all, g * size, (g + 1) * size));
            return places;
        }
    }

    /** |row| of the first so many rows, into float64 [count]. */
    void lengths(Rows rows, int count, Exchange.Slice into) {
        group.kernels.sphere(rows.pointer(), count, group.elements, 0, into.target());
    }

    /** |row| / sqrt(d) of each row. Waits for the device. */
    double[] norms(Rows rows) {
        try (Exchange.Slice lengths = group.exchange.doubles(rows.rows())) {
            lengths(rows, rows.rows(), lengths);
            return relative(lengths, rows.rows());
        }
    }

    /** Lengths over sqrt(d). Waits for the device. */
    double[] relative(Exchange.Slice lengths, int count) {
        return Arrays.stream(lengths.readDoubles(count))
                .map(length -> length / Math.sqrt(group.elements))
                .toArray();
    }

    @Override
    public void close() {
        itself.close();
    }
}
