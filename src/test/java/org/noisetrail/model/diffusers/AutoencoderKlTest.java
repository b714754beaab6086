package org.noisetrail.model.diffusers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;

class AutoencoderKlTest {
    @Test
    void decodingEqualsDiffusersWithin1e5() {
        Safetensors golden = Folders.golden("sd15/vae");
        try (AutoencoderKl vae = Folders.vae(false);
                Tensor latents = Folders.tensor(golden, "decode1.z");
                Tensor image = vae.decode(latents)) {
            assertThat(Tensors.shape(image)).containsExactly(1, 3, 72, 104);
            assertThat(image.is_contiguous()).isTrue();
            assertThat(Nets.relativeError(Tensors.toFloats(image), golden.floats("decode1.image")))
                    .isLessThan(1e-5);
        }
    }

    /** The second's size is not a multiple of the factor. */
    @ParameterizedTest
    @ValueSource(strings = {"encode1", "encode2"})
    void encodingEqualsDiffusersWithin1e5(String name) {
        Safetensors golden = Folders.golden("sd15/vae");
        try (AutoencoderKl vae = Folders.vae(true);
                Tensor image = Folders.tensor(golden, name + ".image");
                AutoencoderKl.Posterior latents = vae.encode(image)) {
            assertThat(Tensors.shape(latents.mean()))
                    .containsExactly(golden.entry(name + ".mean").shapeArray());
            assertThat(Nets.relativeError(Tensors.toFloats(latents.mean()), golden.floats(name + ".mean")))
                    .isLessThan(1e-5);
            assertThat(Nets.relativeError(Tensors.toFloats(latents.logVariance()), golden.floats(name + ".logvar")))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void aRowsImageAndLatentsHaveTheSameBitsInEveryBatch() {
        int rows = 5;
        float[] latents = Nets.normals(1, rows * 4 * 9 * 7);
        float[] images = Nets.normals(2, rows * 3 * 40 * 24);
        try (AutoencoderKl vae = Folders.vae(true)) {
            assertThat(Folders.differingBatches(rows, (from, count) -> {
                        try (Tensor z = part(latents, rows, from, count, 4, 9, 7)) {
                            return Folders.values(vae.decode(z));
                        }
                    }))
                    .isEmpty();
            assertThat(Folders.differingBatches(rows, (from, count) -> {
                        try (Tensor image = part(images, rows, from, count, 3, 40, 24);
                                AutoencoderKl.Posterior posterior = vae.encode(image)) {
                            return Tensors.toFloats(posterior.mean());
                        }
                    }))
                    .isEmpty();
        }
    }

    private static Tensor part(float[] all, int rows, int from, int count, long channels, long height, long width) {
        int size = all.length / rows;
        return Tensors.of(
                Device.CPU,
                Arrays.copyOfRange(all, from * size, (from + count) * size),
                count,
                channels,
                height,
                width);
    }

    /** As SD3's and FLUX's. */
    @Test
    void theConvolutionsBetweenTheHalvesMayBeMissing() {
        String json = Folders.config("sd15/vae");
        Weights identity = Folders.changed(
                Folders.changed(
                        Folders.weights("sd15/vae"),
                        "post_quant_conv.weight",
                        weight -> torch.eye(4).view(4, 4, 1, 1)),
                "post_quant_conv.bias",
                bias -> torch.zeros(4));
        Weights missing = Folders.weights("sd15/vae");
        missing.get("post_quant_conv.weight", 4, 4, 1, 1);
        missing.get("post_quant_conv.bias", 4);
        VaeConfig without =
                Folders.vaeConfig(json.replace("\"use_post_quant_conv\": true", "\"use_post_quant_conv\": false"));
        try (AutoencoderKl first = new AutoencoderKl(Folders.vaeConfig(json), identity, Device.CPU, false);
                AutoencoderKl second = new AutoencoderKl(without, missing, Device.CPU, false);
                Tensor latents = Tensors.of(Device.CPU, Nets.normals(3, 4 * 6 * 5), 1, 4, 6, 5)) {
            float[] expected = Folders.values(first.decode(latents));
            assertThat(Nets.relativeError(Folders.values(second.decode(latents)), expected))
                    .isLessThan(1e-6);
        }
    }

    /** Of the half that is not built, names and shapes are checked alone. */
    @Test
    void anEncoderThatIsNotBuiltIsNotRead() {
        Set<String> read = new TreeSet<>();
        Set<String> taken = new TreeSet<>();
        Weights file = Folders.weights("sd15/vae");
        Weights watched = new Weights() {
            @Override
            public Tensor get(String name, long... shape) {
                read.add(name);
                return file.get(name, shape);
            }

            @Override
            public void take(String name, long... shape) {
                taken.add(name);
                file.take(name, shape);
            }

            @Override
            public void requireAllUsed() {
                file.requireAllUsed();
            }
        };
        new AutoencoderKl(Folders.vaeConfig(Folders.config("sd15/vae")), watched, Device.CPU, false).close();
        assertThat(read).contains("decoder.conv_in.weight", "post_quant_conv.bias");
        assertThat(read).allMatch(name -> name.startsWith("decoder.") || name.startsWith("post_quant_conv."));
        assertThat(taken).allMatch(name -> name.startsWith("encoder.") || name.startsWith("quant_conv."));
        assertThat(taken).contains("encoder.conv_in.weight", "quant_conv.bias");
    }

    @Test
    void scalingAndShiftAreTheConfigsOrStableDiffusions() {
        String json = Folders.config("sd15/vae");
        assertThat(Folders.vaeConfig(json.replace("\"scaling_factor\": 0.18215,", ""))
                        .scalingFactor())
                .isEqualTo(0.18215);
        VaeConfig sd3 = Folders.vaeConfig(
                json.replace("0.18215", "1.5305").replace("\"shift_factor\": null", "\"shift_factor\": 0.0609"));
        assertThat(sd3.scalingFactor()).isEqualTo(1.5305);
        assertThat(sd3.shiftFactor()).isEqualTo(0.0609);
        assertThat(sd3.factor()).isEqualTo(8);
    }

    @Test
    void aDecodingLeavesNothingBehind() {
        use();
        long before = NativeObjects.settled();
        use();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void use() {
        try (AutoencoderKl vae = Folders.vae(true);
                Tensor latents = Tensors.of(Device.CPU, new float[4 * 4], 1, 4, 2, 2);
                Tensor image = vae.decode(latents);
                AutoencoderKl.Posterior posterior = vae.encode(image)) {
            assertThat(posterior.mean().numel()).isEqualTo(16);
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        String json = Folders.config("sd15/vae");
        assertThatThrownBy(
                        () -> Folders.vaeConfig(json.replaceFirst("\"UpDecoderBlock2D\"", "\"AttnUpDecoderBlock2D\"")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("config.json: up_block_types must be a list of UpDecoderBlock2D: [\"AttnUp");
        assertThatThrownBy(() -> Folders.vaeConfig(json.replace("\"latents_mean\": null", "\"latents_mean\": [0.1]")))
                .hasMessage("config.json: latents_mean is not supported: [0.1]");
        // 1 << 32 is 1.
        String down = "\"DownEncoderBlock2D\"" + ", \"DownEncoderBlock2D\"".repeat(32);
        assertThatThrownBy(() -> Folders.vaeConfig(
                        json.replaceFirst("(?s)\"down_block_types\": \\[.*?]", "\"down_block_types\": [" + down + "]")))
                .hasMessageStartingWith("config.json: down_block_types must be a list of 1 to 8 levels: [\"Down");
        VaeConfig deeper = Folders.vaeConfig(json.replace("\"layers_per_block\": 2", "\"layers_per_block\": 1"));
        assertThatThrownBy(() -> new AutoencoderKl(deeper, Folders.weights("sd15/vae"), Device.CPU, false))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(": unknown tensors ");
        try (AutoencoderKl vae = Folders.vae(false);
                Tensor image = Tensors.of(Device.CPU, new float[3 * 64], 1, 3, 8, 8)) {
            assertThatThrownBy(() -> vae.decode(image))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("z must be float32 [>= 1, 4, >= 1, >= 1]: Float [1, 3, 8, 8]");
            assertThatThrownBy(() -> vae.encode(image))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the autoencoder was loaded without its encoder");
        }
    }
}
