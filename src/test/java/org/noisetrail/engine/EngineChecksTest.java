package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Noises;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.trace.Ledger;

/** What a method asks of an engine that has no room for it: one line, before a kernel writes past anything. */
class EngineChecksTest {
    private static final int IMAGES = 4;

    private final Denoiser network = GaussianMixture.builder(new ImageShape(1, 2, 3), 0)
            .component(1, .3, 0)
            .parameterisation(Noises.stableDiffusion(Prediction.EPSILON))
            .build();
    private final Schedule schedule = Samplers.parse("ddim:steps=5").schedule(network.parameterisation());
    private StepEngine engine;
    private Particles four;

    private StepEngine.Builder builder(Denoiser denoiser) {
        return StepEngine.builder(denoiser, schedule)
                .images(new long[] {0, 1, 2, 3}, Collections.nCopies(IMAGES, Condition.NONE), new Ledger(IMAGES));
    }

    @BeforeEach
    void open() {
        engine = builder(network).build();
        try (Draws own = draws(-1, IMAGES)) {
            four = engine.start(own);
        }
    }

    @AfterEach
    void close() {
        four.close();
        engine.close();
    }

    /** So many rows, each with a parent of its own among four. */
    private Draws draws(int step, int rows) {
        Draws.Builder draws = engine.draws(step, rows);
        for (int row = 0; row < rows; row++) {
            draws.add(row % IMAGES, 1, row, row % IMAGES, Kind.GLOBAL);
        }
        return draws.build();
    }

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void candidatesTakeNoMoreRowsThanTheyHold() {
        try (Draws eight = draws(0, 8);
                Draws other = draws(1, 8);
                Particles halfway = engine.halfway(8);
                Candidates candidates = engine.candidates(IMAGES)) {
            String message = "rows must be <= 4, the candidates' capacity: 8";
            refused(message, () -> engine.advance(candidates, four, null, eight, 0, Locality.NONE));
            refused(message, () -> engine.screen(candidates, four, null, eight, 0, Locality.NONE));
            Trial trial = new Trial(four, null, eight, 0, Locality.NONE);
            refused(message, () -> engine.compete(candidates, trial, Rewards.brightness(), Rivals.of(4, 2)));
            refused(message, () -> engine.complete(candidates, halfway, new int[8], other));
            refused("sources must be 8, one a row: 3", () -> engine.complete(candidates, halfway, new int[3], other));
        }
    }

    @Test
    void whatIsWholeIsNotMadeWholeAgain() {
        try (Candidates whole = engine.candidates(IMAGES);
                Candidates into = engine.candidates(IMAGES);
                Draws draws = draws(0, IMAGES)) {
            engine.screen(whole, four, null, draws, 0, Locality.NONE); // a step of one evaluation
            refused(
                    "screened must be rows of a screen of two evaluations: step 0 made them whole",
                    () -> engine.complete(into, whole, new int[] {0, 1, 2, 3}, draws));
        }
    }

    @Test
    void nothingIsCopiedToOrFromARowThatIsNotThere() {
        try (Particles two = engine.particles(2);
                Rows rows = engine.rows(2)) {
            refused("targets must be from 0 to 1: 9", () -> engine.put(four, new int[] {0, 9}, two));
            refused("targets must be from 0 to 1: -1", () -> engine.put(four, new int[] {0, -1}, two));
            refused("targets must be from 0 to 1: 2", () -> engine.put(four.x(), new int[] {0, 1, 2}, rows));
            refused("sources must be from 0 to 3: 4", () -> engine.gather(four.x(), new int[] {4}, rows));
            refused("rows must be >= 3: 2", () -> engine.gather(four.x(), new int[3], rows));
            refused("sources must be from 0 to 3: -1", () -> engine.copies(four, new int[] {-1}));
            refused(
                    "sources must be as many as targets, 1: 2",
                    () -> engine.copy(four, new int[] {0, 1}, new int[] {0}, two));
            refused("rows must be >= 3: 2", () -> engine.put(two.x(), new int[] {0, 1, 2}, four.x()));
        }
    }

    @Test
    void winnersLieInWhatTakesThem() {
        refused("targets must be >= 0: -1", () -> engine.winners(1, new int[] {0, -1}));
        try (Draws eight = draws(0, 8);
                Candidates candidates = engine.candidates(8);
                Particles five = engine.particles(5);
                Rows three = engine.rows(3);
                Winners winners = engine.winners(2, new int[] {0, 4});
                Winners threes = engine.winners(2, new int[] {0, 1, 2})) {
            engine.advance(candidates, four, null, eight, 0, Locality.NONE);
            engine.score(candidates, eight, Rewards.brightness());
            refused("rows must be >= 5: 4", () -> engine.select(candidates, winners, false, null, four));
            refused("rows must be >= 5: 3", () -> engine.select(candidates, winners, false, three, five));
            refused(
                    "rows must be as many for each of 3 groups: 8",
                    () -> engine.select(candidates, threes, false, null, five));
        }
    }

