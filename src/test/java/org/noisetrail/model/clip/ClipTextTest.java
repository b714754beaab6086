package org.noisetrail.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.LoraWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SafetensorsWriter;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.LogLines;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

class ClipTextTest {
    private static final Path MODELS = Path.of("src/test/resources/diffusers");
    private static final Path GOLDEN = Path.of("src/test/resources/golden/diffusers");
    private static final double LIMIT = 1e-5;

    @RegisterExtension
    private final LogLines log = new LogLines(ClipText.class.getName());

    @TempDir
    Path folder;

    private int threads;

    @BeforeEach
    void useTwoThreads() {
        threads = Torch.threads();
        Torch.setThreads(2);
    }

    @AfterEach
    void restoreThreads() {
        Torch.setThreads(threads);
    }

    /** sd21 has no prefix {@code text_model.}; the random ids have their highest twice, and the first of them is the text's end. */
    @ParameterizedTest
    @CsvSource({"sd15/text_encoder, 4", "sd21/text_encoder, 3", "sdxl/text_encoder, 3", "sdxl/text_encoder_2, 4"})
    void outputsEqualTransformers(String name, int layers) {
        Safetensors golden = Safetensors.open(GOLDEN.resolve(name + ".safetensors"));
        try (ClipText text = load(name, new ClipText.Hidden(1, false))) {
            for (String texts : new String[] {"prompts", "random", "short"}) {
                // The golden of XL's first has none.
                if (texts.equals("random") && name.equals("sdxl/text_encoder")) {
                    continue;
                }
                long rows = golden.entries().get(texts + ".input_ids").shape().get(0);
                try (ClipText.Encoded encoded = text.encode(ids(golden, texts), (int) rows)) {
                    require(golden, texts + ".last_hidden_state", encoded.lastHiddenState());
                    require(golden, texts + ".pooler_output", encoded.pooled());
                    assertThat(encoded.textEmbeds() == null).isEqualTo(text.projection() == 0);
                    if (encoded.textEmbeds() != null) {
                        require(golden, texts + ".text_embeds", encoded.textEmbeds());
                    }
                    if (texts.equals("prompts")) {
                        require(golden, "prompts.hidden_states." + (layers - 1), encoded.hidden());
                    }
                }
            }
        }
    }

    @Test
    void anyStateCanBeAskedForWithAndWithoutTheFinalNorm() {
        String name = "sd15/text_encoder";
        Safetensors golden = Safetensors.open(GOLDEN.resolve(name + ".safetensors"));
        long[] ids = ids(golden, "prompts");
        try (ClipText text = load(name, new ClipText.Hidden(2, false));
                ClipText.Encoded encoded = text.encode(ids, 1)) {
            require(golden, "prompts.hidden_states.2", encoded.hidden());
        }
        try (ClipText text = load(name, ClipText.Hidden.LAST);
                ClipText.Encoded encoded = text.encode(ids, 1)) {
            require(golden, "prompts.last_hidden_state", encoded.hidden());
        }
        try (ClipText text = load(name, new ClipText.Hidden(1, true));
                ClipText.Encoded encoded = text.encode(ids, 1)) {
            float[] state = golden.floats("prompts.hidden_states.3");
            Safetensors weights = Safetensors.open(MODELS.resolve(name).resolve("model.safetensors"));
            float[] gain = weights.floats("text_model.final_layer_norm.weight");
            float[] bias = weights.floats("text_model.final_layer_norm.bias");
            assertThat(Nets.relativeError(Tensors.toFloats(encoded.hidden()), normed(state, gain, bias)))
                    .isLessThan(LIMIT);
        }
        assertThatThrownBy(() -> load(name, new ClipText.Hidden(5, true)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("skip must be <= 4");
    }

    private static float[] normed(float[] state, float[] gain, float[] bias) {
        int width = gain.length;
        float[] result = new float[state.length];
        for (int row = 0; row < state.length; row += width) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < width; i++) {
                mean += state[row + i] / (double) width;
                square += (double) state[row + i] * state[row + i] / width;
            }
            double scale = 1 / Math.sqrt(square - mean * mean + 1e-5);
            for (int i = 0; i < width; i++) {
                result[row + i] = (float) ((state[row + i] - mean) * scale * gain[i] + bias[i]);
            }
        }
        return result;
    }

