package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Wrapped;

/** What every method owes, with noise before the network and after it: results that no batch changes, exact counts, trails that replay bit for bit, budgets that are kept. */
class MethodContractTest {
    private static final int IMAGES = 4;

    static List<String> texts() {
        return List.of(
                "naive",
                "best-of-n:candidates=5",
                "mcts:candidates=2:simulations=5",
                "zero-order:candidates=2:rounds=2",
                "eps-greedy:candidates=2:rounds=3:score-at-first",
                "ascent:candidates=3",
                "ascent:candidates=3:direction=image:score-at-first",
                "pruned-best-of-n:candidates=6:keep=3@2,2@4",
                "pruned-best-of-n:candidates=5:keep=linear",
                "pruned-best-of-n:candidates=4:keep=2@2:noises=3",
                "pruned-best-of-n:candidates=1:keep=none:noises=2",
                "smc:ess=0.9",
                "smc:candidates=3:lambda=50:potential=max:sample",
                "svdd:proposals=4",
                "svdd:proposals=3:alpha=0.05",
                "svdd:proposals=3:alpha=0.05:score-at-first",
                "x-t:candidates=3:rounds=2",
                "x-t:variant=ascent:candidates=3:rounds=2",
                "beam:candidates=3",
                "beam:candidates=3:beams=3:score-at-first",
                "lookahead-beam:candidates=2:lookahead=2",
                "evolve:candidates=4:generations=3@0,3@2,2@4:elites=1",
                "evolve:candidates=3:generations=none",
                "sop:candidates=3:renoisings=3:start=2:up=1:down=2",
                "sop:candidates=1:renoisings=2:start=3:up=3:down=4",
                "rbf:starts=3",
                "rbf:starts=1:quota=3",
                "rbf:starts=2:quota=5:score-at-first",
                "eps-greedy:candidates=2:rounds=3:threshold=0.6",
                "dts:iterations=8",
                "dts:iterations=8:variant=sampling:branching=2");
    }

    static Stream<Arguments> cases() {
        return inEachWorld(texts().stream());
    }

    private static Stream<Arguments> inEachWorld(Stream<String> texts) {
        return texts.flatMap(
                text -> Stream.of(SmallWorld.edm(), SmallWorld.ddim()).map(world -> Arguments.of(text, world)));
    }

    static Stream<Arguments> priced() {
        return ending().filter(MethodContractTest::isPriced);
    }

    static Stream<Arguments> unpriced() {
        return ending().filter(each -> !isPriced(each));
    }

    private static boolean isPriced(Arguments each) {
        SmallWorld world = (SmallWorld) each.get()[1];
        return Methods.parse(each.get()[0].toString())
                .evaluations(world.schedule())
                .isPresent();
    }

    @Test
    void everyMethodThereIsOwesIt() {
        assertThat(texts())
                .extracting(text -> Methods.parse(text).name())
                .containsAll(Methods.registry().kinds().stream().map(Kind::name).toList());
    }

    private static SearchResult run(Search search) {
        return search.run(ImageRequest.of(0, IMAGES));
    }

