package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;

/**
 * One Gaussian pixel and a reward that is linear in it, r = x / 2 + 1/2: then the model's distribution times exp(lambda r) is the Gaussian of the same deviation whose mean is lambda / 2 variances higher. Samplers of
 * the tilted distribution come to it as their particles grow; the best of N does not, whatever N.
 */
class TiltedTest {
    private static final double LAMBDA = 6;
    private static final int IMAGES = 600;

    private static Search.Builder search(Method method, int steps) {
        return Search.builder(SmallWorld.mixture(new ImageShape(1, 1, 1), SmallWorld.noise(), .25, -.1))
                .sampler(DdimSampler.DEFAULT.withSteps(steps))
                .maxBatch(4096)
                .decodeBatch(4096)
                .seed(3)
                .method(method)
                .reward(Rewards.brightness());
    }

    private static double[] states(Method method) {
        return states(method, 12);
    }

    private static double[] states(Method method, int steps) {
        return search(method, steps).build().run(ImageRequest.of(0, IMAGES)).images().stream()
                .mapToDouble(image -> image.state()[0])
                .toArray();
    }

    /** How far means are from the tilted mean, in standard deviations of the model. */
    private static double miss(double[] plain, double[] x) {
        return miss(plain, x, LAMBDA);
    }

    private static double miss(double[] plain, double[] x, double lambda) {
        double deviation = Math.sqrt(SmallWorld.variance(plain));
        double tilted = SmallWorld.mean(plain) + lambda / 2 * deviation * deviation;
        return Math.abs(SmallWorld.mean(x) - tilted) / deviation;
    }

    @ParameterizedTest
    @CsvSource({"difference,.12", "max,.12", "sum,.25"})
    void smcComesToTheTiltedDistributionAsParticlesGrow(String potential, double bound) {
        double[] plain = states(new Naive());
        double[] few = states(Methods.parse("smc:candidates=2:lambda=6:sample:potential=" + potential));
        double[] many = states(Methods.parse("smc:candidates=24:lambda=6:sample:potential=" + potential));
        assertThat(miss(plain, many)).isLessThan(miss(plain, few)).isLessThan(bound);
        assertThat(SmallWorld.variance(many) / SmallWorld.variance(plain)).isCloseTo(1, within(.15));
    }

    @Test
    void dtsComesToTheTiltedDistributionAsItsTreeGrows() {
        // Few steps and wide trees: where a node has few children, those whose first end was good are visited more, and
        // are diluted.
        double lambda = 20;
        String settings = ":lambda=20:variant=sampling:branching=4:exponent=0.8";
        double[] plain = states(new Naive(), 4);
        double[] few = states(Methods.parse("dts:iterations=2" + settings), 4);
        double[] many = states(Methods.parse("dts:iterations=50" + settings), 4);
        assertThat(miss(plain, many, lambda))
                .isLessThan(miss(plain, few, lambda) / 2)
                .isLessThan(.15);
        assertThat(SmallWorld.variance(many) / SmallWorld.variance(plain)).isCloseTo(1, within(.2));
    }

    @Test
    void svddComesNearTheTiltedDistribution() {
        double[] plain = states(new Naive());
        double[] x = states(new Svdd(16, 1 / LAMBDA));
        // Its value is the reward of the clean estimate, not the logarithm of the mean of exp(lambda r): equal here but
        // for a constant, so M alone stands between.
        assertThat(miss(plain, x)).isLessThan(.12);
        assertThat(SmallWorld.variance(x) / SmallWorld.variance(plain)).isCloseTo(1, within(.15));
    }

    /**
     * What is tilted otherwise than by a shift.
     *
     * @param reward of a pixel's value, -1 to 1
     */
    private record World(double lambda, DoubleUnaryOperator reward, double deviation, double... means) {
        /** Half of the images on either side; the reward says which is wanted. */
        static World bimodal() {
            return new World(6, x -> (x + 1) / 2, .15, -.4, .4);
        }

