package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Wrapped;

/** What a time limit leaves of a search: whole images whose trails replay, at the cost of no more than a plain trajectory. */
class AnytimeTest {
    private static final int IMAGES = 3;
    private static final Duration LIMIT = Duration.ofMillis(40);

    /** Another denoiser, one of whose calls outlasts the limit. */
    private static final class Stalling extends Wrapped {
        private final int late;
        private final Duration limit;
        private int calls;
        long rowsAfter;

        Stalling(Denoiser inner, int late, Duration limit) {
            super(inner);
            this.late = late;
            this.limit = limit;
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            calls++;
            if (calls == late) {
                sleep(limit);
            } else if (calls > late) {
                rowsAfter += input.size(0);
            }
            return super.network(input, level, conditions, entries);
        }
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<Arguments> cases() {
        List<String> paper =
                List.of("naive", "mcts:simulations=3", "eps-greedy:rounds=2:score-at-first", "zero-order:rounds=2");
        return Stream.concat(paper.stream(), MethodContractTest.texts().stream())
                .flatMap(
                        text -> Stream.of(SmallWorld.edm(), SmallWorld.ddim()).map(world -> Arguments.of(text, world)));
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

    private static void isWholeAndReplays(Method method, SmallWorld world, int late) {
        Stalling stalling = new Stalling(world.denoiser(), late, LIMIT);
        long pointers = NativeObjects.settled();
        SearchResult result = Search.builder(stalling)
                .sampler(world.sampler())
                .method(method)
                .reward(Rewards.brightness())
                .seed(5)
                .timeLimit(LIMIT)
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
        SearchResult result = Search.builder(new Stalling(world.denoiser(), 7, LIMIT))
                .sampler(world.sampler())
                .method(Methods.parse("beam:candidates=3:beams=2"))
                .reward(nan)
                .timeLimit(LIMIT)
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
        // Chains go one after the other: time is up in the third, and on a busy machine, too, not before.
        Duration limit = Duration.ofSeconds(2);
        Stalling stalling = new Stalling(world.denoiser(), (int) (2 * calls + 5), limit);
        Search.Builder search = Search.builder(stalling)
                .sampler(world.sampler())
                .method(new BestOfN(5))
                .reward(Rewards.brightness())
                .seed(5)
                .maxBatch(1)
                .timeLimit(limit);
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

    @ParameterizedTest
    @MethodSource("cases")
    void aBudgetIsNotOverspentWhereTimeIsUp(String text, SmallWorld world) {
        long budget = 2 * world.schedule().evaluations() + 1;
        SearchResult result = Search.builder(new Stalling(world.denoiser(), 9, LIMIT))
                .sampler(world.sampler())
                .method(Methods.parse(text))
                .reward(Rewards.brightness())
                .budget(budget)
                .timeLimit(LIMIT)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
    }

    /** Scores as brightness does, slowly; how often, {@code calls} counts. */
    private record Slow(Reward inner, Duration time, AtomicInteger calls) implements Reward {
        Slow(Duration time) {
            this(Rewards.brightness(), time, new AtomicInteger());
        }

        @Override
        public String name() {
            return "slow";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            calls.incrementAndGet();
            sleep(time);
            inner.score(images, scores);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSlowRewardIsAskedWhileThereIsTimeAndForTheFinalImages(String text, SmallWorld world) {
        Duration limit = Duration.ofMillis(250);
        Slow slow = new Slow(Duration.ofMillis(30));
        SearchResult result = world.search(Methods.parse(text))
                .reward(slow)
                .decodeBatch(1)
                .timeLimit(limit)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        // However slow the machine is: one call after the other, the last of them running when time is up.
        long before = limit.dividedBy(slow.time()) + 1;
        assertThat(slow.calls().get()).isLessThanOrEqualTo((int) before + IMAGES);
        result.images()
                .forEach(image ->
                        assertThat(image.reward()).isCloseTo(SmallWorld.brightness(image.pixels()), within(1e-12)));
    }

    @Test
    void imagesThatDoNotGoTogetherShareTheTime() {
        SmallWorld world = SmallWorld.edm();
        // The first calls of a process take so long that a plain end seems to need all the time.
        world.search(LocalSearch.builder().rounds(2).build()).build().run(ImageRequest.of(0, IMAGES));
        SearchResult result = world.search(
                        LocalSearch.builder().candidates(2).rounds(2000).build())
                .reward(new Slow(Duration.ofMillis(2)))
                .maxBatch(1)
                .timeLimit(Duration.ofMillis(1200))
                .build()
                .run(ImageRequest.of(0, IMAGES));
        // Each has 400 ms, which is some 150 candidates; were all time the first one's, the others would be plain.
        assertThat(result.images())
                .allMatch(image ->
                        image.costs().networkEvaluations() > world.schedule().evaluations());
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
}