    private static void same(SearchResult a, SearchResult b) {
        for (int i = 0; i < IMAGES; i++) {
            assertThat(b.images().get(i).state()).isEqualTo(a.images().get(i).state());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noNumberOfWorkersChangesAResult(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        SearchResult one = run(world.search(method).build());
        for (int workers : new int[] {3, 4, 9}) { // 3 of them on 4 images; two hands each
            SearchResult many = run(world.search(method).workers(workers).build());
            same(one, many);
            for (int i = 0; i < IMAGES; i++) {
                ImageResult image = many.images().get(i);
                assertThat(image.request()).isEqualTo(one.images().get(i).request());
                assertThat(image.reward()).isEqualTo(one.images().get(i).reward());
                assertThat(image.recipe()).isEqualTo(one.images().get(i).recipe());
                assertThat(image.costs()).isEqualTo(one.images().get(i).costs());
            }
        }
    }

    private static void replays(SmallWorld world, SearchResult result) {
        Trail trail = Trail.parse("test", result.trail().toJson());
        same(result, trail.replay(world.denoiser(), 64, SearchListener.NONE));
        same(result, trail.replay(world.denoiser(), 1, SearchListener.NONE));
        for (int i = 0; i < IMAGES; i++) {
            Trail alone = trail.with(trail.images().subList(i, i + 1));
            SearchResult replayed = alone.replay(world.denoiser(), 3, SearchListener.NONE);
            assertThat(replayed.images().get(0).state())
                    .isEqualTo(result.images().get(i).state());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noBatchChangesAResultAndItsTrailReplays(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        SearchResult all = run(world.search(method).maxBatch(256).build());
        SearchResult single =
                run(world.search(method).maxBatch(1).decodeBatch(1).build());
        same(all, single);
        for (int i = 0; i < IMAGES; i++) {
            assertThat(single.images().get(i).recipe())
                    .isEqualTo(all.images().get(i).recipe());
            assertThat(single.images().get(i).costs())
                    .isEqualTo(all.images().get(i).costs());
        }
        replays(world, all);
    }

    /** Those that end where rewards, or budgets, say so. */
    static Stream<Arguments> ending() {
        Stream<String> more = Stream.of(
                "best-of-n:candidates=70",
                "best-of-n:candidates=7:shared-start",
                "zero-order:candidates=2:rounds=4:patience=2:0.001:roll-over",
                "eps-greedy:candidates=3:rounds=4:keep-pivot:patience=1:0.01");
        return inEachWorld(Stream.concat(texts().stream(), more));
    }

    /** Between what a plain trajectory and a whole search reach, so that images come to it at different times. */
    private static double target(SmallWorld world, Method method) {
        double plain =
                SmallWorld.mean(SmallWorld.rewards(run(world.search(new Naive()).build())));
        double searched =
                SmallWorld.mean(SmallWorld.rewards(run(world.search(method).build())));
        return (plain + searched) / 2;
    }

    /** Neither the rows in a call nor the images in a group say how far an image is searched. */
    @ParameterizedTest
    @MethodSource("ending")
    void noBatchAndNoOtherImageChangesWhereATargetOrABudgetEndsASearch(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        double target = target(world, method);
        for (long budget : new long[] {Long.MAX_VALUE, 3 * world.schedule().evaluations() + 1}) {
            Search.Builder search = world.search(method).targetReward(target).budget(budget);
            List<ImageResult> all = run(search.maxBatch(256).build()).images();
            for (int maxBatch : new int[] {1, 2, 5, 7, 64}) {
                alike(run(search.maxBatch(maxBatch).build()).images(), all);
            }
            for (int i = 0; i < IMAGES; i++) {
                alike(search.maxBatch(256).build().run(ImageRequest.of(i, 1)).images(), all.subList(i, i + 1));
            }
        }
    }

    private static void alike(List<ImageResult> actual, List<ImageResult> expected) {
        for (int i = 0; i < expected.size(); i++) {
            ImageResult one = actual.get(i);
            ImageResult other = expected.get(i);
            assertThat(one.costs()).isEqualTo(other.costs());
            assertThat(one.recipe()).isEqualTo(other.recipe());
            assertThat(one.state()).isEqualTo(other.state());
            assertThat(one.reward()).isEqualTo(other.reward());
            assertThat(one.pivotNorm()).isEqualTo(other.pivotNorm());
            assertThat(one.nanScores()).isEqualTo(other.nanScores());
        }
    }

    @ParameterizedTest
    @MethodSource("priced")
    void theCostIsWhatTheMethodSays(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        long cost = method.evaluations(world.schedule()).orElseThrow();
        assertThat(run(world.search(method).build()).images())
                .allMatch(image -> image.costs().networkEvaluations() == cost);
    }

    @Test
    void theseAloneHaveNoPriceSinceTheirRewardsDecideIt() {
        assertThat(unpriced().map(each -> each.get()[0]).distinct())
                .containsExactlyInAnyOrder(
                        "mcts:candidates=2:simulations=5",
                        "zero-order:candidates=2:rounds=4:patience=2:0.001:roll-over",
                        "eps-greedy:candidates=3:rounds=4:keep-pivot:patience=1:0.01",
                        "eps-greedy:candidates=2:rounds=3:threshold=0.6",
                        "rbf:starts=3",
                        "rbf:starts=1:quota=3",
                        "rbf:starts=2:quota=5:score-at-first",
                        "dts:iterations=8",
                        "dts:iterations=8:variant=sampling:branching=2");
    }

    /** The rows of the network's calls. */
    private static final class Counted extends Wrapped {
        final AtomicLong rows = new AtomicLong();

        Counted(Denoiser inner) {
            super(inner);
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            rows.addAndGet(input.size(0));
            return super.network(input, level, conditions, entries);
        }
    }

    @ParameterizedTest
    @MethodSource("unpriced")
    void whatHasNoPriceTellsEachCallOfTheNetwork(String text, SmallWorld world) {
        Counted counted = new Counted(world.denoiser());
        SmallWorld counting = new SmallWorld(world.name(), counted, world.sampler());
        List<ImageResult> images =
                run(counting.search(Methods.parse(text)).build()).images();
        assertThat(images)
                .allMatch(image ->
                        image.costs().networkEvaluations() >= world.schedule().evaluations());
        assertThat(images.stream()
                        .mapToLong(image -> image.costs().networkEvaluations())
                        .sum())
                .isEqualTo(counted.rows.get());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noBudgetIsOverspentAndWhatItPaysForReplays(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        long plain = world.schedule().evaluations();
        for (long budget : new long[] {plain, plain + 3, 2 * plain + 1, 4 * plain - 1}) {
            SearchResult result = run(world.search(method).budget(budget).build());
            assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
            replays(world, result);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aTimeLimitThatIsOverAndATargetThatIsReachedEndTheSearch(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        replays(world, run(world.search(method).timeLimit(Duration.ZERO).build()));
        SearchResult reached = run(world.search(method).targetReward(-1).build());
        replays(world, reached);
        SearchResult full = run(world.search(method).build());
        for (int i = 0; i < IMAGES; i++) {
            assertThat(reached.images().get(i).costs().networkEvaluations())
                    .isLessThanOrEqualTo(full.images().get(i).costs().networkEvaluations());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatItCostsIsBudgetEnoughAndATargetOutOfReachEndsNothing(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        SearchResult free = run(world.search(method).build());
        same(free, run(world.search(method).targetReward(2).build()));
        long most = free.images().stream()
                .mapToLong(image -> image.costs().networkEvaluations())
                .max()
                .orElseThrow();
        same(free, run(world.search(method).budget(most).build()));
    }

    /** All but mcts, which keeps back what the way to an end takes from any of its children, and in the end may take one whose end is known. */
    static Stream<Arguments> spending() {
        return ending().filter(each -> !each.get()[0].toString().startsWith("mcts"));
    }

    /** Of an image whose cost the rewards decide, too: what it spent of its own accord is budget enough for the same. */
    @ParameterizedTest
    @MethodSource("spending")
    void whatAnImageSpendsIsBudgetEnoughForIt(String text, SmallWorld world) {
        Search.Builder search = world.search(Methods.parse(text));
        List<ImageResult> free = run(search.build()).images();
        for (int i = 0; i < IMAGES; i++) {
            long spent = free.get(i).costs().networkEvaluations();
            alike(search.budget(spent).build().run(ImageRequest.of(i, 1)).images(), free.subList(i, i + 1));
        }
    }

    /** Nothing is better than what there is, so that they go on as long as they can pay for one proposal, or one trajectory, more. */
    @ParameterizedTest
    @CsvSource({
        "rbf:starts=1:quota=60000, 0",
        "rbf:starts=3:quota=60000, 0",
        "eps-greedy:candidates=1:rounds=1000:threshold=2, 0",
        "dts:iterations=1000, 5",
        "dts:iterations=1000:variant=sampling:branching=2, 5"
    })
    void aBudgetIsSpentButForLessThanWhatMoreOfItTakes(String text, long most) {
        SmallWorld world = SmallWorld.ddim();
        long plain = world.schedule().evaluations();
        for (long budget = 2 * plain; budget < 4 * plain; budget++) {
            Search.Builder search = world.search(Methods.parse(text)).reward(Reward.of("same", image -> .5));
            for (ImageResult image : run(search.budget(budget).build()).images()) {
                assertThat(image.costs().networkEvaluations()).isBetween(budget - most, budget);
            }
        }
    }

    /** Not even where no target is set, which is a target of infinity. */
    @ParameterizedTest
    @MethodSource("priced")
    void anInfiniteRewardEndsNothing(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        Reward infinite = Reward.of("infinite", image -> Double.POSITIVE_INFINITY);
        long cost = method.evaluations(world.schedule()).orElseThrow();
        assertThat(run(world.search(method).reward(infinite).build()).images())
                .allMatch(image -> image.costs().networkEvaluations() == cost);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theRewardThatIsToldIsTheFinalImages(String text, SmallWorld world) {
        for (ImageResult image : run(world.search(Methods.parse(text)).build()).images()) {
            assertThat(image.reward()).isCloseTo(SmallWorld.brightness(image.pixels()), within(1e-12));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSizeForABudgetIsOfTheSameMethod(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        assertThat(method.sized(world.schedule(), 4 * world.schedule().evaluations())
                        .name())
                .isEqualTo(method.name());
    }

    /** All but naive, which has none. */
    static Stream<Arguments> sized() {
        return priced().filter(each -> !each.get()[0].equals("naive"));
    }

    @ParameterizedTest
    @MethodSource("sized")
    void aSizeForABudgetCostsNoMoreThanIt(String text, SmallWorld world) {
        Schedule schedule = world.schedule();
        Method method = Methods.parse(text);
        for (long plain : new long[] {4, 30}) {
            long budget = plain * schedule.evaluations();
            // The smallest that has something to choose may cost more than so little.
            long smallest = method.sized(schedule, 1).evaluations(schedule).orElseThrow();
            assertThat(method.sized(schedule, budget).evaluations(schedule).orElseThrow())
                    .isBetween((long) (.5 * budget), Math.max(budget, smallest));
            assertThat(smallest).isLessThan(8 * schedule.evaluations());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noSearchLeavesPointersBehindWhetherItEndsOrFails(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        // What LibTorch keeps for good is made by the first.
        run(world.search(method).build());
        AtomicInteger calls = new AtomicInteger();
        Reward broken = Reward.of("broken", image -> {
            // The last image's of a plain trajectory each.
            if (calls.incrementAndGet() >= IMAGES) {
                throw new NoisetrailException("broken");
            }
            return .1 * calls.get();
        });
        long pointers = NativeObjects.settled();
        run(world.search(method).build());
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        assertThatThrownBy(() -> run(world.search(method).reward(broken).build()))
                .isInstanceOf(NoisetrailException.class);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
    }

    @Test
    void textsNameMethods() {
        for (String text : texts()) {
            assertThat(Methods.registry().text(Methods.parse(text))).isEqualTo(text);
        }
    }
}