        /** A reward that is highest at .3 narrows what it moves. */
        static World quadratic() {
            return new World(8, x -> -(x - .3) * (x - .3), .25, 0);
        }

        private static double level(Image image) {
            return image.at(0, 0, 0) / 127.5 - 1;
        }

        double[] states(Method method, int first, int count) {
            return Search.builder(SmallWorld.mixture(new ImageShape(1, 1, 1), SmallWorld.noise(), deviation, means))
                    .sampler(DdimSampler.DEFAULT.withSteps(12))
                    .maxBatch(4096)
                    .decodeBatch(4096)
                    .seed(3)
                    .method(method)
                    .reward(Reward.of("level", image -> reward.applyAsDouble(level(image))))
                    .build()
                    .run(ImageRequest.of(first, count))
                    .images()
                    .stream()
                    .mapToDouble(image -> image.state()[0])
                    .toArray();
        }

        /** What a plain image weighs. */
        double weight(double x) {
            return Math.exp(lambda * reward.applyAsDouble(Math.max(-1, Math.min(1, x))));
        }

        Moments of(String text) {
            return Moments.of(states(Methods.parse(text + ":lambda=" + lambda), 0, IMAGES), x -> 1);
        }

        /** The tilted distribution's own: of plain images by their weights. */
        Moments tilted() {
            return Moments.of(states(new Naive(), 100_000, 8000), this::weight);
        }
    }

    private record Moments(double mean, double deviation, double above) {
        static Moments of(double[] x, DoubleUnaryOperator weight) {
            double[] w = Arrays.stream(x).map(weight).toArray();
            double all = Arrays.stream(w).sum();
            double mean = 0;
            double squares = 0;
            double above = 0;
            for (int i = 0; i < x.length; i++) {
                mean += w[i] / all * x[i];
                squares += w[i] / all * x[i] * x[i];
                above += x[i] > 0 ? w[i] / all : 0;
            }
            return new Moments(mean, Math.sqrt(squares - mean * mean), above);
        }
    }

    @Test
    void mixturesAndRewardsThatAreNotLinearAreTiltedToo() {
        World bimodal = World.bimodal();
        World quadratic = World.quadratic();
        Moments tilted = bimodal.tilted();
        Moments narrowed = quadratic.tilted();
        assertThat(tilted.above()).as("without any tilt a half").isCloseTo(.87, within(.03));
        assertThat(narrowed.deviation()).as("without any tilt .160").isCloseTo(.135, within(.005));
        for (String text : new String[] {
            "smc:candidates=24:sample:ess=1",
            "smc:candidates=24:sample:ess=0.5",
            "smc:candidates=24:sample:potential=max",
            "dts:iterations=32:variant=sampling:branching=4:exponent=0.8"
        }) {
            Moments drawn = bimodal.of(text);
            // Standard errors of 600 images: .010 of the mean, .014 of the share, .007 of the deviation.
            assertThat(drawn.above()).as(text).isCloseTo(tilted.above(), within(.045));
            assertThat(drawn.mean()).as(text).isCloseTo(tilted.mean(), within(.035));
            assertThat(drawn.deviation()).as(text).isCloseTo(tilted.deviation(), within(.025));
            Moments narrow = quadratic.of(text);
            // .006 of the mean, .004 of the deviation.
            assertThat(narrow.mean()).as(text).isCloseTo(narrowed.mean(), within(.02));
            assertThat(narrow.deviation()).as(text).isCloseTo(narrowed.deviation(), within(.013));
        }
    }

    @Test
    void theBestOfNDoesNot() {
        double[] plain = states(new Naive());
        double[] best = states(new BestOfN(24));
        assertThat(miss(plain, best)).isGreaterThan(.5);
        assertThat(SmallWorld.variance(best) / SmallWorld.variance(plain)).isLessThan(.5);
    }
}
