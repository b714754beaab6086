package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.noise.Move;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;

/** What a time limit leaves of a search: whole images whose trails replay, at the cost of no more than a plain trajectory. */
class AnytimeTest {
    private static final int IMAGES = 3;
    private static final Duration LIMIT = Duration.ofMillis(40);

    private final ManualClock clock = new ManualClock();

    /** Another denoiser, one of whose calls outlasts the limit. */
    private final class Stalling extends Wrapped {
        private final int late;
        private int calls;
        long rowsAfter;

        Stalling(Denoiser inner, int late) {
            super(inner);
            this.late = late;
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            calls++;
            if (calls == late) {
                clock.pass(LIMIT);
            } else if (calls > late) {
                rowsAfter += input.size(0);
            }
            return super.network(input, level, conditions, entries);
        }
    }

    private Search.Builder search(Denoiser denoiser) {
        return clock.of(Search.builder(denoiser)).timeLimit(LIMIT);
    }

    static Stream<Arguments> cases() {
        return MethodContractTest.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereverTimeIsUpAWholeImageIsLeftThatReplays(String text, SmallWorld world) {
        for (int late : new int[] {1, 7, 16}) {
            isWholeAndReplays(Methods.parse(text), world, late);
        }
    }

    @Test
    void aBeamThatLooksAheadWithoutNoiseTellsNoStandOfThat() {
        // Noise at every step, and a look over several of them.
        SmallWorld world = SmallWorld.edm(new EdmSampler(8, .02, 80, 7, 40, 1, 50, 1), .3, -.4, .4);
        Method method = Methods.parse("lookahead-beam:candidates=2:beams=1:lookahead=4");
        for (int late = 1; late <= 60; late++) {
            isWholeAndReplays(method, world, late);
        }
    }

    private void isWholeAndReplays(Method method, SmallWorld world, int late) {
        Stalling stalling = new Stalling(world.denoiser(), late);
        long pointers = NativeObjects.settled();
        SearchResult result = search(stalling)
                .sampler(world.sampler())
                .method(method)
                .reward(Rewards.brightness())
                .seed(5)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        assertThat(stalling.rowsAfter)
                .isLessThanOrEqualTo(IMAGES * world.schedule().evaluations());
        Trail trail = Trail.parse("test", result.trail().toJson());
        SearchResult replayed = trail.replay(world.denoiser(), 64, SearchListener.NONE);
        for (int i = 0; i < IMAGES; i++) {
            ImageResult image = result.images().get(i);
            assertThat(image.state()).isEqualTo(replayed.images().get(i).state());
            assertThat(image.pivotNorm()).isEqualTo(replayed.images().get(i).pivotNorm());
            assertThat(image.reward()).isCloseTo(SmallWorld.brightness(image.pixels()), within(1e-12));
        }
    }

    @Test
    void whatWasNoNumberBeforeTimeWasUpIsTold() {
        AtomicInteger asked = new AtomicInteger();
        Reward nan = Reward.of("nan", image -> {
            asked.incrementAndGet();
            return Double.NaN;
        });
        SmallWorld world = SmallWorld.edm();
        SearchResult result = search(new Stalling(world.denoiser(), 7))
                .sampler(world.sampler())
                .method(Methods.parse("beam:candidates=3:beams=2"))
                .reward(nan)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        long told = result.images().stream().mapToLong(ImageResult::nanScores).sum();
        // The final images are judged once more, and are no candidates.
        assertThat(told).isPositive().isEqualTo(asked.get() - IMAGES);
    }

    @Test
    void whatHasComeToItsEndIsKept() {
        SmallWorld world = SmallWorld.edm();
        long calls = world.schedule().evaluations();
        // Chains go one after the other: time is up in the third.
        Search.Builder search = search(new Stalling(world.denoiser(), (int) (2 * calls + 5)))
                .sampler(world.sampler())
                .method(new BestOfN(5))
                .reward(Rewards.brightness())
                .seed(5)
                .maxBatch(1);
        ImageResult cut = search.build().run(ImageRequest.of(0, 1)).images().get(0);
        ImageResult two = world.search(new BestOfN(2))
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(cut.state()).isEqualTo(two.state());
        assertThat(cut.reward()).isEqualTo(two.reward());
        assertThat(cut.costs().networkEvaluations()).isEqualTo(2 * calls + 5);
    }

    @Test
    void ofSeveralEndsTheBestIsKept() {
        SmallWorld world = SmallWorld.ddim();
        for (int ends = 1; ends < 8; ends++) {
            ImageResult free = world.search(Methods.parse("dts:iterations=" + ends))
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            // Time is up on the way to one end more.
            int late = (int) free.costs().networkEvaluations() + 1;
            ImageResult cut = search(new Stalling(world.denoiser(), late))
                    .sampler(world.sampler())
                    .method(Methods.parse("dts:iterations=8"))
                    .reward(Rewards.brightness())
                    .seed(5)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            assertThat(cut.costs().networkEvaluations()).isEqualTo(late);
            assertThat(cut.state()).isEqualTo(free.state());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aBudgetIsNotOverspentWhereTimeIsUp(String text, SmallWorld world) {
        long budget = 2 * world.schedule().evaluations() + 1;
        SearchResult result = search(new Stalling(world.denoiser(), 9))
                .sampler(world.sampler())
                .method(Methods.parse(text))
                .reward(Rewards.brightness())
                .budget(budget)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
    }

    /** Scores as brightness does, and takes some time a call; how often, {@code calls} counts. */
    private final class Slow implements Reward {
        private final Duration time;
        int calls;

        Slow(Duration time) {
            this.time = time;
        }

        @Override
        public String name() {
            return "slow";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            calls++;
            clock.pass(time);
            Rewards.brightness().score(images, scores);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSlowRewardIsAskedWhileThereIsTimeAndForTheFinalImages(String text, SmallWorld world) {
        Slow free = new Slow(Duration.ZERO);
        Search.Builder search = clock.of(world.search(Methods.parse(text))).decodeBatch(1);
        search.reward(free).build().run(ImageRequest.of(0, IMAGES));
        Slow slow = new Slow(Duration.ofMillis(30));
        SearchResult result =
                search.reward(slow).timeLimit(Duration.ofMillis(250)).build().run(ImageRequest.of(0, IMAGES));
        // The last of nine runs when time is up. Three calls' time is kept for the final images: the sixth leaves less.
        assertThat(slow.calls).isBetween(Math.min(free.calls, 6), 9 + IMAGES);
        result.images()
                .forEach(image ->
                        assertThat(image.reward()).isCloseTo(SmallWorld.brightness(image.pixels()), within(1e-12)));
    }

    @Test
    void imagesThatDoNotGoTogetherShareTheTime() {
        SmallWorld world = SmallWorld.edm();
        SearchResult result = clock.of(world.search(
                        LocalSearch.builder().candidates(2).rounds(2000).build()))
                .reward(new Slow(Duration.ofMillis(2)))
                .maxBatch(1)
                .timeLimit(Duration.ofMillis(1200))
                .build()
                .run(ImageRequest.of(0, IMAGES));
        // Each has 400 ms, which the two candidates of 200 rounds take, and its plain end no time.
        assertThat(result.images())
                .extracting(image -> image.costs().networkEvaluations())
                .allSatisfy(evaluations -> assertThat(evaluations)
                        .isBetween(390L, 400 + world.schedule().evaluations()));
    }

    @Test
    void aLimitThatIsNotReachedChangesNothing() {
        for (SmallWorld world : List.of(SmallWorld.edm(), SmallWorld.ddim())) {
            for (String text : MethodContractTest.texts()) {
                List<ImageRequest> images = ImageRequest.of(0, IMAGES);
                SearchResult free = world.search(Methods.parse(text)).build().run(images);
                SearchResult timed = world.search(Methods.parse(text))
                        .timeLimit(Duration.ofHours(1))
                        .build()
                        .run(images);
                for (int i = 0; i < IMAGES; i++) {
                    assertThat(timed.images().get(i).state())
                            .isEqualTo(free.images().get(i).state());
                    assertThat(timed.images().get(i).recipe())
                            .isEqualTo(free.images().get(i).recipe());
                    assertThat(timed.images().get(i).costs())
                            .isEqualTo(free.images().get(i).costs());
                }
            }
        }
    }

    /** Time is up when a step's candidates have been judged: an image goes on from the best of them, as it would have. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "lookahead-beam:candidates=4:beams=1:lookahead=2",
                "beam:candidates=4:beams=1",
                "svdd:proposals=4",
                "eps-greedy:rounds=1:epsilon=1"
            })
    void whatWasChosenBeforeTimeWasUpIsGoneOnFrom(String text) {
        // Noise at every step but the first and the last two.
        SmallWorld world = SmallWorld.edm(new EdmSampler(8, .02, 80, 7, 40, 1, 50, 1), .3, -.4, .4);
        int[] calls = {0};
        Reward slow = new Reward() {
            @Override
            public String name() {
                return "slow";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                Rewards.brightness().score(images, scores);
                // Less from step to step: what was chosen is worth less than what it comes from.
                double[] falling = Tensors.toDoubles(scores);
                Arrays.setAll(falling, row -> falling[row] - calls[0]);
                Tensors.copy(falling, scores);
                if (++calls[0] == 3) {
                    clock.pass(LIMIT);
                }
            }
        };
        Search.Builder search = world.search(Methods.parse(text));
        SearchResult whole = search.build().run(ImageRequest.of(0, IMAGES));
        SearchResult cut =
                clock.of(search).reward(slow).timeLimit(LIMIT).build().run(ImageRequest.of(0, IMAGES));
        for (int i = 0; i < IMAGES; i++) {
            List<Move> moves = cut.images().get(i).recipe().moves();
            assertThat(moves.subList(0, 4))
                    .isEqualTo(whole.images().get(i).recipe().moves().subList(0, 4));
            assertThat(moves.stream().filter(move -> !move.draws().isEmpty())).hasSize(3);
        }
    }
}
