package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Patience;
import org.noisetrail.search.Rounds;
import org.noisetrail.search.Search;

class MethodCostsTest {
    private static final EdmSampler DEFAULT = EdmSampler.DEFAULT;
    private static final EdmSampler SHORT = DEFAULT.withSteps(6);

    private static ExactMixture mixture() {
        return new ExactMixture(new ImageShape(1, 4, 4), false, .2, -.4, .4);
    }

    private static List<ImageResult> draw(Method method, EdmSampler sampler, int images) {
        return Search.builder(mixture())
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
                LocalSearch.builder().candidates(1).epsilon(0).rounds(2).build());
    }

    @ParameterizedTest
    @MethodSource("exactMethods")
    void theCostForetoldIsTheLedgers(Method method) {
        long foretold = MethodCosts.exact(method, SHORT).orElseThrow();
        assertThat(draw(method, SHORT, 2))
                .allSatisfy(
                        image -> assertThat(image.costs().networkEvaluations()).isEqualTo(foretold));
    }

    @Test
    void thePapersSettingsCostWhatTheDesignSays() {
        assertThat(MethodCosts.exact(LocalSearch.epsGreedy(), DEFAULT)).hasValue(2089);
        assertThat(MethodCosts.exact(new BestOfN(4), DEFAULT)).hasValue(140);
    }

    @Test
    void whatDependsOnRewardsIsNotForetold() {
        assertThat(MethodCosts.exact(Mcts.standard(), DEFAULT)).isEmpty();
        LocalSearch patient =
                LocalSearch.builder().patience(new Patience(2, .1, false)).build();
        assertThat(MethodCosts.exact(patient, DEFAULT)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {35, 36, 100, 140, 531, 1000, 2089, 20000})
    void aFittedMethodCostsAboutTheTarget(long target) {
        for (Method method : List.of(LocalSearch.epsGreedy(), LocalSearch.zeroOrder())) {
            long cost = MethodCosts.exact(MethodCosts.fit(method, DEFAULT, target), DEFAULT)
                    .orElseThrow();
            // One more round costs 4 candidates x 2 evaluations.
            assertThat(cost).isBetween(target - 7, target);
        }
        long beams = MethodCosts.exact(MethodCosts.fit(Beam.standard(), DEFAULT, target), DEFAULT)
                .orElseThrow();
        assertThat(beams).isLessThanOrEqualTo(target);
        Method wider = MethodCosts.fit(Beam.standard(), DEFAULT, target);
        Beam more = new Beam(((Beam) wider).candidates() + 1, ((Beam) wider).beams() + 1);
        assertThat(MethodCosts.exact(more, DEFAULT).orElseThrow()).isGreaterThan(target);
        long best = MethodCosts.exact(MethodCosts.fit(new BestOfN(4), DEFAULT, target), DEFAULT)
                .orElseThrow();
        assertThat(best).isCloseTo(target, within(18L));
    }

    @Test
    void aFittedSearchSpendsWhatItWasFittedTo() {
        Method fitted = MethodCosts.fit(LocalSearch.epsGreedy(), SHORT, 200);
        assertThat(draw(fitted, SHORT, 1).get(0).costs().networkEvaluations()).isBetween(193L, 200L);
    }

    @Test
    void theFullTargetGivesTheRoundsBack() {
        LocalSearch fitted = (LocalSearch) MethodCosts.fit(LocalSearch.epsGreedy(), DEFAULT, 2089);
        assertThat(MethodCosts.rounds(fitted, DEFAULT)).isEqualTo(MethodCosts.rounds(LocalSearch.epsGreedy(), DEFAULT));
    }

    @Test
    void roundsKeepTheirProportions() {
        LocalSearch cheap =
                LocalSearch.builder().rounds(Rounds.byNoiseLevel(.01, 1, 20, 1)).build();
        long full = MethodCosts.exact(cheap, DEFAULT).orElseThrow();
        LocalSearch half = (LocalSearch) MethodCosts.fit(cheap, DEFAULT, full / 2);
        int[] rounds = MethodCosts.rounds(half, DEFAULT);
        for (int step = 0; step < rounds.length; step++) {
            boolean inside = DEFAULT.gain(step) > 0 && DEFAULT.sigma(step) <= 1;
            assertThat(rounds[step]).isBetween(inside ? 9 : 0, inside ? 11 : 1);
        }
    }

    @Test
    void aTargetThatPaysForNothingIsRefused() {
        assertThatThrownBy(() -> MethodCosts.fit(new Naive(), DEFAULT, 34))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(">= 35");
    }
}
