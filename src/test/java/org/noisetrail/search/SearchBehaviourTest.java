package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Pipeline;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.ResidentMemory;
import org.noisetrail.torch.Torch;
import org.noisetrail.trace.Costs;

/** What a search costs, what it does not depend on, how it ends early, and what it leaves behind. */
@Timeout(300)
class SearchBehaviourTest {
    private static final ImageShape SHAPE = new ImageShape(1, 4, 4);
    private static final EdmSampler SHORT = EdmSampler.DEFAULT.withSteps(8);
    private static final Schedule SHORT_TABLE = SHORT.schedule(Parameterisation.denoiser());

    private static ExactMixture tenClasses() {
        return new ExactMixture(SHAPE, true, .2, -.5, -.4, -.3, -.2, -.1, 0, .1, .2, .3, .4);
    }

    static List<Method> methods() {
        return List.of(
                new Naive(),
                new BestOfN(3),
                new BestOfN(5, true),
                new Beam(3, 2),
                new Mcts(2, 3, Math.sqrt(2)),
                Beam.standard(),
                new Beam(2, 5),
                Mcts.standard(),
                new Mcts(3, 5, .5),
                new Mcts(1, 3, 0),
                LocalSearch.builder().epsilon(0).rounds(3).keepPivot(true).build(),
                LocalSearch.builder().rounds(3).build(),
                LocalSearch.builder()
                        .rounds(Rounds.byNoiseLevel(.1, 10, 4, 1))
                        .project(true)
                        .build(),
                LocalSearch.builder().rounds(3).scoreAtFirst(true).build(),
                new Ascent(4),
                new Ascent(3, Ascent.Direction.NOISE, 4, Ascent.Regress.LOG, true),
                new Ascent(3, Ascent.Direction.IMAGE, 2, Ascent.Regress.SCORE, false),
                new Ascent(3, Ascent.Direction.IMAGE, 2, Ascent.Regress.LOGIT, true));
    }

    /** Brightness, counting the images of each class that it judges. */
    private static final class Counted implements Reward {
        final AtomicLongArray calls = new AtomicLongArray(10);

