package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;

class GaussianMixtureTest {
    private static final ImageShape PIXEL = new ImageShape(1, 1, 1);

    @Test
    void oneComponentGivesTheWienerEstimate() {
        GaussianMixture g = GaussianMixture.builder(PIXEL, 0).component(3, 2, 5).build();
        // 5 + 4 / (4 + 9) * (18 - 5)
        assertThat(g.denoise(new double[] {18}, 3, -1))
                .satisfies(d -> assertThat(d[0]).isCloseTo(9, within(1e-12)));
    }

    @Test
    void twoPointsGiveAHyperbolicTangent() {
        GaussianMixture g = GaussianMixture.builder(PIXEL, 0)
                .component(1, 0, -1)
                .component(1, 0, 1)
                .build();
        for (double sigma : new double[] {0.1, 0.5, 1, 20}) {
            for (double x : new double[] {-30, -0.7, 0, 0.01, 2}) {
                assertThat(g.denoise(new double[] {x}, sigma, 0)[0])
                        .isCloseTo(Math.tanh(x / (sigma * sigma)), within(1e-12));
            }
        }
    }

    @Test
    void theEstimateIsXPlusSigmaSquaredTimesTheScore() {
        GaussianMixture g = GaussianMixture.builder(new ImageShape(1, 1, 2), 0)
                .component(0.2, 0.5, -1, 0.3)
                .component(0.5, 1.5, 0.8, 0.1)
                .component(0.3, 0.1, 0, -2)
                .build();
        double[] x = {0.4, -0.9};
        double sigma = 0.7;
        double[] estimate = g.denoise(x, sigma, 0);
        double h = 1e-5;
        for (int j = 0; j < 2; j++) {
            double[] up = x.clone();
            double[] down = x.clone();
            up[j] += h;
            down[j] -= h;
            double score = (logDensity(up, sigma) - logDensity(down, sigma)) / (2 * h);
            assertThat(estimate[j]).isCloseTo(x[j] + sigma * sigma * score, within(1e-7));
        }
    }

    /** The mixture of the test above, blurred by sigma, written out by hand. */
    private static double logDensity(double[] x, double sigma) {
        double[][] components = {{0.2, 0.5, -1, 0.3}, {0.5, 1.5, 0.8, 0.1}, {0.3, 0.1, 0, -2}};
        double density = 0;
        for (double[] c : components) {
            double v = c[1] * c[1] + sigma * sigma;
            double r = Math.pow(x[0] - c[2], 2) + Math.pow(x[1] - c[3], 2);
            density += c[0] * Math.exp(-r / (2 * v)) / (2 * Math.PI * v);
        }
        return Math.log(density);
    }

    @Test
    void farAndHighDimensionalInputsDoNotUnderflow() {
        ImageShape shape = new ImageShape(3, 32, 32);
        GaussianMixture g = GaussianMixture.builder(shape, 0)
                .component(1, 0.01, -1)
                .component(1, 0.01, 1)
                .build();
        double[] x = new double[shape.elements()];
        Arrays.fill(x, 1000);
        assertThat(Arrays.stream(g.denoise(x, 0.002, 0))).allMatch(v -> v > 900);
        Arrays.fill(x, 0.02);
        assertThat(Arrays.stream(g.denoise(x, 80, 0)))
                .allMatch(v -> Math.abs(v - Math.tanh(0.02 * 3072 / 6400)) < 1e-6);
    }

    @Test
    void momentsAreTheMixtures() {
        GaussianMixture g = GaussianMixture.builder(PIXEL, 2)
                .classComponent(0, 1, 2, 10)
                .classComponent(1, 1, 1, -3)
                .classComponent(1, 3, 2, 5)
                .build();
        assertThat(g.mean(0)).containsExactly(10);
        assertThat(g.variance(0)).containsExactly(4);
        assertThat(g.mean(1)).containsExactly(3);
        // .25 * (1 + 36) + .75 * (4 + 4)
        assertThat(g.variance(1)[0]).isCloseTo(15.25, within(1e-12));
    }

    @Test
    void eachRowHasItsOwnClassAndNoiseAndTheSameBitsInEveryBatch() {
        ImageShape shape = new ImageShape(2, 3, 4);
        GaussianMixture g = GaussianMixture.builder(shape, 3)
                .classComponent(0, 1, 0.5, -1)
                .classComponent(1, 1, 0.5, 0)
                .classComponent(2, 1, 0.2, 1)
                .classComponent(2, 2, 0.4, 0.5)
                .build();
        int d = shape.elements();
        float[] x = Nets.normals(4, 6 * d);
        float[] sigma = {0.1f, 1, 80, 0.002f, 3, 0.5f};
        long[] labels = {0, 1, 2, 2, 1, 0};
        float[] whole = Nets.network(g, x, sigma, labels);
        for (int r = 0; r < 6; r++) {
            float[] row = Arrays.copyOfRange(x, r * d, (r + 1) * d);
            float[] alone = Nets.network(g, row, new float[] {sigma[r]}, new long[] {labels[r]});
            assertThat(Arrays.mismatch(alone, Arrays.copyOfRange(whole, r * d, (r + 1) * d)))
                    .isEqualTo(-1);
            double[] exact = new double[d];
            for (int j = 0; j < d; j++) {
                exact[j] = row[j];
            }
            exact = g.denoise(exact, sigma[r], (int) labels[r]);
            for (int j = 0; j < d; j++) {
                // The network computes at signal + noise = 1, which may turn the last bit.
                assertThat(alone[j]).isCloseTo((float) exact[j], within(2 * Math.ulp((float) exact[j])));
            }
        }
    }

    @Test
    void equalMixturesShareAnIdAndOthersDoNot() {
        var a = GaussianMixture.builder(PIXEL, 0).component(1, 2, 3).component(1, 2, 4);
        var b = GaussianMixture.builder(PIXEL, 0).component(2, 2, 3).component(2, 2, 4);
        var c = GaussianMixture.builder(PIXEL, 0).component(1, 2, 3).component(1, 2, 4.5);
        assertThat(a.build().id())
                .isEqualTo(b.build().id())
                .isNotEqualTo(c.build().id())
                .isNotEqualTo(
                        b.parameterisation(Parameterisation.flow()).build().id());
    }

    @Test
    void impossibleMixturesAreRefused() {
        var builder = GaussianMixture.builder(new ImageShape(1, 2, 2), 2);
        assertThatThrownBy(() -> builder.classComponent(2, 1, 1, 0))
                .hasMessage("label must be >= 0 and < 2 (classes): 2");
        assertThatThrownBy(() -> builder.classComponent(0, 0, 1, 0)).hasMessage("weight must be > 0 and finite: 0.0");
        assertThatThrownBy(() -> builder.classComponent(0, 1, -1, 0)).hasMessage("std must be >= 0 and finite: -1.0");
        assertThatThrownBy(() -> builder.classComponent(0, 1, 1, 0, 0))
                .hasMessage("mean must have 1 or 4 values (1x2x2): 2");
        builder.classComponent(0, 1, 1, 0);
        assertThatThrownBy(builder::build).hasMessage("components must be >= 1 in every class: class 1 has 0");
    }

    @Test
    void aCallLeavesNothingBehind() {
        GaussianMixture g = GaussianMixture.builder(PIXEL, 0).component(1, 1, 0).build();
        Nets.network(g, new float[2], new float[] {1, 2}, null);
        long before = NativeObjects.settled();
        Nets.network(g, new float[2], new float[] {1, 2}, null);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
}
