package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Affine;
import org.noisetrail.sampler.NoiseAt;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Noises;
import org.noisetrail.testing.Watched;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Ledger;

/** What an engine does to rows, against the same on the host in double. */
class StepEngineTest {
    private static final ImageShape SHAPE = new ImageShape(2, 3, 5);
    private static final int D = SHAPE.elements();
    private static final int IMAGES = 4;

    private record Process(String sampler, Parameterisation parameterisation) {
        Schedule schedule() {
            return Samplers.parse(sampler).schedule(parameterisation);
        }

        Watched network() {
            return new Watched(GaussianMixture.builder(SHAPE, 0)
                    .component(1, .2, -.5)
                    .component(1, .4, .5)
                    .parameterisation(parameterisation)
                    .build());
        }

        @Override
        public String toString() {
            return sampler;
        }
    }

    static List<Process> processes() {
        return List.of(
                new Process("edm:steps=5:s-min=0:s-max=Infinity", Parameterisation.edm(.5)),
                new Process("ddim:steps=5:steps-offset=1", Noises.stableDiffusion(Prediction.V)),
                new Process("euler-ancestral:steps=5", Noises.stableDiffusion(Prediction.EPSILON)),
                new Process("flow-sde:steps=5", Parameterisation.flow()));
    }

    private static StepEngine engine(Process process, Watched network, Ledger ledger) {
        return StepEngine.builder(network, process.schedule())
                .seed(123)
                .maxBatch(3)
                .images(new long[] {10, 11, 12, 13}, Collections.nCopies(IMAGES, Condition.NONE), ledger)
                .build();
    }

    /** Each image's row, named by a round and candidate. */
    private static Draws draws(StepEngine engine, int step, int round, int candidate, NoiseKind kind) {
        Draws.Builder draws = engine.draws(step, IMAGES);
        for (int slot = 0; slot < IMAGES; slot++) {
            draws.add(slot, round, candidate, slot, kind);
        }
        return draws.build();
    }

    private static float[] noise(StepEngine engine, int step, int round, int candidate) {
        try (Draws draws = draws(engine, step, round, candidate, NoiseKind.GLOBAL);
                Rows into = engine.rows(IMAGES)) {
            engine.noise(into, null, draws, Locality.NONE);
            return into.toFloats();
        }
    }

    private static void assertClose(float[] actual, double[] expected) {
        double size = 0;
        for (double value : expected) {
            size = Math.max(size, Math.abs(value));
        }
        for (int j = 0; j < expected.length; j++) {
            assertThat((double) actual[j]).as("element %d", j).isCloseTo(expected[j], within(4e-6 * (1 + size)));
        }
    }

    @ParameterizedTest
    @MethodSource("processes")
    void particlesKeepTheEstimateThatLedToThemWhereverTheyAreCopied(Process process) {
        Ledger ledger = new Ledger(IMAGES);
        try (StepEngine engine = StepEngine.builder(process.network(), process.schedule())
                        .seed(123)
                        .maxBatch(3)
                        .estimates(true)
                        .images(new long[] {10, 11, 12, 13}, Collections.nCopies(IMAGES, Condition.NONE), ledger)
                        .build();
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles x = engine.start(own);
                Draws draws = draws(engine, 1, 0, 7, NoiseKind.GLOBAL);
                Candidates candidates = engine.candidates(IMAGES);
                Particles moved = engine.particles(2 * IMAGES)) {
            engine.advance(candidates, x, null, draws, 3, Locality.NONE);
            engine.score(candidates, draws, Rewards.brightness());
            double[] expected = engine.scores(candidates);
            assertThat(Arrays.stream(expected).distinct().count()).isGreaterThan(1);
            engine.put(candidates.next(), new int[] {5, 2, 7, 0}, moved);
            try (Particles copies = engine.copies(moved, new int[] {0, 2, 5, 7})) {
                assertThat(engine.guard(draws, copies, new int[] {2, 1, 3, 0}, Rewards.brightness()))
                        .isEqualTo(expected);
            }
            for (int slot = 0; slot < IMAGES; slot++) {
                assertThat(ledger.costs(slot).guardCalls()).isEqualTo(1);
                assertThat(ledger.costs(slot).rewardCalls()).isEqualTo(1);
            }
        }
    }

