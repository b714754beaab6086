package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;

class ClassProbabilityTest {
    /** The golden images, one a class, as NumPy has them from the weights in the embedded model's .pt files. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ':',
            value = {
                "class: .87191 .99995 .91964 .98647 .78026 .80068 .58199 .99888 .98929 .99532",
                "heldout: .98680 1.0000 .96589 .97703 .50743 .10380 .36241 .99991 .99983 .98887"
            })
    void itIsWhatAnotherImplementationSays(String name, String probabilities) {
        float[] x = Safetensors.open(Path.of("src/test/resources/golden/edm/naive.safetensors"))
                .floats("x");
        byte[] pixels = new byte[x.length];
        for (int i = 0; i < x.length; i++) {
            pixels[i] = (byte) Math.max(0, Math.min(255, x[i] * 127.5f + 128));
        }
        String[] expected = probabilities.strip().split(" ");
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                Reward reward = RewardText.parse(name).build(() -> model)) {
            double[] scores = RewardsTest.score(
                    reward,
                    new ImageShape(1, 28, 28),
                    pixels,
                    IntStream.range(0, 10).toArray());
            assertThat(scores).hasSameSizeAs(expected);
            for (int i = 0; i < scores.length; i++) {
                assertThat(scores[i]).as("image %d", i).isCloseTo(Double.parseDouble(expected[i]), within(1e-4));
            }
        }
    }
}
