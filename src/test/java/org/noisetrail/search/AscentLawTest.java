package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Step;

/** One step that injects noise, the last, and data of one Gaussian: the reward is linear in that step's noise, with a slope that is known. */
class AscentLawTest {
    private static final ImageShape SHAPE = new ImageShape(1, 6, 6);
    private static final int D = SHAPE.elements();
    private static final double DEVIATION = .5;
    private static final EdmSampler LAST_STEP_ALONE = new EdmSampler(4, .5, 80, 7, 40, 0, .5001, 1);
    private static final int IMAGES = 250;

    /** |G|: the final state is D(x^) = x^ s^2 / (s^2 + t^2), and brightness the mean of x / 2. */
    private static double slope() {
        Step step = LAST_STEP_ALONE.schedule(Parameterisation.denoiser()).step(3);
        double raised = step.level() * step.level() + step.gain() * step.gain();
        double shrunk = DEVIATION * DEVIATION / (DEVIATION * DEVIATION + raised);
        return step.gain() * shrunk / 2 / Math.sqrt(D);
    }

    private static double[] rewards(Method method) {
        ExactMixture gaussian = new ExactMixture(SHAPE, false, DEVIATION, 0);
        return SmallWorld.rewards(new SmallWorld("law", gaussian, LAST_STEP_ALONE)
                .search(method)
                .maxBatch(1024)
                .build()
                .run(ImageRequest.of(0, IMAGES)));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 24})
    void theGainIsTheSlopeTimesTheRootOfDMOverMPlusD(int m) {
        double[] gain = SmallWorld.minus(rewards(new Ascent(m)), rewards(new Naive()));
        double expected = slope() * Math.sqrt((double) D * m / (D + m));
        // The best of all is a little above the combination alone, most where there are few.
        assertThat(SmallWorld.mean(gain))
                .isBetween(expected - 4 * SmallWorld.error(gain), 1.12 * expected + 4 * SmallWorld.error(gain));
    }

    @Test
    void itIsAboveSelectionFromAsMany() {
        double[] plain = rewards(new Naive());
        double[] best = SmallWorld.minus(rewards(new Svdd(9, 0)), plain);
        double[] ascent = SmallWorld.minus(rewards(new Ascent(8)), plain);
        // The expected maximum of 9 standard normals.
        assertThat(SmallWorld.mean(best)).isCloseTo(1.485 * slope(), within(4 * SmallWorld.error(best)));
        double[] more = SmallWorld.minus(ascent, best);
        assertThat(SmallWorld.mean(more)).isGreaterThan(5 * SmallWorld.error(more));
    }

    /** N 4, K 5, kept, scored at first. */
    @Test
    void epsGreedyThatScoresAtFirstCosts282() {
        SearchResult result = Search.builder(new ExactMixture(SHAPE, false, DEVIATION, 0))
                .method(Methods.parse("eps-greedy:rounds=5:keep-pivot:score-at-first"))
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 2));
        assertThat(result.images()).allMatch(image -> image.costs().networkEvaluations() == 282);
    }
}
