package org.noisetrail.kernels;

import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/** Row tables, step tables and arrays for the kernels' tests. */
final class Table {
    static final int NONE = 0, GLOBAL = 1, LOCAL = 2, COIN = 3, PIVOT = 4;
    static final Kernels CPU = Kernels.on(Device.CPU);

    private Table() {}

    static int[] row(int image, int stage, int round, int candidate, int parent, int kind) {
        return new int[] {image, stage, round << 16 | candidate, parent, kind};
    }

    static IntPointer rows(int[]... rows) {
        IntPointer table = new IntPointer(5L * Math.max(1, rows.length));
        for (int r = 0; r < rows.length; r++) {
            for (int i = 0; i < 5; i++) {
                table.put(5L * r + i, rows[r][i]);
            }
        }
        return table;
    }

    /** A step that adds noise to the state: state = x + gain z, input = inputScale * state at either stage. */
    static float[] step(double gain, double inputScale, double level) {
        float[] step = new float[24];
        step[0] = (float) gain;
        step[1] = 1;
        for (int stage : new int[] {4, 14}) {
            step[stage] = (float) inputScale;
            step[stage + 1] = (float) level;
        }
        return step;
    }

    static float[] random(long seed, int count, double scale) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return values;
    }

    static float[] read(FloatPointer pointer, int count) {
        float[] values = new float[count];
        pointer.get(values);
        return values;
    }

    static float[] noise(long seed, int elements, int[]... rows) {
        try (IntPointer table = rows(rows);
                FloatPointer out = new FloatPointer((long) rows.length * elements)) {
            CPU.noise(table, rows.length, seed, elements, 1, out);
            return read(out, rows.length * elements);
        }
    }

    static double norm(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (double) values[i] * values[i];
        }
        return Math.sqrt(sum);
    }
}
