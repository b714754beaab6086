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
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The noise of proposals, by kind, against its definition in Java. */
class ProposalNoiseTest {
    private static final long SEED = 11;
    private static final double LAMBDA = .15;

    private record Result(float[] noise, float[] state, float[] input, float[] level) {}

    private static Result run(
            int elements,
            int round,
            double epsilon,
            boolean sphere,
            float[] x,
            float[] pivots,
            float[] step,
            int[]... rows) {
        int n = rows.length * elements;
        try (IntPointer table = Table.rows(rows);
                FloatPointer steps = new FloatPointer(step);
                FloatPointer from = new FloatPointer(x);
                FloatPointer around = new FloatPointer(pivots);
                FloatPointer noise = new FloatPointer(n);
                FloatPointer state = new FloatPointer(n);
                FloatPointer input = new FloatPointer(n);
                FloatPointer level = new FloatPointer(rows.length);
                ProposeArgs args = new ProposeArgs()) {
            CPU.propose(proposal(args, table, rows.length, elements)
                    .round(round)
                    .epsilon(epsilon)
                    .sphere(sphere)
                    .x(from)
                    .parents(x.length / elements)
                    .pivots(around)
                    .steps(steps)
                    .noise(noise)
                    .state(state)
                    .input(input)
                    .level(level));
            return new Result(
                    Table.read(noise, n), Table.read(state, n), Table.read(input, n), Table.read(level, rows.length));
        }
    }

    private static ProposeArgs proposal(ProposeArgs args, IntPointer table, int rows, int elements) {
        return args.table(table)
                .rows(rows)
                .seed(SEED)
                .elements(elements)
                .lambda(LAMBDA)
                .parents(1)
                .stepCount(1);
    }

    private static double[] uniforms(int... row) {
        try (IntPointer table = Table.rows(row);
                DoublePointer out = new DoublePointer(2)) {
            CPU.uniforms(table, 1, SEED, out);
            return new double[] {out.get(0), out.get(1)};
        }
    }

