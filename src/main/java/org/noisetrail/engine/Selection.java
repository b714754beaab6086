package org.noisetrail.engine;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
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

    /** @throws IllegalArgumentException if so many candidates are no whole groups, or their winners have no room */
    static void need(int rows, Winners winners, @Nullable Rows pivots, Particles next) {
        if (rows % winners.groups() != 0) {
            throw new IllegalArgumentException(
                    "rows must be as many for each of " + winners.groups() + " groups: " + rows);
        }
        next.x().need(winners.reach());
        if (pivots != null) {
            pivots.need(winners.reach());
        }
    }

    void select(Candidates candidates, Winners winners, boolean keep, @Nullable Rows pivots, Particles next) {
        need(candidates.rows, winners, pivots, next);
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
            each(
                    candidates.current(),
                    next,
                    (from, to) -> group.kernels.gather(
                            from.pointer(), rowBytes, winner, groups, 1, size, targets, to.pointer()));
            group.kernels.stepCursor(winners.cursor(), 1);
        }
    }

    /** to[targets[r]] = from[sources[r]]; null is r itself. */
    void copy(Particles from, int @Nullable [] sources, int @Nullable [] targets, Particles to) {
        int count = count(from.x(), sources, targets, to.x());
        try (Exchange.Slice index = table(sources);
                Exchange.Slice target = table(targets)) {
            each(from, to, (one, other) -> copy(one, index, target, count, other));
        }
    }

    /** What is known of both. */
    private static void each(Particles from, Particles to, BiConsumer<Rows, Rows> copied) {
        copied.accept(from.x(), to.x());
        if (from.f() != null && to.f() != null) {
            copied.accept(from.f(), to.f());
        }
        if (from.clean() != null && to.clean() != null) {
            copied.accept(from.clean(), to.clean());
        }
    }

    void copy(Rows from, int @Nullable [] sources, int @Nullable [] targets, Rows to) {
        int count = count(from, sources, targets, to);
        try (Exchange.Slice index = table(sources);
                Exchange.Slice target = table(targets)) {
            copy(from, index, target, count, to);
        }
    }

    private static int count(Rows from, int @Nullable [] sources, int @Nullable [] targets, Rows to) {
        if (sources != null && targets != null && sources.length != targets.length) {
            throw new IllegalArgumentException(
                    "sources must be as many as targets, " + targets.length + ": " + sources.length);
        }
        int count = sources != null ? sources.length : targets != null ? targets.length : from.rows();
        within("sources", sources, count, from);
        within("targets", targets, count, to);
        return count;
    }

    /** @param chosen null is 0 to count - 1 */
    private static void within(String what, int @Nullable [] chosen, int count, Rows rows) {
        if (chosen == null) {
            rows.need(count);
            return;
        }
        for (int row : chosen) {
            Draws.range(what, row, rows.rows() - 1);
        }
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

    /** Of what the host knows. Waits for the device. */
    int[][] resample(double[][] weights, double[] uniforms) {
        double[] flat = Factors.flat(weights);
        int groups = weights.length;
        int size = weights[0].length;
        if (uniforms.length != groups) {
            throw new IllegalArgumentException("uniforms must be " + groups + ", one a group: " + uniforms.length);
        }
        try (Exchange.Slice factors = group.exchange.put(flat);
                Exchange.Slice starts = group.exchange.put(uniforms);
                Exchange.Slice drawn = group.exchange.ints(flat.length)) {
            group.kernels.resample(factors.pointer(), starts.pointer(), groups, size, drawn.target());
            int[] all = drawn.readInts(flat.length);
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
