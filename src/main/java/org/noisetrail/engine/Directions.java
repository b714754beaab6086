package org.noisetrail.engine;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Noise moved along a direction in the space of states. In double: sums over all elements decide the result's bits. */
final class Directions {
    private Directions() {}

    static void shift(Group group, Rows clean, double[][] weights, double shift, Rows own, Rows into) {
        double[] flat = Factors.flat(weights);
        int groups = weights.length;
        int size = weights[0].length;
        long d = group.elements;
        clean.need(groups * size);
        own.need(groups);
        into.need(groups);
        try (Tensor estimates = doubles(clean, groups * size, groups, size, d);
                Tensor factors = Tensors.of(group.device, factors(flat, size, estimates), groups, 1, size);
                Tensor summed = Torch.call(() -> factors.bmm(estimates));
                Tensor unit = unit(summed);
                Tensor z = doubles(own, groups, groups, 1, d);
                Tensor products = Torch.call(() -> z.mul(unit));
                Tensor along = sums(products);
                Scalar k = new Scalar(-shift);
                Tensor excess = Torch.call(() -> along.add(k));
                Tensor moved = Torch.call(() -> excess.mul(unit));
                Tensor difference = Torch.call(() -> z.sub(moved));
                Tensor direction = unit(difference);
                Scalar radius = new Scalar(Math.sqrt(d));
                Tensor result = Torch.call(() -> direction.mul(radius));
                Tensor shaped = Torch.call(
                        () -> result.view(groups, group.shape.channels(), group.shape.height(), group.shape.width()))) {
            into.set(0, shaped);
        }
    }

    /** sum w (c - mean c) = sum (w - mean w) c, over the estimates that are finite: the others are left out, and become so. */
    @SuppressWarnings("CheckReturnValue") // nan_to_num_ gives back the tensor that it changes
    private static double[] factors(double[] weights, int size, Tensor estimates) {
        double[] sums;
        try (Tensor summed = sums(estimates)) {
            // Sums of float32 values in double do not overflow.
            sums = Tensors.toDoubles(summed);
        }
        double[] factors = new double[weights.length];
        for (int first = 0; first < weights.length; first += size) {
            int[] finite = IntStream.range(first, first + size)
                    .filter(c -> Double.isFinite(sums[c]))
                    .toArray();
            double mean =
                    Arrays.stream(finite).mapToDouble(c -> weights[c]).average().orElse(0);
            for (int c : finite) {
                factors[c] = weights[c] - mean;
            }
        }
        if (!Arrays.stream(sums).allMatch(Double::isFinite)) {
            Torch.run(estimates::nan_to_num_);
        }
        return factors;
    }

    private static Tensor doubles(Rows rows, int count, long... shape) {
        try (Tensor view = rows.view(0, count);
                Tensor wide = Torch.call(() -> view.to(org.bytedeco.pytorch.global.torch.ScalarType.Double))) {
            return Torch.call(() -> wide.view(shape));
        }
    }

    /** Over the last of three dimensions, which stays. */
    private static Tensor sums(Tensor values) {
        try (ScalarTypeOptional same = new ScalarTypeOptional()) {
            return Torch.call(() -> values.sum(new long[] {2}, true, same));
        }
    }

    /** Scaled to length 1 along the last dimension; 0 stays 0. */
    private static Tensor unit(Tensor vectors) {
        try (Scalar tiny = new Scalar(1e-300);
                Tensor squares = Torch.call(() -> vectors.mul(vectors));
                Tensor sums = sums(squares);
                Tensor norms = Torch.call(sums::sqrt);
                Tensor safe = Torch.call(() -> norms.clamp_min(tiny))) {
            return Torch.call(() -> vectors.div(safe));
        }
    }
}
