package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

class HostImagesTest {
    private static final ImageShape SHAPE = new ImageShape(3, 1, 2);

    /** Says of an image its last byte and its class; nothing of those of class 9. */
    private static class Last implements Reward {
        final List<Integer> batches = new ArrayList<>();

        @Override
        public String name() {
            return "last";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            batches.add(images.rows());
            double[] values = Tensors.toDoubles(scores);
            int[] labels = Tensors.toInts(images.labels());
            for (int i = 0; i < values.length; i++) {
                Image image = images.toHost().get(i);
                assertThat(image.label()).isEqualTo(labels[i]);
                values[i] = labels[i] == 9 ? values[i] : image.at(2, 0, 1) + 1000 * labels[i];
            }
            Tensors.copy(values, scores);
        }
    }

    private static Image image(int last, Condition condition) {
        return new Image(SHAPE, new byte[] {1, 2, 3, 4, 5, (byte) last}, condition);
    }

    private static final List<Image> IMAGES = List.of(
            image(10, Condition.label(3)),
            image(20, Condition.NONE),
            image(30, Condition.label(9)),
            image(240, Condition.label(0)),
            image(50, new Condition.Prompt("a cat", null)));

    @Test
    void eachImageHasItsOwnScoreHoweverManyAreJudgedAtOnce() {
        for (int most : new int[] {1, 2, 5, 64}) {
            Last reward = new Last();
            assertThat(HostImages.scores(reward, Device.CPU, IMAGES, most))
                    .as("of an image of which nothing is said: NaN")
                    .containsExactly(3010, -980, Double.NaN, 240, -950);
            assertThat(reward.batches).allMatch(rows -> rows <= most).hasSize((5 + most - 1) / most);
        }
    }

    @Test
    void theFirstOfABatchAreScoredAlone() {
        try (HostImages images = new HostImages(Device.CPU, IMAGES)) {
            assertThat(images.scores(new Last(), 2)).containsExactly(3010, -980);
            assertThat(images.batch().conditions())
                    .isEqualTo(IMAGES.stream().map(Image::condition).toList());
        }
    }

    @Test
    void aRewardThatCannotJudgeAllImagesScoresNone() {
        Last reward = new Last() {
            @Override
            public void check(ImageShape shape, List<Condition> conditions) {
                throw new IllegalArgumentException("not " + shape + " of " + conditions.get(4));
            }
        };
        assertThatThrownBy(() -> HostImages.scores(reward, Device.CPU, IMAGES, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not 3x1x2 of ");
        assertThat(reward.batches).isEmpty();
    }

    @Test
    void imagesOfTwoShapesAndNoneAreRefused() {
        Image other = new Image(new ImageShape(1, 2, 3), new byte[6], Condition.NONE);
        assertThatThrownBy(() -> new HostImages(Device.CPU, List.of(IMAGES.get(0), other)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("images must be of one shape, 3x1x2: 1x2x3");
        assertThatThrownBy(() -> new HostImages(Device.CPU, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("images must be >= 1: 0");
    }
}
