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
            draws.add(row % IMAGES, 1, row, row % IMAGES, NoiseKind.GLOBAL);
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
    void aStepThatIsNotThereHasNoDraws() {
        refused("step must be from -1 to 4: -2", () -> engine.draws(-2, 1));
        refused("step must be from -1 to 4: 5", () -> engine.draws(5, 1));
        refused("capacity must be from 0 to 2147483647: -5", () -> engine.draws(0, -5));
    }

    @Test
    void initialStatesAreStartedAndOthersGoOn() {
        try (Draws initial = draws(-1, IMAGES);
                Draws second = draws(1, IMAGES);
                Rows noise = engine.rows(IMAGES);
                Particles halfway = engine.halfway(IMAGES);
                Candidates candidates = engine.candidates(IMAGES)) {
            refused("step must be -1: 1", () -> engine.start(second));
            refused("step must be -1: 1", () -> engine.start(second, noise));
            String message = "step must be from 0 to 4: -1";
            refused(message, () -> engine.advance(candidates, four, null, initial, 0, Locality.NONE));
            refused(message, () -> engine.screen(candidates, four, null, initial, 0, Locality.NONE));
            refused(message, () -> new Trial(four, null, initial, 0, Locality.NONE));
            refused(message, () -> engine.complete(candidates, halfway, new int[IMAGES], initial));
            refused(message, () -> engine.renoise(initial, four, 0, noise, four));
        }
    }

    @Test
    void onlyRowsThatAreThereAreJudged() {
        Ledger ledger = new Ledger(IMAGES);
        try (StepEngine own = builder(network)
                        .images(new long[] {0, 1, 2, 3}, Collections.nCopies(IMAGES, Condition.NONE), ledger)
                        .estimates(true)
                        .build();
                Draws eight = draws(4, 8);
                Draws some = draws(4, IMAGES);
                Particles particles = own.particles(IMAGES);
                Candidates candidates = own.candidates(8)) {
            own.advance(candidates, particles, null, some, 0, Locality.NONE);
            String candidatesMessage = "draws must be <= 4, the candidates' rows: 8";
            refused(candidatesMessage, () -> own.score(candidates, eight, Rewards.brightness()));
            refused(candidatesMessage, () -> own.judge(candidates, eight, List.of(Rewards.brightness())));
            refused(candidatesMessage, () -> own.heldOut(candidates, eight, List.of(Rewards.brightness())));
            String message = "rows must be >= 8: 4";
            refused(message, () -> own.judge(particles.x(), eight, Rewards.brightness()));
            refused(message, () -> own.finish(particles.x(), eight, Rewards.brightness(), null));
            refused(
                    "rows must be 4, one a row of draws: 5",
                    () -> own.guard(some, particles, new int[5], Rewards.brightness()));
            assertThat(ledger.costs(0).rewardCalls()).isZero();
            assertThat(ledger.costs(0).guardCalls()).isZero();
        }
    }

    @Test
    void whatIsClosedIsRefused() {
        Draws draws = draws(0, IMAGES);
        Draws initial = draws(-1, IMAGES);
        Candidates candidates = engine.candidates(IMAGES);
        Particles particles = engine.particles(IMAGES);
        Rows rows = engine.rows(IMAGES);
        Winners winners = engine.winners(1, new int[] {0, 1, 2, 3});
        Norms norms = engine.norms(IMAGES);
        try (Draws open = draws(0, IMAGES);
                Candidates others = engine.candidates(IMAGES);
                Particles next = engine.particles(IMAGES)) {
            engine.advance(others, four, null, open, 0, Locality.NONE);
            engine.score(others, open, Rewards.brightness());
            draws.close();
            initial.close();
            candidates.close();
            particles.close();
            rows.close();
            winners.close();
            norms.close();
            String place = "the place is closed";
            closed(place, () -> engine.advance(others, four, null, draws, 0, Locality.NONE));
            closed(place, () -> engine.score(others, draws, Rewards.brightness()));
            closed(place, () -> engine.noise(next.x(), null, draws, Locality.NONE));
            closed(place, () -> engine.start(initial));
            closed(place, () -> engine.select(others, winners, false, null, next));
            closed(place, winners::read);
            closed(place, winners::scores);
            closed(place, norms::read);
            closed(place, () -> engine.scores(candidates));
            String states = "the rows are closed";
            closed(states, () -> engine.advance(candidates, four, null, open, 0, Locality.NONE));
            closed(states, () -> engine.advance(others, particles, null, open, 0, Locality.NONE));
            closed(states, () -> engine.noise(rows, null, open, Locality.NONE));
            closed(states, () -> engine.gather(rows, new int[] {0}, next.x()));
            closed(states, () -> engine.gather(next.x(), new int[] {0}, rows));
            closed(states, () -> engine.mix(next.x(), .5, next.x(), rows));
            closed(states, () -> engine.mix(rows, .5, next.x(), next.x()));
            closed(states, () -> engine.judge(rows, open, Rewards.brightness()));
            closed(states, () -> engine.norms(rows));
            closed(states, rows::toFloats);
        }
    }

    private static void closed(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessage(message);
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
        refused("targets must be >= 1, one a group: 0", () -> engine.winners(1, new int[0]));
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
            Trial trial = new Trial(four, null, eight, 0, Locality.NONE, winners);
            refused(
                    "rows must be >= 5: 4",
                    () -> engine.round(candidates, trial, Rewards.brightness(), false, false, four));
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
            String none = "weights must be at least one row of at least one: ";
            refused(none + "0 rows", () -> engine.resample(new double[0][], new double[0]));
            refused(none + "2 rows", () -> engine.resample(new double[2][0], new double[2]));
            refused(none + "0 rows", () -> engine.combine(eight, new double[0][], rows));
            refused(none + "2 rows", () -> engine.combine(eight, new double[2][0], rows));
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
            refused("to must be from 0 to 3: 9", () -> engine.renoise(draws, four, 9, noise, four));
            refused("to must be from 0 to 3: -1", () -> engine.renoise(draws, four, -1, noise, four));
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
        refused("candidate must be from 0 to 65535: 65536", () -> draws.add(0, 0, 65536, 0, NoiseKind.GLOBAL));
        refused("candidate must be from 0 to 65535: -1", () -> draws.add(0, 1, -1, 0, NoiseKind.GLOBAL));
        refused("round must be from 0 to 65535: 65536", () -> draws.add(0, 65536, 0, 0, NoiseKind.GLOBAL));
        refused("round must be from 0 to 65535: -1", () -> draws.add(0, -1, 0, 0, NoiseKind.GLOBAL));
        refused("parent must be from 0 to 2147483646: -1", () -> draws.add(0, 0, 0, -1, NoiseKind.GLOBAL));
        refused("slot must be from 0 to 3: 4", () -> draws.add(4, 0, 0, 0, NoiseKind.GLOBAL));
        draws.add(3, 65535, 65535, Integer.MAX_VALUE - 1, NoiseKind.GLOBAL);
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
