package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.noise;
import static org.noisetrail.kernels.Table.row;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;

/** Noise by key: the generator's published answers, an independent implementation's normals, and what normals must look like. */
class NoiseTest {
    private static final JsonNode GOLDEN = golden();

    private static JsonNode golden() {
        try (InputStream in = NoiseTest.class.getResourceAsStream("/golden/noise.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int[] philox(long key, int... counter) {
        try (IntPointer in = new IntPointer(counter);
                IntPointer out = new IntPointer(4)) {
            Kernels.philox(key, in, out);
            int[] words = new int[4];
            out.get(words);
            return words;
        }
    }

    private static int hex(JsonNode node) {
        return Integer.parseUnsignedInt(node.asText(), 16);
    }

    @Test
    void philoxGivesTheKnownAnswersOfRandom123() {
        for (JsonNode answer : GOLDEN.get("philox4x32_10")) {
            int[] counter = new int[4], expected = new int[4];
            for (int i = 0; i < 4; i++) {
                counter[i] = hex(answer.get("counter").get(i));
                expected[i] = hex(answer.get("out").get(i));
            }
            long key = Integer.toUnsignedLong(hex(answer.get("key").get(0)))
                    | (long) hex(answer.get("key").get(1)) << 32;
            assertThat(philox(key, counter)).containsExactly(expected);
        }
    }

    @Test
    void normalsCoinAndRadiusOfAKeyAreThoseOfAnIndependentImplementation() {
        assertThat(GOLDEN.get("normals")).isNotEmpty();
        for (JsonNode key : GOLDEN.get("normals")) {
            long seed = Long.parseUnsignedLong(key.get("seed").asText());
            int elements = key.get("elements").asInt();
            int[] row = row(
                    key.get("image").asInt(),
                    key.get("stage").asInt(),
                    key.get("round").asInt(),
                    key.get("candidate").asInt(),
                    0,
                    Table.GLOBAL);
            float[] normals = noise(seed, elements, row);
            JsonNode first = key.get("first"), last = key.get("last");
            for (int i = 0; i < first.size(); i++) {
                assertThat((double) normals[i]).isCloseTo(first.get(i).asDouble(), within(5e-5));
            }
            for (int i = 0; i < last.size(); i++) {
                assertThat((double) normals[elements - last.size() + i])
                        .isCloseTo(last.get(i).asDouble(), within(5e-5));
            }
            double norm = key.get("norm").asDouble();
            assertThat(Table.norm(normals, 0, elements)).isCloseTo(norm, within(1e-4 * norm));
            try (IntPointer table = Table.rows(row);
                    DoublePointer out = new DoublePointer(2)) {
                CPU.uniforms(table, 1, seed, out);
                assertThat(out.get(0)).isEqualTo(key.get("coin").asDouble());
                assertThat(out.get(1)).isEqualTo(key.get("radius").asDouble());
            }
        }
    }

    /** 5e-5 is what the format promises; the kernels keep to a few float roundings, in the tails and near zero too. */
    @Test
    void normalsAreBoxMullerInDoublePrecisionToAFewRoundings() {
        long seed = 20;
        int elements = 1 << 20;
        float[] normals = noise(seed, elements, row(3, 2, 1, 0, 0, 0));
        double worst = 0;
        for (int c = 0; c < elements / 4; c++) {
            int[] words = philox(seed, c, 1 << 16, 2, 3);
            for (int pair = 0; pair < 2; pair++) {
                double u0 = (Integer.toUnsignedLong(words[2 * pair]) + .5) * 0x1p-32;
                double turn = 2 * Math.PI * (Integer.toUnsignedLong(words[2 * pair + 1]) + .5) * 0x1p-32;
                double radius = Math.sqrt(-2 * (u0 > .5 ? Math.log1p(u0 - 1) : Math.log(u0)));
                worst = Math.max(worst, Math.abs(normals[4 * c + 2 * pair] - radius * Math.cos(turn)) / radius);
                worst = Math.max(worst, Math.abs(normals[4 * c + 2 * pair + 1] - radius * Math.sin(turn)) / radius);
            }
        }
        assertThat(worst).isLessThan(4e-7);
    }

    @Test
    void theSeedIsSixtyFourBitsWithoutASign() {
        int[] row = row(0, 1, 0, 0, 0, 0);
        float[] high = noise(Long.parseUnsignedLong("18446744073709551615"), 64, row);
        assertThat(high).isNotEqualTo(noise(0xFFFFFFFFL, 64, row));
        assertThat(noise(1L << 32, 64, row)).isNotEqualTo(noise(1, 64, row)).isNotEqualTo(noise(0, 64, row));
    }

    @Test
    void everyPartOfTheKeyMatters() {
        float[] base = noise(5, 64, row(1, 2, 3, 4, 0, 0));
        assertThat(noise(6, 64, row(1, 2, 3, 4, 0, 0))).isNotEqualTo(base);
        assertThat(noise(5, 64, row(2, 2, 3, 4, 0, 0))).isNotEqualTo(base);
        assertThat(noise(5, 64, row(1, 3, 3, 4, 0, 0))).isNotEqualTo(base);
        assertThat(noise(5, 64, row(1, 2, 4, 4, 0, 0))).isNotEqualTo(base);
        assertThat(noise(5, 64, row(1, 2, 3, 5, 0, 0))).isNotEqualTo(base);
        assertThat(noise(5, 64, row(1, 2, 3, 4, 7, 4)))
                .as("parent and kind are not part of it")
                .isEqualTo(base);
    }

    /** A row alone is computed by one thread, 37 rows of 12,288 by all of them. */
    @Test
    void aRowsBitsDependNeitherOnTheBatchNorOnTheThreads() {
        int rows = 37, elements = 12_288;
        int[][] table = new int[rows][];
        for (int r = 0; r < rows; r++) {
            table[r] = row(r, 4, 2, r % 4, 0, 0);
        }
        float[] all = noise(9, elements, table);
        for (int r = 0; r < rows; r += 6) {
            assertThat(noise(9, elements, table[r]))
                    .isEqualTo(Arrays.copyOfRange(all, r * elements, (r + 1) * elements));
        }
    }

    @Test
    void aShorterRowIsTheBeginningOfALongerOne() {
        float[] row = noise(1, 5000, row(0, 0, 0, 0, 0, 0));
        for (int elements : new int[] {1, 2, 3, 4, 5, 63, 64, 65, 255, 256, 257, 783, 784, 1023, 4097}) {
            assertThat(noise(1, elements, row(0, 0, 0, 0, 0, 0))).isEqualTo(Arrays.copyOf(row, elements));
        }
    }

    @Test
    void nothingIsWrittenBeyondTheRow() {
        try (IntPointer table = Table.rows(row(0, 0, 0, 0, 0, 0));
                FloatPointer out = new FloatPointer(1024)) {
            for (int elements : new int[] {1, 5, 63, 257, 784}) {
                for (int i = 0; i < 1024; i++) {
                    out.put(i, -77);
                }
                CPU.noise(table, 1, 3, elements, 1, out);
                for (int i = elements; i < 1024; i++) {
                    assertThat(out.get(i)).isEqualTo(-77f);
                }
            }
        }
    }

    @Test
    void scaleMultipliesOnce() {
        float[] normals = noise(3, 300, row(1, 0, 0, 0, 0, 0));
        try (IntPointer table = Table.rows(row(1, 0, 0, 0, 0, 0));
                FloatPointer out = new FloatPointer(300)) {
            CPU.noise(table, 1, 3, 300, 80, out);
            for (int i = 0; i < 300; i++) {
                assertThat(out.get(i)).isEqualTo(80f * normals[i]);
            }
        }
    }

    @Test
    void aTypedPointersPositionCountsItsValues() {
        float[] normals = noise(3, 8, row(1, 0, 0, 0, 0, 0));
        try (IntPointer table = Table.rows(row(9, 9, 9, 9, 0, 0), row(1, 0, 0, 0, 0, 0));
                FloatPointer out = new FloatPointer(16)) {
            CPU.noise(table.position(5), 1, 3, 8, 1, out.position(8));
            table.position(0);
            float[] written = new float[8];
            out.position(8).get(written);
            out.position(0);
            assertThat(written).isEqualTo(normals);
        }
    }

    /**
     * 2^21 draws of one fixed key, so no run differs from another. Each bound is five standard errors of its statistic under the hypothesis
     * (variance: sqrt(2/n); skewness: sqrt(6/n); kurtosis: sqrt(24/n); correlations: 1/sqrt(n)); Kolmogorov and Smirnov's bound has p = 1e-6.
     */
    @Test
    void drawsAreStandardNormalAndUncorrelated() {
        int n = 1 << 21;
        float[] x = noise(42, n, row(0, 1, 0, 0, 0, 0));
        double mean = 0;
        for (float v : x) {
            mean += v;
        }
        mean /= n;
        double m2 = 0, m3 = 0, m4 = 0;
        for (float v : x) {
            double d = v - mean;
            m2 += d * d / n;
            m3 += d * d * d / n;
            m4 += d * d * d * d / n;
        }
        double error = 1 / Math.sqrt(n);
        assertThat(mean).isCloseTo(0, within(5 * error));
        assertThat(m2).isCloseTo(1, within(5 * Math.sqrt(2) * error));
        assertThat(m3 / Math.pow(m2, 1.5)).isCloseTo(0, within(5 * Math.sqrt(6) * error));
        assertThat(m4 / (m2 * m2)).isCloseTo(3, within(5 * Math.sqrt(24) * error));
        for (int lag : new int[] {1, 2, 3, 4, 5, 8, 16, 64, 256, 1024}) {
            double sum = 0, squares = 0;
            for (int i = 0; i + lag < n; i++) {
                sum += (double) x[i] * x[i + lag];
                squares += ((double) x[i] * x[i] - 1) * ((double) x[i + lag] * x[i + lag] - 1) / 2;
            }
            assertThat(sum / n).as("lag %d", lag).isCloseTo(0, within(5 * error));
            assertThat(squares / n).as("squares at lag %d", lag).isCloseTo(0, within(5 * error));
        }
        Arrays.sort(x);
        double distance = 0;
        for (int i = 0; i < n; i++) {
            double p = normalDistribution(x[i]);
            distance = Math.max(distance, Math.max(p - (double) i / n, (double) (i + 1) / n - p));
        }
        assertThat(distance).isLessThan(Math.sqrt(-Math.log(1e-6 / 2) / 2) * error);
    }

    @Test
    void neighbouringKeysAreUncorrelated() {
        int n = 1 << 18;
        float[] base = noise(7, n, row(0, 1, 0, 0, 0, 0));
        float[] rows =
                noise(7, n, row(1, 1, 0, 0, 0, 0), row(0, 2, 0, 0, 0, 0), row(0, 1, 1, 0, 0, 0), row(0, 1, 0, 1, 0, 0));
        float[] seed = noise(8, n, row(0, 1, 0, 0, 0, 0));
        for (int r = 0; r < 5; r++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += (double) base[i] * (r < 4 ? rows[r * n + i] : seed[i]);
            }
            assertThat(sum / n).isCloseTo(0, within(5 / Math.sqrt(n)));
        }
    }

    @Test
    void coinAndRadiusAreUniform() {
        int n = 20_000;
        int[][] table = new int[n][];
        for (int r = 0; r < n; r++) {
            table[r] = row(r / 1000, 1 + r / 100 % 10, 1 + r / 4 % 25, r % 4, 0, 0);
        }
        try (IntPointer rows = Table.rows(table);
                DoublePointer out = new DoublePointer(2L * n)) {
            CPU.uniforms(rows, n, 77, out);
            for (int which = 0; which < 2; which++) {
                double[] u = new double[n];
                for (int r = 0; r < n; r++) {
                    u[r] = out.get(2L * r + which);
                }
                Arrays.sort(u);
                double distance = 0;
                for (int i = 0; i < n; i++) {
                    distance = Math.max(distance, Math.max(u[i] - (double) i / n, (i + 1.0) / n - u[i]));
                }
                assertThat(u[0]).isPositive();
                assertThat(u[n - 1]).isLessThan(1);
                assertThat(distance).isLessThan(Math.sqrt(-Math.log(1e-6 / 2) / 2 / n));
            }
        }
    }

    /** Phi by its Taylor series about 0, and beyond 6 by 0 or 1: exact to 1e-12, which no statistic here can see. */
    private static double normalDistribution(double x) {
        if (Math.abs(x) > 6) {
            return x > 0 ? 1 : 0;
        }
        double term = x, sum = x;
        for (int k = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 300; k++) {
            term *= x * x / (2 * k + 1);
            sum += term;
        }
        return .5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }
}
