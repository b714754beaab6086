package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.row;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two halves of an EDM step against the algorithm in double precision. */
class UpdatesTest {
    private static final float[][] STEPS = {Table.step(20, 80, 57), Table.step(0, 3, 1.5), Table.step(0, .01, .002)};

    @ParameterizedTest
    @CsvSource({"784, 0", "783, 0", "1, 0", "12288, 0", "784, 1", "783, 1", "784, 2", "3001, 2"})
    void eulerAndHeunAreKarrasStepInDoublePrecision(int elements, int dtype) {
        int rows = 7, n = rows * elements;
        float[] xHat = new float[n], f = Table.random(2, n, 1), g = Table.random(3, n, 1);
        int[][] table = new int[rows][];
        for (int r = 0; r < rows; r++) {
            table[r] = row(r, 1 + r % 3, 0, 0, 0, 0);
            System.arraycopy(Table.random(10 + r, elements, STEPS[r % 3][1]), 0, xHat, r * elements, elements);
        }
        try (IntPointer rowsTable = Table.rows(table);
                FloatPointer steps = Table.steps(STEPS);
                FloatPointer x = new FloatPointer(xHat);
                Pointer first = network(f, dtype);
                Pointer second = network(g, dtype);
                FloatPointer slope = new FloatPointer(n);
                FloatPointer next = new FloatPointer(n);
                FloatPointer input = new FloatPointer(n);
                FloatPointer cNoise = new FloatPointer(rows);
                FloatPointer clean = new FloatPointer(n)) {
            CPU.euler(rowsTable, rows, elements, steps, 3, x, first, dtype, slope, next, input, 0, cNoise, clean);
            float[] euler = Table.read(next, n),
                    d1 = Table.read(clean, n),
                    in = Table.read(input, n),
                    c = Table.read(cNoise, rows);
            CPU.euler(rowsTable, rows, elements, steps, 3, x, first, dtype, null, next, null, 0, null, null);
            assertThat(Table.read(next, n)).as("without the extras").isEqualTo(euler);
            CPU.heun(rowsTable, rows, elements, steps, 3, x, slope, second, dtype, next, clean);
            float[] heun = Table.read(next, n), d2 = Table.read(clean, n);
            next.put(euler, 0, n);
            CPU.heun(rowsTable, rows, elements, steps, 3, x, slope, second, dtype, next, null);
            assertThat(Table.read(next, n)).isEqualTo(heun);
            for (int i = 0; i < n; i++) {
                float[] s = STEPS[i / elements % 3];
                double a = xHat[i], hat = s[1], to = s[6], scale = 2e-6 * (1 + hat);
                double f1 = get(first, i, dtype), f2 = get(second, i, dtype);
                double clean1 = s[3] * a + s[4] * f1;
                double slope1 = (a - clean1) / hat;
                double euler1 = a + (to - hat) * slope1;
                double clean2 = s[8] * euler1 + s[9] * f2;
                double heun1 = a + (to - hat) * (slope1 + (euler1 - clean2) / to) / 2;
                assertThat((double) d1[i]).isCloseTo(clean1, within(scale));
                assertThat((double) euler[i]).isCloseTo(euler1, within(scale));
                assertThat(in[i]).isEqualTo(s[7] * euler[i]);
                assertThat((double) d2[i]).isCloseTo(clean2, within(scale));
                assertThat((double) heun[i]).isCloseTo(heun1, within(4 * scale));
            }
            for (int r = 0; r < rows; r++) {
                assertThat(c[r]).isEqualTo(STEPS[r % 3][10]);
            }
        }
    }

    private static Pointer network(float[] values, int dtype) {
        if (dtype == 0) {
            return new FloatPointer(values);
        }
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            // any bits near the values will do: what they mean is Halves' affair
            bits[i] = (short)
                    (dtype == 2
                            ? Float.floatToRawIntBits(values[i]) >>> 16
                            : (Float.floatToRawIntBits(values[i]) >>> 16 & 0x8000) | (0x3400 + (i * 37 & 0x7FF)));
        }
        return new ShortPointer(bits);
    }

    private static double get(Pointer network, int i, int dtype) {
        return switch (dtype) {
            case 0 -> ((FloatPointer) network).get(i);
            case 1 -> Halves.fromHalf(((ShortPointer) network).get(i));
            default -> Halves.fromBfloat(((ShortPointer) network).get(i));
        };
    }

    @ParameterizedTest
    @CsvSource({"1", "2"})
    void everyValueOfAHalfIsReadAsItIs(int dtype) {
        short[] bits = new short[65536];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        float[] identity = new float[12];
        identity[1] = 1; // sigma_hat
        identity[4] = 1; // c_out, so that D = F
        try (IntPointer table = Table.rows(row(0, 1, 0, 0, 0, 0));
                FloatPointer steps = Table.steps(identity);
                FloatPointer x = new FloatPointer(new float[65536]);
                ShortPointer network = new ShortPointer(bits);
                FloatPointer next = new FloatPointer(65536);
                FloatPointer clean = new FloatPointer(65536)) {
            CPU.euler(table, 1, 65536, steps, 1, x, network, dtype, null, next, null, 0, null, clean);
            float[] expected = new float[65536];
            for (int i = 0; i < bits.length; i++) {
                expected[i] = dtype == 1 ? Halves.fromHalf(bits[i]) : Halves.fromBfloat(bits[i]);
            }
            float[] read = Table.read(clean, 65536);
            for (int i = 0; i < bits.length; i++) {
                // 0 * x_hat + 1 * F: a negative zero becomes a positive one
                assertThat(Float.compare(read[i] + 0f, expected[i] + 0f))
                        .as("bits %x", i)
                        .isZero();
            }
        }
    }
}
