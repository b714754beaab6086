package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.testing.LogLines;
import org.noisetrail.torch.Tensors;

/** The networks here have a matrix [2, 3] and a convolution [1, 1, 1, 2]. */
class LoraTest {
    private static final String MATRIX = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
    private static final String FLAT = "lora_unet_" + MATRIX.replace('.', '_');
    private static final String CONVOLUTION = "down_blocks.0.resnets.0.conv1";

    @RegisterExtension
    private final LogLines log = new LogLines(Lora.class.getName());

    @TempDir
    Path folder;

    private Path lora;
    private Weights base;

    @BeforeEach
    void makeANetwork() {
        lora = folder.resolve("style.safetensors");
        Path file = folder.resolve("base.safetensors");
        Safetensors.writer()
                .put(MATRIX + ".weight", new float[] {1, 1, 1, 1, 1, 1}, 2, 3)
                .put(CONVOLUTION + ".weight", new float[] {1, 1}, 1, 1, 1, 2)
                .put("conv_in.bias", new float[] {7}, 1)
                .write(file);
        base = new FileWeights(Safetensors.open(file));
    }

    private float[] matrix(String fileAndScale) {
        try (Tensor weight =
                LoraWeights.over(base, "unet", List.of(fileAndScale)).get(MATRIX + ".weight", 2, 3)) {
            return Tensors.toFloats(weight);
        }
    }

    /** up (1, 2) times down (1, 0, 1), and the same for the convolution: 3 times (1, 2). */
    private void write(String up, String down, boolean alpha) {
        SafetensorsWriter writer = Safetensors.writer()
                .put(up, new float[] {1, 0, 2, 0}, 2, 2)
                .put(down, new float[] {1, 0, 1, 5, 5, 5}, 2, 3);
        if (alpha) {
            writer.put(FLAT + ".alpha", new float[] {1});
        }
        writer.write(lora);
    }

    @Test
    void kohyasFormIsAddedWithAlphaOverRank() {
        write(FLAT + ".lora_up.weight", FLAT + ".lora_down.weight", true);
        assertThat(matrix(lora.toString())).containsExactly(1.5f, 1, 1.5f, 2, 1, 2);
        assertThat(matrix(lora + ":2")).containsExactly(2, 1, 2, 3, 1, 3);
        assertThat(matrix(lora + ":-0.5")).containsExactly(0.75f, 1, 0.75f, 0.5f, 1, 0.5f);
    }

    @ParameterizedTest
    @CsvSource({
        "unet., .lora_B.weight, .lora_A.weight",
        "unet., .lora_B.default.weight, .lora_A.default.weight",
        "'', .lora.up.weight, .lora.down.weight"
    })
    void peftsFormIsAddedWhole(String prefix, String up, String down) {
        write(prefix + MATRIX + up, prefix + MATRIX + down, false);
        assertThat(matrix(lora.toString())).containsExactly(2, 1, 2, 3, 1, 3);
    }

    /** Diffusers before 0.22: LoraLoaderMixin.save_lora_weights. */
    @ParameterizedTest
    @CsvSource({
        "text_encoder, text_model., q",
        "text_encoder, text_model., k",
        "text_encoder_2, text_model., v",
        "text_encoder_2, '', out"
    })
    void aTextEncodersOlderNamesAreUnderstood(String part, String prefix, String projection) {
        String layer = "encoder.layers.0.self_attn.";
        Path file = folder.resolve("text.safetensors");
        String name = "text_model." + layer + projection + "_proj.weight";
        Safetensors.writer().put(name, new float[] {1, 1, 1, 1, 1, 1}, 2, 3).write(file);
        String old = part + "." + prefix + layer + "to_" + projection + "_lora";
        write(old + ".up.weight", old + ".down.weight", false);
        Weights changed = LoraWeights.over(new FileWeights(Safetensors.open(file)), part, List.of(lora.toString()));
        try (Tensor weight = changed.get(name, 2, 3)) {
            assertThat(Tensors.toFloats(weight)).containsExactly(2, 1, 2, 3, 1, 3);
        }
    }

    @Test
    void theNamesOfLatentDiffusionAreUnderstood() {
        String layer = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q";
        write(layer + ".lora_up.weight", layer + ".lora_down.weight", false);
        assertThat(matrix(lora.toString())).containsExactly(2, 1, 2, 3, 1, 3);
    }

