package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.testing.Nets;

/** Our kernels as TorchScript's operators, against LibTorch's own in float64. */
class OperatorsTest {
    /** LibTorch's numbers of types, and of the memory's order with channels last. */
    private static final String HALF = "5", DOUBLE = "7", BFLOAT = "15", CHANNELS_LAST = "2";

    private static Tensor normals(int seed, double scale, double shift, long... shape) {
        float[] values = Nets.normals(seed, (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * scale + shift);
        }
        return Tensors.of(Device.CPU, values, shape);
    }

    /** What an expression makes of x, weight w and bias b: in the order of its dimensions. */
    @SuppressWarnings("try")
    private static float[] run(String expression, Tensor x, Tensor weight, Tensor bias) {
        try (PointerScope scope = new PointerScope();
                ScriptFunction function = new ScriptFunction(
                        "def forward(weights: List[Tensor], x: Tensor, w: Tensor, b: Tensor) -> Tensor:\n    y = "
                                + expression + "\n    return y.to(6).contiguous()\n",
                        List.of(weight, bias))) {
            return Tensors.toFloats(Torch.call(() -> function.call(x, weight, bias)));
        }
    }

    private static String ours(String x, long groups, boolean silu) {
        return "torch.noisetrail_group_norm(" + x + ", w, b, " + groups + ", 1e-5, " + (silu ? "True" : "False") + ")";
    }

    private static String theirs(String x, long groups, boolean silu) {
        String norm = "torch.group_norm(" + x + ".to(" + DOUBLE + "), " + groups + ", w.to(" + DOUBLE + "), b.to("
                + DOUBLE + "), 1e-5, False)";
        return silu ? "torch.silu(" + norm + ")" : norm;
    }

    private static String channelsLast(String x) {
        return x + ".contiguous(memory_format=" + CHANNELS_LAST + ")";
    }