    @Test
    void noiseAndItsSumsFitWhatTakesThem() {
        try (Draws eight = draws(0, 8);
                Draws four = draws(0, 4);
                Rows rows = engine.rows(IMAGES);
                Rows one = engine.rows(1)) {
            refused("rows must be >= 8: 4", () -> engine.noise(rows, null, eight, Locality.NONE));
            refused("rows must be >= 4: 1", () -> engine.noise(rows, one, four, Locality.NONE));
            refused("rows must be >= 2: 1", () -> engine.combine(eight, new double[2][4], one));
            refused("terms must be 12, one a weight: 8", () -> engine.combine(eight, new double[3][4], rows));
            refused(
                    "weights must be 4 in each row: 3",
                    () -> engine.combine(eight, new double[][] {new double[4], new double[3]}, rows));
            refused(
                    "weights must be 4 in each row: 5",
                    () -> engine.resample(new double[][] {new double[4], new double[5]}, new double[2]));
            refused("uniforms must be 2, one a group: 1", () -> engine.resample(new double[2][4], new double[1]));
        }
    }

    @Test
    void whatIsNoisedAgainHasARowForEachOfTheDraws() {
        try (Draws draws = draws(3, IMAGES);
                Particles two = engine.particles(2);
                Rows noise = engine.rows(IMAGES)) {
            refused("rows must be >= 4: 2", () -> engine.renoise(draws, four, 1, noise, two));
            refused("rows must be >= 4: 2", () -> engine.renoise(draws, two, 1, noise, four));
        }
    }

    @Test
    void whatIsTriedStartsFromWhatIsThere() {
        try (Draws draws = draws(0, IMAGES);
                Particles two = engine.particles(2);
                Rows rows = engine.rows(3)) {
            refused("rows must be >= 4: 3", () -> new Trial(four, rows, draws, 0, Locality.NONE));
            refused("rows must be >= 4: 2", () -> new Trial(two, null, draws, 0, Locality.NONE));
            refused("round must be from 0 to 65534: 65535", () -> new Trial(four, null, draws, 65535, Locality.NONE));
        }
    }

    @Test
    void aNameOutOfRangeIsNoOtherNoisesName() {
        Draws.Builder draws = engine.draws(0, 1);
        refused("candidate must be from 0 to 65535: 65536", () -> draws.add(0, 0, 65536, 0, Kind.GLOBAL));
        refused("candidate must be from 0 to 65535: -1", () -> draws.add(0, 1, -1, 0, Kind.GLOBAL));
        refused("round must be from 0 to 65535: 65536", () -> draws.add(0, 65536, 0, 0, Kind.GLOBAL));
        refused("round must be from 0 to 65535: -1", () -> draws.add(0, -1, 0, 0, Kind.GLOBAL));
        refused("parent must be from 0 to 2147483646: -1", () -> draws.add(0, 0, 0, -1, Kind.GLOBAL));
        refused("slot must be from 0 to 3: 4", () -> draws.add(4, 0, 0, 0, Kind.GLOBAL));
        draws.add(3, 65535, 65535, Integer.MAX_VALUE - 1, Kind.GLOBAL);
    }

    @Test
    void anEngineOfNoSizeIsRefused() {
        refused("max-batch must be >= 1: 0", () -> builder(network).maxBatch(0));
        refused("decode-batch must be >= 1: 0", () -> builder(network).decodeBatch(0));
        refused("hands must be >= 1: 0", () -> builder(network).hands(0));
        refused(
                "conditions must be 2, one an image: 1",
                () -> builder(network).images(new long[2], List.of(Condition.NONE), new Ledger(2)));
    }

    /** What it encodes cannot be closed. */
    private static final class Stuck extends Wrapped {
        Stuck(Denoiser inner) {
            super(inner);
        }

        @Override
        public Conditioning encode(List<Condition> conditions) {
            Conditioning encoded = inner.encode(conditions);
            return new Conditioning() {
                @Override
                public int entries() {
                    return encoded.entries();
                }

                @Override
                public void close() {
                    encoded.close();
                    throw new IllegalStateException("stuck");
                }
            };
        }
    }

    @Test
    void aPartThatCannotBeClosedLeavesNoOtherOpen() {
        for (int round = 0; round < 2; round++) {
            long before = NativeObjects.settled();
            StepEngine stuck = builder(new Stuck(network)).build();
            assertThatThrownBy(stuck::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("stuck");
            if (round > 0) {
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
            }
        }
    }
}
