package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.row;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;

/** A bad argument is an exception that names its constraint and its value; it never reaches a kernel. */
class BadArgumentsTest {
    private static final long HUGE = Long.MAX_VALUE / 2;
    private static final FloatPointer F = new FloatPointer(1024);
    private static final DoublePointer D = new DoublePointer(64);
    private static final IntPointer I = new IntPointer(64);
    private static final BytePointer B = new BytePointer(1024);
    private static final IntPointer ROWS = Table.rows(row(0, 1, 1, 0, 0, Table.LOCAL), row(0, 1, 1, 1, 0, Table.COIN));
    private static final FloatPointer STEPS = Table.steps(Table.step(1, 2, 1));

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    private static void candidates(
            Pointer rows,
            long n,
            int round,
            long elements,
            double epsilon,
            double lambda,
            Pointer x,
            long parents,
            Pointer pivots,
            Pointer steps,
            long stepCount,
            int dtype) {
        CPU.candidates(
                rows, n, round, 1, elements, epsilon, lambda, 0, x, parents, pivots, steps, stepCount, F, F, F, dtype,
                F);
    }

    @Test
    void noise() {
        refused("rows must be >= 0: -3", () -> CPU.noise(ROWS, -3, 1, 4, 1, F));
        refused("elements must be >= 1: 0", () -> CPU.noise(ROWS, 1, 1, 0, 1, F));
        refused("elements", () -> CPU.noise(ROWS, 1, 1, 1L << 35, 1, F));
        refused("rows x elements", () -> CPU.noise(ROWS, HUGE, 1, 64, 1, F));
        refused("rows_table must not be null", () -> CPU.noise(null, 1, 1, 4, 1, F));
        refused("out must not be null", () -> CPU.noise(ROWS, 1, 1, 4, 1, null));
        CPU.noise(null, 0, 1, 4, 1, null);
    }

    @Test
    void uniforms() {
        refused("rows must be >= 0: -1", () -> CPU.uniforms(ROWS, -1, 1, D));
        refused("rows", () -> CPU.uniforms(ROWS, HUGE, 1, D));
        refused("rows_table must not be null", () -> CPU.uniforms(null, 1, 1, D));
        refused("out must not be null", () -> CPU.uniforms(ROWS, 1, 1, null));
    }

