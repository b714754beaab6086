package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.testing.LogLines;
import org.noisetrail.testing.Noises;

/** Every sampler, with networks of every parameterisation it takes, draws from the distribution that the exact denoiser is of. */
class MixtureSamplersTest {
    @RegisterExtension
    private final LogLines log = new LogLines(Guided.class.getName());

    private static final DiscreteNoise EPSILON = Noises.toPureNoise(Prediction.EPSILON);
    private static final DiscreteNoise V = Noises.toPureNoise(Prediction.V);
    private static final DiscreteNoise SAMPLE = Noises.toPureNoise(Prediction.SAMPLE);

    private static GaussianMixture mixture(Parameterisation parameterisation) {
        return GaussianMixture.builder(new ImageShape(1, 1, 1), 0)
                .component(1, .15, -.6)
                .component(2, .25, .4)
                .parameterisation(parameterisation)
                .build();
    }

    static List<Arguments> processes() {
        String edm = "edm:steps=150:s-noise=1";
        return List.of(
                Arguments.of(edm, "a denoiser", Parameterisation.denoiser()),
                Arguments.of(edm, "EDM's", Parameterisation.edm(.5)),
                Arguments.of(edm, "epsilon", EPSILON),
                Arguments.of(edm, "v", V),
                Arguments.of(edm, "a velocity", Parameterisation.flow()),
                Arguments.of("edm:steps=150:s-churn=0", "EDM's", Parameterisation.edm(.5)),
                Arguments.of("ddim:steps=500:set-alpha-to-one", "epsilon", EPSILON),
                Arguments.of("ddim:steps=500:set-alpha-to-one:timestep-spacing=trailing", "v", V),
                Arguments.of("ddim:steps=500:set-alpha-to-one:timestep-spacing=linspace", "sample", SAMPLE),
                Arguments.of("ddim:steps=250:eta=0.5", "epsilon", EPSILON),
                Arguments.of("ddim:steps=250:eta=0", "epsilon", EPSILON),
                Arguments.of("euler-ancestral:steps=500", "epsilon", EPSILON),
                Arguments.of("euler-ancestral:steps=500:timestep-spacing=linspace", "v", V),
                Arguments.of("euler-ancestral:steps=250:eta=0", "sample", SAMPLE),
                Arguments.of("flow-sde:steps=250", "a velocity", Parameterisation.flow()),
                Arguments.of("flow-sde:steps=250:flow-shift=3", "a velocity", Parameterisation.flow()),
                Arguments.of("flow-sde:steps=250:flow-noise=0", "a velocity", Parameterisation.flow()),
                Arguments.of("flow-sde:steps=250", "v", V));
    }

    @ParameterizedTest(name = "{0} of {1}")
    @MethodSource("processes")
    void theMixturesMeanAndVarianceAreReached(String sampler, String network, Parameterisation parameterisation) {
        GaussianMixture mixture = mixture(parameterisation);
        double[] x = states(mixture, sampler, 2000);
        double mean = 0;
        for (double value : x) {
            mean += value / x.length;
        }
        double second = 0;
        double fourth = 0;
        for (double value : x) {
            second += Math.pow(value - mean, 2) / x.length;
            fourth += Math.pow(value - mean, 4) / x.length;
        }
        double variance = mixture.variance(0)[0];
        assertThat(mean).isCloseTo(mixture.mean(0)[0], within(4 * Math.sqrt(variance / x.length)));
        assertThat(second).isCloseTo(variance, within(4 * Math.sqrt((fourth - second * second) / x.length)));
        double right = 0;
        for (double value : x) {
            right += value > -.15 ? 1.0 / x.length : 0;
        }
        // The components hardly overlap: .0013 of the left and .0139 of the right are on the other's side.
        double expected = (.0013 + 2 * (1 - .0139)) / 3;
        assertThat(right).isCloseTo(expected, within(4 * Math.sqrt(expected * (1 - expected) / x.length)));
    }

    private static double[] states(Denoiser denoiser, String sampler, int count) {
        return Search.builder(denoiser)
                .sampler(Samplers.parse(sampler))
                .maxBatch(2000)
                .seed(17)
                .build()
                .run(ImageRequest.of(0, count))
                .images()
                .stream()
                .mapToDouble(image -> image.state()[0])
                .toArray();
    }

    /** All predictions say the same of x0, so the same noise leads to the same image. */
    @ParameterizedTest
    @MethodSource("sameTimesteps")
    void whatTheNetworkPredictsDoesNotMatter(String sampler) {
        double[] epsilon = states(mixture(EPSILON), sampler, 50);
        for (DiscreteNoise other : List.of(V, SAMPLE)) {
            double[] x = states(mixture(other), sampler, 50);
            for (int i = 0; i < x.length; i++) {
                assertThat(x[i]).isCloseTo(epsilon[i], within(2e-3));
            }
        }
    }

    static List<String> sameTimesteps() {
        return List.of("ddim:steps=20", "euler-ancestral:steps=20");
    }

    /** Where nothing is asked, what guidance moves away from is what it moves to: u + g (c - u) = c. */
    @Test
    void guidanceAwayFromTheSameChangesNothing() {
        double[] plain = states(mixture(EPSILON), "ddim:steps=10", 20);
        Denoiser guided = Guided.of(mixture(EPSILON), 7.5, 0);
        assertThat(states(guided, "ddim:steps=10", 20)).isEqualTo(plain);
        assertThat(guided.evaluations()).isEqualTo(2);
        assertThat(Guided.of(mixture(EPSILON), 1, 0).evaluations()).isEqualTo(1);
    }

    /** diffusers draws by the prompt alone at guidance_scale 0, as here at 1. */
    @Test
    void aGuidanceThatLeavesTheConditionOutIsWarnedOf() {
        assertThat(Guided.of(mixture(EPSILON), 0, 0).evaluations()).isEqualTo(2);
        assertThat(log.messages())
                .containsExactly(
                        "guidance 0.0: below 1 images follow their condition less, at 0 not at all, at twice the cost of 1;"
                                + " what diffusers draws at 1 and below is guidance 1");
        Guided.of(mixture(EPSILON), .99, 0);
        assertThat(log.messages()).hasSize(2);
        Guided.of(mixture(EPSILON), 1, 0);
        Guided.of(mixture(EPSILON), 7.5, 0);
        assertThat(log.messages()).hasSize(2);
    }

    @Test
    void aLevelWithoutSignalIsRefusedWhereTheNetworkCannotBeAskedThere() {
        for (Parameterisation none : List.of(Parameterisation.denoiser(), Parameterisation.edm(.5), EPSILON)) {
            assertThatThrownBy(() -> Samplers.parse("flow-sde").schedule(none))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "sampler flow-sde starts from pure noise, where a network that predicts the noise (epsilon), or takes a noise level (EDM), cannot be asked");
        }
        for (Parameterisation asked : List.of(Parameterisation.flow(), V, SAMPLE)) {
            assertThat(Samplers.parse("flow-sde").schedule(asked).size()).isEqualTo(20);
        }
    }
}
