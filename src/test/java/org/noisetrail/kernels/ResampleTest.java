package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.noisetrail.kernels.Table.CPU;

import java.util.Random;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;

/** Systematic resampling. */
class ResampleTest {
    private static final double INFINITY = Double.POSITIVE_INFINITY;

    private static int[] resample(double uniform, double... weights) {
        try (DoublePointer in = new DoublePointer(weights);
                DoublePointer u = new DoublePointer(new double[] {uniform});
                IntPointer out = new IntPointer((long) weights.length)) {
            CPU.resample(in, u, 1, weights.length, out);
            int[] index = new int[weights.length];
            out.get(index);
            return index;
        }
    }

    @Test
    void knownDraws() {
        assertThat(resample(.5, 1, 1, 1, 1)).containsExactly(0, 1, 2, 3);
        assertThat(resample(0, 1, 1, 1, 1)).containsExactly(0, 1, 2, 3);
        assertThat(resample(.99, 1, 1, 1, 1)).containsExactly(0, 1, 2, 3);
        assertThat(resample(.5, 0, 0, 3, 0)).containsExactly(2, 2, 2, 2);
        assertThat(resample(.5, .1, .2, .3, .4)).containsExactly(1, 2, 3, 3);
        assertThat(resample(.1, .1, .2, .3, .4)).containsExactly(0, 1, 2, 3);
        assertThat(resample(.7, 4)).containsExactly(0);
        assertThat(resample(.25, 3, 1)).containsExactly(0, 0);
        assertThat(resample(.75, 3, 1)).containsExactly(0, 1);
    }

    @Test
    void countsAreTheFloorOrTheCeilingOfTheirExpectation() {
        Random random = new Random(3);
        for (int trial = 0; trial < 400; trial++) {
            int size = 1 + random.nextInt(40);
            double[] weights = new double[size];
            double sum = 0;
            for (int i = 0; i < size; i++) {
                weights[i] = random.nextInt(3) == 0 ? 0 : Math.exp(4 * random.nextGaussian());
                sum += weights[i];
            }
            if (sum == 0) {
                continue;
            }
            int[] counts = new int[size];
            int before = 0;
            for (int index : resample(random.nextDouble(), weights)) {
                counts[index]++;
                assertThat(index).isGreaterThanOrEqualTo(before);
                before = index;
            }
            for (int i = 0; i < size; i++) {
                double expected = size * weights[i] / sum;
                assertThat((double) counts[i]).isBetween(Math.floor(expected - 1e-9), Math.ceil(expected + 1e-9));
            }
        }
    }

    @Test
    void expectationsAreHitOverAllUniforms() {
        double[] weights = {.1, .45, 0, .25, .2};
        long[] counts = new long[5];
        int draws = 2000;
        for (int k = 0; k < draws; k++) {
            for (int index : resample((k + .5) / draws, weights)) {
                counts[index]++;
            }
        }
        for (int i = 0; i < 5; i++) {
            assertThat((double) counts[i] / draws).isBetween(5 * weights[i] - 1e-3, 5 * weights[i] + 1e-3);
        }
    }

    @Test
    void theScaleOfTheWeightsDoesNotMatter() {
        double[] weights = {.3, .1, .4, .15, .05};
        int[] plain = resample(.37, weights);
        for (double scale : new double[] {0x1p-1070, 0x1p-500, 0x1p+1000, 0x1p+1023}) {
            double[] scaled = new double[5];
            for (int i = 0; i < 5; i++) {
                scaled[i] = weights[i] * scale;
            }
            if (scale > 1e-300) {
                assertThat(resample(.37, scaled)).as("%s", scale).isEqualTo(plain);
            } else {
                assertThat(resample(.37, scaled)).as("%s", scale).isSorted();
            }
        }
    }

    @Test
    void weightsThatAreNoneCountAsNothing() {
        assertThat(resample(.5, Double.NaN, 1, -3, 1)).containsExactly(1, 1, 3, 3);
        assertThat(resample(.5, 1, INFINITY, 5, INFINITY)).containsExactly(1, 1, 3, 3);
        assertThat(resample(.5, 0, 0, 0)).as("all stay").containsExactly(0, 1, 2);
        assertThat(resample(.5, Double.NaN, -1, 0)).containsExactly(0, 1, 2);
    }

    @Test
    void groupsAreDrawnEachByItsOwn() {
        try (DoublePointer weights = new DoublePointer(new double[] {1, 0, 0, 0, 1, 1, 1, 1, 4});
                DoublePointer uniforms = new DoublePointer(new double[] {.2, .4, .9});
                IntPointer out = new IntPointer(9L)) {
            CPU.resample(weights, uniforms, 3, 3, out);
            int[] index = new int[9];
            out.get(index);
            assertThat(index).containsExactly(0, 0, 0, 1, 1, 2, 1, 2, 2);
        }
    }
}
