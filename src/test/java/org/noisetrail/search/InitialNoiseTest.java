package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.PrimitiveIterator;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
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

    @Test
    void aCandidateIsMixedWithTheBestBeforeItsRound() {
        PrimitiveIterator.OfDouble script = SmallWorld.script(new double[][] {
            // The image's own noise; round 1: candidate 1 is the pivot; round 2: level with it is not better.
            {.3},
            {.2, .4},
            {.4, .1},
            // Round 3: candidate 0; round 4: the first of equals.
            {.6, .5},
            {.7, .7}
        });
        SmallWorld world = SmallWorld.ddim(0, .3, -.4, .4);
        ImageResult image = world.search(new InitialNoise(InitialNoise.Variant.ZERO_ORDER, 2, 4, .3))
                .reward(Reward.of("script", any -> script.next()))
                .decodeBatch(1)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(script.hasNext()).isFalse();
        assertThat(image.reward()).isEqualTo(.7);
        assertThat(image.recipe().start())
                .isEqualTo(List.of(
                        Draw.global(0, 0),
                        new Draw.Mixed(1, 1, .3),
                        new Draw.Mixed(3, 0, .3),
                        new Draw.Mixed(4, 0, .3)));
        assertThat(image.state())
                .isEqualTo(world.replay(0, List.of(image.recipe())).get(0).state());
    }

    /** However often it was mixed with others, a pivot is as long as a normal noise. */
    @Test
    void pivotsStayOnTheSphereOfNormals() {
        ImageShape shape = new ImageShape(1, 32, 32);
        List<ImageResult> images = Search.builder(SmallWorld.mixture(shape, SmallWorld.noise(), .2, 0))
                .sampler(DdimSampler.DEFAULT.withSteps(2).withEta(0))
                .reward(Rewards.brightness())
                .method(new InitialNoise(InitialNoise.Variant.ZERO_ORDER, 2, 30, .3))
                .build()
                .run(ImageRequest.of(0, 24))
                .images();
        assertThat(images.stream()
                        .mapToInt(image -> image.recipe().start().size())
                        .average()
                        .orElseThrow())
                .as("draws that each was made of")
                .isGreaterThan(8);
        // Of one normal noise 1 / sqrt(2 d) = .022; what is searched for is one of its 1024 dimensions.
        assertThat(images.stream().mapToDouble(ImageResult::pivotNorm).average().orElseThrow())
                .isCloseTo(1, within(.03));
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

    @Test
    void nothingIsMadeOfCandidatesThatHaveReachedTheTarget() {
        SmallWorld world = SmallWorld.ddim();
        for (double target : new double[] {.5, .7}) {
            ImageResult image = world.search(new InitialNoise(InitialNoise.Variant.ASCENT, 3, 2, .3))
                    .reward(Reward.of("alike", ignored -> .6))
                    .targetReward(target)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            // Three, the one that is made of them, and three near the best.
            int trajectories = target == .5 ? 3 : 3 + 1 + 3;
            assertThat(image.costs().networkEvaluations())
                    .isEqualTo(trajectories * world.schedule().evaluations());
        }
    }
}
