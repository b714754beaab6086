package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;

/**
 * A Gaussian of 16 elements and a reward that is linear in the state. Where steps inject noise, what each adds to the reward adds up, so a method that chooses step by step gains by all of them, where the best of N gains by
 * the logarithm of N once. Where none does, the initial noise decides, and all clean estimates rank alike: so pruning loses nothing, and a method that learns from all trajectories gains by the square root of their
 * number. Images are paired.
 */
class EqualCostTest {
    private static final int IMAGES = 48;
    private static final ImageShape SHAPE = new ImageShape(1, 4, 4);

    private static SearchResult run(Search.Builder search, Method method) {
        return search.method(method).build().run(ImageRequest.of(0, IMAGES));
    }

    private static void beatsBestOfN(String text, double eta) {
        Search.Builder search = Search.builder(SmallWorld.mixture(SHAPE, SmallWorld.noise(), .25, 0))
                .sampler(DdimSampler.DEFAULT.withSteps(10).withEta(eta))
                .maxBatch(1024)
                .seed(8)
                .reward(Rewards.brightness());
        Method method = Methods.parse(text);
        SearchResult searched = run(search, method);
        double cost = searched.images().stream()
                .mapToLong(image -> image.costs().networkEvaluations())
                .average()
                .orElseThrow();
        Method plain = BestOfN.costing(search.build().schedule(), cost);
        double[] gain = SmallWorld.minus(SmallWorld.rewards(searched), SmallWorld.rewards(run(search, plain)));
        assertThat(SmallWorld.mean(gain) / SmallWorld.error(gain))
                .as("standard errors above %s", Methods.registry().text(plain))
                .isGreaterThan(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "beam",
                "ascent:candidates=4",
                "svdd:proposals=5",
                "smc:candidates=16:lambda=100",
                "sop:candidates=2:renoisings=4:start=3:up=1:down=3",
                "lookahead-beam:candidates=4:beams=1:lookahead=1",
                "dts:iterations=48:lambda=100:branching=2:exponent=0:exploration=0.1"
            })
    void whereStepsInjectNoiseChoosingAtEachBeatsTheBestOfN(String text) {
        beatsBestOfN(text, 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pruned-best-of-n:candidates=24:keep=6@1,2@3",
                "x-t:variant=ascent:candidates=8",
                "x-t:candidates=4:rounds=12:share=0.35",
                "evolve:candidates=4:generations=4@0,4@0,4@0,4@0,4@0,4@0,4@0,4@0,4@0,4@0,4@0,4@0:elites=1:share=0.4"
            })
    void whereTheInitialNoiseDecidesPruningAndLearningBeatTheBestOfN(String text) {
        beatsBestOfN(text, 0);
    }
}