    @Test
    void candidates() {
        candidates(ROWS, 2, 0, 4, .4, .15, F, 1, F, STEPS, 1, 0);
        refused("rows must be >= 0: -1", () -> candidates(ROWS, -1, 0, 4, .4, .15, F, 1, F, STEPS, 1, 0));
        refused("round must be >= 0: -1", () -> candidates(ROWS, 2, -1, 4, .4, .15, F, 1, F, STEPS, 1, 0));
        refused("65536", () -> candidates(ROWS, 2, 65535, 4, .4, .15, F, 1, F, STEPS, 1, 0));
        refused("elements must be >= 1: -4", () -> candidates(ROWS, 2, 0, -4, .4, .15, F, 1, F, STEPS, 1, 0));
        refused("rows x elements", () -> candidates(ROWS, HUGE, 0, 4, .4, .15, F, 1, F, STEPS, 1, 0));
        refused("epsilon", () -> candidates(ROWS, 2, 0, 4, 1.1, .15, F, 1, F, STEPS, 1, 0));
        refused("epsilon", () -> candidates(ROWS, 2, 0, 4, Double.NaN, .15, F, 1, F, STEPS, 1, 0));
        refused("lambda", () -> candidates(ROWS, 2, 0, 4, .4, -.1, F, 1, F, STEPS, 1, 0));
        refused("lambda", () -> candidates(ROWS, 2, 0, 4, .4, Double.POSITIVE_INFINITY, F, 1, F, STEPS, 1, 0));
        refused("x must not be null", () -> candidates(ROWS, 2, 0, 4, .4, .15, null, 1, F, STEPS, 1, 0));
        refused("pivots must not be null", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, 1, null, STEPS, 1, 0));
        refused("steps must not be null", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, 1, F, null, 1, 0));
        refused("parents must be >= 0: -1", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, -1, F, STEPS, 1, 0));
        refused("parent", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, 0, F, STEPS, 1, 0));
        refused("stage", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, 1, F, STEPS, 0, 0));
        refused("input_dtype must be <= 2: 3", () -> candidates(ROWS, 2, 0, 4, .4, .15, F, 1, F, STEPS, 1, 3));
        for (int[] bad : new int[][] {
            row(0, 0, 1, 0, 0, 1),
            row(0, 2, 1, 0, 0, 1),
            row(0, -1, 1, 0, 0, 1),
            row(0, 1, 1, 0, 1, 1),
            row(0, 1, 1, 0, -1, 1),
            row(0, 1, 1, 0, 0, 5),
            row(0, 1, 1, 0, 0, -1)
        }) {
            try (IntPointer table = Table.rows(row(0, 1, 1, 0, 0, 1), bad)) {
                refused("must be", () -> candidates(table, 2, 0, 4, .4, .15, F, 1, F, STEPS, 1, 0));
            }
        }
    }

    @Test
    void euler() {
        CPU.euler(ROWS, 2, 4, STEPS, 1, F, F, 0, null, D, null, 0, null, null);
        refused("rows must be >= 0: -1", () -> CPU.euler(ROWS, -1, 4, STEPS, 1, F, F, 0, null, D, null, 0, null, null));
        refused(
                "elements must be >= 1: 0",
                () -> CPU.euler(ROWS, 1, 0, STEPS, 1, F, F, 0, null, D, null, 0, null, null));
        refused("rows x elements", () -> CPU.euler(ROWS, HUGE, 9, STEPS, 1, F, F, 0, null, D, null, 0, null, null));
        refused("steps must not be null", () -> CPU.euler(ROWS, 1, 4, null, 1, F, F, 0, null, D, null, 0, null, null));
        refused("stage", () -> CPU.euler(ROWS, 1, 4, STEPS, 0, F, F, 0, null, D, null, 0, null, null));
        refused(
                "x_hat must not be null",
                () -> CPU.euler(ROWS, 1, 4, STEPS, 1, null, F, 0, null, D, null, 0, null, null));
        refused(
                "network must not be null",
                () -> CPU.euler(ROWS, 1, 4, STEPS, 1, F, null, 0, null, D, null, 0, null, null));
        refused("network_dtype", () -> CPU.euler(ROWS, 1, 4, STEPS, 1, F, F, 9, null, D, null, 0, null, null));
        refused(
                "x_next must not be null",
                () -> CPU.euler(ROWS, 1, 4, STEPS, 1, F, F, 0, null, null, null, 0, null, null));
        refused("input_dtype", () -> CPU.euler(ROWS, 1, 4, STEPS, 1, F, F, 0, null, D, F, -1, null, null));
    }

    @Test
    void heun() {
        refused("rows must be >= 0: -1", () -> CPU.heun(ROWS, -1, 4, STEPS, 1, F, F, F, 0, D, null));
        refused("slope must not be null", () -> CPU.heun(ROWS, 1, 4, STEPS, 1, F, null, F, 0, D, null));
        refused("x_next must not be null", () -> CPU.heun(ROWS, 1, 4, STEPS, 1, F, F, F, 0, null, null));
        refused("rows_table must not be null", () -> CPU.heun(null, 1, 4, STEPS, 1, F, F, F, 0, D, null));
        refused("network_dtype", () -> CPU.heun(ROWS, 1, 4, STEPS, 1, F, F, F, 3, D, null));
        try (FloatPointer last = Table.steps(Table.step(1, 2, 0))) {
            refused("sigma_next must be > 0", () -> CPU.heun(ROWS, 1, 4, last, 1, F, F, F, 0, D, null));
        }
    }

    @Test
    void images() {
        refused("rows must be >= 0: -1", () -> CPU.quantise(F, -1, 4, B, null));
        refused("elements must be >= 1: 0", () -> CPU.quantise(F, 1, 0, B, null));
        refused("rows x elements", () -> CPU.quantise(F, HUGE, 4, B, null));
        refused("x must not be null", () -> CPU.quantise(null, 1, 1, B, I));
        refused("out must not be null", () -> CPU.quantise(F, 1, 1, null, I));
        refused("rows must be >= 0: -1", () -> CPU.luminance(B, -1, 1, 4, 4, D));
        refused("channels must be >= 1: 0", () -> CPU.luminance(B, 1, 0, 4, 4, D));
        refused("height must be >= 1: 0", () -> CPU.luminance(B, 1, 1, 0, 4, D));
        refused("width must be >= 1: -4", () -> CPU.luminance(B, 1, 1, 4, -4, D));
        refused("channels x height x width", () -> CPU.luminance(B, 1, 1 << 30, 1 << 30, 1 << 30, D));
        refused("rows x pixels", () -> CPU.luminance(B, HUGE, 1, 4, 4, D));
        refused("images must not be null", () -> CPU.luminance(null, 1, 1, 4, 4, D));
        refused("out must not be null", () -> CPU.luminance(B, 1, 1, 4, 4, null));
        refused("3: 2", () -> CPU.jpegSize(B, 1, 2, 4, 4, 1000, I, D));
        refused("height must be <= 16384: 16385", () -> CPU.jpegSize(B, 1, 1, 16385, 4, 1000, I, D));
        refused("max_bytes", () -> CPU.jpegSize(B, 1, 1, 4, 4, 0, I, D));
        refused("max_bytes", () -> CPU.jpegSize(B, 1, 1, 4, 4, Double.NaN, I, D));
        refused("images must not be null", () -> CPU.jpegSize(null, 1, 1, 4, 4, 1000, I, D));
        CPU.jpegSize(B, 1, 1, 4, 4, 1000, null, null);
    }

    @Test
    void scores() {
        refused("classes must be >= 1: 0", () -> CPU.softmaxAt(F, 1, 0, I, D));
        refused("rows must be >= 0: -1", () -> CPU.softmaxAt(F, -1, 10, I, D));
        refused("rows x classes", () -> CPU.softmaxAt(F, HUGE, 10, I, D));
        refused("logits must not be null", () -> CPU.softmaxAt(null, 1, 10, I, D));
        refused("labels must not be null", () -> CPU.softmaxAt(F, 1, 10, null, D));
        for (int label : new int[] {-1, 10, Integer.MIN_VALUE}) {
            try (IntPointer labels = new IntPointer(new int[] {label})) {
                refused("label must be from 0 to 9: " + label, () -> CPU.softmaxAt(F, 1, 10, labels, D));
            }
        }
        refused("rows must be >= 0: -1", () -> CPU.accumulate(D, -1, 1, 0, D));
        refused("score must not be null", () -> CPU.accumulate(null, 1, 1, 0, D));
        refused("out must not be null", () -> CPU.accumulate(D, 1, 1, 0, null));
    }

    @Test
    void selection() {
        refused("groups must be >= 0: -1", () -> CPU.select(D, -1, 4, 0, D, I, I));
        refused("group_size must be >= 1: 0", () -> CPU.select(D, 1, 0, 0, D, I, I));
        refused("groups x group_size", () -> CPU.select(D, HUGE, 4, 0, D, I, I));
        refused("scores must not be null", () -> CPU.select(null, 1, 4, 0, D, I, I));
        refused("best must not be null", () -> CPU.select(D, 1, 4, 0, null, I, I));
        refused("winner must not be null", () -> CPU.select(D, 1, 4, 0, D, null, I));
        refused("take must be <= 4: 5", () -> CPU.top(D, 1, 4, 5, I, null));
        refused("take must be >=", () -> CPU.top(D, 1, 4, -1, I, null));
        refused("index must not be null", () -> CPU.top(D, 1, 4, 1, null, null));
        refused("row_bytes must be >=", () -> CPU.gather(B, -4, I, 1, 1, 1, null, D));
        refused("count must be >= 0: -1", () -> CPU.gather(B, 4, I, -1, 1, 1, null, D));
        refused("per_group must be >= 1: 0", () -> CPU.gather(B, 4, I, 1, 0, 1, null, D));
        refused("count x row_bytes", () -> CPU.gather(B, HUGE, I, 5, 1, 1, null, D));
        refused("group_size x row_bytes", () -> CPU.gather(B, HUGE, I, 1, 1, 1 << 20, null, D));
        refused("src must not be null", () -> CPU.gather(null, 4, I, 1, 1, 1, null, D));
        refused("index must not be null", () -> CPU.gather(B, 4, null, 1, 1, 1, null, D));
        refused("dst must not be null", () -> CPU.gather(B, 4, I, 1, 1, 1, null, null));
        refused("p must not be null", () -> CPU.sphere(null, 1, 4, 0, D));
        refused("elements must be >= 1: 0", () -> CPU.sphere(F, 1, 0, 0, D));
        refused("rows must be >= 0: -1", () -> CPU.sphere(F, -1, 4, 0, D));
    }

    @Test
    void aCardThatIsNotThereIsSaidToBeMissing() {
        Kernels far = Kernels.on(new Device(999));
        assertThatThrownBy(() -> far.quantise(F, 1, B)).isInstanceOf(NoisetrailException.class);
        assertThatThrownBy(() -> far.quantise(F, -1, B)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Kernels.cudaDevices()).isBetween(0, 998);
        assertThat(Kernels.cpuLevel()).startsWith("x86-64");
    }
}
