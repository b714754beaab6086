package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;

class InitialNoiseTest {
    private static final int IMAGES = 48;

    @Test
    void itWorksWithoutInjectedNoiseAndMoreRoundsAreNeverWorse() {
        SmallWorld world = SmallWorld.ddim(0, .3, -.4, .4);
        double[] before = SmallWorld.rewards(world.search(new Naive()).build().run(ImageRequest.of(0, IMAGES)));
        for (int rounds = 1; rounds <= 3; rounds++) {
            double[] now =
                    SmallWorld.rewards(world.search(new InitialNoise(InitialNoise.Variant.ZERO_ORDER, 4, rounds, .3))
                            .build()
                            .run(ImageRequest.of(0, IMAGES)));
            double[] gain = SmallWorld.minus(now, before);
            assertThat(Arrays.stream(gain).min().orElseThrow()).isGreaterThanOrEqualTo(0);
            assertThat(SmallWorld.mean(gain)).isGreaterThan(0);
            before = now;
        }
    }

    /** A linear sampler and reward: the regression's gain on the initial noise is |G| sqrt(d M / (M + d)), above the best of M's |G| E max. */
    @Test
    void ascentOnTheInitialNoiseGainsByItsLaw() {
        ImageShape shape = new ImageShape(1, 4, 4);
        int d = shape.elements();
        int m = 8;
        Search.Builder search = Search.builder(SmallWorld.mixture(shape, SmallWorld.noise(), .2, 0))
                .sampler(DdimSampler.DEFAULT.withSteps(4).withEta(0))
                .reward(Rewards.brightness())
                .maxBatch(1024);
        double[] plain = SmallWorld.rewards(search.method(new Naive()).build().run(ImageRequest.of(0, 400)));
        double deviation = Math.sqrt(SmallWorld.variance(plain));
        double[] climbed = SmallWorld.rewards(search.method(new InitialNoise(InitialNoise.Variant.ASCENT, m, 1, .3))
                .build()
                .run(ImageRequest.of(1000, 400)));
        double gain = (SmallWorld.mean(climbed) - SmallWorld.mean(plain)) / deviation;
        // |G| is the reward's deviation: the noise is standard normal. The best of M + 1 is a little above the
        // combination alone.
        assertThat(gain)
                .isCloseTo(Math.sqrt((double) d * m / (m + d)), within(.25))
                .isGreaterThan(1.42 + .4);
    }
}
