package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ManualClock;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

class PlanTest {
    private static final Duration CALL = Duration.ofMillis(50);

    private final ManualClock clock = new ManualClock();
    private final ExactMixture mixture = new ExactMixture(new ImageShape(1, 2, 2), false, .2, -.4, .4);

    private SearchResult run(String method, double limit) {
        mixture.beforeCall = () -> clock.pass(CALL);
        Plan plan = new Plan(Methods.parse(method), 6, 2, 0, 0, limit, limit, "by hand");
        return plan.apply(clock.of(Search.builder(mixture)
                        .sampler(EdmSampler.DEFAULT.withSteps(8))
                        .reward(Rewards.brightness())))
                .build()
                .run(ImageRequest.of(0, 3));
    }

    @Test
    void aSearchEndsAtThePlansLimit() {
        for (double limit : new double[] {3, 7.25}) {
            Duration time = Duration.ofMillis((long) (1000 * limit));
            assertThat(run("zero-order:candidates=2:rounds=1000", limit).elapsed())
                    .isBetween(time.minus(CALL), time.plus(CALL));
        }
    }

    @Test
    void aPlanWithoutALimitRunsToItsEndInItsBatches() {
        SearchResult result = run("best-of-n:candidates=4", Double.POSITIVE_INFINITY);
        long evaluations = 15;
        assertThat(mixture.rows).hasValue(3 * 4 * evaluations);
        // One image's four candidates at a time: two images' would be eight rows.
        assertThat(mixture.calls).hasValue(3 * evaluations);
        assertThat(result.elapsed()).isEqualTo(CALL.multipliedBy(3 * evaluations));
    }
}