    @Test
    void anEngineThatKeepsNoEstimatesHasNothingToAskAGuardAbout() {
        Process process = new Process("edm:steps=5", Parameterisation.edm(.5));
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles x = engine.start(own);
                Draws draws = draws(engine, 1, 0, 0, NoiseKind.NONE)) {
            assertThatThrownBy(() -> engine.guard(draws, x, new int[] {0, 1, 2, 3}, Rewards.brightness()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the engine keeps no clean estimates");
        }
    }

    @ParameterizedTest
    @MethodSource("processes")
    void aTransitionIsTheTablesAffineUpdate(Process process) {
        Watched network = process.network();
        Ledger ledger = new Ledger(IMAGES);
        Schedule schedule = process.schedule();
        try (StepEngine engine = engine(process, network, ledger);
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles x = engine.start(own);
                Candidates candidates = engine.candidates(IMAGES)) {
            float[] start = x.x().toFloats();
            float[] normals = noise(engine, -1, 0, 0);
            for (int j = 0; j < start.length; j++) {
                assertThat(start[j]).isEqualTo((float) schedule.startScale() * normals[j]);
            }
            boolean after = schedule.noiseAt() == NoiseAt.AFTER;
            assertThat(network.rows).hasSize(after ? IMAGES : 0);
            Step step = schedule.step(0);
            float[] z = noise(engine, 0, 3, 7);
            float[] f1 = after ? x.f().toFloats() : new float[start.length];
            try (Draws draws = draws(engine, 0, 0, 7, NoiseKind.GLOBAL)) {
                engine.advance(candidates, x, null, draws, 3, Locality.NONE);
            }
            assertThat(candidates.noise().toFloats()).isEqualTo(z);
            if (after) {
                double[] next = new double[start.length];
                Affine moved = step.first().next();
                Arrays.setAll(next, j -> moved.x() * start[j] + moved.f1() * f1[j] + step.gain() * z[j]);
                assertClose(candidates.next().x().toFloats(), next);
                float[] y = candidates.next().x().toFloats();
                float[] f2 = candidates.next().f().toFloats();
                double[] clean = new double[start.length];
                Affine estimate = step.second().clean();
                Arrays.setAll(clean, j -> estimate.y() * y[j] + estimate.f2() * f2[j]);
                assertClose(candidates.clean().toFloats(), clean);
                assertThat(network.rows).hasSize(2 * IMAGES);
            } else {
                // What the network saw first is the scaled x^.
                double scale = step.first().inputScale();
                for (int row = 0; row < IMAGES; row++) {
                    // In chunks of three rows: first calls are rows 0 to 2 and 6, second ones 3 to 5 and 7.
                    float[] seen = network.rows.get(row < 3 ? row : 6).input().array();
                    double[] expected = new double[D];
                    int at = row * D;
                    Arrays.setAll(expected, j -> scale * (start[at + j] + step.gain() * z[at + j]));
                    assertClose(seen, expected);
                }
                assertThat(network.rows).hasSize(2 * IMAGES);
            }
            for (int slot = 0; slot < IMAGES; slot++) {
                assertThat(ledger.costs(slot).transitions()).isEqualTo(1);
                assertThat(ledger.costs(slot).networkEvaluations()).isEqualTo(2);
            }
        }
    }

    /** A state a x0 + b n, brought to a' and b' by r x + sqrt(b'^2 - (r b)^2) z, r = a'/a. */
    @ParameterizedTest
    @MethodSource("processes")
    void goingUpAddsWhatTheProcessWouldHaveAdded(Process process) {
        Watched network = process.network();
        Schedule schedule = process.schedule();
        try (StepEngine engine = engine(process, network, new Ledger(IMAGES));
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles low = engine.start(own);
                Particles high = engine.particles(IMAGES);
                Rows fresh = engine.rows(IMAGES)) {
            float[] z = noise(engine, 3, 9, 2);
            float[] x = low.x().toFloats();
            try (Draws draws = draws(engine, 3, 9, 2, NoiseKind.GLOBAL)) {
                engine.noise(fresh, null, draws, Locality.NONE);
                for (int to : new int[] {2, 1, 0}) {
                    network.rows.clear();
                    engine.renoise(draws, low, to, fresh, high);
                    Step above = schedule.step(to);
                    Step below = schedule.step(3);
                    double ratio = above.signal() / below.signal();
                    double b = above.signal() == 0 ? 1 : above.signal() * above.level();
                    double kept = ratio * below.signal() * below.level();
                    double added = Math.sqrt(b * b - kept * kept);
                    assertThat(added).isPositive();
                    double[] expected = new double[x.length];
                    Arrays.setAll(expected, j -> ratio * x[j] + added * z[j]);
                    assertClose(high.x().toFloats(), expected);
                    if (schedule.noiseAt() == NoiseAt.AFTER) {
                        // The particle carries what the network says of it there.
                        assertThat(network.rows).hasSize(IMAGES);
                        assertThat(network.rows)
                                .allMatch(row ->
                                        row.level() == (float) above.first().conditioning());
                    } else {
                        assertThat(network.rows).isEmpty();
                    }
                }
            }
        }
    }

    private static double[] sum(double[] weights, float[][] noises, int row) {
        double[] sum = new double[D];
        for (int m = 0; m < weights.length; m++) {
            for (int j = 0; j < D; j++) {
                sum[j] += weights[m] * noises[m][row * D + j];
            }
        }
        return onSphere(sum);
    }

    private static double[] onSphere(double[] z) {
        double norm = Math.sqrt(Arrays.stream(z).map(v -> v * v).sum());
        return Arrays.stream(z).map(v -> v * Math.sqrt(D) / norm).toArray();
    }

    private static float[] row(float[] rows, int row) {
        return Arrays.copyOfRange(rows, row * D, (row + 1) * D);
    }

    @Test
    void whatNoArrayHoldsIsRefusedBeforeItIsMade() {
        assertThatThrownBy(() -> new ImageShape(3, 30_000, 30_000))
                .hasMessage("an image must have <= 2147483647 elements: 3x30000x30000");
        Process process = processes().get(0);
        Watched network = process.network();
        assertThatThrownBy(() -> StepEngine.builder(network, process.schedule())
                        .decoder(Decoder.identity(new ImageShape(3, 16_384, 16_384)))
                        .images(new long[3], Collections.nCopies(3, Condition.NONE), new Ledger(3))
                        .build())
                .hasMessageContaining("images together x elements must be <= 2147483647")
                .hasMessageContaining("3 x 805306368");
        assertThat(network.rows).isEmpty();
    }

    @Test
    void whatWasMadeBeforeAFailureIsClosed() {
        Process process = processes().get(1);
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES))) {
            // The first time leaves behind what is kept for all that follow.
            failToMake(process, engine);
            long before = NativeObjects.settled();
            failToMake(process, engine);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
    }

    private static void failToMake(Process process, StepEngine engine) {
        assertThatThrownBy(() -> engine.winners(1, new int[2], new double[3]))
                .hasMessage("scores must be 2, one a group: 3");
        Watched failing = process.network();
        assertThatThrownBy(() -> StepEngine.builder(failing, process.schedule())
                        .preview(Decoder.identity(new ImageShape(1, 1, 1)))
                        .images(new long[1], List.of(Condition.NONE), new Ledger(1))
                        .build())
                .hasMessageContaining("preview");
    }

    @Test
    void aCombinationIsTheWeightedSumOfItsNoisesOnTheSphere() {
        Process process = processes().get(0);
        double[][] weights = {{1, 0, 0}, {.5, -1.25, 2}, {0, 0, -1}, {1e-3, 1e-3, 1e-3}};
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                Rows sums = engine.rows(IMAGES)) {
            Draws.Builder terms = engine.draws(2, 0);
            for (int slot = 0; slot < IMAGES; slot++) {
                for (int m = 0; m < 3; m++) {
                    terms.add(slot, 5, m, slot, NoiseKind.GLOBAL);
                }
            }
            try (Draws draws = terms.build()) {
                engine.combine(draws, weights, sums);
            }
            float[][] noises = {noise(engine, 2, 5, 0), noise(engine, 2, 5, 1), noise(engine, 2, 5, 2)};
            for (int row = 0; row < IMAGES; row++) {
                assertClose(row(sums.toFloats(), row), sum(weights[row], noises, row));
            }
            for (double norm : engine.norms(sums)) {
                assertThat(norm).isCloseTo(1, within(1e-6));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-9, .2, .5, 1})
    void aMixtureOfTwoNoisesIsAsLongAsEach(double share) {
        Process process = processes().get(0);
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                Draws one = draws(engine, 2, 5, 0, NoiseKind.GLOBAL);
                Draws other = draws(engine, 2, 5, 1, NoiseKind.GLOBAL);
                Rows before = engine.rows(IMAGES);
                Rows fresh = engine.rows(IMAGES);
                Rows into = engine.rows(IMAGES)) {
            engine.noise(before, null, one, Locality.NONE);
            engine.noise(fresh, null, other, Locality.NONE);
            float[] x = before.toFloats();
            float[] z = fresh.toFloats();
            double[] expected = new double[x.length];
            Arrays.setAll(expected, j -> Math.sqrt(1 - share * share) * x[j] + share * z[j]);
            engine.mix(before, share, fresh, into);
            assertClose(into.toFloats(), expected);
            engine.mix(before, share, fresh, before);
            assertThat(before.toFloats()).as("in place").isEqualTo(into.toFloats());
        }
    }

    @Test
    void aShiftMovesTheNoiseAlongWhatTheEstimatesSay() {
        Process process = processes().get(1);
        int size = 3;
        double[][] weights = {{1, 0, -1}, {.5, -1.25, 2}, {0, 0, 0}, {3, -3, .1}};
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles x = engine.start(own);
                Candidates many = engine.candidates(IMAGES * size);
                Rows noise = engine.rows(IMAGES);
                Rows moved = engine.rows(IMAGES)) {
            Draws.Builder builder = engine.draws(0, IMAGES * size);
            for (int slot = 0; slot < IMAGES; slot++) {
                for (int m = 0; m < size; m++) {
                    builder.add(slot, 1, m, slot, NoiseKind.GLOBAL);
                }
            }
            try (Draws draws = builder.build();
                    Draws step = draws(engine, 0, 0, 0, NoiseKind.GLOBAL)) {
                engine.advance(many, x, null, draws, 0, Locality.NONE);
                engine.noise(noise, null, step, Locality.NONE);
                engine.shift(many, weights, 4, noise, moved);
            }
            float[] clean = many.clean().toFloats();
            float[] z = noise.toFloats();
            for (int g = 0; g < IMAGES; g++) {
                double[] h = new double[D];
                for (int j = 0; j < D; j++) {
                    double mean = 0;
                    for (int m = 0; m < size; m++) {
                        mean += clean[(g * size + m) * D + j] / (double) size;
                    }
                    for (int m = 0; m < size; m++) {
                        h[j] += weights[g][m] * (clean[(g * size + m) * D + j] - mean);
                    }
                }
                double length = Math.sqrt(Arrays.stream(h).map(v -> v * v).sum());
                float[] before = row(z, g);
                double[] expected = new double[D];
                if (length == 0) {
                    Arrays.setAll(expected, j -> before[j]);
                } else {
                    double along = 0;
                    for (int j = 0; j < D; j++) {
                        along += before[j] * h[j] / length;
                    }
                    double part = along;
                    Arrays.setAll(expected, j -> before[j] + (4 - part) * h[j] / length);
                }
                float[] actual = row(moved.toFloats(), g);
                double[] wanted = onSphere(expected);
                for (int j = 0; j < D; j++) {
                    assertThat((double) actual[j]).isCloseTo(wanted[j], within(2e-5));
                }
            }
        }
    }

    /** A step's two evaluations one after the other, for the winner alone, are the whole step. */
    @Test
    void aScreenedTransitionThatIsCompletedIsTheWholeTransition() {
        Process process = processes().get(0);
        Watched network = process.network();
        try (StepEngine engine = engine(process, network, new Ledger(IMAGES));
                Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                Particles x = engine.start(own);
                Candidates whole = engine.candidates(IMAGES);
                Candidates first = engine.candidates(IMAGES);
                Candidates completed = engine.candidates(IMAGES);
                Particles halfway = engine.halfway(IMAGES);
                Draws draws = draws(engine, 0, 4, 1, NoiseKind.GLOBAL);
                Winners winners = engine.winners(1, new int[] {3, 2, 1, 0})) {
            engine.advance(whole, x, null, draws, 0, Locality.NONE);
            network.rows.clear();
            engine.screen(first, x, null, draws, 0, Locality.NONE);
            assertThat(network.rows).hasSize(IMAGES);
            engine.score(first, draws, org.noisetrail.reward.Rewards.brightness());
            engine.select(first, winners, false, null, halfway);
            engine.complete(completed, halfway, new int[] {3, 2, 1, 0}, draws);
            assertThat(network.rows).hasSize(2 * IMAGES);
            assertThat(completed.next().x().toFloats())
                    .isEqualTo(whole.next().x().toFloats());
        }
    }

    @Test
    void anEngineLeavesNoNativeObjectsBehind() {
        for (int round = 0; round < 2; round++) {
            long before = NativeObjects.settled();
            for (Process process : processes()) {
                try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                        Draws own = draws(engine, -1, 0, 0, NoiseKind.GLOBAL);
                        Particles x = engine.start(own);
                        Candidates candidates = engine.candidates(IMAGES);
                        Draws draws = draws(engine, 0, 0, 0, NoiseKind.GLOBAL)) {
                    engine.advance(candidates, x, null, draws, 0, Locality.NONE);
                    noise(engine, 1, 1, 1);
                }
            }
            if (round > 0) {
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
            }
        }
    }

    @Test
    void aTableWithoutRowsIsRefused() {
        Process process = processes().get(0);
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES))) {
            assertThatThrownBy(() -> engine.draws(0, 4).build()).hasMessage("rows must be >= 1: 0");
        }
    }

    /** Of three candidates one has no finite estimate: the noise moves as the two others say. */
    @Test
    void anEstimateThatIsNotFiniteSaysNothingOfWhereTo() {
        Process process = processes().get(1);
        try (StepEngine engine = engine(process, process.network(), new Ledger(IMAGES));
                Candidates three = engine.candidates(3);
                Candidates two = engine.candidates(2);
                Candidates none = engine.candidates(2);
                Rows z = engine.rows(1);
                Rows with = engine.rows(1);
                Rows without = engine.rows(1)) {
            Draws.Builder row = engine.draws(0, 1).add(0, 0, 0, 0, NoiseKind.GLOBAL);
            try (Draws draws = row.build()) {
                engine.noise(z, null, draws, Locality.NONE);
            }
            float[] clean = new float[3 * D];
            for (int j = 0; j < clean.length; j++) {
                clean[j] = (float) Math.sin(j);
            }
            set(two.clean(), Arrays.copyOf(clean, 2 * D));
            clean[2 * D + 1] = Float.NaN;
            clean[2 * D + 4] = Float.NEGATIVE_INFINITY;
            set(three.clean(), clean);
            engine.shift(three, new double[][] {{.5, -1.25, 2}}, 4, z, with);
            engine.shift(two, new double[][] {{.5, -1.25}}, 4, z, without);
            assertThat(with.toFloats()).isEqualTo(without.toFloats());
            float[] broken = new float[2 * D];
            Arrays.fill(broken, Float.NaN);
            set(none.clean(), broken);
            engine.shift(none, new double[][] {{.5, -1.25}}, 4, z, with);
            double[] own = new double[D];
            float[] before = z.toFloats();
            Arrays.setAll(own, j -> before[j]);
            assertClose(with.toFloats(), onSphere(own));
        }
    }

    private static void set(Rows rows, float[] values) {
        try (Tensor made =
                Tensors.of(Device.CPU, values, rows.rows(), SHAPE.channels(), SHAPE.height(), SHAPE.width())) {
            rows.set(0, made);
        }
    }
}
