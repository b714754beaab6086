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
import org.noisetrail.model.layers.Winograd;
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
                        Device.CPU,
                        "def forward(weights: List[Tensor], x: Tensor, w: Tensor, b: Tensor) -> Tensor:\n    y = "
                                + expression + "\n    return y.to(6).contiguous()\n",
                        List.of(weight, bias))) {
            return Tensors.toFloats(Torch.call(() -> function.call(x, weight, bias)));
        }
    }

    @Test
    void anOperatorsWantOfMemoryIsKnownAsThat() {
        // 2^48 bytes are more than a process can address; what the result is asked for is never touched.
        String beyond = "torch.noisetrail_convolution(torch.empty([1, 8192, 4096, 16]).permute([0, 3, 1, 2]), "
                + "torch.empty([6, 6, 65536, 16, 32]), torch.empty([2097152]))";
        try (Tensor one = normals(1, 1, 0, 1)) {
            assertThatThrownBy(() -> run(beyond, one, one, one))
                    .matches(OutOfMemory::is)
                    .hasMessageContaining("noisetrail: out of memory");
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

    private static final String CONVOLUTION = "torch.noisetrail_convolution(" + channelsLast("x") + ", w, b)";

    @ParameterizedTest
    @CsvSource({
        "1, 16, 32, 1, 1",
        "2, 32, 64, 4, 4",
        "1, 48, 32, 5, 13",
        "3, 32, 96, 7, 7",
        "2, 16, 32, 28, 28",
        "1, 320, 320, 9, 6",
        "1, 16, 32, 3, 50"
    })
    @SuppressWarnings("try")
    void convolutionsAreThoseOfFloat64(long rows, long in, long out, long height, long width) {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 2, 1, rows, in, height, width);
            Tensor weight = normals(2, 1, 0, out, in, 3, 3);
            Tensor bias = normals(3, 1, 5, out);
            float[] expected = run(
                    "torch.conv2d(x.to(" + DOUBLE + "), w.to(" + DOUBLE + "), b.to(" + DOUBLE + "), [1, 1], [1, 1])",
                    x,
                    weight,
                    bias);
            assertThat(Nets.relativeError(run(CONVOLUTION, x, Winograd.prepared(weight), bias), expected))
                    .isLessThan(2e-6);
        }
    }

    /** Registers hold the sums of 6 or 12 tiles: each number that can be left over. */
    @Test
    @SuppressWarnings("try")
    void everyTileOfARowIsConvolved() {
        int threads = Torch.threads();
        try (PointerScope scope = new PointerScope()) {
            Torch.setThreads(1);
            Tensor weight = normals(2, 1, 0, 32, 16, 3, 3);
            Tensor bias = normals(3, 1, 0, 32);
            for (int tiles = 1; tiles <= 25; tiles++) {
                Tensor x = normals(1, 1, 0, 1, 16, 4, 4 * tiles);
                float[] expected = run("torch.conv2d(x, w, b, [1, 1], [1, 1])", x, weight, bias);
                assertThat(Nets.relativeError(run(CONVOLUTION, x, Winograd.prepared(weight), bias), expected))
                        .as("%s tiles", tiles)
                        .isLessThan(2e-6);
            }
        } finally {
            Torch.setThreads(threads);
        }
    }

    @Test
    @SuppressWarnings("try")
    void aConvolutionsBitsDependNeitherOnTheThreadsNorOnTheBatch() {
        int threads = Torch.threads();
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 1, 0, 9, 32, 15, 14);
            Tensor weight = Winograd.prepared(normals(2, 1, 0, 64, 32, 3, 3));
            Tensor bias = normals(3, 1, 0, 64);
            float[] one = null;
            for (int count : new int[] {1, 2, 7}) {
                Torch.setThreads(count);
                float[] all = run(CONVOLUTION, x, weight, bias);
                one = one == null ? all : one;
                assertThat(all).isEqualTo(one);
                float[] last = run(CONVOLUTION, x.narrow(0, 8, 1), weight, bias);
                assertThat(last).isEqualTo(Arrays.copyOfRange(one, one.length / 9 * 8, one.length));
            }
        } finally {
            Torch.setThreads(threads);
        }
    }

    @Test
    @SuppressWarnings("try")
    void whatIsNotANumberIsConvolvedToNoNumberAroundItAndNowhereInOtherRows() {
        try (PointerScope scope = new PointerScope()) {
            Tensor weight = Winograd.prepared(normals(2, 1, 0, 32, 16, 3, 3));
            for (float strange : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float[] values = Nets.normals(1, 2 * 16 * 12 * 12);
                values[5 * 12 + 5] = strange; // of the first row's first channel, in the tile from 4 to 7
                float[] made =
                        run(CONVOLUTION, Tensors.of(Device.CPU, values, 2, 16, 12, 12), weight, normals(3, 1, 0, 32));
                for (int i = 0; i < made.length; i++) {
                    int y = i / 12 % 12;
                    int x = i % 12;
                    boolean seen = i < made.length / 2 && y >= 4 && y < 8 && x >= 4 && x < 8;
                    assertThat(Float.isNaN(made[i]))
                            .as("value %s beside %s", i, strange)
                            .isEqualTo(seen);
                }
            }
        }
    }

    @Test
    @SuppressWarnings("try")
    void convolutionsThatCannotBeAreRefusedInOneLine() {
        try (PointerScope scope = new PointerScope()) {
            Tensor x = normals(1, 1, 0, 2, 16, 4, 4);
            Tensor w = Winograd.prepared(normals(2, 1, 1, 32, 16, 3, 3));
            Tensor b = normals(3, 1, 0, 32);
            String name = "noisetrail_convolution: ";
            String float32 = name + "x, weight and bias must be float32";
            refused(CONVOLUTION.replace(", w,", ".to(" + HALF + "), w,"), x, w, b, float32);
            refused(CONVOLUTION, x, w.to(ScalarType.Half), b, float32);
            refused(CONVOLUTION, x, w, b.to(ScalarType.Double), float32);
            String order = name + "x must be [rows, channels, height, width], dense, its channels last";
            refused("torch.noisetrail_convolution(x, w, b)", x, w, b, order);
            refused("torch.noisetrail_convolution(x.flatten(2), w, b)", x, w, b, order);
            String form = name + "weight must be [6, 6, out / 32, x's channels, 32], dense";
            refused(CONVOLUTION, normals(1, 1, 0, 2, 32, 4, 4), w, b, form);
            refused(CONVOLUTION, x, normals(2, 1, 1, 32, 16, 3, 3), b, form);
            refused(CONVOLUTION, x, w.transpose(0, 1), b, form);
            refused(CONVOLUTION, x, w, normals(3, 1, 0, 16), name + "bias must be [out], dense");
            refused(
                    CONVOLUTION,
                    normals(1, 1, 0, 2, 8, 4, 4),
                    normals(2, 1, 0, 6, 6, 1, 8, 32),
                    b,
                    "convolve: the rest of in / 16 must be <= 0: 8");
            Tensor few = normals(2, 1, 1, 16, 16, 3, 3);
            assertThatThrownBy(() -> Winograd.prepared(few))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("convolution_weight: the rest of out / 32 must be <= 0: 16");
            assertThat(run(CONVOLUTION, normals(1, 1, 0, 0, 16, 4, 4), w, b)).isEmpty();
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
    @SuppressWarnings("try")
    void givingThemAgainDoesNothing() {
        try (PointerScope scope = new PointerScope()) {
            Tensor weight = normals(2, 1, 1, 6);
            Tensor bias = normals(3, 1, 0, 6);
            float[] once = run(ours("x", 2, true), normals(1, 1, 0, 2, 6, 4, 4), weight, bias);
            Kernels.giveOperators();
            Kernels.giveOperators();
            assertThat(run(ours("x", 2, true), normals(1, 1, 0, 2, 6, 4, 4), weight, bias))
                    .isEqualTo(once);
        }
    }
}
