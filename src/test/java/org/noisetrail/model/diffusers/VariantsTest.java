package org.noisetrail.model.diffusers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.LoraWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.torch.Tensors;

/**
 * One network's weights in every form that checkpoints come in: {@code NOISETRAIL_GOLDENS} names a folder with {@code models/diffusers} and
 * {@code golden/diffusers}, which are too large to be here.
 */
@EnabledIfEnvironmentVariable(named = "NOISETRAIL_GOLDENS", matches = ".+")
class VariantsTest {
    /** What a float16 with 11 significant bits is off, and below its normal range. */
    private static final double HALF = 0x1p-11;

    private static final double TINY = 0x1p-24;

    @TempDir
    Path folder;

    private Path models;
    private Path variants;
    private Safetensors golden;

    @BeforeEach
    void open() {
        Path root = Path.of(System.getenv("NOISETRAIL_GOLDENS"));
        models = root.resolve("models/diffusers/sd15");
        variants = root.resolve("models/diffusers/variants");
        golden = Safetensors.open(root.resolve("golden/diffusers/variants/variants.safetensors"));
    }

    /** sd15's own tensors of a part, by their names of today. */
    private Map<String, Safetensors.Entry> tensors(String part) {
        return Safetensors.open(file(part)).entries();
    }

    private Path file(String part) {
        String name = part.equals("text_encoder") ? "model" : "diffusion_pytorch_model";
        return models.resolve(part).resolve(name + ".safetensors");
    }

    /** Every tensor equals sd15's own within the rounding of half precision, or exactly, and none is left over. */
    private void requireEqual(String part, Weights weights, boolean exactly) {
        Weights own = new FileWeights(Safetensors.open(file(part)));
        int compared = 0;
        for (Map.Entry<String, Safetensors.Entry> tensor : tensors(part).entrySet()) {
            if (tensor.getKey().endsWith("position_ids")) {
                continue;
            }
            long[] shape = tensor.getValue().shapeArray();
            try (Tensor expected = own.get(tensor.getKey(), shape);
                    Tensor found = weights.get(tensor.getKey(), shape)) {
                float[] wanted = Tensors.toFloats(expected);
                float[] values = Tensors.toFloats(found);
                for (int i = 0; i < wanted.length; i++) {
                    double allowed = exactly ? 0 : HALF * Math.abs(wanted[i]) + TINY;
                    assertThat(Math.abs(values[i] - wanted[i]))
                            .as(tensor.getKey() + " " + i)
                            .isLessThanOrEqualTo((float) allowed);
                }
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(30);
        weights.requireAllUsed();
    }

    @Test
    void shardsInHalfPrecisionAreTheNetworksWeights() {
        requireEqual(
                "unet", ComponentWeights.open(ModelFiles.folder(variants.resolve("unet-fp16-sharded")), ""), false);
    }

    @Test
    void oldNamesAreTheAutoencodersWeights() {
        requireEqual("vae", ComponentWeights.open(ModelFiles.folder(variants.resolve("vae-old-names")), ""), true);
    }

    @Test
    void aSingleFileHasAllParts() throws IOException {
        Files.createSymbolicLink(
                folder.resolve("model-v1.safetensors"), variants.resolve("sd15-single-file.safetensors"));
        // A single file has no configuration: it is that of any folder of the same network.
        for (String part : List.of("unet", "vae", "text_encoder")) {
            Files.createDirectories(folder.resolve(part));
            Files.copy(
                    models.resolve(part).resolve("config.json"),
                    folder.resolve(part).resolve("config.json"));
            requireEqual(part, ComponentWeights.open(ModelFiles.folder(folder), part), false);
        }
    }

    private UNet unet(Weights weights) throws IOException {
        byte[] config = Files.readAllBytes(models.resolve("unet/config.json"));
        return new UNet(UNetConfig.parse("config.json", config), weights, Device.CPU);
    }

    private void requireOutput(String name, Weights weights) throws IOException {
        try (UNet unet = unet(weights);
                Tensor sample = Folders.tensor(golden, "sample");
                Tensor time = Tensors.of(
                        Device.CPU, new float[] {golden.longs("timestep")[0], golden.longs("timestep")[0]}, 2);
                Tensor text = Folders.tensor(golden, "encoder_hidden_states")) {
            float[] values = Folders.values(unet.forward(sample, time, text));
            assertThat(distance(values, golden.floats(name))).as(name).isLessThan(1e-5);
        }
    }

    private static double distance(float[] values, float[] expected) {
        double difference = 0;
        double norm = 0;
        assertThat(values).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            difference += Math.pow(values[i] - expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / norm);
    }

    @Test
    void networksWithEveryFormOfWeightsEqualDiffusers() throws IOException {
        ModelFiles own = ModelFiles.folder(models);
        String kohya = variants.resolve("lora-kohya.safetensors").toString();
        String peft = variants.resolve("lora-peft-unet.safetensors").toString();
        requireOutput("unet_out", ComponentWeights.open(own, "unet"));
        requireOutput(
                "unet_fp16_out", ComponentWeights.open(ModelFiles.folder(variants.resolve("unet-fp16-sharded")), ""));
        requireOutput(
                "lora_kohya_unet_out", LoraWeights.over(ComponentWeights.open(own, "unet"), "unet", List.of(kohya)));
        requireOutput(
                "lora_kohya_half_unet_out",
                LoraWeights.over(ComponentWeights.open(own, "unet"), "unet", List.of(kohya + ":0.5")));
        requireOutput(
                "lora_peft_unet_out", LoraWeights.over(ComponentWeights.open(own, "unet"), "unet", List.of(peft)));
        LoraWeights.requireNetworks(Set.of("unet", "text_encoder"), List.of(kohya, peft));
    }

    @Test
    void textEncodersWithEveryFormOfWeightsEqualTransformers() {
        ModelFiles own = ModelFiles.folder(models);
        String kohya = variants.resolve("lora-kohya.safetensors").toString();
        Weights plain = ComponentWeights.open(own, "text_encoder");
        Weights changed = LoraWeights.over(ComponentWeights.open(own, "text_encoder"), "text_encoder", List.of(kohya));
        requireText("text_out", own, plain);
        requireText("lora_kohya_text_out", own, changed);
    }

    private void requireText(String name, ModelFiles own, Weights weights) {
        try (ClipText text = ClipText.load(own.within("text_encoder"), weights, ClipText.Hidden.LAST, Device.CPU);
                ClipText.Encoded encoded = text.encode(golden.longs("input_ids"), 1)) {
            assertThat(distance(Tensors.toFloats(encoded.lastHiddenState()), golden.floats(name)))
                    .as(name)
                    .isLessThan(1e-5);
        }
    }

    @Test
    void anAutoencoderWithOldNamesEqualsDiffusers() throws IOException {
        Path old = variants.resolve("vae-old-names");
        String config = Files.readString(old.resolve("config.json"), UTF_8);
        try (AutoencoderKl vae = new AutoencoderKl(
                        Folders.vaeConfig(config),
                        ComponentWeights.open(ModelFiles.folder(old), ""),
                        Device.CPU,
                        false);
                Tensor z = Folders.tensor(golden, "z")) {
            assertThat(distance(Folders.values(vae.decode(z)), golden.floats("vae_out")))
                    .isLessThan(1e-5);
        }
    }
}
