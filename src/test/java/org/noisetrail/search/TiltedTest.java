package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.model.ImageShape;
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

    @Test
    void theBestOfNDoesNot() {
        double[] plain = states(new Naive());
        double[] best = states(new BestOfN(24));
        assertThat(miss(plain, best)).isGreaterThan(.5);
        assertThat(SmallWorld.variance(best) / SmallWorld.variance(plain)).isLessThan(.5);
    }
}
