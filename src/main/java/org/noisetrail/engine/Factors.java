package org.noisetrail.engine;

import java.util.Arrays;

/** Tables of weights, as kernels take them. */
final class Factors {
    private Factors() {}

    /** [rows][M], one row after the other. */
    static double[] flat(double[][] weights) {
        int size = weights[0].length;
        for (double[] row : weights) {
            if (row.length != size) {
                throw new IllegalArgumentException("weights must be " + size + " in each row: " + row.length);
            }
        }
        return Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
    }
}
