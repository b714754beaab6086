package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;
import static org.noisetrail.kernels.Table.noise;
import static org.noisetrail.kernels.Table.row;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Proposals and updates by a table of numbers, against the same sums in double precision. */
class AffineTest {
    private static final long SEED = 77;
    private static final int GAIN = 0,
            PROPOSE_X = 1,
            PROPOSE_F = 2,
            STAGE = 4,
            STAGE_SIZE = 10,
            INPUT_SCALE = 0,
            LEVEL = 1,
            NEXT = 2,
            CLEAN = 6;
    /** Two steps of numbers that differ everywhere. */
    private static final float[] STEPS = Table.random(5, 48, 1);

    private static double of(int step, int field) {
        return STEPS[24 * step + field];
    }

    private static double stage(int step, int stage, int field) {
        return of(step, STAGE + STAGE_SIZE * stage + field);
    }

    @ParameterizedTest
    @CsvSource({"1, 0, true", "7, 1, true", "784, 0, false", "2049, 1, true", "12288, 0, true"})
    void aProposalIsTheStateTheNetworksOutputAndTheNoiseEachTimesItsNumber(int elements, int stage, boolean withF) {
        int rows = 5, parents = 2, n = rows * elements;
        float[] x = Table.random(1, parents * elements, 20), f = Table.random(2, parents * elements, 1);
        int[][] table = new int[rows][], named = new int[rows][];
        for (int r = 0; r < rows; r++) {
            table[r] = row(r, 1 + r % 2, 1, r, r % parents, Table.GLOBAL);
            named[r] = row(r, 1 + r % 2, 4, r, 0, 0);
        }
        float[] z = noise(SEED, elements, named);
        try (IntPointer rowsTable = Table.rows(table);
                FloatPointer steps = new FloatPointer(STEPS);
                FloatPointer from = new FloatPointer(x);
                FloatPointer output = new FloatPointer(f);
                FloatPointer noise = new FloatPointer(n);
                FloatPointer state = new FloatPointer(n);
                FloatPointer input = new FloatPointer(n);
                FloatPointer level = new FloatPointer(rows);
                ProposeArgs args = new ProposeArgs()) {
            CPU.propose(args.table(rowsTable)
                    .rows(rows)
                    .round(3)
                    .seed(SEED)
                    .elements(elements)
                    .x(from)
                    .f(withF ? output : null)
                    .parents(parents)
                    .steps(steps)
                    .stepCount(2)
                    .stage(stage)
                    .noise(noise)
                    .state(state)
                    .input(input)
                    .inputDtype(Kernels.F32)
                    .level(level));
            float[] states = Table.read(state, n), inputs = Table.read(input, n), levels = Table.read(level, rows);
            assertThat(Table.read(noise, n)).isEqualTo(z);
            for (int r = 0; r < rows; r++) {
                int step = r % 2;
                assertThat((double) levels[r]).isEqualTo(stage(step, stage, LEVEL));
                for (int e = 0; e < elements; e++) {
                    int i = r * elements + e, parent = r % parents * elements + e;
                    double expected = of(step, PROPOSE_X) * x[parent]
                            + of(step, GAIN) * z[i]
                            + (withF ? of(step, PROPOSE_F) * f[parent] : 0);
                    assertThat((double) states[i]).isCloseTo(expected, within(2e-5));
                    assertThat(inputs[i]).isEqualTo((float) stage(step, stage, INPUT_SCALE) * states[i]);
                }
            }
            // any output alone gives the same
            state.put(new float[n], 0, n);
            CPU.propose(args.noise(null).input(null).level(null));
            assertThat(Table.read(state, n)).isEqualTo(states);
            input.put(new float[n], 0, n);
            CPU.propose(args.state(null).input(input));
            assertThat(Table.read(input, n)).isEqualTo(inputs);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    void anUpdateIsTheSumOfWhatIsGivenEachTimesItsNumber(int given) {
        for (int elements : new int[] {3, 2048, 5001}) {
            int rows = 3, n = rows * elements, stage = given % 2;
            float[][] in = new float[4][];
            for (int k = 0; k < 4; k++) {
                in[k] = Table.random(10 + k, n, k % 2 == 0 ? 20 : 1);
            }
            try (IntPointer table = Table.rows(row(0, 1, 0, 0, 9, 9), row(1, 2, 0, 0, -1, -1), row(2, 1, 0, 0, 0, 0));
                    FloatPointer steps = new FloatPointer(STEPS);
                    FloatPointer x = new FloatPointer(in[0]);
                    FloatPointer f1 = new FloatPointer(in[1]);
                    FloatPointer y = new FloatPointer(in[2]);
                    FloatPointer f2 = new FloatPointer(in[3]);
                    FloatPointer next = new FloatPointer(n);
                    FloatPointer clean = new FloatPointer(n);
                    FloatPointer input = new FloatPointer(n);
                    FloatPointer level = new FloatPointer(rows);
                    UpdateArgs args = new UpdateArgs()) {
                args.table(table)
                        .rows(rows)
                        .elements(elements)
                        .steps(steps)
                        .stepCount(2)
                        .stage(stage);
                args.xHat((given & 1) != 0 ? x : null)
                        .f1((given & 2) != 0 ? f1 : null)
                        .y((given & 4) != 0 ? y : null)
                        .f2((given & 8) != 0 ? f2 : null);
                args.networkDtype(Kernels.F32).next(next).clean(clean);
                if (stage == 0) {
                    args.input(input).level(level);
                }
                CPU.update(args);
                float[] nexts = Table.read(next, n), cleans = Table.read(clean, n), inputs = Table.read(input, n);
                for (int i = 0; i < n; i++) {
                    int step = i / elements % 2;
                    double expected = 0, estimate = 0;
                    for (int k = 0; k < 4; k++) {
                        if ((given & 1 << k) != 0) {
                            expected += stage(step, stage, NEXT + k) * in[k][i];
                            estimate += stage(step, stage, CLEAN + k) * in[k][i];
                        }
                    }
                    assertThat((double) nexts[i]).isCloseTo(expected, within(2e-5));
                    assertThat((double) cleans[i]).isCloseTo(estimate, within(2e-5));
                    if (stage == 0) {
                        assertThat(inputs[i]).isEqualTo((float) stage(step, 1, INPUT_SCALE) * nexts[i]);
                    }
                }
                if (stage == 0) {
                    assertThat((double) level.get(1)).isEqualTo(stage(1, 1, LEVEL));
                    CPU.update(args.next(null).clean(null));
                    assertThat(Table.read(input, n)).as("without next").isEqualTo(inputs);
                }
                CPU.update(args.input(null).level(null).next(y).clean(clean));
                assertThat(Table.read(y, n)).as("in place").isEqualTo(nexts);
                assertThat(Table.read(clean, n)).as("beside an update in place").isEqualTo(cleans);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void everyValueOfAHalfIsReadAsItIs(int dtype) {
        short[] bits = new short[65536];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) i;
        }
        float[] step = new float[24];
        step[STAGE + NEXT + 1] = 1; // next = F1
        step[STAGE + STAGE_SIZE + INPUT_SCALE] = 1;
        try (IntPointer table = Table.rows(row(0, 1, 0, 0, 0, 0));
                FloatPointer steps = new FloatPointer(step);
                ShortPointer network = new ShortPointer(bits);
                FloatPointer next = new FloatPointer(65536);
                ShortPointer input = new ShortPointer(65536);
                UpdateArgs args = new UpdateArgs()) {
            args.table(table).rows(1).elements(65536).steps(steps).stepCount(1);
            CPU.update(
                    args.f1(network).networkDtype(dtype).next(next).input(input).inputDtype(dtype));
            float[] read = Table.read(next, 65536);
            short[] back = new short[65536];
            input.get(back);
            for (int i = 0; i < bits.length; i++) {
                float expected = dtype == 1 ? Halves.fromHalf(bits[i]) : Halves.fromBfloat(bits[i]);
                // 0 + 1 * F: a negative zero becomes a positive one
                assertThat(Float.compare(read[i] + 0f, expected + 0f))
                        .as("bits %x", i)
                        .isZero();
                if (expected == expected && expected != 0) {
                    assertThat(back[i]).as("bits %x", i).isEqualTo(bits[i]);
                }
            }
        }
    }

    /** EDM's step (Karras et al. 2022, algorithm 2) as one entry of a table: F with c_skip, c_out is folded into the numbers. */
    private static float[] edm(double hat, double to) {
        double data = .5,
                in1 = 1 / Math.sqrt(hat * hat + data * data),
                skip1 = data * data * in1 * in1,
                out1 = hat * data * in1;
        double in2 = 1 / Math.sqrt(to * to + data * data), skip2 = data * data * in2 * in2, out2 = to * data * in2;
        double way = to - hat, slopeX = (1 - skip1) / hat, slopeF = -out1 / hat;
        double[] step = new double[24];
        step[GAIN] = 0;
        step[PROPOSE_X] = 1;
        step[STAGE + INPUT_SCALE] = in1;
        step[STAGE + LEVEL] = Math.log(hat) / 4;
        step[STAGE + NEXT] = 1 + way * slopeX;
        step[STAGE + NEXT + 1] = way * slopeF;
        step[STAGE + CLEAN] = skip1;
        step[STAGE + CLEAN + 1] = out1;
        int second = STAGE + STAGE_SIZE;
        step[second + INPUT_SCALE] = in2;
        step[second + LEVEL] = Math.log(to) / 4;
        step[second + NEXT] = 1 + way / 2 * slopeX;
        step[second + NEXT + 1] = way / 2 * slopeF;
        step[second + NEXT + 2] = way / 2 * (1 - skip2) / to;
        step[second + NEXT + 3] = -way / 2 * out2 / to;
        step[second + CLEAN + 2] = skip2;
        step[second + CLEAN + 3] = out2;
        float[] floats = new float[24];
        for (int i = 0; i < 24; i++) {
            floats[i] = (float) step[i];
        }
        return floats;
    }

    @Test
    void edmsEulerAndHeunAreOneTable() {
        int elements = 784;
        for (double[] levels : new double[][] {{80, 57}, {20, 12}, {3, 1.5}, {.6, .4}, {.01, .002}}) {
            double hat = levels[0], to = levels[1], data = .5;
            float[] x = Table.random(1, elements, hat),
                    f = Table.random(2, elements, 1),
                    g = Table.random(3, elements, 1);
            try (IntPointer table = Table.rows(row(0, 1, 0, 0, 0, 0));
                    FloatPointer steps = new FloatPointer(edm(hat, to));
                    FloatPointer xHat = new FloatPointer(x);
                    FloatPointer f1 = new FloatPointer(f);
                    FloatPointer f2 = new FloatPointer(g);
                    FloatPointer next = new FloatPointer(elements);
                    FloatPointer clean = new FloatPointer(elements);
                    UpdateArgs args = new UpdateArgs()) {
                args.table(table).rows(1).elements(elements).steps(steps).stepCount(1);
                CPU.update(args.stage(0).xHat(xHat).f1(f1).next(next));
                float[] euler = Table.read(next, elements);
                CPU.update(args.stage(1).y(next).f2(f2).clean(clean));
                float[] heun = Table.read(next, elements), estimate = Table.read(clean, elements);
                for (int i = 0; i < elements; i++) {
                    double in1 = 1 / Math.sqrt(hat * hat + data * data), in2 = 1 / Math.sqrt(to * to + data * data);
                    double d1 = data * data * in1 * in1 * x[i] + hat * data * in1 * f[i];
                    double slope = (x[i] - d1) / hat, first = x[i] + (to - hat) * slope;
                    double d2 = data * data * in2 * in2 * first + to * data * in2 * g[i];
                    double second = x[i] + (to - hat) * (slope + (first - d2) / to) / 2;
                    assertThat((double) euler[i]).isCloseTo(first, within(1e-5 * Math.max(1, hat)));
                    assertThat((double) heun[i]).isCloseTo(second, within(1e-5 * Math.max(1, hat)));
                    assertThat((double) estimate[i]).isCloseTo(d2, within(1e-5));
                }
            }
        }
    }

    @Test
    void initialStatesAreScaledForTheFirstNetworkCall() {
        int rows = 3, elements = 1001, n = rows * elements;
        float[] x = Table.random(1, n, 1);
        try (FloatPointer from = new FloatPointer(x);
                FloatPointer steps = new FloatPointer(STEPS);
                FloatPointer input = new FloatPointer(n);
                ShortPointer half = new ShortPointer(n);
                FloatPointer level = new FloatPointer(rows)) {
            CPU.input(from, rows, elements, steps, 2, 1, input, Kernels.F32, level);
            CPU.input(from, rows, elements, steps, 2, 1, half, Kernels.F16, null);
            float scale = (float) stage(1, 0, INPUT_SCALE);
            for (int i = 0; i < n; i++) {
                assertThat(input.get(i)).isEqualTo(scale * x[i]);
                assertThat(Halves.isNearestEven(scale * x[i], half.get(i), Kernels.F16))
                        .isTrue();
            }
            assertThat(Table.read(level, rows)).containsOnly((float) stage(1, 0, LEVEL));
        }
    }
}
