package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screened;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.testing.NativeObjects;

/** Laws of speculative search, whatever the method: what it may cost, what it may save, and what it may never change. */
class ScreeningLawTest {
    private static final int IMAGES = 5;
    private static final EdmSampler LAST_STEP_ALONE = new EdmSampler(4, .5, 80, 7, 40, 0, .5001, 1);

    /** A function of the image, and how often it was asked. */
    private static final class Counted implements Reward {
        private final Reward inner;
        final AtomicLong images = new AtomicLong();

        Counted(Reward inner) {
            this.inner = inner;
        }

        @Override
        public String name() {
            return "counted";
        }

        @Override
        public void score(ImageBatch batch, Tensor scores) {
            images.addAndGet(batch.rows());
            inner.score(batch, scores);
        }
    }

    /** A standard normal that the pixels name. */
    private static double noise(Image image) {
        return new Random(Arrays.hashCode(image.pixels()) * 0x9E3779B97F4A7C15L).nextGaussian();
    }

    private static Screening screening(String screen, String bound, double audit) {
        return Screening.parse(screen, LossBound.parse(bound), audit);
    }

    private static SearchResult run(Search.Builder search) {
        return search.build().run(ImageRequest.of(0, IMAGES));
    }

    private static Screened screened(SearchResult result) {
        return result.images().stream()
                .map(image -> Objects.requireNonNull(image.screened()))
                .reduce(Screened.NONE, Screened::plus);
    }

    private static void same(SearchResult expected, SearchResult actual) {
        for (int i = 0; i < IMAGES; i++) {
            ImageResult image = actual.images().get(i);
            assertThat(image.state()).isEqualTo(expected.images().get(i).state());
            assertThat(image.recipe()).isEqualTo(expected.images().get(i).recipe());
            assertThat(image.reward()).isEqualTo(expected.images().get(i).reward());
            assertThat(image.nanScores()).isEqualTo(expected.images().get(i).nanScores());
        }
    }

    static List<String> methods() {
        return List.of(
                "zero-order:candidates=4:rounds=5",
                "eps-greedy:candidates=5:rounds=4:keep-pivot",
                "eps-greedy:candidates=4:rounds=6:patience=2:0.001",
                "beam:candidates=4:beams=3",
                "lookahead-beam:candidates=3:beams=2:lookahead=2",
                "svdd:proposals=6",
                "pruned-best-of-n:candidates=6:keep=3@2,2@4:noises=5",
                "ascent:candidates=6",
                "ascent:candidates=5:direction=image");
    }