    @Test
    void convolutionsChangeToo() {
        String layer = "unet." + CONVOLUTION;
        Safetensors.writer()
                .put(layer + ".lora_B.weight", new float[] {3}, 1, 1, 1, 1)
                .put(layer + ".lora_A.weight", new float[] {1, 2}, 1, 1, 1, 2)
                .write(lora);
        Weights changed = LoraWeights.over(base, "unet", List.of(lora.toString()));
        try (Tensor weight = changed.get(CONVOLUTION + ".weight", 1, 1, 1, 2);
                Tensor bias = changed.get("conv_in.bias", 1)) {
            assertThat(Tensors.toFloats(weight)).containsExactly(4, 7);
            assertThat(Tensors.toFloats(bias)).containsExactly(7);
        }
    }

    @Test
    void filesAddUp() {
        write(FLAT + ".lora_up.weight", FLAT + ".lora_down.weight", false);
        Weights twice = LoraWeights.over(base, "unet", List.of(lora.toString(), lora + ":2"));
        try (Tensor weight = twice.get(MATRIX + ".weight", 2, 3)) {
            assertThat(Tensors.toFloats(weight)).containsExactly(4, 1, 4, 7, 1, 7);
        }
    }

    @Test
    void aNetworkThatNoFileChangesIsTheBaseItself() {
        write(FLAT + ".lora_up.weight", FLAT + ".lora_down.weight", false);
        assertThat(LoraWeights.over(base, "vae", List.of(lora.toString()))).isSameAs(base);
        assertThat(LoraWeights.over(base, "text_encoder", List.of(lora.toString())))
                .isSameAs(base);
        assertThat(LoraWeights.over(base, "unet", List.of())).isSameAs(base);
    }

    @Test
    void aNetworkThatThePipelineDoesNotHaveIsNamed() {
        Safetensors.writer()
                .put("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", new float[] {1}, 1, 1)
                .put("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", new float[] {1}, 1, 1)
                .write(lora);
        List<String> loras = List.of(lora.toString());
        LoraWeights.requireNetworks(Set.of("unet", "text_encoder_2"), loras);
        assertThatThrownBy(() -> LoraWeights.requireNetworks(Set.of("unet", "text_encoder"), loras))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(
                        "LoRA for text_encoder_2, which the model does not have: text_model_encoder_layers");
    }

    @ParameterizedTest
    @CsvSource({
        "unet.up_blocks.9.proj.lora_B.weight, unet.up_blocks.9.proj.lora_A.weight, LoRA for layers that unet does not have: up_blocks.9.proj",
        "unet.x.lora_B.weight, unet.x.lora_B.other, unknown LoRA tensor unet.x.lora_B.other",
        "unet.conv_in.hada_w1_a, unet.conv_in.hada_w1_b, 'unknown LoRA tensors unet.conv_in.hada_w1_a, unet.conv_in.hada_w1_b'",
        "unet.conv_in.lora_B.weight, unet.conv_out.lora_A.weight, LoRA of \"conv_in\" has no down tensor"
    })
    void whatCannotBeUsedIsNamed(String up, String down, String message) {
        write(up, down, false);
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        Safetensors.writer()
                .put(FLAT + ".lora_up.weight", new float[] {1, 1, 1}, 3, 1)
                .put(FLAT + ".lora_down.weight", new float[] {1, 1, 1}, 1, 3)
                .write(lora);
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("up F32[3, 1] times down F32[1, 3] must have the weight's shape [2, 3]");
    }

    private SafetensorsWriter peft() {
        return Safetensors.writer()
                .put("unet." + MATRIX + ".lora_B.weight", new float[] {1, 0, 2, 0}, 2, 2)
                .put("unet." + MATRIX + ".lora_A.weight", new float[] {1, 0, 1, 5, 5, 5}, 2, 3);
    }

