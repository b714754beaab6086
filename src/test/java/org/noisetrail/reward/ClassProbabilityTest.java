package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.testing.Goldens;

class ClassProbabilityTest {
    @Test
    void itIsWhatAnotherImplementationSaysOfTheGoldenImages() {
        Map<String, List<Double>> all = Map.of("class", Goldens.CLASS, "heldout", Goldens.HELD_OUT);
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            all.forEach((name, expected) -> {
                try (Reward reward = RewardText.parse(name).build(() -> model)) {
                    double[] scores = RewardsTest.score(
                            reward,
                            new ImageShape(1, 28, 28),
                            Goldens.images(),
                            IntStream.range(0, 10).toArray());
                    assertThat(scores).hasSize(10);
                    for (int i = 0; i < 10; i++) {
                        assertThat(scores[i]).as("%s of image %d", name, i).isCloseTo(expected.get(i), within(1e-4));
                    }
                }
            });
        }
    }
}
