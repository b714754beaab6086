package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.noise;
import static org.noisetrail.kernels.Table.row;

import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weighted sums of named noise. */
class CombinationTest {
    private static final long SEED = 5;

    private static float[] combine(int[][] terms, int rows, double[] weights, int elements, boolean project) {
        try (IntPointer table = Table.rows(terms);
                DoublePointer numbers = new DoublePointer(weights);
                FloatPointer out = new FloatPointer((long) rows * elements)) {
            CPU.combine(table, rows, terms.length / rows, numbers, SEED, elements, project ? 1 : 0, out);
            return Table.read(out, rows * elements);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 784, 2049, 12_288})
    void isTheSumOfTheTermsNoise(int elements) {
        int rows = 3, count = 4;
        int[][] terms = new int[rows * count][];
        double[] weights = new double[rows * count];
        for (int i = 0; i < terms.length; i++) {
            terms[i] = row(i / count, 3, 1, i % count, -7, 99);
            weights[i] = (i * 37 % 11 - 5) / 3.0;
        }
        float[] z = noise(SEED, elements, terms), sums = combine(terms, rows, weights, elements, false);
        float[] projected = combine(terms, rows, weights, elements, true);
        for (int r = 0; r < rows; r++) {
            double norm = 0;
            double[] expected = new double[elements];
            for (int e = 0; e < elements; e++) {
                for (int m = 0; m < count; m++) {
                    expected[e] += weights[r * count + m] * z[(r * count + m) * elements + e];
                }
                assertThat((double) sums[r * elements + e]).isCloseTo(expected[e], within(3e-6));
                norm += expected[e] * expected[e];
            }
            double scale = Math.sqrt(elements / norm);
            for (int e = 0; e < elements; e++) {
                assertThat((double) projected[r * elements + e])
                        .isCloseTo(scale * expected[e], within(1e-5 * Math.max(1, scale)));
            }
            assertThat(Table.norm(projected, r * elements, (r + 1) * elements))
                    .isCloseTo(Math.sqrt(elements), within(1e-5 * Math.sqrt(elements)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 784})
    void aWeightOfOneIsTheNoiseItselfAndNothingStaysNothing(int elements) {
        int[][] terms = {row(2, 1, 4, 3, 0, 0)};
        assertThat(combine(terms, 1, new double[] {1}, elements, false)).isEqualTo(noise(SEED, elements, terms));
        assertThat(combine(terms, 1, new double[] {0}, elements, true)).containsOnly(0f);
        assertThat(combine(terms, 1, new double[] {Double.NaN}, elements, true)).containsOnly(Float.NaN);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bitsDoNotDependOnTheBatch(boolean project) {
        int elements = 2500, rows = 9, count = 3;
        int[][] terms = new int[rows * count][];
        double[] weights = new double[rows * count];
        for (int i = 0; i < terms.length; i++) {
            terms[i] = row(i, 2, 1, i, 0, 0);
            weights[i] = Math.sin(i);
        }
        float[] all = combine(terms, rows, weights, elements, project);
        for (int r = 0; r < rows; r += 4) {
            float[] alone = combine(
                    Arrays.copyOfRange(terms, r * count, (r + 1) * count),
                    1,
                    Arrays.copyOfRange(weights, r * count, (r + 1) * count),
                    elements,
                    project);
            assertThat(alone).isEqualTo(Arrays.copyOfRange(all, r * elements, (r + 1) * elements));
        }
    }
}
