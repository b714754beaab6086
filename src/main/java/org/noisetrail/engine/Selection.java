package org.noisetrail.engine;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.StepEvent;

/** Chooses rows on the device, and copies what is chosen. */
final class Selection {
    private final Group group;
    private final long rowBytes;

    Selection(Group group) {
        this.group = group;
        rowBytes = (long) group.elements * Float.BYTES;
    }

    void select(Candidates candidates, Winners winners, boolean keep, @Nullable Rows pivots, Particles next) {
        int groups = winners.groups();
        int size = candidates.rows / groups;
        Pointer winner = winners.nextWinner();
        Pointer targets = winners.targets();
        try (StepEvent select = StepEvent.select(group.images(), candidates.rows, candidates.step, candidates.round)) {
            group.kernels.select(
                    Tensors.pointer(candidates.scores),
                    groups,
                    size,
                    keep ? 1 : 0,
                    winners.best(),
                    winner,
                    winners.nans());
            if (pivots != null) {
                group.kernels.gather(
                        candidates.noise.pointer(), rowBytes, winner, groups, 1, size, targets, pivots.pointer());
            }
            copy(candidates.current(), winner, groups, size, targets, next);
        }
    }

    /** to[targets[r]] = from[sources[r]]; null is r itself. */
    void copy(Particles from, int @Nullable [] sources, int @Nullable [] targets, Particles to) {
        copy(from.x(), sources, targets, to.x());
        if (from.f() != null && to.f() != null) {
            copy(from.f(), sources, targets, to.f());
        }
    }

    void copy(Rows from, int @Nullable [] sources, int @Nullable [] targets, Rows to) {
        int count = sources != null ? sources.length : targets != null ? targets.length : from.rows();
        int[] rows = sources == null ? IntStream.range(0, count).toArray() : sources;
        try (Tensor index = Tensors.of(group.device, rows, count);
                Tensor target = targets == null ? null : Tensors.of(group.device, targets, count)) {
            group.kernels.gather(
                    from.pointer(),
                    rowBytes,
                    Tensors.pointer(index),
                    count,
                    count,
                    from.rows(),
                    target == null ? null : Tensors.pointer(target),
                    to.pointer());
        }
    }

    private void copy(Particles from, Pointer index, long groups, long size, Pointer targets, Particles to) {
        group.kernels.gather(
                from.x().pointer(),
                rowBytes,
                index,
                groups,
                1,
                size,
                targets,
                to.x().pointer());
        if (from.f() != null && to.f() != null) {
            group.kernels.gather(
                    from.f().pointer(),
                    rowBytes,
                    index,
                    groups,
                    1,
                    size,
                    targets,
                    to.f().pointer());
        }
    }

    int[][] resample(double[][] weights, double[] uniforms) {
        int groups = weights.length;
        int size = weights[0].length;
        double[] flat = Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
        try (Tensor factors = Tensors.of(group.device, flat, flat.length);
                Tensor starts = Tensors.of(group.device, uniforms, groups);
                Tensor drawn = Tensors.ints(group.device, groups, size)) {
            group.kernels.resample(
                    Tensors.pointer(factors), Tensors.pointer(starts), groups, size, Tensors.pointer(drawn));
            int[] all = Tensors.toInts(drawn);
            int[][] places = new int[groups][];
            Arrays.setAll(places, g -> Arrays.copyOfRange(all, g * size, (g + 1) * size));
            return places;
        }
    }

    /** |row| / sqrt(d) of each row. Waits for the device. */
    double[] norms(Rows rows) {
        try (Tensor norm = Tensors.doubles(group.device, rows.rows())) {
            group.kernels.sphere(rows.pointer(), rows.rows(), group.elements, 0, Tensors.pointer(norm));
            double[] norms = Tensors.toDoubles(norm);
            for (int r = 0; r < norms.length; r++) {
                norms[r] /= Math.sqrt(group.elements);
            }
            return norms;
        }
    }
}
