package org.noisetrail.model.diffusers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SafetensorsWriter;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Search;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;

/** There is no golden: the decoder is set beside its layers written out. */
class AutoencoderTinyTest {
    private static final String CONFIG = """
            {"_class_name": "AutoencoderTiny", "num_encoder_blocks": [1, 2], "num_decoder_blocks": [2, 1],
             "encoder_block_out_channels": [8, 8], "decoder_block_out_channels": [8, 8]}
            """;

    /** What was asked for, by name: normals over the root of their fan-in. */
    private static final class Made implements Weights {
        final Map<String, long[]> asked = new HashMap<>();

        @Override
        public Tensor get(String name, long... shape) {
            asked.put(name, shape);
            int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            float[] values = Nets.normals(name.hashCode(), count);
            for (int i = 0; i < count; i++) {
                values[i] *= (float) Math.sqrt((double) shape[0] / count);
            }
            return Tensors.of(Device.CPU, values, shape);
        }

        @Override
        public void requireAllUsed() {}

        Tensor convolution(Tensor x, String name, boolean bias) {
            TensorOptional b =
                    bias ? new TensorOptional(get(name + ".bias", asked.get(name + ".bias"))) : new TensorOptional();
            return torch.conv2d(
                    x,
                    get(name + ".weight", asked.get(name + ".weight")),
                    b,
                    new long[] {1, 1},
                    new long[] {1, 1},
                    new long[] {1, 1},
                    1);
        }

        Tensor block(Tensor x, int layer) {
            String name = "decoder.layers." + layer + ".conv.";
            Tensor h = torch.relu(convolution(x, name + 0, true));
            h = torch.relu(convolution(h, name + 2, true));
            return torch.relu(convolution(h, name + 4, true).add(x));
        }
    }

