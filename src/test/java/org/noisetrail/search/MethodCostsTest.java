package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.Noises;

/** What methods say that they cost, and methods of a size for a budget. */
class MethodCostsTest {
    private static final Schedule DEFAULT = EdmSampler.DEFAULT.schedule(Parameterisation.denoiser());
    private static final Sampler SHORT = EdmSampler.DEFAULT.withSteps(6);

    private static List<ImageResult> draw(
            Method method, Sampler sampler, Parameterisation parameterisation, int images) {
        return Search.builder(GaussianMixture.builder(new ImageShape(1, 4, 4), 0)
                        .component(1, .2, -.4)
                        .component(1, .2, .4)
                        .parameterisation(parameterisation)
                        .build())
                .sampler(sampler)
                .method(method)
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, images))
                .images();
    }

    static Stream<Method> exactMethods() {
        return Stream.of(
                new Naive(),
                new BestOfN(3),
                new BestOfN(2, true),
                new Beam(4, 2),
                new Beam(2, 5),
                new Beam(1, 3),
                LocalSearch.builder().rounds(2).build(),
                LocalSearch.builder()
                        .candidates(3)
                        .rounds(Rounds.byNoiseLevel(.1, 5, 3, 0))
                        .build(),
                LocalSearch.builder().candidates(1).epsilon(0).rounds(2).build(),
                LocalSearch.builder().rounds(2).scoreAtFirst(true).build(),
                new Ascent(3));
    }

    @ParameterizedTest
    @MethodSource("exactMethods")
    void theCostForetoldIsTheLedgers(Method method) {
        Sampler ddim = Samplers.parse("ddim:steps=6:set-alpha-to-one");
        Parameterisation discrete = Noises.stableDiffusion(Prediction.EPSILON);
        long before =
                method.evaluations(SHORT.schedule(Parameterisation.denoiser())).orElseThrow();
        long after = method.evaluations(ddim.schedule(discrete)).orElseThrow();
        assertThat(draw(method, SHORT, Parameterisation.denoiser(), 2))
                .allMatch(image -> image.costs().networkEvaluations() == before);
        assertThat(draw(method, ddim, discrete, 2))
                .allMatch(image -> image.costs().networkEvaluations() == after);
    }

    private static long cost(Method method) {
        return method.evaluations(DEFAULT).orElseThrow();
    }

    @Test
    void thePapersSettingsCostWhatTheDesignSays() {
        assertThat(cost(LocalSearch.epsGreedy())).isEqualTo(2089);
        assertThat(cost(new BestOfN(4))).isEqualTo(140);
        assertThat(cost(Beam.standard())).isEqualTo(214);
    }

    @Test
    void whatDependsOnRewardsIsNotForetold() {
        assertThat(Mcts.standard().evaluations(DEFAULT)).isEmpty();
        LocalSearch patient =
                LocalSearch.builder().patience(new Patience(2, .1, false)).build();
        assertThat(patient.evaluations(DEFAULT)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {35, 36, 100, 140, 531, 1000, 2089, 20000})
    void aFittedMethodCostsAboutTheTarget(long target) {
        for (Method method : List.of(LocalSearch.epsGreedy(), LocalSearch.zeroOrder())) {
            // One more round costs 4 candidates x 2 evaluations.
            assertThat(cost(method.sized(DEFAULT, target))).isBetween(target - 7, target);
        }
        Beam wider = (Beam) Beam.standard().sized(DEFAULT, target);
        assertThat(cost(wider)).isLessThanOrEqualTo(Math.max(target, cost(new Beam(2, 1))));
        assertThat(cost(new Beam(wider.candidates() + 1, wider.beams() + 1))).isGreaterThan(target);
        assertThat(cost(new BestOfN(4).sized(DEFAULT, target))).isBetween(target - 34, target);
    }

    /** EDM's defaults take 35 evaluations a trajectory; 2 candidates are the fewest. */
    @ParameterizedTest
    @CsvSource({"70, 105", "105, 105", "139, 105", "140, 140", "174, 140", "175, 175", "314, 175", "315, 315"})
    void searchOnTheInitialNoiseTakesFewerCandidatesWhereARoundIsNotPaid(long target, long cost) {
        for (InitialNoise.Variant variant : InitialNoise.Variant.values()) {
            assertThat(cost(new InitialNoise(variant, 4, 2, .3).sized(DEFAULT, target)))
                    .isEqualTo(cost);
        }
    }

    @Test
    void aFittedSearchSpendsWhatItWasFittedTo() {
        Method fitted = LocalSearch.epsGreedy().sized(SHORT.schedule(Parameterisation.denoiser()), 200);
        assertThat(draw(fitted, SHORT, Parameterisation.denoiser(), 1)
                        .get(0)
                        .costs()
                        .networkEvaluations())
                .isBetween(193L, 200L);
    }

    /** The last step's candidates cost nothing there: it keeps the rounds it had. */
    @Test
    void afterTheNetworkTheLastStepKeepsItsRounds() {
        Schedule schedule =
                Samplers.parse("ddim:steps=6:steps-offset=1").schedule(Noises.stableDiffusion(Prediction.EPSILON));
        LocalSearch fitted = (LocalSearch)
                LocalSearch.builder().candidates(3).rounds(9).build().sized(schedule, 60);
        assertThat(fitted.rounds().at(5, schedule.step(5).level())).isEqualTo(9);
        assertThat(fitted.evaluations(schedule).orElseThrow()).isBetween(58L, 60L);
    }

    private static int[] rounds(Method method) {
        int[] rounds = new int[DEFAULT.size()];
        for (int step = 0; step < rounds.length; step++) {
            rounds[step] = DEFAULT.isDead(step)
                    ? 0
                    : ((LocalSearch) method)
                            .rounds()
                            .at(step, DEFAULT.step(step).level());
        }
        return rounds;
    }

    @Test
    void theFullTargetGivesTheRoundsBack() {
        assertThat(rounds(LocalSearch.epsGreedy().sized(DEFAULT, 2089))).isEqualTo(rounds(LocalSearch.epsGreedy()));
    }

    @Test
    void roundsKeepTheirProportions() {
        LocalSearch cheap =
                LocalSearch.builder().rounds(Rounds.byNoiseLevel(.01, 1, 20, 1)).build();
        int[] rounds = rounds(cheap.sized(DEFAULT, cost(cheap) / 2));
        for (int step = 0; step < rounds.length; step++) {
            boolean inside = !DEFAULT.isDead(step) && DEFAULT.step(step).level() <= 1;
            assertThat(rounds[step]).isBetween(inside ? 9 : 0, inside ? 11 : 1);
        }
    }

    @Test
    void aMeasuredTreeSearchIsResizedInProportion() {
        Mcts tree = new Mcts(4, 8, 1);
        assertThat(((Mcts) tree.resized(DEFAULT, 2000, 1000)).simulations()).isBetween(3, 5);
        assertThat(tree.resized(DEFAULT, 1000, 1000)).isEqualTo(tree);
    }

    /** More than the steps can ever fill would cost nothing and do nothing, but be allocated. */
    @Test
    void noMethodIsLargerThanWhatItCostsCanFill() {
        Schedule silent = EdmSampler.DEFAULT.withChurn(0).schedule(Parameterisation.denoiser());
        assertThat(new Svdd(20, 0).sized(silent, 1000)).isEqualTo(new Svdd(2, 0));
        assertThat(new Ascent(4).sized(silent, 1000)).isEqualTo(new Ascent(2));
        assertThat(new RolloverBudget(1, 4).sized(silent, 1000)).isEqualTo(new RolloverBudget(1, 2));
        assertThat(new Beam(4, 2).sized(silent, 1000)).isEqualTo(new Beam(4, 1));
        assertThat(new LookaheadBeam(4, 2, 3).sized(silent, 1000)).isEqualTo(new LookaheadBeam(4, 1, 3));
    }

    @ParameterizedTest
    @ValueSource(longs = {35, 60, 61, 87, 140, 531, 2089, 1_000_000})
    void aBeamThatLooksNoStepAheadIsSizedAsABeam(long target) {
        for (Schedule schedule : List.of(DEFAULT, SmallWorld.ddim().schedule())) {
            for (int noises : new int[] {1, 2, 4}) {
                Beam beam = (Beam) new Beam(noises, 2).sized(schedule, target);
                assertThat(new LookaheadBeam(noises, 2, 0).sized(schedule, target))
                        .isEqualTo(new LookaheadBeam(beam.candidates(), beam.beams(), 0));
            }
        }
    }

    /** A budget then ends it earlier, which leaves choices at the first steps; a size of one would leave none at any. */
    @Test
    void noMethodIsSizedSoSmallThatItHasNothingToChoose() {
        assertThat(new Svdd(4, 0).sized(DEFAULT, 50)).isEqualTo(new Svdd(2, 0));
        assertThat(new Svdd(1, 0).sized(DEFAULT, 50)).isEqualTo(new Svdd(1, 0));
        assertThat(new RolloverBudget(8, 4).sized(DEFAULT, 38)).isEqualTo(new RolloverBudget(1, 2));
        assertThat(new RolloverBudget(8, 1).sized(DEFAULT, 38)).isEqualTo(new RolloverBudget(1, 1));
        assertThat(new LookaheadBeam(4, 2, 3).sized(DEFAULT, 40)).isEqualTo(new LookaheadBeam(2, 1, 3));
        assertThat(new Beam(4, 2).sized(DEFAULT, 40)).isEqualTo(new Beam(2, 1));
        assertThat(new SearchOverPaths(2, 4, 4, 2, 5).sized(DEFAULT, 40)).isEqualTo(new SearchOverPaths(1, 2, 4, 2, 5));
        assertThat(new SearchOverPaths(2, 1, 4, 2, 5).sized(DEFAULT, 40)).isEqualTo(new SearchOverPaths(2, 1, 4, 2, 5));
        Mcts tree = new Mcts(4, 8, 1);
        assertThat(tree.sized(DEFAULT, 40)).isEqualTo(new Mcts(4, 2, 1));
        assertThat(tree.resized(DEFAULT, 2000, 40)).isEqualTo(new Mcts(4, 2, 1));
        // Of one noise a step there never was a choice: it is what somebody asked for.
        assertThat(new Beam(1, 2).sized(DEFAULT, 40)).isEqualTo(new Beam(1, 1));
    }

    @Test
    void theLargestSizeIsTheFirstThatCostsAsMuchAsIsPaidFor() {
        // 10 each, up to 7 of them.
        IntToLongFunction cost = size -> 10L * Math.min(size, 7);
        assertThat(Sizes.largest(1000, 1, 100, cost)).isEqualTo(7);
        assertThat(Sizes.largest(70, 1, 100, cost)).isEqualTo(7);
        assertThat(Sizes.largest(69, 1, 100, cost)).isEqualTo(6);
        assertThat(Sizes.largest(39, 1, 100, cost)).isEqualTo(3);
        assertThat(Sizes.largest(5, 2, 100, cost)).isEqualTo(2);
        assertThat(Sizes.largest(1000, 8, 100, cost)).isEqualTo(8);
        assertThat(Sizes.largest(1000, 1, 4, cost)).isEqualTo(4);
    }
}
