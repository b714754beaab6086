package org.noisetrail.engine;

import java.util.Arrays;

/** Tables of weights, as kernels take them. */
final class Factors {
    private Factors() {}

    /** [rows][M], neither of them 0, one row after the other. */
    static double[] flat(double[][] weights) {
        int size = weights.length == 0 ? 0 : weights[0].length;
        if (size == 0) {
            throw new IllegalArgumentException(
                    "weights must be at least one row of at least one: " + weights.length + " rows");
        }
        for (double[] row : weights) {
            if (row.length != size) {
                throw new IllegalArgumentException("weights must be " + size + " in each row: " + row.length);
            }
        }
        return Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
    }
}