    private static TinyConfig config(String json) {
        return TinyConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    @SuppressWarnings("try")
    void theDecoderIsItsLayers() {
        Made weights = new Made();
        try (PointerScope scope = new PointerScope();
                AutoencoderTiny tiny = new AutoencoderTiny(config(CONFIG), weights, Device.CPU)) {
            Tensor latents = Tensors.of(Device.CPU, Nets.normals(1, 2 * 4 * 5 * 7), 2, 4, 5, 7);
            Tensor x = torch.tanh(latents.div(new Scalar(3.0))).mul(new Scalar(3.0));
            x = torch.relu(weights.convolution(x, "decoder.layers.0", true));
            x = weights.block(weights.block(x, 2), 3);
            x = x.repeat_interleave(
                            2, new org.bytedeco.pytorch.LongOptional(2), new org.bytedeco.pytorch.LongOptional())
                    .repeat_interleave(
                            2, new org.bytedeco.pytorch.LongOptional(3), new org.bytedeco.pytorch.LongOptional());
            x = weights.convolution(x, "decoder.layers.5", false);
            x = weights.block(x, 6);
            x = weights.convolution(x, "decoder.layers.7", true)
                    .mul(new Scalar(2.0))
                    .sub(new Scalar(1.0));
            Tensor image = tiny.decode(latents);
            assertThat(Tensors.shape(image)).containsExactly(2, 3, 10, 14);
            assertThat(image.is_contiguous()).isTrue();
            assertThat(Nets.relativeError(Tensors.toFloats(image), Tensors.toFloats(x.contiguous())))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void aRowsImageHasTheSameBitsInEveryBatch() {
        float[] latents = Nets.normals(1, 5 * 4 * 9 * 7);
        try (AutoencoderTiny tiny = new AutoencoderTiny(config(CONFIG), new Made(), Device.CPU)) {
            assertThat(Folders.differingBatches(5, (from, count) -> {
                        float[] part = Arrays.copyOfRange(latents, from * 4 * 9 * 7, (from + count) * 4 * 9 * 7);
                        try (Tensor z = Tensors.of(Device.CPU, part, count, 4, 9, 7)) {
                            return Folders.values(tiny.decode(z));
                        }
                    }))
                    .isEmpty();
        }
    }

    /** Both halves: 2.4 million parameters. */
    @Test
    void theDefaultsAreThePublishedNetwork() {
        Made weights = new Made();
        try (AutoencoderTiny tiny = new AutoencoderTiny(config("{}"), weights, Device.CPU)) {
            assertThat(tiny.config().factor()).isEqualTo(8);
            assertThat(weights.asked.get("decoder.layers.18.weight")).containsExactly(3, 64, 3, 3);
            assertThat(weights.asked.get("encoder.layers.14.weight")).containsExactly(4, 64, 3, 3);
            long parameters = weights.asked.values().stream()
                    .mapToLong(shape -> Arrays.stream(shape).reduce(1, (a, b) -> a * b))
                    .sum();
            assertThat(parameters).isEqualTo(2_445_063);
        }
    }

    /** Its weights are 0 and its last bias is .25, so its images are .25 * 2 - 1 = -.5 everywhere: grey level 64. */
    @Test
    void candidatesAreJudgedByAPreviewsImages(@TempDir Path folder) throws IOException {
        String json = "{\"_class_name\": \"AutoencoderTiny\", \"num_encoder_blocks\": [1, 1, 1, 1],"
                + " \"num_decoder_blocks\": [1, 1, 1, 1], \"encoder_block_out_channels\": [8, 8, 8, 8],"
                + " \"decoder_block_out_channels\": [8, 8, 8, 8]}";
        Files.writeString(folder.resolve("config.json"), json);
        Made shapes = new Made();
        new AutoencoderTiny(config(json), shapes, Device.CPU).close();
        SafetensorsWriter weights = Safetensors.writer();
        shapes.asked.forEach((name, shape) -> {
            float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
            if (name.equals("decoder.layers.12.bias")) {
                Arrays.fill(values, .25f);
            }
            weights.put(name, values, shape);
        });
        weights.write(folder.resolve("diffusion_pytorch_model.safetensors"));
        List<Boolean> grey = new ArrayList<>();
        Reward seen = Reward.of("seen", image -> {
            boolean even = true;
            for (int c = 0; c < 3; c++) {
                for (int y = 0; y < image.shape().height(); y++) {
                    for (int x = 0; x < image.shape().width(); x++) {
                        even &= image.at(c, y, x) == 64;
                    }
                }
            }
            synchronized (grey) {
                grey.add(even);
            }
            return 0;
        });
        PipelineOptions options = PipelineOptions.builder()
                .guidance(1.0)
                .previewDecoder(folder.toString())
                .build();
        try (Pipeline pipeline = Pipeline.load("src/test/resources/diffusers/sd15", Device.CPU, options)) {
            Search.builder(pipeline)
                    .sampler(Samplers.parse("ddim:steps=2:steps-offset=1"))
                    .method(LocalSearch.builder().candidates(2).rounds(1).build())
                    .reward(seen)
                    .build()
                    .run(ImageRequest.prompts(0, 1, "a cat"));
        }
        assertThat(grey).as("candidates on the way").contains(true);
        assertThat(grey).as("the final image").contains(false);
    }

    private static String previewId(Path folder) {
        PipelineOptions options =
                PipelineOptions.builder().previewDecoder(folder.toString()).build();
        try (Pipeline pipeline = Pipeline.load("src/test/resources/diffusers/sd15", Device.CPU, options)) {
            return pipeline.networks().previewId();
        }
    }

    /** The same weights decode to other images under another scaling_factor, shift_factor or norm_num_groups. */
    @Test
    void aPreviewIsKnownByItsConfigurationToo(@TempDir Path folder) throws IOException {
        Path vae = Path.of("src/test/resources/diffusers/sd15/vae");
        String weights = "diffusion_pytorch_model.safetensors";
        Files.copy(vae.resolve(weights), folder.resolve(weights));
        String json = Files.readString(vae.resolve("config.json"));
        Set<String> ids = new HashSet<>();
        for (String change : new String[] {"", "\"shift_factor\": 0.5,", "\"shift_factor\": 0.25,"}) {
            Files.writeString(
                    folder.resolve("config.json"),
                    json.replaceFirst("\"shift_factor\": [^,]*,", "").replaceFirst("\\{", "{" + change));
            ids.add(previewId(folder));
        }
        assertThat(ids).hasSize(3).contains(previewId(folder));
    }

    @Test
    void anotherNetworkIsNamed() {
        assertThatThrownBy(() -> config(CONFIG.replace("Tiny", "KL")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("config.json: _class_name must be AutoencoderTiny: \"AutoencoderKL\"");
        assertThatThrownBy(() -> config(CONFIG.replace("[2, 1]", "[2, 1, 1]")))
                .hasMessage(
                        "config.json: decoder_block_out_channels must be one number, as often as there are levels (3, of 1 to 8): [8,8]");
        String[] ones = new String[36];
        Arrays.fill(ones, "1");
        String deep = String.join(", ", ones);
        assertThatThrownBy(() -> config(CONFIG.replace("[2, 1]", "[" + deep + "]")
                        .replace(
                                "\"decoder_block_out_channels\": [8, 8]",
                                "\"decoder_block_out_channels\": [" + deep + "]")))
                .hasMessageContaining("there are levels (36, of 1 to 8)");
    }
}