    @Test
    void alphaMayBeInWhatPeftSaysBesideTheTensors() {
        peft().metadata("lora_adapter_metadata", "{\"unet.r\": 2, \"unet.lora_alpha\": 4, \"unet.use_dora\": false}")
                .write(lora);
        assertThat(matrix(lora.toString())).containsExactly(3, 1, 3, 5, 1, 5);
        peft().metadata(
                        "lora_adapter_metadata",
                        "{\"unet.lora_alpha\": 4, \"unet.alpha_pattern\": {\"attn1.to_q\": 1}}")
                .write(lora);
        assertThat(matrix(lora.toString())).containsExactly(1.5f, 1, 1.5f, 2, 1, 2);
    }

    /** Kalajdzievski 2023: alpha over the rank's root, here 6 / sqrt(4) = 3, of which up times down is (1, 0, 1; 2, 0, 2). */
    @Test
    void aRankStabilizedChangeIsOverTheRanksRoot() throws IOException {
        for (String prefix : List.of("unet.", "base_model.model.unet.")) {
            Safetensors.writer()
                    .put(prefix + MATRIX + ".lora_B.weight", new float[] {1, 0, 0, 0, 2, 0, 0, 0}, 2, 4)
                    .put(prefix + MATRIX + ".lora_A.weight", new float[] {1, 0, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5}, 4, 3)
                    .metadata("lora_adapter_metadata", "{\"unet.lora_alpha\": 6, \"unet.use_rslora\": true}")
                    .write(lora);
            Files.writeString(
                    folder.resolve("adapter_config.json"),
                    "{\"peft_type\": \"LORA\", \"lora_alpha\": 6, \"use_rslora\": true}");
            assertThat(matrix(lora.toString())).as(prefix).containsExactly(4, 1, 4, 7, 1, 7);
            assertThat(matrix(lora + ":2")).as(prefix).containsExactly(7, 1, 7, 13, 1, 13);
        }
    }

    private void adapter(String prefix, String config) throws IOException {
        write(prefix + MATRIX + ".lora_B.weight", prefix + MATRIX + ".lora_A.weight", false);
        Files.writeString(folder.resolve("adapter_config.json"), config.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | 'lora_alpha': 4, 'r': 64, 'rank_pattern': {'to_q': 2}",
                "8 | 'lora_alpha': null",
                "1 | 'lora_alpha': 4, 'alpha_pattern': {'attn1.to_q': 1}",
                "1 | 'lora_alpha': 4, 'alpha_pattern': {'^" + MATRIX + "': 1, 'to_q': 3}",
                "4 | 'lora_alpha': 4, 'alpha_pattern': {'^to_q': 1, 'o_q': 1}",
                "4 | 'lora_alpha': 4, 'use_dora': false, 'layer_replication': null, 'init_lora_weights': 'gaussian'"
            },
            quoteCharacter = '`')
    void anAdaptersAlphaIsInTheFileThatPeftWritesBesideIt(float alpha, String config) throws IOException {
        for (String prefix : List.of("base_model.model.", "base_model.model.unet.")) {
            adapter(prefix, "{'peft_type': 'LORA', " + config + "}");
            assertThat(matrix(lora.toString()))
                    .as(prefix)
                    .containsExactly(1 + alpha / 2, 1, 1 + alpha / 2, 1 + alpha, 1, 1 + alpha);
        }
    }

