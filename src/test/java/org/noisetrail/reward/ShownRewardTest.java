package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/** A reward that is looked at scores as before, and shows the best of a batch. */
class ShownRewardTest {
    private static final ImageShape SHAPE = new ImageShape(1, 1, 2);

    private record Seen(Image image, double score) {}

    private static double[] score(Reward reward, int... levels) {
        byte[] pixels = new byte[2 * levels.length];
        List<Condition> asked = new ArrayList<>();
        for (int i = 0; i < levels.length; i++) {
            pixels[2 * i] = (byte) levels[i];
            pixels[2 * i + 1] = (byte) levels[i];
            asked.add(Condition.label(i));
        }
        try (Tensor images = Tensors.bytes(Device.CPU, levels.length, 1, 1, 2);
                Tensor labels = Tensors.ints(Device.CPU, levels.length);
                Tensor scores = Tensors.doubles(Device.CPU, levels.length)) {
            Tensors.copy(pixels, images);
            reward.score(new ImageBatch(Device.CPU, SHAPE, images, labels, asked), scores);
            return Tensors.toDoubles(scores);
        }
    }

    @Test
    void theBestOfABatchIsShownWithItsScore() {
        List<Seen> seen = new ArrayList<>();
        Reward shown =
                Rewards.shown(Rewards.brightness(), Duration.ZERO, (image, score) -> seen.add(new Seen(image, score)));
        assertThat(score(shown, 51, 204, 102)).containsExactly(.2, .8, .4);
        assertThat(score(shown, 255)).containsExactly(1);
        assertThat(seen).extracting(Seen::score).containsExactly(.8, 1.);
        assertThat(seen.get(0).image().label()).isEqualTo(1);
        assertThat(seen.get(0).image().at(0, 0, 1)).isEqualTo(204);
        assertThat(seen.get(1).image().at(0, 0, 0)).isEqualTo(255);
    }

    @ParameterizedTest
    @ValueSource(longs = {86_400, Long.MAX_VALUE})
    void noMoreThanOneIsShownInTheTimeBetween(long seconds) {
        List<Seen> seen = new ArrayList<>();
        Reward shown = Rewards.shown(
                Rewards.brightness(), Duration.ofSeconds(seconds), (image, score) -> seen.add(new Seen(image, score)));
        score(shown, 51);
        score(shown, 102);
        assertThat(seen).extracting(Seen::score).containsExactly(.2);
    }

    @Test
    void aScoreThatIsNoNumberIsNotTheBest() {
        List<Seen> seen = new ArrayList<>();
        Reward odd = Reward.of("odd", image -> image.at(0, 0, 0) > 100 ? Double.NaN : image.at(0, 0, 0));
        Reward shown = Rewards.shown(odd, Duration.ZERO, (image, score) -> seen.add(new Seen(image, score)));
        score(shown, 200, 3, 250, 7);
        assertThat(seen).extracting(Seen::score).containsExactly(7.);
    }
}