    /** As CLIP-H's texts are pooled, and those of newer configurations. */
    @Test
    void anEndThatIsNamedPoolsAtItsFirstPlace() throws IOException {
        Path model = copy("sd15/text_encoder");
        String config = Files.readString(model.resolve("config.json"));
        Files.writeString(model.resolve("config.json"), config.replace("\"eos_token_id\": 2", "\"eos_token_id\": 500"));
        long[] ids = {998, 7, 500, 999, 500, 4, 998, 7, 8, 999, 3, 4};
        try (ClipText text = ClipText.load(ModelFiles.folder(model), ClipText.Hidden.LAST, Device.CPU);
                ClipText.Encoded encoded = text.encode(ids, 2)) {
            float[] last = Tensors.toFloats(encoded.lastHiddenState());
            float[] pooled = Tensors.toFloats(encoded.pooled());
            int width = text.width();
            assertThat(Arrays.copyOf(pooled, width)).isEqualTo(Arrays.copyOfRange(last, 2 * width, 3 * width));
            // Where there is no end, transformers pools at the first place.
            assertThat(Arrays.copyOfRange(pooled, width, 2 * width))
                    .isEqualTo(Arrays.copyOfRange(last, 6 * width, 7 * width));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd15/text_encoder", "sdxl/text_encoder_2"})
    void aRowsOutputHasTheSameBitsInEveryBatch(String name) {
        int rows = 7;
        int length = 77;
        long[] ids = new Random(5).longs((long) rows * length, 0, 1000).toArray();
        try (ClipText text = load(name, new ClipText.Hidden(1, false))) {
            float[][] whole = outputs(text, ids, rows);
            for (int count : new int[] {1, 2, 3}) {
                Torch.setThreads(count);
                for (int batch : new int[] {1, 2, 3, 7}) {
                    for (int from : new int[] {0, rows - batch}) {
                        long[] part = Arrays.copyOfRange(ids, from * length, (from + batch) * length);
                        float[][] outputs = outputs(text, part, batch);
                        for (int i = 0; i < whole.length; i++) {
                            int row = whole[i].length / rows;
                            float[] expected = Arrays.copyOfRange(whole[i], from * row, (from + batch) * row);
                            assertThat(Arrays.mismatch(outputs[i], expected))
                                    .as("output %d, %d threads, rows %d to %d", i, count, from, from + batch)
                                    .isEqualTo(-1);
                        }
                    }
                }
            }
        }
    }

    private static float[][] outputs(ClipText text, long[] ids, int rows) {
        try (ClipText.Encoded encoded = text.encode(ids, rows)) {
            return new float[][] {
                Tensors.toFloats(encoded.lastHiddenState()),
                Tensors.toFloats(encoded.pooled()),
                Tensors.toFloats(encoded.hidden()),
                encoded.textEmbeds() == null ? new float[0] : Tensors.toFloats(encoded.textEmbeds())
            };
        }
    }

    @Test
    void idsThatTheNetworkDoesNotHaveAreRefused() {
        try (ClipText text = load("sd15/text_encoder", ClipText.Hidden.LAST)) {
            assertThatThrownBy(() -> text.encode(new long[] {1, 1000}, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("ids must be in 0..999: 1000");
            assertThatThrownBy(() -> text.encode(new long[78], 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("<= 77");
            assertThatThrownBy(() -> text.encode(new long[3], 2)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> text.encode(new long[0], 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "hidden_act": "quick_gelu"  | "hidden_act": "relu"     | hidden_act must be quick_gelu or gelu: "relu"
            "num_attention_heads": 4    | "num_attention_heads": 5 | hidden_size must be a multiple of num_attention_heads 5: 32
            "num_hidden_layers": 4      | "num_hidden_layers": 5   | missing tensor "text_model.encoder.layers.4.layer_norm1.weight"
            "intermediate_size": 128    | "intermediate_size": 64  | must have shape [64, 32]: [128, 32]
            "CLIPTextModel"             | "CLIPTextModelWithProjection" | missing tensor "text_projection.weight"
            """)
    void aConfigThatDoesNotFitIsOneLine(String from, String to, String message) throws IOException {
        Path model = copy("sd15/text_encoder");
        String config = Files.readString(model.resolve("config.json"));
        assertThat(config).contains(from);
        Files.writeString(model.resolve("config.json"), config.replace(from, to));
        assertThatThrownBy(() -> ClipText.load(ModelFiles.folder(model), ClipText.Hidden.LAST, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .extracting(Throwable::getMessage)
                .asString()
                .hasLineCount(1);
    }

    /** The golden states are of the whole network: transformers builds num_hidden_layers of it, and ends with the norm. */
    @Test
    void aFolderMaySkipItsLastLayersForGood() throws IOException {
        String name = "sd15/text_encoder";
        Path model = copy(name);
        Path config = model.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("num_hidden_layers\": 4", "num_hidden_layers\": 3"));
        Safetensors golden = Safetensors.open(GOLDEN.resolve(name + ".safetensors"));
        Safetensors whole = Safetensors.open(model.resolve("model.safetensors"));
        float[] expected = normed(
                golden.floats("prompts.hidden_states.3"),
                whole.floats("text_model.final_layer_norm.weight"),
                whole.floats("text_model.final_layer_norm.bias"));
        Path lora = folder.resolve("style.safetensors");
        String layer = "text_encoder.text_model.encoder.layers.3.mlp.fc1.";
        Safetensors.writer()
                .put(layer + "lora_B.weight", new float[128], 128, 1)
                .put(layer + "lora_A.weight", new float[32], 1, 32)
                .write(lora);
        ModelFiles files = ModelFiles.folder(model);
        Weights weights = new FileWeights(whole);
        for (List<String> loras : List.of(List.<String>of(), List.of(lora.toString()))) {
            try (ClipText text = ClipText.load(
                            files, LoraWeights.over(weights, "text_encoder", loras), ClipText.Hidden.LAST, Device.CPU);
                    ClipText.Encoded encoded = text.encode(ids(golden, "prompts"), 1)) {
                assertThat(Nets.relativeError(Tensors.toFloats(encoded.lastHiddenState()), expected))
                        .isLessThan(LIMIT);
            }
        }
        String warning = config + ": num_hidden_layers is 3: what the weights have of later layers is left out,"
                + " as transformers leaves it out, with what a LoRA changes there";
        assertThat(log.messages()).containsExactly(warning, warning);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text_model.encoder.layers.3.more.weight",
                "text_model.encoder.layers.-4.mlp.fc1.weight",
                "text_model.encoder.layer.4.mlp.fc1.weight",
                "encoder.layers.4.mlp.fc1.weight",
                "more.text_model.encoder.layers.4.mlp.fc1.weight"
            })
    void whatIsOfNoLaterLayerMustBeAskedFor(String more) {
        Safetensors whole = Safetensors.open(MODELS.resolve("sd15/text_encoder/model.safetensors"));
        SafetensorsWriter writer = Safetensors.writer().put(more, new float[1], 1);
        whole.entries().forEach((name, entry) -> {
            if (!name.endsWith("position_ids")) {
                writer.put(name, whole.floats(name), entry.shapeArray());
            }
        });
        Path file = folder.resolve("model.safetensors");
        writer.write(file);
        assertThatThrownBy(() -> ClipText.load(
                        ModelFiles.folder(MODELS.resolve("sd15/text_encoder")),
                        new FileWeights(Safetensors.open(file)),
                        ClipText.Hidden.LAST,
                        Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("unknown tensor " + more);
        assertThat(log.messages()).isEmpty();
    }

    private Path copy(String name) throws IOException {
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(MODELS.resolve(name).resolve(file), folder.resolve(file));
        }
        return folder;
    }

    private static ClipText load(String name, ClipText.Hidden hidden) {
        return ClipText.load(ModelFiles.folder(MODELS.resolve(name)), hidden, Device.CPU);
    }

    private static long[] ids(Safetensors golden, String texts) {
        try (Tensor ids = golden.tensor(texts + ".input_ids")) {
            return Tensors.toLongs(ids);
        }
    }

    private static void require(Safetensors golden, String name, Tensor actual) {
        assertThat(Tensors.shape(actual))
                .as(name)
                .isEqualTo(golden.entries().get(name).shapeArray());
        assertThat(Nets.relativeError(Tensors.toFloats(actual), golden.floats(name)))
                .as(name)
                .isLessThan(LIMIT);
    }
}