    @Test
    void anAdapterWithoutItsSettingsIsRefused() throws IOException {
        adapter("base_model.model.", "{}");
        Files.delete(folder.resolve("adapter_config.json"));
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(lora + ": adapter_config.json must lie beside it, as PEFT writes it: names that begin with"
                        + " base_model.model. say no alpha");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'peft_type': 'LOHA'} | peft_type must be LORA: LOHA",
                "{'peft_type': 'LORA', 'use_dora': true} | use_dora is not supported: plain LoRA is",
                "{'peft_type': 'LORA', 'layer_replication': [[0, 4]]} | layer_replication is not supported: plain LoRA is",
                "{'peft_type': 'LORA', 'init_lora_weights': 'pissa'} | init_lora_weights \"pissa\" is not supported: it changes the network's own weights",
                "{'peft_type': 'LORA', 'use_dora': 'True'} | use_dora is not supported: plain LoRA is",
                "{'peft_type': 'LORA', 'use_rslora': 'True'} | use_rslora must be true or false: \"True\"",
                "{'peft_type': 'LORA', 'alpha_pattern': [['to_q', 16]]} | alpha_pattern must be an object: [[\"to_q\",16]]",
                "{'peft_type': 'LORA', 'lora_alpha': 'x'} | lora_alpha must be a number: \"x\"",
                "{'peft_type': 'LORA', 'alpha_pattern': {'to_.*': 1}} | alpha_pattern must have names of layers: to_.*",
                "{ | not sound JSON"
            },
            quoteCharacter = '`')
    void anAdapterOfAnotherKindIsNamedWithItsFile(String config, String message) throws IOException {
        adapter("base_model.model.", config);
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(folder.resolve("adapter_config.json") + ": " + message);
    }

    @Test
    void anAdaptersSettingsAreInTheDigest() throws IOException {
        Digest plain = new Digest("", ModelFiles.folder(folder), "base.safetensors");
        adapter("base_model.model.", "{'peft_type': 'LORA', 'lora_alpha': 4}");
        String four = LoraWeights.digest(plain, List.of(lora.toString())).value();
        adapter("base_model.model.", "{'peft_type': 'LORA', 'lora_alpha': 8}");
        assertThat(LoraWeights.digest(plain, List.of(lora.toString())).value()).isNotEqualTo(four);
    }

    @Test
    void aFileBesideTensorsUnderOtherNamesIsNotRead() throws IOException {
        adapter("unet.", "not JSON");
        assertThat(matrix(lora.toString())).containsExactly(2, 1, 2, 3, 1, 3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'unet.use_dora': true} | use_dora is not supported: plain LoRA is",
                "{'unet.lora_alpha': 'x'} | lora_adapter_metadata: unet.lora_alpha must be a number: \"x\"",
                "{'unet.lora_alpha': | lora_adapter_metadata: not sound JSON",
            },
            quoteCharacter = '`')
    void otherKindsOfLoraAreNamed(String metadata, String message) {
        peft().metadata("lora_adapter_metadata", metadata.replace('\'', '"')).write(lora);
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lora_unet_x.lokr_w1",
                "lora_unet_x.dora_scale",
                "lora_unet_x.lora_mid.weight",
                "conv.weight",
                "\u001b[31m"
            })
    void tensorsOfOtherKindsAreNamed(String name) {
        peft().put(name, new float[] {1}, 1).write(lora);
        assertThatThrownBy(() -> matrix(lora.toString()))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("unknown LoRA tensor " + Excerpt.of(name));
    }

    private static SafetensorsWriter kohya() {
        return Safetensors.writer()
                .put(FLAT + ".lora_up.weight", new float[] {1, 0, 2, 0}, 2, 2)
                .put(FLAT + ".lora_down.weight", new float[] {1, 0, 1, 5, 5, 5}, 2, 3);
    }

    /** As diffusers' conversion to kohya's form writes it. */
    @Test
    void anAlphaMayBeAnInteger() {
        kohya().put(FLAT + ".alpha", new long[] {4}).write(lora);
        assertThat(matrix(lora.toString())).containsExactly(3, 1, 3, 5, 1, 5);
        kohya().put(FLAT + ".alpha", new int[] {1}).write(lora);
        assertThat(matrix(lora.toString())).containsExactly(1.5f, 1, 1.5f, 2, 1, 2);
    }

    @Test
    void anAlphaMustBeOneFiniteNumber() {
        for (float[] alpha : new float[][] {{Float.NaN}, {1, 2}}) {
            Safetensors.writer()
                    .put(FLAT + ".lora_up.weight", new float[4], 2, 2)
                    .put(FLAT + ".lora_down.weight", new float[6], 2, 3)
                    .put(FLAT + ".alpha", alpha, alpha.length)
                    .write(lora);
            assertThatThrownBy(() -> matrix(lora.toString()))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("must be one finite number");
        }
    }

    @Test
    void weightsKeepTheTypeTheyAreStoredIn() {
        Path half = folder.resolve("half.safetensors");
        Safetensors.writer()
                .put(MATRIX + ".weight", Safetensors.Dtype.F16, new short[6], 2, 3)
                .write(half);
        peft().write(lora);
        Map<String, FileWeights.Place> places =
                Map.of(MATRIX + ".weight", new FileWeights.Place(Safetensors.open(half), MATRIX + ".weight", false));
        Weights stored = new FileWeights("half", places, Weights.Storage.AS_STORED);
        try (Tensor weight = LoraWeights.over(stored, "unet", List.of(lora.toString()))
                        .get(MATRIX + ".weight", 2, 3);
                Tensor wide = weight.to(ScalarType.Float)) {
            assertThat(weight.scalar_type().intern()).isEqualTo(ScalarType.Half);
            assertThat(Tensors.toFloats(wide)).containsExactly(1, 0, 1, 2, 0, 2);
        }
    }

    @Test
    void textEncodersChangeUnderBothFormsOfTheirNames() {
        String layer = "encoder.layers.0.self_attn.q_proj";
        Path file = folder.resolve("text.safetensors");
        Safetensors.writer()
                .put("text_model." + layer + ".weight", new float[6], 2, 3)
                .write(file);
        for (String prefix : List.of(
                "lora_te_text_model_" + layer.replace('.', '_') + ".lora_,up,down",
                "lora_te1_text_model_" + layer.replace('.', '_') + ".lora_,up,down",
                "text_encoder." + layer + ".lora_,B,A",
                "text_encoder.text_model." + layer + ".lora_linear_layer.,up,down")) {
            String[] parts = prefix.split(",");
            Safetensors.writer()
                    .put(parts[0] + parts[1] + ".weight", new float[] {1, 0, 2, 0}, 2, 2)
                    .put(parts[0] + parts[2] + ".weight", new float[] {1, 0, 1, 5, 5, 5}, 2, 3)
                    .write(lora);
            Weights text =
                    LoraWeights.over(new FileWeights(Safetensors.open(file)), "text_encoder", List.of(lora.toString()));
            try (Tensor weight = text.get("text_model." + layer + ".weight", 2, 3)) {
                assertThat(Tensors.toFloats(weight)).as(prefix).containsExactly(1, 0, 1, 2, 0, 2);
            }
        }
    }

    /** As where a folder of Stable Diffusion 1.x has 11 of 12 layers, and the LoRA was trained with all. */
    @Test
    void whatChangesLayersAfterATextEncodersLastIsLeftOutWithAWarning() {
        Path file = folder.resolve("text.safetensors");
        String layer = "text_model.encoder.layers.0.mlp.fc1";
        Safetensors.writer().put(layer + ".weight", new float[6], 2, 3).write(file);
        Weights text = new FileWeights(Safetensors.open(file));
        String flat = "lora_te_text_model_encoder_layers_";
        Safetensors.writer()
                .put(flat + "0_mlp_fc1.lora_up.weight", new float[] {1, 0, 2, 0}, 2, 2)
                .put(flat + "0_mlp_fc1.lora_down.weight", new float[] {1, 0, 1, 5, 5, 5}, 2, 3)
                .put(flat + "1_mlp_fc1.lora_up.weight", new float[] {1, 0, 2, 0}, 2, 2)
                .put(flat + "1_mlp_fc1.lora_down.weight", new float[] {1, 0, 1, 5, 5, 5}, 2, 3)
                .write(lora);
        Weights changed = LoraWeights.over(text, "text_encoder", List.of(lora.toString()));
        try (Tensor weight = changed.get(layer + ".weight", 2, 3)) {
            assertThat(Tensors.toFloats(weight)).containsExactly(1, 0, 1, 2, 0, 2);
        }
        assertThat(log.messages())
                .containsExactly(lora + ": text_encoder has 1 layers, and what the LoRA changes after them is left out:"
                        + " text_model_encoder_layers_1_mlp_fc1");
        for (String unknown : List.of("encoder_layers_0_mlp_fc9", "encoder_layer_1_mlp_fc1", "final_mlp_fc1")) {
            Safetensors.writer()
                    .put("lora_te_text_model_" + unknown + ".lora_up.weight", new float[4], 2, 2)
                    .put("lora_te_text_model_" + unknown + ".lora_down.weight", new float[6], 2, 3)
                    .write(lora);
            assertThatThrownBy(() -> LoraWeights.over(text, "text_encoder", List.of(lora.toString())))
                    .hasMessage(lora + ": LoRA for layers that text_encoder does not have: text_model_" + unknown);
        }
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> matrix(folder.resolve("none.safetensors") + ":2"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("none.safetensors: no such file");
        assertThatThrownBy(() -> matrix("a\0b"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("a\\u0000b");
    }
}
