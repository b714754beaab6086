package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;

/** What a time limit leaves of a search: whole images whose trails replay, at the cost of no more than a plain trajectory. */
class AnytimeTest {
    private static final int IMAGES = 3;
    private static final Duration LIMIT = Duration.ofMillis(40);

    /** Another denoiser, one of whose calls outlasts the limit. */
    private static final class Stalling implements Denoiser {
        private final Denoiser inner;
        private final int late;
        private int calls;
        long rowsAfter;

        Stalling(Denoiser inner, int late) {
            this.inner = inner;
            this.late = late;
        }

        @Override
        public String id() {
            return inner.id();
        }

        @Override
        public ImageShape shape() {
            return inner.shape();
        }

        @Override
        public Device device() {
            return inner.device();
        }

        @Override
        public Parameterisation parameterisation() {
            return inner.parameterisation();
        }

        @Override
        public void check(Condition condition) {
            inner.check(condition);
        }

        @Override
        public Conditioning encode(List<Condition> conditions) {
            return inner.encode(conditions);
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            calls++;
            if (calls == late) {
                sleep(LIMIT);
            } else if (calls > late) {
                rowsAfter += input.size(0);
            }
            return inner.network(input, level, conditions, entries);
        }

        @Override
        public void close() {}
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
        Method method = Methods.parse(text);
        long plain = world.schedule().evaluations();
        for (int late : new int[] {1, 7, 16}) {
            Stalling stalling = new Stalling(world.denoiser(), late);
            long pointers = Pointer.totalCount();
            SearchResult result = Search.builder(stalling)
                    .sampler(world.sampler())
                    .method(method)
                    .reward(Rewards.brightness())
                    .seed(5)
                    .timeLimit(LIMIT)
                    .build()
                    .run(ImageRequest.of(0, IMAGES));
            assertThat(Pointer.totalCount()).isEqualTo(pointers);
            assertThat(stalling.rowsAfter).isLessThanOrEqualTo(IMAGES * plain);
            Trail trail = Trail.parse("test", result.trail().toJson());
            SearchResult replayed = trail.replay(world.denoiser(), 64, SearchListener.NONE);
            for (int i = 0; i < IMAGES; i++) {
                ImageResult image = result.images().get(i);
                assertThat(image.state()).isEqualTo(replayed.images().get(i).state());
                assertThat(image.pivotNorm()).isEqualTo(replayed.images().get(i).pivotNorm());
                assertThat(image.reward()).isCloseTo(brightness(image), within(1e-12));
            }
        }
    }

    private static double brightness(ImageResult image) {
        byte[] pixels = image.pixels().pixels();
        return IntStream.range(0, pixels.length)
                        .map(i -> pixels[i] & 0xFF)
                        .average()
                        .orElseThrow()
                / 255;
    }

    @Test
    void whatHasComeToItsEndIsKept() {
        SmallWorld world = SmallWorld.edm();
        long calls = world.schedule().evaluations();
        // Chains go one after the other: time is up in the third.
        Stalling stalling = new Stalling(world.denoiser(), (int) (2 * calls + 5));
        Search.Builder search = Search.builder(stalling)
                .sampler(world.sampler())
                .method(new BestOfN(5))
                .reward(Rewards.brightness())
                .seed(5)
                .maxBatch(1)
                .timeLimit(LIMIT);
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
        SearchResult result = Search.builder(new Stalling(world.denoiser(), 9))
                .sampler(world.sampler())
                .method(Methods.parse(text))
                .reward(Rewards.brightness())
                .budget(budget)
                .timeLimit(LIMIT)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
    }

    /** Scores as brightness does, slowly. */
    private record Slow(Reward inner, Duration time) implements Reward {
        @Override
        public String name() {
            return "slow";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            sleep(time);
            inner.score(images, scores);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSlowRewardDoesNotOutlastTheLimitByMoreThanItsFinalCalls(String text, SmallWorld world) {
        // All candidates would take from one to six seconds.
        Duration each = Duration.ofMillis(30);
        Duration limit = Duration.ofMillis(250);
        long start = System.nanoTime();
        SearchResult result = world.search(Methods.parse(text))
                .reward(new Slow(Rewards.brightness(), each))
                .decodeBatch(1)
                .timeLimit(limit)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        Duration used = Duration.ofNanos(System.nanoTime() - start);
        // One call that runs when time is up, the images' own, and what a busy machine takes for the rest.
        Duration tail = each.multipliedBy(1 + IMAGES).plusMillis(600);
        assertThat(used).isLessThan(limit.plus(tail));
        result.images().forEach(image -> assertThat(image.reward()).isCloseTo(brightness(image), within(1e-12)));
    }

    @Test
    void imagesThatDoNotGoTogetherShareTheTime() {
        SmallWorld world = SmallWorld.edm();
        SearchResult result = world.search(
                        LocalSearch.builder().candidates(2).rounds(2000).build())
                .reward(new Slow(Rewards.brightness(), Duration.ofMillis(2)))
                .maxBatch(1)
                .timeLimit(Duration.ofMillis(1200))
                .build()
                .run(ImageRequest.of(0, IMAGES));
        // Each has 400 ms, which is some 150 candidates.
        assertThat(result.images())
                .allMatch(image -> image.costs().networkEvaluations()
                        > 3 * world.schedule().evaluations());
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