    private static final float[] STEP = Table.step(12.5, .016, 1.02);

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 783, 784, 12_288})
    void aGlobalCandidateIsTheKeysNormals(int elements) {
        float[] x = Table.random(1, 2 * elements, 50);
        Result r = run(elements, 3, 0, false, x, x, STEP, row(4, 1, 0, 2, 1, Table.GLOBAL));
        assertThat(r.noise).isEqualTo(noise(SEED, elements, row(4, 1, 3, 2, 0, 0)));
        for (int i = 0; i < elements; i++) {
            assertThat((double) r.state[i]).isCloseTo(x[elements + i] + 12.5 * r.noise[i], within(2e-5));
            assertThat(r.input[i]).isEqualTo(STEP[4] * r.state[i]);
        }
        assertThat(r.level).containsExactly(STEP[5]);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 63, 784, 12_288})
    void aLocalCandidateMovesByItsRadiusInTheDirectionOfTheKeysNormals(int elements) {
        float[] pivots = Table.random(2, 2 * elements, 1);
        int[] row = row(4, 1, 2, 1, 1, Table.LOCAL);
        float[] v = noise(SEED, elements, row);
        double length = uniforms(row)[1] * LAMBDA * Math.sqrt(elements);
        double norm = Table.norm(v, 0, elements);
        float[] z = run(elements, 0, 1, false, pivots, pivots, STEP, row).noise;
        double moved = 0;
        for (int i = 0; i < elements; i++) {
            double expected = pivots[elements + i] + length * v[i] / norm;
            assertThat((double) z[i]).isCloseTo(expected, within(1e-6 * (1 + Math.abs(expected))));
            moved += Math.pow((double) z[i] - pivots[elements + i], 2);
        }
        assertThat(Math.sqrt(moved)).isCloseTo(length, within(1e-5 * length + 1e-6));
    }

    @Test
    void theKeysCoinChoosesBetweenGlobalAndLocal() {
        int elements = 96;
        float[] pivots = Table.random(3, elements, 1);
        int globals = 0;
        for (int c = 0; c < 200; c++) {
            int[] coin = row(7, 1, 1, c, 0, Table.COIN),
                    global = row(7, 1, 1, c, 0, Table.GLOBAL),
                    local = row(7, 1, 1, c, 0, Table.LOCAL);
            boolean heads = uniforms(coin)[0] < .4;
            globals += heads ? 1 : 0;
            assertThat(run(elements, 0, .4, false, pivots, pivots, STEP, coin).noise)
                    .isEqualTo(run(elements, 0, .4, false, pivots, pivots, STEP, heads ? global : local).noise);
        }
        assertThat(globals).isBetween(45, 115);
    }

    @Test
    void epsilonOneIsAlwaysGlobalAndEpsilonZeroNever() {
        int elements = 32;
        float[] pivots = Table.random(3, elements, 1);
        int[] coin = row(7, 1, 1, 3, 0, Table.COIN);
        assertThat(run(elements, 0, 1, false, pivots, pivots, STEP, coin).noise).isEqualTo(noise(SEED, elements, coin));
        assertThat(run(elements, 0, 0, false, pivots, pivots, STEP, coin).noise)
                .isEqualTo(run(elements, 0, 0, false, pivots, pivots, STEP, row(7, 1, 1, 3, 0, Table.LOCAL)).noise);
    }

    @Test
    void noneLeavesTheStateAndPivotAddsThePivot() {
        int elements = 130;
        float[] x = Table.random(4, elements, 30), pivots = Table.random(5, elements, 1);
        Result r = run(
                elements,
                0,
                0,
                false,
                x,
                pivots,
                STEP,
                row(0, 1, 0, 0, 0, Table.NONE),
                row(0, 1, 0, 0, 0, Table.PIVOT));
        assertThat(Arrays.copyOf(r.state, elements)).isEqualTo(x);
        assertThat(Arrays.copyOf(r.noise, elements)).containsOnly(0f);
        assertThat(Arrays.copyOfRange(r.noise, elements, 2 * elements)).isEqualTo(pivots);
        for (int i = 0; i < elements; i++) {
            assertThat(r.state[elements + i]).isEqualTo((float) Math.fma(12.5, (double) pivots[i], x[i]));
        }
    }

    @Test
    void onTheSphereALocalCandidateHasTheNormOfNormals() {
        int elements = 784;
        float[] pivots = Table.random(6, elements, 3);
        float[] plain = run(elements, 0, 0, false, pivots, pivots, STEP, row(1, 1, 1, 1, 0, Table.LOCAL)).noise;
        float[] z = run(elements, 0, 0, true, pivots, pivots, STEP, row(1, 1, 1, 1, 0, Table.LOCAL)).noise;
        assertThat(Table.norm(z, 0, elements)).isCloseTo(28, within(1e-4));
        double scale = 28 / Table.norm(plain, 0, elements);
        for (int i = 0; i < elements; i++) {
            assertThat((double) z[i]).isCloseTo(scale * plain[i], within(1e-5));
        }
        assertThat(run(elements, 0, 0, true, pivots, pivots, STEP, row(1, 1, 1, 1, 0, Table.GLOBAL)).noise)
                .as("normals stay as they are")
                .isEqualTo(noise(SEED, elements, row(1, 1, 1, 1, 0, 0)));
    }

    @Test
    void aZeroPivotThatDoesNotMoveStaysZeroOnTheSphere() {
        float[] zero = new float[64];
        try (IntPointer table = Table.rows(row(0, 1, 1, 0, 0, Table.LOCAL));
                FloatPointer pivots = new FloatPointer(zero);
                FloatPointer noise = new FloatPointer(64);
                ProposeArgs args = new ProposeArgs()) {
            CPU.propose(proposal(args, table, 1, 64)
                    .lambda(0)
                    .sphere(true)
                    .pivots(pivots)
                    .noise(noise));
            assertThat(Table.read(noise, 64)).isEqualTo(zero);
        }
    }

    @Test
    void bitsDependNeitherOnTheBatchNorOnWhatElseIsAskedFor() {
        int elements = 3000, rows = 24;
        float[] x = Table.random(7, 4 * elements, 10), pivots = Table.random(8, 4 * elements, 1);
        int[][] table = new int[rows][];
        for (int r = 0; r < rows; r++) {
            table[r] = row(r / 6, 1, 2, r % 6, r / 6, r % 5);
        }
        Result all = run(elements, 1, .4, false, x, pivots, STEP, table);
        for (int r = 0; r < rows; r += 5) {
            Result alone = run(elements, 1, .4, false, x, pivots, STEP, table[r]);
            assertThat(alone.noise).isEqualTo(Arrays.copyOfRange(all.noise, r * elements, (r + 1) * elements));
            assertThat(alone.input).isEqualTo(Arrays.copyOfRange(all.input, r * elements, (r + 1) * elements));
        }
        try (IntPointer rowsTable = Table.rows(table);
                FloatPointer steps = new FloatPointer(STEP);
                FloatPointer from = new FloatPointer(x);
                FloatPointer around = new FloatPointer(pivots);
                FloatPointer out = new FloatPointer((long) rows * elements);
                IntPointer cursor = new IntPointer(new int[] {-2});
                ProposeArgs args = new ProposeArgs()) {
            proposal(args, rowsTable, rows, elements)
                    .round(1)
                    .epsilon(.4)
                    .parents(4)
                    .pivots(around)
                    .x(from)
                    .steps(steps);
            CPU.propose(args.state(out));
            assertThat(Table.read(out, rows * elements)).isEqualTo(all.state);
            CPU.propose(args.state(null).input(out));
            assertThat(Table.read(out, rows * elements)).isEqualTo(all.input);
            CPU.propose(args.input(null).x(null).steps(null).noise(out));
            assertThat(Table.read(out, rows * elements)).isEqualTo(all.noise);
            CPU.propose(args.round(3).cursor(cursor));
            assertThat(Table.read(out, rows * elements)).isEqualTo(all.noise);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void theNetworksInputIsRoundedToNearestEven(int dtype) {
        float[] x = Halves.hardCases();
        try (IntPointer table = Table.rows(row(0, 1, 0, 0, 0, Table.NONE));
                FloatPointer steps = new FloatPointer(Table.step(0, 1, 0));
                FloatPointer from = new FloatPointer(x);
                ShortPointer input = new ShortPointer(x.length);
                ProposeArgs args = new ProposeArgs()) {
            CPU.propose(proposal(args, table, 1, x.length)
                    .x(from)
                    .steps(steps)
                    .input(input)
                    .inputDtype(dtype));
            for (int i = 0; i < x.length; i++) {
                float back = dtype == 1 ? Halves.fromHalf(input.get(i)) : Halves.fromBfloat(input.get(i));
                assertThat(Halves.isNearestEven(x[i], input.get(i), dtype))
                        .as("%s became %s", x[i], back)
                        .isTrue();
            }
        }
    }
}