        @Override
        public String name() {
            return "counted";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            for (Condition condition : images.conditions()) {
                calls.incrementAndGet(((Condition.Label) condition).label());
            }
            Rewards.brightness().score(images, scores);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theLedgerCountsEveryCallOfEachImage(Method method) {
        ExactMixture mixture = tenClasses();
        Counted reward = new Counted();
        Counted heldOut = new Counted();
        // One image a class, so that a call's classes tell whose it is.
        SearchResult result = Search.builder(mixture)
                .sampler(SHORT)
                .method(method)
                .reward(reward)
                .heldOut(heldOut)
                .maxBatch(7)
                .build()
                .run(ImageRequest.of(0, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        for (int i = 0; i < 10; i++) {
            Costs costs = result.images().get(i).costs();
            assertThat(costs.networkEvaluations())
                    .isEqualTo(mixture.rowsOfClass.get(i))
                    .isPositive();
            assertThat(costs.rewardCalls()).isEqualTo(reward.calls.get(i)).isPositive();
            assertThat(costs.heldOutCalls()).isEqualTo(heldOut.calls.get(i)).isEqualTo(1);
            assertThat(costs.decoderCalls()).isZero();
        }
    }

    @Test
    void epsGreedyWithItsDefaultsCosts2089EvaluationsAnImage() {
        ExactMixture mixture = tenClasses();
        SearchResult result = Search.builder(mixture)
                .method(LocalSearch.epsGreedy())
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 2, 3, 4));
        for (ImageResult image : result.images()) {
            assertThat(image.costs().networkEvaluations())
                    .isEqualTo(13 * 80 * 2 + 4 * 2 + 1)
                    .isEqualTo(2089);
            assertThat(image.costs().transitions()).isEqualTo(13 * 80 + 5);
            assertThat(image.costs().rewardCalls()).isEqualTo(13 * 80 + 1);
        }
        assertThat(mixture.rows.get()).isEqualTo(2 * 2089);
    }

    private static SearchResult run(Method method, int maxBatch, List<ImageRequest> requests) {
        return Search.builder(tenClasses())
                .sampler(SHORT)
                .method(method)
                .reward(Rewards.brightness())
                .seed(-3)
                .maxBatch(maxBatch)
                .build()
                .run(requests);
    }

    /** The mixture's denoiser treats each row by itself, so that nothing but the search could make a difference. */
    private static void assertSame(ImageResult actual, ImageResult expected) {
        assertThat(actual.recipe()).isEqualTo(expected.recipe());
        assertThat(actual.state()).isEqualTo(expected.state());
        assertThat(actual.pixels().pixels()).isEqualTo(expected.pixels().pixels());
        assertThat(actual.reward()).isEqualTo(expected.reward());
        assertThat(actual.pivotNorm()).isEqualTo(expected.pivotNorm());
        assertThat(actual.costs()).isEqualTo(expected.costs());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void resultsDoNotDependOnTheThreads(Method method) {
        int before = Torch.threads();
        List<ImageRequest> requests = ImageRequest.of(4294967292L, 4, 5, 6, 7);
        try {
            Torch.setThreads(1);
            SearchResult one = run(method, 64, requests);
            Torch.setThreads(3);
            SearchResult three = run(method, 64, requests);
            for (int i = 0; i < 4; i++) {
                assertSame(three.images().get(i), one.images().get(i));
            }
        } finally {
            Torch.setThreads(before);
        }
    }

    /** A plain trajectory's, and once more the candidates that tell a direction of images. */
    private static long replayCost(Recipe recipe) {
        long cost = SHORT_TABLE.evaluations();
        for (int step = 0; step < SHORT_TABLE.size(); step++) {
            for (Draw draw : recipe.moves().get(step).draws()) {
                if (draw instanceof Draw.Shifted shifted) {
                    int each =
                            shifted.screened() ? SHORT_TABLE.screeningEvaluations(step) : SHORT_TABLE.evaluations(step);
                    cost += (long) shifted.weights().size() * each;
                }
            }
        }
        return cost;
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aTrailRegeneratesTheSameBits(Method method) {
        ExactMixture mixture = tenClasses();
        SearchResult drawn = run(method, 64, ImageRequest.of(0, 5, 1, 2, 3));
        SearchResult again = drawn.trail().replay(mixture, 3, SearchListener.NONE);
        long all = 0;
        for (int i = 0; i < 5; i++) {
            assertThat(again.images().get(i).state())
                    .isEqualTo(drawn.images().get(i).state());
            assertThat(again.images().get(i).pivotNorm())
                    .isEqualTo(drawn.images().get(i).pivotNorm());
            long cost = replayCost(drawn.images().get(i).recipe());
            assertThat(again.images().get(i).costs().networkEvaluations()).isEqualTo(cost);
            all += cost;
        }
        assertThat(mixture.rows.get()).isEqualTo(all);
    }

    @Test
    void twoSearchesAtOnceFindWhatEachFindsAlone() throws Exception {
        List<Method> methods = List.of(LocalSearch.builder().rounds(4).build(), new BestOfN(4));
        List<ImageRequest> requests = ImageRequest.of(0, 6, 1, 2, 3);
        List<SearchResult> alone =
                methods.stream().map(method -> run(method, 16, requests)).toList();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int which = t % 2;
            threads.add(new Thread(() -> {
                try {
                    for (int repeat = 0; repeat < 5; repeat++) {
                        SearchResult result = run(methods.get(which), 16, requests);
                        for (int i = 0; i < 6; i++) {
                            assertSame(
                                    result.images().get(i),
                                    alone.get(which).images().get(i));
                        }
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }

    @ParameterizedTest
    @MethodSource("methods")
    void anInterruptEndsTheSearchBeforeItsNextNetworkCall(Method method) {
        ExactMixture mixture = tenClasses();
        long pointers = NativeObjects.settled();
        for (int call : new int[] {1, 2, 9}) {
            mixture.calls.set(0);
            mixture.beforeCall = () -> {
                if (mixture.calls.get() == call - 1) {
                    Thread.currentThread().interrupt();
                }
            };
            try {
                assertThatThrownBy(() -> Search.builder(mixture)
                                .sampler(SHORT)
                                .method(method)
                                .reward(Rewards.brightness())
                                .build()
                                .run(ImageRequest.of(0, 4, 1)))
                        .isInstanceOf(SearchCancelledException.class);
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
            } finally {
                Thread.interrupted();
            }
            assertThat(mixture.calls.get()).isEqualTo(call);
        }
        assertThat(Pointer.totalCount()).as("native objects").isLessThanOrEqualTo(pointers);
    }

    @Test
    void anInterruptWhileFilesAreReadForTheModelsNameCancelsTheSearch() {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            Search search = Search.builder(model).build();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> search.draw(ImageRequest.of(0, 1, 1)))
                    .isInstanceOf(SearchCancelledException.class)
                    .cause()
                    .hasMessageStartingWith("interrupted while reading fashion-mnist/");
            assertThatThrownBy(() -> search.run(ImageRequest.of(0, 1, 1)))
                    .isInstanceOf(SearchCancelledException.class)
                    .hasCauseInstanceOf(NoisetrailException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(search.run(ImageRequest.of(0, 1, 1)).images()).hasSize(1);
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void anInterruptWhileAHostRewardWaitsCancelsTheSearch() throws Exception {
        Thread searching = Thread.currentThread();
        AtomicInteger calls = new AtomicInteger();
        Reward waiting = Reward.of("waiting", image -> {
            calls.incrementAndGet();
            searching.interrupt();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return 0;
        });
        try {
            assertThatThrownBy(() -> Search.builder(tenClasses())
                            .sampler(SHORT)
                            .method(new BestOfN(4))
                            .reward(waiting)
                            .build()
                            .run(ImageRequest.of(0, 4, 1)))
                    .isInstanceOf(SearchCancelledException.class);
            assertThat(searching.isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"network", "reward", "listener"})
    void whatFailsInsideASearchLeavesNothingBehind(String where) {
        ExactMixture mixture = tenClasses();
        AtomicInteger countdown = new AtomicInteger(5);
        Runnable fail = () -> {
            if (countdown.decrementAndGet() == 0) {
                throw new NoisetrailException("broken " + where);
            }
        };
        if (where.equals("network")) {
            mixture.beforeCall = fail;
        }
        Reward reward = new Reward() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                if (where.equals("reward")) {
                    fail.run();
                }
                Rewards.brightness().score(images, scores);
            }
        };
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(org.noisetrail.trace.Progress progress) {
                if (where.equals("listener")) {
                    fail.run();
                }
            }
        };
        Search search = Search.builder(mixture)
                .sampler(SHORT)
                .method(LocalSearch.builder().rounds(4).build())
                .reward(reward)
                .listener(listener)
                .build();
        long pointers = NativeObjects.settled();
        assertThatThrownBy(() -> search.run(ImageRequest.of(0, 4, 1)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("broken " + where);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        assertThat(search.run(ImageRequest.of(0, 4, 1)).images())
                .as("and the search runs again")
                .hasSize(4);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void twoHundredSearchesLeaveNoPointersAndNoMemoryBehind() throws IOException {
        ImageShape larger = new ImageShape(3, 32, 32);
        ExactMixture mixture = new ExactMixture(larger, true, .2, -.3, .3);
        Search search = Search.builder(mixture)
                .sampler(SHORT.withSteps(4))
                .method(LocalSearch.builder().rounds(2).build())
                .reward(Rewards.weighted(List.of(
                        new Rewards.Part(Rewards.brightness(), 1),
                        new Rewards.Part(Rewards.compressibility(0), .5),
                        new Rewards.Part(Reward.of("own", image -> image.at(0, 3, 3)), .1))))
                .build();
        run(search, 10);
        long pointers = NativeObjects.settled();
        // A search's native workspace is about 4 MB: a leak of it would be 800 MB, time and again. A heap that is used
        // for the first time is not.
        long more = Long.MAX_VALUE;
        for (int tries = 0; tries < 3 && more >= 200L << 20; tries++) {
            long memory = nativeBytes();
            run(search, 200);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
            more = nativeBytes() - memory;
        }
        assertThat(more).isLessThan(200L << 20);
    }

    private static void run(Search search, int times) {
        for (int i = 0; i < times; i++) {
            search.run(ImageRequest.of(0, 8, 0, 1));
        }
    }

    /** What is resident, without the heap, which grows and shrinks as it likes. */
    private static long nativeBytes() throws IOException {
        return ResidentMemory.bytes()
                - ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
    }

    @ParameterizedTest
    @ValueSource(longs = {15, 16, 40, 100, 1000})
    void aBudgetIsKeptAndTheResultIsWhole(long budget) {
        for (Method method : methods()) {
            ExactMixture mixture = tenClasses();
            SearchResult result = Search.builder(mixture)
                    .sampler(SHORT)
                    .method(method)
                    .reward(Rewards.brightness())
                    .budget(budget)
                    .build()
                    .run(ImageRequest.of(0, 3, 1, 2, 3));
            for (ImageResult image : result.images()) {
                assertThat(image.costs().networkEvaluations()).isBetween(SHORT_TABLE.evaluations(), budget);
                assertThat(image.reward()).isBetween(0.0, 1.0);
            }
            SearchResult again = result.trail().replay(mixture, 64, SearchListener.NONE);
            for (int i = 0; i < 3; i++) {
                assertThat(again.images().get(i).state())
                        .isEqualTo(result.images().get(i).state());
            }
        }
    }

    @Test
    void aBudgetBelowOneTrajectoryIsRefused() {
        assertThatThrownBy(() ->
                        Search.builder(tenClasses()).sampler(SHORT).budget(14).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("budget must be >= 15: 14");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void whereTheTimeIsUpTheRestIsPlain(Method method) {
        SearchResult plain = run(new Naive(), 64, ImageRequest.of(0, 3, 1, 2, 3));
        SearchResult result = Search.builder(tenClasses())
                .sampler(SHORT)
                .method(method)
                .reward(Rewards.brightness())
                .seed(-3)
                .timeLimit(Duration.ZERO)
                .build()
                .run(ImageRequest.of(0, 3, 1, 2, 3));
        for (int i = 0; i < 3; i++) {
            if (method instanceof LocalSearch) {
                assertThat(result.images().get(i).state())
                        .isEqualTo(plain.images().get(i).state());
            }
            assertThat(result.images().get(i).reward()).isBetween(0.0, 1.0);
        }
    }

    @Test
    void aTargetThatIsMetEndsTheRoundsOfItsStepAndTheSearch() {
        SearchResult result = aimed(5, 0, SearchListener.NONE);
        long plain = SHORT.steps() * 2L - 1;
        assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() == plain + 3 * 2);
        assertThat(result.images()).allMatch(image -> image.costs().rewardCalls() == 4 + 1);
    }

    /** Where the first clean estimate that an image goes on from comes to it. */
    @Test
    void aTargetLeavesTheStepsAfterItTheirOwnNoise() {
        Map<Long, List<Double>> met = new TreeMap<>();
        aimed(1, Double.POSITIVE_INFINITY, new SearchListener() {
            @Override
            public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                for (int i = 0; i < rewards.length; i++) {
                    met.computeIfAbsent(images.get(i).image(), image -> new ArrayList<>())
                            .add(rewards[i]);
                }
            }
        });
        Set<Integer> ends = new TreeSet<>();
        for (double target : met.get(0L)) {
            for (ImageResult image : aimed(1, target, SearchListener.NONE).images()) {
                List<Double> scores = met.get(image.request().image());
                int searched = 1;
                while (searched < scores.size() && scores.get(searched - 1) < target) {
                    searched++;
                }
                ends.add(searched);
                assertThat(image.costs().networkEvaluations()).isEqualTo(SHORT.steps() * 2L - 1 + searched * 3L * 2);
                assertThat(image.recipe().moves().stream()
                                .filter(move -> !move.draws().isEmpty()))
                        .hasSize(searched);
            }
        }
        assertThat(ends).hasSizeGreaterThan(2);
    }

    private static SearchResult aimed(int rounds, double target, SearchListener listener) {
        return Search.builder(tenClasses())
                .sampler(SHORT)
                .method(LocalSearch.builder().rounds(rounds).build())
                .reward(Rewards.brightness())
                .targetReward(target)
                .listener(listener)
                .build()
                .run(ImageRequest.of(0, 8, 1, 2, 3));
    }

    @Test
    void bestOfNDrawsAsManyAgainUntilOneHasReachedTheTarget() {
        List<ImageRequest> requests = ImageRequest.of(0, 12, 1, 2, 3);
        double target = run(new BestOfN(4), 64, requests).meanReward();
        List<ImageResult> aimed = Search.builder(tenClasses())
                .sampler(SHORT)
                .method(new BestOfN(11))
                .reward(Rewards.brightness())
                .seed(-3)
                .targetReward(target)
                .build()
                .run(requests)
                .images();
        Set<Integer> drawn = new TreeSet<>();
        for (int i = 0; i < aimed.size(); i++) {
            ImageResult expected = null;
            int count = 0;
            for (int n : new int[] {1, 2, 4, 8, 11}) {
                if (expected == null || expected.reward() < target) {
                    expected = run(new BestOfN(n), 64, requests).images().get(i);
                    count = n;
                }
            }
            drawn.add(count);
            assertThat(aimed.get(i).recipe()).isEqualTo(expected.recipe());
            assertThat(aimed.get(i).state()).isEqualTo(expected.state());
            assertThat(aimed.get(i).costs().networkEvaluations()).isEqualTo(count * SHORT_TABLE.evaluations());
        }
        assertThat(drawn).as("images differ").hasSizeGreaterThan(2);
    }

    @Test
    void nanScoresLoseAndAreReported() {
        Reward odd = Reward.of("odd", image -> image.at(0, 0, 0) % 2 == 1 ? Double.NaN : image.at(0, 0, 0));
        SearchResult result = Search.builder(new ExactMixture(SHAPE, false, .3, 0))
                .method(new BestOfN(16))
                .reward(odd)
                .build()
                .run(ImageRequest.of(0, 8));
        assertThat(result.images()).allMatch(image -> image.nanScores() > 0 && image.nanScores() < 16);
        assertThat(result.images()).allMatch(image -> image.pixels().at(0, 0, 0) % 2 == 0);
        Reward never = Reward.of("never", image -> Double.NaN);
        for (Method method : methods()) {
            SearchResult none = Search.builder(tenClasses())
                    .sampler(SHORT)
                    .method(method)
                    .reward(never)
                    .build()
                    .run(ImageRequest.of(0, 2, 1));
            assertThat(none.images()).allMatch(image -> Double.isNaN(image.reward()));
        }
    }

    @Test
    void aClassThatTheModelDoesNotHaveIsRefused() {
        ExactMixture mixture = tenClasses();
        for (int label : new int[] {-1, 10}) {
            assertThatThrownBy(() -> Search.builder(mixture).build().run(List.of(new ImageRequest(0, label))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            label < 0
                                    ? "the model draws 10 classes, so each image needs one: none"
                                    : "class must be <= 9: 10");
        }
        assertThat(mixture.calls.get()).isZero();
    }

    @Test
    void aRewardThatCannotJudgeTheImagesRefusesBeforeAnyWork() {
        ExactMixture twoChannels = new ExactMixture(new ImageShape(2, 4, 4), false, .2, 0);
        assertThatThrownBy(() -> Search.builder(twoChannels)
                        .method(new BestOfN(2))
                        .reward(Rewards.jpegBytes())
                        .build()
                        .run(ImageRequest.of(0, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("channels of a JPEG must be 1 or 3: 2");
        assertThat(twoChannels.calls.get()).as("network calls").isZero();
    }

    @Test
    void progressEndsAtTheWholeAndImagesAreToldOnce() {
        List<ImageResult> told = new ArrayList<>();
        AtomicReference<org.noisetrail.trace.Progress> last = new AtomicReference<>();
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(org.noisetrail.trace.Progress progress) {
                if (last.get() != null) {
                    assertThat(progress.imageSteps())
                            .isGreaterThanOrEqualTo(last.get().imageSteps());
                    assertThat(progress.networkEvaluations())
                            .isGreaterThanOrEqualTo(last.get().networkEvaluations());
                }
                last.set(progress);
            }

            @Override
            public void onImages(List<ImageResult> images) {
                told.addAll(images);
            }
        };
        for (Method method : methods()) {
            told.clear();
            last.set(null);
            SearchResult result = Search.builder(tenClasses())
                    .sampler(SHORT)
                    .method(method)
                    .reward(Rewards.brightness())
                    .maxBatch(8)
                    .listener(listener)
                    .build()
                    .run(ImageRequest.of(0, 7, 1, 2));
            assertThat(told).isEqualTo(result.images());
            assertThat(last.get().imageSteps())
                    .isEqualTo(7L * SHORT.steps())
                    .isEqualTo(last.get().imageStepsTotal());
            long evaluations = result.images().stream()
                    .mapToLong(image -> image.costs().networkEvaluations())
                    .sum();
            assertThat(last.get().networkEvaluations()).isEqualTo(evaluations);
            double best = result.images().stream()
                    .mapToDouble(ImageResult::reward)
                    .max()
                    .orElseThrow();
            assertThat(last.get().bestReward()).isGreaterThanOrEqualTo(best - 1e-12);
        }
    }

    @Test
    void theHeldOutRewardDoesNotSteerTheSearch() {
        Method method = LocalSearch.builder().rounds(3).build();
        SearchResult without = run(method, 64, ImageRequest.of(0, 3, 1));
        SearchResult with = Search.builder(tenClasses())
                .sampler(SHORT)
                .method(method)
                .reward(Rewards.brightness())
                .heldOut(Rewards.compressibility(1000))
                .seed(-3)
                .build()
                .run(ImageRequest.of(0, 3, 1));
        for (int i = 0; i < 3; i++) {
            assertThat(with.images().get(i).state())
                    .isEqualTo(without.images().get(i).state());
            assertThat(without.images().get(i).heldOut()).isEmpty();
            assertThat(with.images().get(i).heldOut().orElseThrow()).isCloseTo(.6, within(.4));
        }
    }
}
