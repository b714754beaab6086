package org.noisetrail.benchmarks;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.ProposeArgs;
import org.noisetrail.kernels.UpdateArgs;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Each kernel beside its ceiling: a memory copy (memcpy, one thread) that reads and writes as many bytes in all as the kernel must.
 * Kernels that compute more than they move (JPEG, noise) are far from it by nature.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class KernelBenchmark {
    /** A group is one image's candidates. */
    private static final int GROUP = 4;

    private static final int GLOBAL = 1;
    private static final int LOCAL = 2;
    /** A step of EDM in the middle: gain, propose; then twice input scale, level, next and clean over x^, F1, x', F2. */
    private static final float[] STEP = {
        1.6f, 1f, 0f, 0f, .41f, .22f, .52f, .24f, 0f, 0f, .04f, .49f, 0f, 0f, .77f, .05f, .76f, .12f, -.42f, .23f, 0f,
        0f, .15f, .46f
    };

    public enum Kernel {
        PROPOSE_GLOBAL,
        PROPOSE_LOCAL,
        NOISE,
        UPDATE_FIRST,
        UPDATE_SECOND,
        QUANTISE,
        LUMINANCE,
        JPEG_SIZE,
        SELECT,
        GATHER
    }

    @Param
    public Kernel kernel;

    @Param({"16", "64"})
    public int rows;

    @Param({"784", "12288"})
    public int elements;

    private final Kernels kernels = Kernels.on(Device.CPU);
    private int channels;
    private int side;
    private IntPointer table;
    private IntPointer localTable;
    private FloatPointer steps;
    private FloatPointer x;
    private FloatPointer pivots;
    private FloatPointer noise;
    private FloatPointer state;
    private FloatPointer input;
    private FloatPointer first;
    private FloatPointer second;
    private IntPointer bad;
    private final ProposeArgs proposal = new ProposeArgs();
    private final UpdateArgs update = new UpdateArgs();
    private FloatPointer next;
    private FloatPointer clean;
    private FloatPointer level;
    private BytePointer pixels;
    private DoublePointer scores;
    private DoublePointer best;
    private IntPointer winner;
    private IntPointer nans;
    private BytePointer from;
    private BytePointer to;

    @Setup
    public void allocate() {
        channels = elements == 784 ? 1 : 3;
        side = (int) Math.sqrt((double) elements / channels);
        int groups = rows / GROUP;
        table = table(GLOBAL);
        localTable = table(LOCAL);
        steps = new FloatPointer(STEP);
        x = normals(groups);
        pivots = normals(groups);
        noise = normals(rows);
        state = normals(rows);
        input = normals(rows);
        first = normals(rows);
        next = normals(rows);
        clean = normals(rows);
        level = new FloatPointer((long) rows);
        second = normals(rows);
        bad = new IntPointer((long) rows);
        proposal.rows(rows)
                .round(1)
                .seed(1)
                .elements(elements)
                .epsilon(.4)
                .lambda(.15)
                .x(x)
                .parents(groups)
                .pivots(pivots)
                .steps(steps)
                .stepCount(1)
                .noise(noise)
                .state(state)
                .input(input)
                .level(level);
        update.table(table)
                .rows(rows)
                .elements(elements)
                .steps(steps)
                .stepCount(1)
                .xHat(state)
                .f1(first);
        pixels = new BytePointer((long) rows * elements);
        kernels.quantise(clean, rows, elements, pixels, null);
        double[] values = new Random(1).doubles(rows).toArray();
        scores = new DoublePointer(values);
        best = new DoublePointer((long) rows);
        winner = new IntPointer(new int[groups]);
        nans = new IntPointer(new int[groups]);
        long half = bytes() / 2;
        from = new BytePointer(half);
        to = new BytePointer(half);
        Pointer.memset(from, 1, half);
        Pointer.memset(to, 1, half);
    }

    private IntPointer table(int kind) {
        int[] table = new int[rows * 5];
        for (int row = 0; row < rows; row++) {
            int at = row * 5;
            table[at] = row / GROUP;
            table[at + 1] = 1;
            table[at + 2] = row % GROUP;
            table[at + 3] = row / GROUP;
            table[at + 4] = kind;
        }
        return new IntPointer(table);
    }

    private FloatPointer normals(int count) {
        Random random = new Random(count);
        float[] values = new float[count * elements];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FloatPointer(values);
    }

    /** What the kernel must read and write. */
    long bytes() {
        return bytes(kernel, rows, elements);
    }

    static long bytes(Kernel kernel, long rows, long elements) {
        long groups = rows / GROUP;
        long all = 4 * rows * elements;
        long parents = 4 * groups * elements;
        return switch (kernel) {
            case PROPOSE_GLOBAL -> parents + 3 * all;
            case PROPOSE_LOCAL -> 2 * parents + 3 * all;
            case NOISE -> all;
            case UPDATE_FIRST -> 2 * all + 2 * all;
            case UPDATE_SECOND -> 4 * all + 2 * all;
            case QUANTISE -> all + all / 4;
            case LUMINANCE, JPEG_SIZE -> all / 4;
            case SELECT -> 8 * rows + 12 * groups;
            case GATHER -> 2 * parents;
        };
    }

    @Benchmark
    public void kernel() {
        int groups = rows / GROUP;
        switch (kernel) {
            case PROPOSE_GLOBAL -> kernels.propose(proposal.table(table));
            case PROPOSE_LOCAL -> kernels.propose(proposal.table(localTable));
            case NOISE -> kernels.noise(table, rows, 1, elements, 80, noise);
            case UPDATE_FIRST ->
                kernels.update(update.stage(0)
                        .y(null)
                        .f2(null)
                        .next(next)
                        .clean(null)
                        .input(input)
                        .level(level));
            case UPDATE_SECOND ->
                kernels.update(update.stage(1)
                        .y(next)
                        .f2(second)
                        .next(next)
                        .clean(clean)
                        .input(null)
                        .level(null));
            case QUANTISE -> kernels.quantise(noise, rows, elements, pixels, bad);
            case LUMINANCE -> kernels.luminance(pixels, rows, channels, side, side, best);
            case JPEG_SIZE -> kernels.jpegSize(pixels, rows, channels, side, side, 3000, null, best);
            case SELECT -> kernels.select(scores, groups, GROUP, 0, best, winner, nans);
            case GATHER -> kernels.gather(noise, 4L * elements, winner, groups, 1, GROUP, null, x);
        }
    }

    @Benchmark
    public void copy() {
        Pointer.memcpy(to, from, from.capacity());
    }

    @TearDown
    public void free() {
        Pointer[] all = {
            table,
            localTable,
            steps,
            x,
            pivots,
            noise,
            state,
            input,
            first,
            second,
            bad,
            next,
            clean,
            level,
            pixels,
            scores,
            best,
            winner,
            nans,
            from,
            to
        };
        for (Pointer pointer : all) {
            pointer.close();
        }
        proposal.close();
        update.close();
    }
}