    @ParameterizedTest
    @CsvSource({
        "1, 4, 1, 1, 1",
        "2, 4, 2, 3, 3",
        "3, 32, 8, 28, 28",
        "2, 96, 24, 7, 7",
        "1, 8, 2, 50, 41",
        "2, 12, 1, 5, 90",
        "1, 6, 6, 64, 64",
        "2, 5000, 2, 2, 1"
    })
    @SuppressWarnings("try")
    void groupNormAndSiluAreThoseOfFloat64(long rows, long channels, long groups, long height, long width) {
        try (PointerScope scope = new PointerScope()) {
            for (double mean : new double[] {0, -3, 200}) {
                Tensor x = normals(1, 2, mean, rows, channels, height, width);
                Tensor weight = normals(2, 1, 1, channels);
                Tensor bias = normals(3, 1, 0, channels);
                for (boolean silu : new boolean[] {false, true}) {
                    float[] expected = run(theirs("x", groups, silu), x, weight, bias);
                    // y = x scale + shift in float32: both terms grow with the mean, their difference does not.
                    double allowed = 3e-7 + 1e-7 * Math.abs(mean);
                    for (String order : new String[] {"x", channelsLast("x")}) {
                        float[] made = run(ours(order, groups, silu), x, weight, bias);
                        assertThat(Nets.relativeError(made, expected))
                                .as("mean %s, SiLU %s, %s", mean, silu, order)
                                .isLessThan(allowed);
                        String inPlace = ours(order + ".clone()", groups, silu).replace("group_norm(", "group_norm_(");
                        assertThat(run(inPlace, x, weight, bias)).isEqualTo(made);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {HALF, BFLOAT})
    @SuppressWarnings("try")
    void halvesAreComputedInFloat32AndRoundedOnce(String type) {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 2, 1, 2, 24, 9, 9);
            Tensor weight = normals(2, 1, 1, 24);
            Tensor bias = normals(3, 1, 0, 24);
            String half = "x.to(" + type + ")";
            float[] exact = run(theirs(half, 6, true), x, weight, bias);
            for (String order : new String[] {half, channelsLast(half)}) {
                float[] made = run(ours(order, 6, true), x, weight, bias);
                float ulp = type.equals(HALF) ? 0x1p-11f : 0x1p-8f;
                for (int i = 0; i < exact.length; i++) {
                    // Half a unit in the last place, and what float32 is off by.
                    assertThat(Math.abs(made[i] - exact[i])).isLessThanOrEqualTo(ulp * Math.abs(exact[i]) + 2e-6f);
                }
            }
        }
    }

    @Test
    @SuppressWarnings("try")
    void aWeightAndABiasMayBeOfEachRowAndLieApart() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 1, 0, 3, 8, 5, 5);
            Tensor weights = normals(2, 1, 1, 3, 24, 1, 1);
            Tensor weight = weights.narrow(1, 8, 8);
            Tensor bias = weights.narrow(1, 16, 8);
            for (String order : new String[] {"x", channelsLast("x")}) {
                float[] all = run(ours(order, 2, true), x, weight, bias);
                for (int r = 0; r < 3; r++) {
                    float[] row = run(
                            ours(order, 2, true),
                            x.narrow(0, r, 1),
                            weight.narrow(0, r, 1).reshape(8),
                            bias.narrow(0, r, 1).reshape(8));
                    assertThat(Arrays.copyOfRange(all, r * 200, r * 200 + 200)).isEqualTo(row);
                }
            }
        }
    }

    @Test
    @SuppressWarnings("try")
    void theBitsDependNeitherOnTheThreadsNorOnTheBatch() {
        int threads = Torch.threads();
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 1, 0, 5, 16, 31, 33);
            Tensor weight = normals(2, 1, 1, 16);
            Tensor bias = normals(3, 1, 0, 16);
            float[] one = null;
            for (int count : new int[] {1, 2, 7}) {
                Torch.setThreads(count);
                float[] all = run(ours("x", 4, true), x, weight, bias);
                one = one == null ? all : one;
                assertThat(all).isEqualTo(one);
                float[] last = run(ours("x", 4, true), x.narrow(0, 4, 1), weight, bias);
                assertThat(last).isEqualTo(Arrays.copyOfRange(one, one.length / 5 * 4, one.length));
            }
        } finally {
            Torch.setThreads(threads);
        }
    }

    /** SiLU far out: by a bias, since a norm makes large values small. */
    @Test
    @SuppressWarnings("try")
    void siluIsExactWhereverItIsNotZero() {
        try (PointerScope scope = new PointerScope()) {
            int count = 4001;
            Tensor x = normals(1, 0, 0, 1, count, 1, 1);
            Tensor weight = normals(2, 0, 1, count);
            float[] places = new float[count];
            for (int i = 0; i < count; i++) {
                places[i] = (i - count / 2) / 20f;
            }
            Tensor bias = Tensors.of(Device.CPU, places, count);
            float[] made = run(ours("x", 1, true), x, weight, bias);
            for (int i = 0; i < count; i++) {
                double expected = places[i] / (1 + Math.exp(-(double) places[i]));
                assertThat((double) made[i])
                        .as("SiLU of %s", places[i])
                        .isBetween(
                                expected - 3e-7 * Math.abs(expected) - 1e-35,
                                expected + 3e-7 * Math.abs(expected) + 1e-35);
            }
        }
    }

    @Test
    @SuppressWarnings("try")
    void whatIsNotANumberStaysInItsGroup() {
        try (PointerScope scope = new PointerScope()) {
            Tensor weight = normals(2, 1, 1, 4);
            Tensor bias = normals(3, 1, 0, 4);
            for (float strange : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float[] values = Nets.normals(1, 2 * 4 * 9);
                values[20] = strange; // the first row's second group of two
                Tensor x = Tensors.of(Device.CPU, values, 2, 4, 3, 3);
                float[] made = run(ours("x", 2, true), x, weight, bias);
                for (int i = 0; i < made.length; i++) {
                    assertThat(Float.isNaN(made[i]))
                            .as("value %s beside %s", i, strange)
                            .isEqualTo(i >= 18 && i < 36);
                }
            }
        }
    }

    @Test
    @SuppressWarnings("try")
    void whatCannotBeIsRefusedInOneLine() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 1, 0, 2, 6, 4, 4);
            Tensor w = normals(2, 1, 1, 6);
            Tensor b = normals(3, 1, 0, 6);
            refused(ours("x", 4, true), x, w, b, "group_norm: the rest of channels / groups must be <= 0: 2");
            refused(ours("x", 7, true), x, w, b, "group_norm: groups must be <= 6: 7");
            refused(ours("x", 0, true), x, w, b, "group_norm: groups must be >= 1: 0");
            refused(
                    "torch.noisetrail_group_norm(x, w, b, 2, -1., True)",
                    x,
                    w,
                    b,
                    "group_norm: epsilon must be from 0 to 1e+30: -1");
            refused(
                    ours("x.transpose(2, 3)", 2, true),
                    x,
                    w,
                    b,
                    "noisetrail_group_norm: x must be dense, its channels second or last");
            refused(
                    ours("x.to(" + DOUBLE + ")", 2, true),
                    x,
                    w,
                    b,
                    "noisetrail_group_norm: x must be float32, float16 or bfloat16");
            refused(ours("x.flatten()", 2, true), x, w, b, "noisetrail_group_norm: x must be [rows, channels, ...]");
            refused(
                    ours("x", 2, true),
                    x,
                    w.to(ScalarType.Half),
                    b,
                    "noisetrail_group_norm: weight and bias must be float32");
            String shape =
                    "noisetrail_group_norm: weight and bias must be [channels] or [rows, channels, 1, ...], their channels neighbours";
            refused(ours("x", 2, true), x, normals(2, 1, 1, 5), b, shape);
            refused(ours("x", 2, true), x, w, normals(2, 1, 1, 3, 6), shape);
            refused(ours("x", 2, true), x, w, normals(2, 1, 1, 6, 2).t(), shape);
            refused(ours("x", 2, true), x, w, normals(2, 1, 1, 2, 6, 2), shape);
        }
    }

    private static void refused(String expression, Tensor x, Tensor weight, Tensor bias, String message) {
        assertThatThrownBy(() -> run(expression, x, weight, bias))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("LibTorch: " + message);
    }

    @Test
    @SuppressWarnings("try")
    void noRowsAreNothing() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = Tensors.floats(Device.CPU, 0, 6, 4, 4);
            assertThat(run(ours("x", 2, true), x, normals(2, 1, 1, 6), normals(3, 1, 0, 6)))
                    .isEmpty();
        }
    }

    @Test
    void givingThemAgainDoesNothing() {
        Torch.load();
        Kernels.giveOperators();
        Kernels.giveOperators();
    }
}
