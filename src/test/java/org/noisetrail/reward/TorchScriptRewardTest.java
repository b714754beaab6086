package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.torch.Tensors;

/** Scripts are written as torch.jit.save writes them, by hand: no other program is needed to make them. */
class TorchScriptRewardTest {
    private static final ImageShape SHAPE = new ImageShape(3, 2, 2);
    private static final List<Condition> PROMPTS =
            List.of(Condition.prompt("a red bag"), Condition.prompt("a blue boot"), Condition.prompt("a red bag"));

    @TempDir
    Path folder;

    @Test
    void imagesComeFromZeroToOne() throws IOException {
        Path file = script("images: Tensor", "torch.mean(torch.flatten(images, 1), [1])");
        try (Reward reward = RewardText.parse("torchscript:" + file).build(Device.CPU)) {
            assertThat(score(reward, List.of(Condition.NONE, Condition.NONE, Condition.NONE)))
                    .containsExactly(new double[] {0, 100 / 255.0, 1}, within(1e-6));
        }
    }

    @Test
    void theEmbeddingOfTheOwnPromptComesWithEveryImage() throws IOException {
        Path file = script(
                "images: Tensor, text: Tensor",
                "torch.add(torch.mean(torch.flatten(images, 1), [1]), torch.select(text, 1, 5))");
        try (Pipeline pipeline = Pipeline.load("fashion-scenes", Device.CPU);
                ClipModel clip =
                        ClipModel.load(ModelFiles.at(pipeline.location()).within("clip"), Device.CPU);
                Tensor embeds = clip.textEmbeds(List.of("a red bag", "a blue boot"));
                Reward reward = RewardText.parse("torchscript-text:" + file).build(() -> pipeline)) {
            float[] values = Tensors.toFloats(embeds);
            float red = values[5];
            float blue = values[values.length / 2 + 5];
            assertThat(Math.abs(red - blue)).isGreaterThan(1e-3f);
            assertThat(score(reward, PROMPTS))
                    .containsExactly(new double[] {red, 100 / 255.0 + blue, 1 + red}, within(1e-5));
            reward.check(SHAPE, PROMPTS);
            assertThatThrownBy(() -> reward.check(SHAPE, List.of(PROMPTS.get(0), Condition.label(3))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needs images that have a prompt: class 3");
        }
    }

    @Test
    void anAnswerOfAnotherShapeIsRefused() throws IOException {
        Path file = script("images: Tensor", "torch.flatten(images, 1)");
        try (Reward reward = RewardText.parse("torchscript:" + file).build(Device.CPU)) {
            assertThatThrownBy(() -> score(reward, PROMPTS))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage(file + " must give one number an image, [3]: [3, 12]");
        }
    }

    @Test
    void aCardThatCannotBeUsedIsOneClearLine() throws IOException {
        RewardText text = RewardText.parse("torchscript:" + script("images: Tensor", "images"));
        assertThatThrownBy(() -> text.build(new Device(0)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("cuda:0 cannot be used: this is LibTorch's CPU build");
    }

    private static double[] score(Reward reward, List<Condition> conditions) {
        byte[] values = new byte[36];
        Arrays.fill(values, 12, 24, (byte) 100);
        Arrays.fill(values, 24, 36, (byte) 255);
        try (Tensor pixels = Tensors.bytes(Device.CPU, 3, 3, 2, 2);
                Tensor labels = Tensors.ints(Device.CPU, 3);
                Tensor scores = Tensors.doubles(Device.CPU, 3)) {
            Tensors.copy(values, pixels);
            reward.score(new ImageBatch(Device.CPU, SHAPE, pixels, labels, conditions), scores);
            return Tensors.toDoubles(scores);
        }
    }

    private Path script(String arguments, String result) throws IOException {
        String code = "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + "  def forward(self: __torch__.M, " + arguments + ") -> Tensor:\n    return " + result + "\n";
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        data.writeBytes(latin("\u0080\u0002c__torch__\nM\n)\u0081}(X\u0008\u0000\u0000\u0000training\u0089ub."));
        Path file = folder.resolve("score.pt");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            entry(zip, "data.pkl", data.toByteArray());
            entry(zip, "code/__torch__.py", latin(code));
            entry(zip, "constants.pkl", latin("\u0080\u0002)."));
            entry(zip, "version", latin("3\n"));
        }
        return file;
    }

    private static void entry(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry("score/" + name);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