    static Stream<Arguments> cases() {
        return methods().stream()
                .flatMap(method -> Stream.of(
                        Arguments.of(method, "first", SmallWorld.edm()),
                        Arguments.of(method, "first+half", SmallWorld.edm()),
                        Arguments.of(method, "half", SmallWorld.edm()),
                        Arguments.of(method, "half", SmallWorld.ddim())));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereAllAreVerifiedNothingChanges(String method, String screen, SmallWorld world) {
        SearchResult full = run(world.search(Methods.parse(method)));
        SearchResult all = run(world.search(Methods.parse(method)).screening(screening(screen, "0", .1)));
        same(full, all);
        for (int i = 0; i < IMAGES; i++) {
            assertThat(all.images().get(i).costs())
                    .isEqualTo(full.images().get(i).costs());
        }
        assertThat(screened(all).verified())
                .isEqualTo(screened(all).candidates())
                .isPositive();
        assertThat(screened(all).auditLoss()).isZero();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatGoesOnDoesNotDependOnTheBatchAndReplays(String method, String screen, SmallWorld world) {
        Screening wide = screening(screen, "20%", .1);
        SearchResult together =
                run(world.search(Methods.parse(method)).screening(wide).maxBatch(256));
        SearchResult single = run(
                world.search(Methods.parse(method)).screening(wide).maxBatch(1).decodeBatch(1));
        same(together, single);
        for (int i = 0; i < IMAGES; i++) {
            assertThat(single.images().get(i).costs())
                    .isEqualTo(together.images().get(i).costs());
            assertThat(single.images().get(i).screened())
                    .isEqualTo(together.images().get(i).screened());
        }
        Trail trail = Trail.parse("test", together.trail().toJson());
        SearchResult again = trail.replay(world.denoiser(), 3, SearchListener.NONE);
        for (int i = 0; i < IMAGES; i++) {
            assertThat(again.images().get(i).state())
                    .isEqualTo(together.images().get(i).state());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void countsAreExactAndSavingsAreWhatFullScoringWouldHaveCost(String method, String screen, SmallWorld world) {
        Counted truth = new Counted(Rewards.brightness());
        Counted cheap = new Counted(Rewards.brightness());
        SearchResult result = run(world.search(Methods.parse(method))
                .reward(truth)
                .screenReward(cheap)
                .screening(screening(screen, "20%", .1)));
        Screened screened = screened(result);
        assertThat(cheap.images).hasValue(screened.candidates());
        long asked =
                result.images().stream().mapToLong(i -> i.costs().rewardCalls()).sum();
        assertThat(truth.images).hasValue(asked);
        assertThat(screened.savedDecodes()).isZero();
        if (method.contains("patience")) {
            return; // how many rounds there are depends on what is chosen
        }
        SearchResult full = run(world.search(Methods.parse(method)));
        long evaluations = 0;
        long rewards = 0;
        for (int i = 0; i < IMAGES; i++) {
            evaluations += full.images().get(i).costs().networkEvaluations()
                    - result.images().get(i).costs().networkEvaluations();
            rewards += full.images().get(i).costs().rewardCalls()
                    - result.images().get(i).costs().rewardCalls();
        }
        assertThat(screened.savedEvaluations()).isEqualTo(evaluations);
        assertThat(screened.savedRewards()).isEqualTo(rewards);
        assertThat(evaluations > 0).isEqualTo(screen.startsWith("first") && rewards > 0);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noBudgetIsOverspent(String method, String screen, SmallWorld world) {
        long plain = world.schedule().evaluations();
        for (long budget : new long[] {plain, 2 * plain + 1, 5 * plain - 1}) {
            SearchResult result =
                    run(world.search(Methods.parse(method)).budget(budget).screening(screening(screen, "20%", .1)));
            assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
        }
    }

    /** A screen that is the verifier never loses, so its search is the full one, for one true score a round once two rounds at most were seen. */
    @ParameterizedTest
    @MethodSource("methods")
    void aScreenThatIsTheVerifierLosesNothing(String method) {
        SmallWorld world = SmallWorld.ddim();
        SearchResult full = run(world.search(Methods.parse(method)));
        SearchResult result = run(world.search(Methods.parse(method))
                .screenReward(Rewards.brightness())
                .screening(screening("reward", "1%", .2)));
        if (!method.startsWith("ascent")) {
            same(full, result);
        }
        Screened screened = screened(result);
        assertThat(screened.auditLoss()).isZero();
        assertThat(screened.audits() > 0 || screened.rounds() == 0).isTrue();
    }

    @Test
    void aScreenThatIsTheVerifierCostsAllScreensAndOneScoreARound() {
        SmallWorld world =
                new SmallWorld("one step", new ExactMixture(SmallWorld.SHAPE, false, .5, 0), LAST_STEP_ALONE);
        int rounds = 12;
        int candidates = 8;
        SearchResult result = run(world.search(LocalSearch.builder()
                        .candidates(candidates)
                        .rounds(rounds)
                        .build())
                .screenReward(Rewards.brightness())
                .screening(screening("reward", "1%", 0)));
        for (ImageResult image : result.images()) {
            Screened screened = Objects.requireNonNull(image.screened());
            assertThat(screened.candidates()).isEqualTo(rounds * candidates);
            assertThat(screened.verified()).isEqualTo(candidates + rounds - 1);
            // The final image's own reward besides.
            assertThat(image.costs().rewardCalls()).isEqualTo(screened.verified() + 1);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aScreenThatIsNoiseHasNearlyAllVerified(String method) {
        SmallWorld world = SmallWorld.ddim();
        SearchResult result = run(world.search(Methods.parse(method))
                .screenReward(Reward.of("noise", ScreeningLawTest::noise))
                .screening(screening("reward", "1%", 0)));
        Screened screened = screened(result);
        if (screened.rounds() > 0) {
            assertThat(screened.verified()).isGreaterThan((long) (.93 * screened.candidates()));
        }
    }

    /** A Gaussian mixture, a screen with errors, every round audited: the loss is measured, it is under the bound within its error, and there is a saving without audits. */
    @ParameterizedTest
    @ValueSource(strings = {"0.0003", "0.001", "0.003"})
    void theMeasuredLossIsUnderTheBound(String bound) {
        Search.Builder search = audited("eps-greedy:candidates=8:rounds=12")
                .reward(Rewards.brightness())
                .screenReward(Reward.of("rough", image -> SmallWorld.brightness(image) + .01 * noise(image)));
        Screened audited = screened(run(search.screening(screening("reward", bound, 1))));
        assertThat(audited.audits()).isEqualTo(audited.rounds()).isGreaterThan(200);
        assertThat(audited.meanLoss()).isPositive().isLessThan(Double.parseDouble(bound) + 3 * audited.lossError());
        assertThat(audited.meanLoss() - audited.meanExpectedLoss())
                .as("what was expected")
                .isLessThan(3 * audited.lossError());
        Screened saving = screened(run(search.screening(screening("reward", bound, 0))));
        assertThat(saving.verified()).isLessThan(saving.candidates() * 6 / 10);
    }

    /** The truth is the screen's score and a normal error of one size, as it is taken to be, and many rounds were seen: the loss is neither above nor below what was expected. */
    @ParameterizedTest
    @ValueSource(strings = {"0.0003", "0.001", "0.003"})
    void whereTheScreenErrsAsIsAssumedTheMeasuredLossIsTheExpectedOne(String bound) {
        Search.Builder search = audited("zero-order:candidates=8:rounds=12")
                .reward(Reward.of("rough", image -> SmallWorld.brightness(image) + .01 * noise(image)))
                .screenReward(Rewards.brightness());
        Screened audited =
                screened(search.screening(screening("reward", bound, 1)).build().run(ImageRequest.of(0, 30)));
        double most = Double.parseDouble(bound);
        assertThat(audited.lossError()).isPositive().isLessThan(most / 3);
        assertThat(audited.meanExpectedLoss()).isPositive().isLessThan(most);
        assertThat(audited.meanLoss()).isCloseTo(audited.meanExpectedLoss(), within(3 * audited.lossError()));
    }

    /** Outside the model: two beams, or a reward that saturates, whose screen is the estimate halfway through a step. What was expected is not exceeded, and something is saved. */
    @ParameterizedTest
    @ValueSource(strings = {"zero-order:candidates=8:rounds=12", "beam:candidates=8:beams=2"})
    void theExpectedLossIsNotExceededWhereARewardSaturates(String method) {
        Search.Builder search = audited(method)
                .reward(Reward.of(
                        "saturating", image -> 1 / (1 + Math.exp(-30 * (SmallWorld.brightness(image) - .62)))));
        Screened audited =
                screened(search.screening(screening("first", "5%", 1)).build().run(ImageRequest.of(0, 30)));
        assertThat(audited.audits()).isEqualTo(audited.rounds()).isPositive();
        assertThat(audited.meanLoss() + 3 * audited.lossError()).isLessThan(audited.meanExpectedLoss());
        Screened saving =
                screened(search.screening(screening("first", "5%", 0)).build().run(ImageRequest.of(0, 30)));
        assertThat(saving.savedEvaluations()).isPositive();
    }

    /** Beams as many as noises go on as they are: an image that has come back from its target is one of them. */
    @ParameterizedTest
    @ValueSource(strings = {"first", "reward"})
    void whatIsKeptWholeIsScreenedForNoImageBesideOthers(String screen) {
        Reward unsteady = Reward.of("unsteady", image -> 37 * SmallWorld.brightness(image) % 1);
        for (double target : new double[] {.6, .8, .9}) {
            Search.Builder search = SmallWorld.edm()
                    .search(Methods.parse("beam:candidates=2:beams=2"))
                    .reward(unsteady)
                    .screenReward(Reward.of("rough", image -> Math.rint(111 * SmallWorld.brightness(image)) / 3 % 1))
                    .screening(screening(screen, "20%", .3))
                    .targetReward(target);
            List<ImageResult> together = run(search.maxBatch(256)).images();
            List<ImageResult> single = run(search.maxBatch(1)).images();
            for (int i = 0; i < together.size(); i++) {
                assertThat(single.get(i).screened()).isEqualTo(together.get(i).screened());
                assertThat(single.get(i).recipe()).isEqualTo(together.get(i).recipe());
            }
        }
    }

    private static Search.Builder audited(String method) {
        return Search.builder(new ExactMixture(new ImageShape(1, 4, 4), false, .3, -.4, .4))
                .sampler(new EdmSampler(8, .02, 80, 7, 40, .05, 50, 1))
                .method(Methods.parse(method))
                .maxBatch(256);
    }

    @Test
    void aScreenThatGivesNoNumbersChangesNothing() {
        SmallWorld world = SmallWorld.edm();
        for (double value : new double[] {Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY}) {
            for (String method : methods()) {
                SearchResult full = run(world.search(Methods.parse(method)));
                SearchResult result = run(world.search(Methods.parse(method))
                        .screenReward(Reward.of("none", image -> value))
                        .screening(screening("first", "50%", 0)));
                same(full, result);
                assertThat(screened(result).unscreened())
                        .isEqualTo(screened(result).candidates());
            }
        }
    }

    /** The best of all are those the screen is blind to: they are verified, and win. */
    @Test
    void whatTheScreenIsBlindToIsNotHidden() {
        SmallWorld world = SmallWorld.edm();
        Method method = Methods.parse("svdd:proposals=6");
        SearchResult full = run(world.search(method));
        SearchResult blind = run(world.search(method)
                .screenReward(Reward.of(
                        "blind",
                        image -> SmallWorld.brightness(image) > .5 ? Double.NaN : SmallWorld.brightness(image)))
                .screening(screening("reward", "1%", 0)));
        same(full, blind);
        assertThat(screened(blind).unscreened()).isPositive();
    }

    /** Whatever the screen says, a candidate whose true score is no number goes on only where all are so. */
    @Test
    void aCandidateWithoutATrueScoreNeverWins() {
        SmallWorld world = SmallWorld.ddim();
        double[][] met = {{}};
        Reward holes =
                Reward.of("holes", image -> Math.abs(noise(image)) < .3 ? Double.NaN : SmallWorld.brightness(image));
        SearchResult result = run(world.search(Methods.parse("beam:candidates=6:beams=2"))
                .reward(holes)
                .screenReward(Rewards.brightness())
                .screening(screening("reward", "20%", 0))
                .listener(new SearchListener() {
                    @Override
                    public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                        met[0] = rewards;
                        assertThat(rewards).doesNotContain(Double.NaN, Double.NEGATIVE_INFINITY);
                    }
                }));
        assertThat(met[0]).isNotEmpty();
        assertThat(result.images().stream().mapToLong(ImageResult::nanScores).sum())
                .isPositive();
        assertThat(screened(result).verified()).isLessThan(screened(result).candidates());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void noPointersAreLeftWhetherItEndsOrFails(String method) {
        SmallWorld world = SmallWorld.edm();
        Search.Builder search = world.search(Methods.parse(method)).screening(screening("first+half", "20%", .1));
        run(search);
        int[] calls = {0};
        Reward broken = Reward.of("broken", image -> {
            if (calls[0]++ > 40) {
                throw new NoisetrailException("broken");
            }
            return SmallWorld.brightness(image);
        });
        long pointers = NativeObjects.settled();
        run(search);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        assertThatThrownBy(() -> run(search.reward(broken))).isInstanceOf(NoisetrailException.class);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
    }

    @Test
    void methodsAreScreenedWithTheSettingsThatTheMessageAsksFor() {
        assertThat(Screening.methods())
                .endsWith("; of these svdd with alpha 0 only; and pruned-best-of-n with noises above 1");
        assertThat(Methods.parse("svdd:alpha=0").screens()).isTrue();
        assertThat(Methods.parse("svdd:alpha=0.05").screens()).isFalse();
        assertThat(Methods.parse("pruned-best-of-n:noises=2").screens()).isTrue();
        assertThat(Methods.parse("pruned-best-of-n").screens()).isFalse();
    }

    @Test
    void whatCannotBeScreenedIsRefused() {
        SmallWorld edm = SmallWorld.edm();
        SmallWorld ddim = SmallWorld.ddim();
        refused(edm.search(new BestOfN(4)).screening(screening("first", "1%", 0)), "screen needs a method");
        refused(
                edm.search(Methods.parse("eps-greedy:score-at-first")).screening(screening("half", "1%", 0)),
                "screen needs a method");
        refused(ddim.search(new Svdd(4, 0)).screening(screening("first", "1%", 0)), "screen first saves nothing");
        refused(ddim.search(new Svdd(4, 0)).screening(screening("preview", "1%", 0)), "screen preview needs a");
        refused(ddim.search(new Svdd(4, 0)).screening(screening("reward", "1%", 0)), "screen reward needs another");
        refused(
                ddim.search(new Svdd(4, 0))
                        .preview(Decoder.identity(SmallWorld.SHAPE))
                        .screening(screening("half", "1%", 0)),
                "a preview decoder judges candidates itself");
        refused(ddim.search(new Svdd(4, 0)).screenReward(Rewards.brightness()), "a screen's reward needs a screen");
        assertThatThrownBy(() -> screening("second", "1%", 0)).hasMessageContaining("screen must be first, half");
        assertThatThrownBy(() -> screening("first", "-1", 0)).hasMessage("verify-loss must be >= 0 and finite: -1.0");
        assertThatThrownBy(() -> screening("first", "much", 0)).hasMessageContaining("verify-loss must be a number");
        assertThatThrownBy(() -> screening("first", "1", 2)).hasMessageContaining("audit must be from 0");
        for (String words : List.of("first", "half", "linear", "preview", "reward", "first+half", "first+preview")) {
            assertThat(screening(words, "1%", 0).words()).isEqualTo(words);
        }
        assertThat(LossBound.parse("2.5%")).hasToString("2.5%");
        assertThat(LossBound.parse("0.01")).hasToString("0.01");
    }

    private static void refused(Search.Builder search, String why) {
        assertThatThrownBy(search::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(why);
    }
}
