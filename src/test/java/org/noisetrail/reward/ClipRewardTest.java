package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.torch.Tensors;

/** The golden has three images, of 28 x 28, 64 x 96 and 501 x 37 pixels [H, W, 3], and five texts. */
class ClipRewardTest {
    private static final Path MODEL = Path.of("src/test/resources/diffusers/clip-quick-gelu");
    private static final Safetensors GOLDEN =
            Safetensors.open(Path.of("src/test/resources/golden/diffusers/clip/clip-quick-gelu.safetensors"));
    private static final List<Condition> TEXTS = List.of(
            Condition.prompt("a photo of an astronaut riding a horse on mars"),
            new Condition.Prompt("A cat; 2 dogs, and the 3rd BIRD!", "is not looked at"),
            Condition.prompt(""),
            Condition.prompt("word ".repeat(90)),
            Condition.prompt("caf\u00e9 \u65e5\u672c \ud83c\udf89"));

    @TempDir
    Path folder;

    @Test
    void clipIsTheCosineOfImageAndItsOwnPrompt() {
        float[] golden = GOLDEN.floats("cosine");
        try (Reward reward = Rewards.clip(MODEL, Device.CPU)) {
            for (int image = 0; image < 3; image++) {
                double[] scores = score(reward, image, TEXTS);
                for (int text = 0; text < 5; text++) {
                    assertThat(scores[text]).isCloseTo(golden[5 * image + text], within(1e-5));
                }
            }
        }
    }

    /** Requests may name it in dozens of words, and CLIP may be larger than the model. */
    @Test
    void rewardsOfAPipelineShareItsClipModelAndLeaveItOpen() {
        try (Pipeline pipeline = Pipeline.load("fashion-scenes", Device.CPU)) {
            ImageShape shape = pipeline.decoder().image();
            Condition bag = Condition.prompt("a red bag");
            Image image = new Image(shape, new byte[shape.elements()], bag);
            double before;
            try (Reward one = RewardText.parse("clip").build(() -> pipeline);
                    Reward other = RewardText.parse("worst(clip; 2*clip)").build(() -> pipeline)) {
                before = HostImages.scores(one, Device.CPU, List.of(image), 1)[0];
                assertThat(HostImages.scores(other, Device.CPU, List.of(image), 1)[0])
                        .isEqualTo(Math.min(before, 2 * before));
                assertThat(((ClipReward) one).clip())
                        .isSameAs(((ClipReward) RewardText.parse("clip").build(() -> pipeline)).clip());
            }
            try (Reward again = RewardText.parse("clip").build(() -> pipeline)) {
                assertThat(HostImages.scores(again, Device.CPU, List.of(image), 1)[0])
                        .isEqualTo(before);
            }
        }
    }

    @Test
    void aestheticAsksForNoPrompt() {
        float[] golden = GOLDEN.floats("aesthetic");
        try (Reward reward = Rewards.aesthetic(MODEL, Device.CPU)) {
            assertThat(reward.name()).isEqualTo("aesthetic:" + MODEL);
            for (int image = 0; image < 3; image++) {
                double[] scores = score(reward, image, Collections.nCopies(40, Condition.NONE));
                for (double score : scores) {
                    assertThat(score).isCloseTo(golden[image], within(1e-5 * Math.abs(golden[image])));
                }
            }
        }
    }

    @Test
    void imagesThatClipCannotJudgeAreRefusedBeforeAnyWork() {
        ImageShape rgb = new ImageShape(3, 64, 64);
        try (Reward reward = Rewards.clip(MODEL, Device.CPU)) {
            assertThat(reward.name()).isEqualTo("clip:" + MODEL);
            reward.check(rgb, TEXTS);
            assertThatThrownBy(() -> reward.check(rgb, List.of(Condition.label(3))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("reward clip:" + MODEL + " needs images that have a prompt: class 3");
            assertThatThrownBy(() -> reward.check(new ImageShape(4, 64, 64), TEXTS))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be 1 or 3: 4");
            reward.check(new ImageShape(3, 1, 292), TEXTS);
            // 224 / 1 * 5000
            assertThatThrownBy(() -> reward.check(new ImageShape(3, 1, 5000), TEXTS))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("height and width of an image for CLIP must be <= 65536 once resized: 224 x 1120000");
            assertThatThrownBy(() -> reward.check(new ImageShape(1, 65537, 2), TEXTS))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("height and width of an image for CLIP must be <= 65536: 65537 x 2");
        }
    }

    @Test
    void aTextNamesTheFolderAndNeedsAModelOnlyWithoutOne() {
        RewardText text = RewardText.parse("0.5*clip:" + MODEL + " + 2*aesthetic:" + MODEL);
        assertThat(text.needsPipeline()).isFalse();
        float[] cosine = GOLDEN.floats("cosine");
        float[] aesthetic = GOLDEN.floats("aesthetic");
        try (Reward reward = text.build(Device.CPU)) {
            assertThat(score(reward, 1, TEXTS)[0]).isCloseTo(.5 * cosine[5] + 2 * aesthetic[1], within(1e-5));
        }
        for (String each : List.of("clip", "clip-heldout")) {
            RewardText beside = RewardText.parse(each);
            assertThat(beside.needsPipeline()).isTrue();
            assertThatThrownBy(() -> beside.build(Device.CPU))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("reward " + each + " needs a model");
        }
        assertThatThrownBy(() -> RewardText.parse("aesthetic").build(Device.CPU))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("aesthetic needs a folder: aesthetic:FOLDER");
    }

    @Test
    void aModelWithoutTheFolderIsTold() {
        try (Pipeline pipeline = Pipeline.load("fashion-mnist", Device.CPU)) {
            for (String each : List.of("clip", "clip-heldout")) {
                assertThatThrownBy(() -> RewardText.parse(each).build(() -> pipeline))
                        .isInstanceOf(NoisetrailException.class)
                        .hasMessageContaining("model fashion-mnist has no folder " + each);
            }
        }
    }

    @Test
    void theIdIsThatOfTheFilesNotOfTheirPlace() throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        try (ClipModel one = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                ClipModel other = ClipModel.load(ModelFiles.folder(folder), Device.CPU)) {
            assertThat(other.id()).isEqualTo(one.id()).matches("[0-9a-f]{64}");
        }
        Path config = folder.resolve("preprocessor_config.json");
        Files.writeString(config, Files.readString(config).replace("0.4578275", "0.5"));
        try (Reward one = Rewards.aesthetic(MODEL, Device.CPU);
                Reward other = Rewards.aesthetic(folder, Device.CPU)) {
            assertThat(other.id()).isNotEqualTo(one.id());
        }
    }

    private static double[] score(Reward reward, int image, List<Condition> conditions) {
        int rows = conditions.size();
        try (Tensor last = GOLDEN.tensor("image" + image);
                Tensor first = last.permute(2, 0, 1);
                Tensor row = first.unsqueeze(0);
                Tensor repeated = row.expand(rows, 3, first.size(1), first.size(2));
                Tensor pixels = repeated.contiguous();
                Tensor labels = Tensors.ints(Device.CPU, rows);
                Tensor scores = Tensors.doubles(Device.CPU, rows)) {
            ImageShape shape = new ImageShape(3, (int) first.size(1), (int) first.size(2));
            reward.score(new ImageBatch(Device.CPU, shape, pixels, labels, conditions), scores);
            return Tensors.toDoubles(scores);
        }
    }
}
