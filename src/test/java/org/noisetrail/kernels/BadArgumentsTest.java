package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.row;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
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
    private static final FloatPointer STEPS = new FloatPointer(Table.step(1, 2, 1));

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    /** Good arguments, but for what is then set. */
    private static void propose(UnaryOperator<ProposeArgs> change) {
        try (ProposeArgs args = new ProposeArgs()) {
            args.table(ROWS)
                    .rows(2)
                    .elements(4)
                    .epsilon(.4)
                    .lambda(.15)
                    .x(F)
                    .parents(1)
                    .pivots(F)
                    .steps(STEPS)
                    .stepCount(1)
                    .noise(F)
                    .state(F)
                    .input(F)
                    .level(F);
            CPU.propose(change.apply(args));
        }
    }

    private static void update(UnaryOperator<UpdateArgs> change) {
        try (UpdateArgs args = new UpdateArgs()) {
            args.table(ROWS)
                    .rows(2)
                    .elements(4)
                    .steps(STEPS)
                    .stepCount(1)
                    .xHat(F)
                    .next(F);
            CPU.update(change.apply(args));
        }
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
    void propose() {
        propose(args -> args);
        refused("rows must be >= 0: -1", () -> propose(args -> args.rows(-1)));
        refused("round must be >= 0: -1", () -> propose(args -> args.round(-1)));
        refused("round must be <= 65535: 65536", () -> propose(args -> args.round(65536)));
        refused("a row's round + round must be <= 65535: 65536", () -> propose(args -> args.round(65535)));
        try (IntPointer cursor = new IntPointer(new int[] {-2})) {
            refused(
                    "round + cursor must be >= 0: -1",
                    () -> propose(args -> args.round(1).cursor(cursor)));
            cursor.put(0, 65535);
            refused(
                    "round + cursor must be <= 65535: 65536",
                    () -> propose(args -> args.round(1).cursor(cursor)));
            refused("a row's round + round must be <= 65535: 65536", () -> propose(args -> args.cursor(cursor)));
        }
        refused("elements must be >= 1: -4", () -> propose(args -> args.elements(-4)));
        refused("rows x elements", () -> propose(args -> args.rows(HUGE)));
        refused("epsilon must be from 0 to 1: 1.1", () -> propose(args -> args.epsilon(1.1)));
        refused("epsilon", () -> propose(args -> args.epsilon(Double.NaN)));
        refused("lambda", () -> propose(args -> args.lambda(-.1)));
        refused("lambda", () -> propose(args -> args.lambda(Double.POSITIVE_INFINITY)));
        refused("rows_table must not be null", () -> propose(args -> args.table(null)));
        refused("x must not be null", () -> propose(args -> args.x(null)));
        refused("pivots must not be null", () -> propose(args -> args.pivots(null)));
        refused("steps must not be null", () -> propose(args -> args.steps(null)));
        refused("parents must be >= 0: -1", () -> propose(args -> args.parents(-1)));
        refused("parent must be <= -1: 0", () -> propose(args -> args.parents(0)));
        refused("parents x elements", () -> propose(args -> args.parents(HUGE)));
        refused("stage must be <= 0: 1", () -> propose(args -> args.stepCount(0)));
        refused("stage must be <= 1: 2", () -> propose(args -> args.stage(2)));
        refused("stage must be >= 0: -1", () -> propose(args -> args.stage(-1)));
        refused("input_dtype must be <= 2: 3", () -> propose(args -> args.inputDtype(3)));
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
                refused("must be", () -> propose(args -> args.table(table)));
            }
        }
        ProposeArgs closed = new ProposeArgs();
        closed.close();
        assertThatThrownBy(() -> CPU.propose(closed)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void update() {
        update(args -> args);
        refused("rows must be >= 0: -1", () -> update(args -> args.rows(-1)));
        refused("elements must be >= 1: 0", () -> update(args -> args.elements(0)));
        refused("rows x elements", () -> update(args -> args.rows(HUGE)));
        refused("rows_table must not be null", () -> update(args -> args.table(null)));
        refused("steps must not be null", () -> update(args -> args.steps(null)));
        refused("stage must be <= 0: 1", () -> update(args -> args.stepCount(0)));
        refused("stage must be <= 1: 2", () -> update(args -> args.stage(2)));
        refused("x_hat, f1, y and f2 must not all be null", () -> update(args -> args.xHat(null)));
        refused("network_dtype must be <= 2: 9", () -> update(args -> args.networkDtype(9)));
        refused("input_dtype must be >= 0: -1", () -> update(args -> args.inputDtype(-1)));
        refused(
                "input must be null at stage 1",
                () -> update(args -> args.stage(1).input(F)));
        refused(
                "level must be null at stage 1",
                () -> update(args -> args.stage(1).level(F)));
    }

    @Test
    void input() {
        refused("step must be <= 0: 1", () -> CPU.input(F, 1, 4, STEPS, 1, 1, F, 0, F));
        refused("step must be >= 0: -1", () -> CPU.input(F, 1, 4, STEPS, 1, -1, F, 0, F));
        refused("step_count must be >= 1: 0", () -> CPU.input(F, 1, 4, STEPS, 0, 0, F, 0, F));
        refused("steps must not be null", () -> CPU.input(F, 1, 4, null, 1, 0, F, 0, F));
        refused("x must not be null", () -> CPU.input(null, 1, 4, STEPS, 1, 0, F, 0, F));
        refused("input_dtype must be <= 2: 3", () -> CPU.input(F, 1, 4, STEPS, 1, 0, F, 3, F));
        refused("rows must be >= 0: -1", () -> CPU.input(F, -1, 4, STEPS, 1, 0, F, 0, F));
    }

    @Test
    void combine() {
        refused("terms must be >= 1: 0", () -> CPU.combine(ROWS, 1, 0, D, 1, 4, 0, F));
        refused("rows must be >= 0: -1", () -> CPU.combine(ROWS, -1, 2, D, 1, 4, 0, F));
        refused("elements must be >= 1: 0", () -> CPU.combine(ROWS, 1, 2, D, 1, 0, 0, F));
        refused("rows x terms", () -> CPU.combine(ROWS, 1L << 50, 1 << 20, D, 1, 4, 0, F));
        refused("terms_table must not be null", () -> CPU.combine(null, 1, 2, D, 1, 4, 0, F));
        refused("weights must not be null", () -> CPU.combine(ROWS, 1, 2, null, 1, 4, 0, F));
        refused("out must not be null", () -> CPU.combine(ROWS, 1, 2, D, 1, 4, 0, null));
    }

    @Test
    void resample() {
        refused("groups must be >= 0: -1", () -> CPU.resample(D, D, -1, 4, I));
        refused("size must be >= 1: 0", () -> CPU.resample(D, D, 1, 0, I));
        refused("groups x size", () -> CPU.resample(D, D, HUGE, 4, I));
        refused("weights must not be null", () -> CPU.resample(null, D, 1, 4, I));
        refused("uniforms must not be null", () -> CPU.resample(D, null, 1, 4, I));
        refused("out must not be null", () -> CPU.resample(D, D, 1, 4, null));
        for (double u : new double[] {1, -.1, Double.NaN}) {
            try (DoublePointer uniform = new DoublePointer(new double[] {u})) {
                refused("uniform must be from 0 to 1, not 1 itself", () -> CPU.resample(D, uniform, 1, 4, I));
            }
        }
    }

    @Test
    void resize() {
        refused("images must not be null", () -> CPU.resize(null, 1, 1, 4, 4, 2, 2, 2, 2, B));
        refused("out must not be null", () -> CPU.resize(B, 1, 1, 4, 4, 2, 2, 2, 2, null));
        refused("channels must be >= 1: 0", () -> CPU.resize(B, 1, 0, 4, 4, 2, 2, 2, 2, B));
        refused("height must be >= 1: 0", () -> CPU.resize(B, 1, 1, 0, 4, 2, 2, 2, 2, B));
        refused("width must be <= 65536: 65537", () -> CPU.resize(B, 1, 1, 4, 65537, 2, 2, 2, 2, B));
        refused("resized_height must be >= 1: 0", () -> CPU.resize(B, 1, 1, 4, 4, 0, 2, 2, 2, B));
        refused("resized_width must be <= 65536", () -> CPU.resize(B, 1, 1, 4, 4, 2, 1 << 20, 2, 2, B));
        refused("crop_height must be <= 2: 3", () -> CPU.resize(B, 1, 1, 4, 4, 2, 2, 3, 2, B));
        refused("crop_width must be >= 1: -1", () -> CPU.resize(B, 1, 1, 4, 4, 2, 2, 2, -1, B));
        refused("rows x pixels", () -> CPU.resize(B, HUGE, 1, 4, 4, 2, 2, 2, 2, B));
        refused("rows x cropped pixels", () -> CPU.resize(B, 1L << 40, 1, 1, 1, 65536, 65536, 65536, 65536, B));
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
        refused("rows must be >= 0: -1", () -> CPU.penalise(D, I, -1));
        refused("scores must not be null", () -> CPU.penalise(null, I, 1));
        refused("bad must not be null", () -> CPU.penalise(D, null, 1));
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
        refused("rounds must be >= 1: 0", () -> CPU.select(D, 1, 4, 0, D, I, I, I, 0, I));
        refused("rounds x groups", () -> CPU.select(D, 1L << 58, 1, 0, D, I, I, I, 1 << 30, I));
        refused("cursor must not be null", () -> CPU.select(D, 1, 4, 0, D, I, I, I, 3, null));
        refused("cursor must not be null", () -> CPU.stepCursor(null, 1));
        for (int outside : new int[] {-1, 3}) {
            try (IntPointer cursor = new IntPointer(new int[] {outside})) {
                refused("cursor must be", () -> CPU.select(D, 1, 4, 0, D, I, I, I, 3, cursor));
            }
        }
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
        assertThatThrownBy(() -> far.quantise(F, 1, 1, B, null)).isInstanceOf(NoisetrailException.class);
        assertThatThrownBy(() -> far.quantise(F, -1, 1, B, null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Lane.open(new Device(999))).isInstanceOf(NoisetrailException.class);
        assertThat(Kernels.cudaDevices()).isBetween(0, 998);
        assertThat(Kernels.cpuLevel()).startsWith("x86-64");
    }

    @Test
    void theCpuRecordsNoGraphAndRunsNoneOfTheWork() {
        AtomicBoolean ran = new AtomicBoolean();
        try (Lane lane = Lane.open(Device.CPU)) {
            assertThatThrownBy(() -> Graph.record(lane, () -> ran.set(true)))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("graph_begin: the CPU has no graphs: a CUDA device is needed");
        }
        assertThat(ran).isFalse();
        assertThatThrownBy(() -> Graph.record(Lane.ofDefaultStream(new Device(999)), () -> ran.set(true)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("graph_begin: stream must not be null");
    }

    @Test
    void closedArgumentsAreNotWritten() {
        ProposeArgs propose = new ProposeArgs();
        UpdateArgs update = new UpdateArgs();
        propose.close();
        update.close();
        for (ThrowingCallable put : List.<ThrowingCallable>of(
                () -> propose.rows(1), () -> propose.steps(null), () -> update.rows(1), () -> update.table(null))) {
            assertThatThrownBy(put).isInstanceOf(IllegalStateException.class).hasMessage("the arguments are closed");
        }
    }

    @Test
    void aClosedLaneIsNotUsed() {
        Lane lane = Lane.open(Device.CPU);
        Kernels kernels = Kernels.on(lane);
        kernels.quantise(F, 1, 1, B, null);
        lane.synchronize();
        assertThat(lane.stream()).isNull();
        lane.close();
        lane.close();
        assertThatThrownBy(() -> kernels.quantise(F, 1, 1, B, null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the lane is closed: cpu");
    }
}
