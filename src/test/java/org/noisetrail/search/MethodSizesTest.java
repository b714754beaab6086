package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;

/** What methods cost, and methods that cost a given number of network evaluations. */
class MethodSizesTest {
    private static final EdmSampler SHORT_SAMPLER = EdmSampler.DEFAULT.withSteps(6);
    private static final Schedule DEFAULT = schedule(EdmSampler.DEFAULT);
    private static final Schedule SHORT = schedule(SHORT_SAMPLER);

    private static Schedule schedule(Sampler sampler) {
        return sampler.schedule(Parameterisation.denoiser());
    }

    private static long cost(Method method, Schedule schedule) {
        return method.evaluations(schedule).orElseThrow();
    }

    private static List<ImageResult> draw(Method method, int images) {
        return Search.builder(new ExactMixture(new ImageShape(1, 4, 4), false, .2, -.4, .4))
                .sampler(SHORT_SAMPLER)
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
                LocalSearch.builder().candidates(1).epsilon(0).rounds(2).build());
    }

    @ParameterizedTest
    @MethodSource("exactMethods")
    void theCostForetoldIsTheLedgers(Method method) {
        long foretold = cost(method, SHORT);
        assertThat(draw(method, 2))
                .allSatisfy(
                        image -> assertThat(image.costs().networkEvaluations()).isEqualTo(foretold));
    }

    @Test
    void thePapersSettingsCostWhatTheDesignSays() {
        assertThat(cost(LocalSearch.epsGreedy(), DEFAULT)).isEqualTo(2089);
        assertThat(cost(new BestOfN(4), DEFAULT)).isEqualTo(140);
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
    void aSizedMethodCostsAboutTheTarget(long target) {
        for (Method method : List.of(LocalSearch.epsGreedy(), LocalSearch.zeroOrder())) {
            // One more round costs 4 candidates x 2 evaluations.
            assertThat(cost(method.sized(DEFAULT, target), DEFAULT)).isBetween(target - 7, target);
        }
        Beam beam = (Beam) Beam.standard().sized(DEFAULT, target);
        assertThat(cost(beam, DEFAULT)).isLessThanOrEqualTo(target);
        assertThat(cost(new Beam(beam.candidates() + 1, beam.beams() + 1), DEFAULT))
                .isGreaterThan(target);
        assertThat(cost(new BestOfN(4).sized(DEFAULT, target), DEFAULT)).isCloseTo(target, within(18L));
        assertThat(new Naive().sized(DEFAULT, target)).isEqualTo(new Naive());
    }

    @Test
    void aSizedSearchSpendsWhatItWasSizedTo() {
        Method sized = LocalSearch.epsGreedy().sized(SHORT, 200);
        assertThat(draw(sized, 1).get(0).costs().networkEvaluations()).isBetween(193L, 200L);
    }

    @Test
    void theFullTargetGivesTheRoundsBack() {
        assertThat(rounds(LocalSearch.epsGreedy().sized(DEFAULT, 2089))).isEqualTo(rounds(LocalSearch.epsGreedy()));
    }

    @Test
    void roundsKeepTheirProportions() {
        LocalSearch cheap =
                LocalSearch.builder().rounds(Rounds.byNoiseLevel(.01, 1, 20, 1)).build();
        int[] rounds = rounds(cheap.sized(DEFAULT, cost(cheap, DEFAULT) / 2));
        for (int step = 0; step < rounds.length; step++) {
            boolean inside = !DEFAULT.isDead(step) && DEFAULT.step(step).level() <= 1;
            assertThat(rounds[step]).isBetween(inside ? 9 : 0, inside ? 11 : 1);
        }
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
    void aMeasuredTreeSearchIsResizedInProportion() {
        Mcts half = (Mcts) new Mcts(4, 8, 1).resized(DEFAULT, 2000, 1000);
        assertThat(half.simulations()).isBetween(3, 5);
        Mcts same = new Mcts(4, 8, 1);
        assertThat(same.resized(DEFAULT, 1000, 1000)).isEqualTo(same);
    }
}
