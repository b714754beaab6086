package org.noisetrail.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Tensors;

/** Which folders are models, and where the weights of their parts lie. */
class ModelFolderTest {
    private static final String INDEX = """
            {"_class_name": "StableDiffusionPipeline", "requires_safety_checker": false, "safety_checker": [null, null],
             "scheduler": ["diffusers", "PNDMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
             "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
             "vae": ["diffusers", "AutoencoderKL"]}""";

    private static final List<String> FILES = List.of(
            "unet/config.json",
            "vae/config.json",
            "text_encoder/config.json",
            "tokenizer/vocab.json",
            "tokenizer/merges.txt",
            "scheduler/scheduler_config.json");

    @TempDir
    Path folder;

    private ModelFiles files;

    @BeforeEach
    void makeAFolder() throws IOException {
        files = ModelFiles.folder(folder);
        write("model_index.json", INDEX);
        for (String file : FILES) {
            write(file, "{}");
        }
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), text);
    }

    private Path unet(String file) throws IOException {
        Files.createDirectories(folder.resolve("unet"));
        return folder.resolve("unet").resolve(file);
    }

    @Test
    void stableDiffusionIsRecognised() {
        ModelIndex index = ModelIndex.read(files);
        assertThat(index.xl()).isFalse();
        assertThat(index.zerosForEmptyPrompt()).isFalse();
        assertThat(index.parts())
                .containsOnlyKeys("scheduler", "text_encoder", "tokenizer", "unet", "vae")
                .containsEntry("unet", "UNet2DConditionModel");
    }

    @Test
    void anXlPipelineNeedsBothEncoders() throws IOException {
        String xl = INDEX.replace("StableDiffusionPipeline", "StableDiffusionXLPipeline");
        write("model_index.json", xl);
        assertThatThrownBy(() -> ModelIndex.read(files)).hasMessageContaining("part text_encoder_2 is missing");
        write(
                "model_index.json",
                xl.replace(
                        "\"vae\"",
                        "\"text_encoder_2\": [\"transformers\", \"CLIPTextModelWithProjection\"],"
                                + " \"tokenizer_2\": [\"transformers\", \"CLIPTokenizer\"], \"vae\""));
        write("text_encoder_2/config.json", "{}");
        write("tokenizer_2/vocab.json", "{}");
        write("tokenizer_2/merges.txt", "");
        assertThat(ModelIndex.read(files).xl()).isTrue();
        assertThat(ModelIndex.read(files).zerosForEmptyPrompt()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "FluxPipeline, FLUX (FluxPipeline)",
        "StableDiffusion3Pipeline, Stable Diffusion 3 (StableDiffusion3Pipeline)",
        "StableDiffusionControlNetPipeline, ControlNet (StableDiffusionControlNetPipeline)",
        "StableDiffusionXLInpaintPipeline, inpainting (StableDiffusionXLInpaintPipeline)",
        "StableDiffusionXLControlNetInpaintPipeline, ControlNet (StableDiffusionXLControlNetInpaintPipeline)",
        "DiTPipeline, DiT (DiTPipeline)",
        "KandinskyPipeline, KandinskyPipeline",
        "'', a pipeline without _class_name"
    })
    void anotherPipelineIsNamedWithWhatIsSupported(String pipeline, String named) throws IOException {
        write("model_index.json", "{\"_class_name\": \"" + pipeline + "\"}");
        assertThatThrownBy(() -> ModelIndex.read(files))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(folder.resolve("model_index.json") + ": " + named
                        + " is not supported: supported are StableDiffusionPipeline (1.x and 2.x) and"
                        + " StableDiffusionXLPipeline");
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet/config.json", "tokenizer/vocab.json", "scheduler/scheduler_config.json"})
    void aMissingFileIsNamed(String file) throws IOException {
        Files.delete(folder.resolve(file));
        assertThatThrownBy(() -> ModelIndex.read(files))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(folder.resolve(file) + " is missing: part " + file.substring(0, file.indexOf('/'))
                        + " needs it");
    }

    /** As transformers 5 writes it. */
    @Test
    void aTokenizerMayBeOneFileWhichThenCounts() throws IOException {
        write("tokenizer/tokenizer.json", "{}");
        List<String> parts = List.of("tokenizer");
        String both = ComponentWeights.digest(files, "", parts).value();
        Files.delete(folder.resolve("tokenizer/merges.txt"));
        assertThatThrownBy(() -> ModelIndex.read(files)).hasMessageContaining("merges.txt is missing");
        Files.delete(folder.resolve("tokenizer/vocab.json"));
        assertThat(ModelIndex.read(files).parts()).containsKey("tokenizer");
        String one = ComponentWeights.digest(files, "", parts).value();
        write("tokenizer/tokenizer.json", "{\"version\": 2}");
        assertThat(ComponentWeights.digest(files, "", parts).value()).isNotEqualTo(one);
        write("tokenizer/vocab.json", "{}");
        write("tokenizer/merges.txt", "{}");
        assertThat(ComponentWeights.digest(files, "", parts).value()).isEqualTo(both);
    }

    @Test
    void aPartOfAnotherClassIsNamed() throws IOException {
        write("model_index.json", INDEX.replace("\"CLIPTextModel\"", "\"T5EncoderModel\""));
        assertThatThrownBy(() -> ModelIndex.read(files))
                .hasMessageContaining("text_encoder must be CLIPTextModel: [\"transformers\",\"T5EncoderModel\"]");
    }

    @Test
    void aNetworkThatTakesMoreThanLatentsIsNamed() throws IOException {
        write("unet/config.json", "{\"in_channels\": 9}");
        assertThatThrownBy(() -> ModelIndex.read(files))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("config.json: in_channels must be 4: 9 (inpainting); supported are");
    }

    @Test
    void whatAFolderWithoutAnIndexIsCanBeTold(@TempDir Path other) throws IOException {
        ModelFiles found = ModelFiles.folder(other);
        assertThat(ModelIndex.describe(found)).isNull();
        Files.writeString(other.resolve("v1-5.ckpt"), "");
        assertThat(ModelIndex.describe(found))
                .startsWith("v1-5.ckpt is a pickle")
                .contains("safetensors");
        Files.writeString(other.resolve("config.json"), "{\"_class_name\": \"FluxTransformer2DModel\"}");
        assertThat(ModelIndex.describe(found))
                .isEqualTo(
                        "config.json is of one part, FLUX (FluxTransformer2DModel), and there is no model_index.json");
    }

    @Test
    void aFileInAModelsPlaceIsNamed() {
        assertThat(ModelIndex.describe(Path.of("v1-5.ckpt"))).startsWith("v1-5.ckpt is a pickle");
        assertThat(ModelIndex.describe(Path.of("v1-5.safetensors"))).contains("a model is a folder");
        assertThat(ModelIndex.describe(Path.of("v1-5"))).isEqualTo("a model is a folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\": +1}", "{\"a\": 1\u001e}", "{'a': 1}", "{\"a\": nan}"})
    void whatIsWrongWithJsonIsSaidWithoutTheParsersOwnNames(String json) throws IOException {
        write("model_index.json", json);
        assertThatThrownBy(() -> ModelIndex.read(files))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("model_index.json: not sound JSON: ")
                .hasMessageNotContaining("Feature");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "diffusion_pytorch_model.safetensors",
                "diffusion_pytorch_model.fp16.safetensors",
                "model.safetensors",
                "model.fp16.safetensors"
            })
    void weightsAreFoundUnderEveryName(String name) throws IOException {
        Safetensors.writer().put("a", new float[] {1, 2}, 2).write(unet(name));
        assertThat(ComponentWeights.files(files, "unet")).containsExactly("unet/" + name);
        try (Tensor a = ComponentWeights.open(files, "unet").get("a", 2)) {
            assertThat(Tensors.toFloats(a)).containsExactly(1, 2);
        }
    }

    @Test
    void fullPrecisionComesBeforeHalf() throws IOException {
        Safetensors.writer().put("a", new float[] {1}, 1).write(unet("model.safetensors"));
        Safetensors.writer().put("a", new float[] {2}, 1).write(unet("model.fp16.safetensors"));
        assertThat(ComponentWeights.files(files, "unet")).containsExactly("unet/model.safetensors");
    }

    @Test
    void halvesAreReadAsFloat32OrKept() throws IOException {
        Safetensors.writer()
                .put("half", Safetensors.Dtype.F16, new short[] {0x3c00}, 1)
                .put("brain", Safetensors.Dtype.BF16, new short[] {0x4020}, 1)
                .write(unet("model.safetensors"));
        Weights weights = ComponentWeights.open(files, "unet");
        Weights kept = ComponentWeights.open(files, "unet", Weights.Storage.AS_STORED);
        try (Tensor half = weights.get("half", 1);
                Tensor brain = weights.get("brain", 1);
                Tensor same = kept.get("half", 1)) {
            assertThat(Tensors.toFloats(half)).containsExactly(1);
            assertThat(Tensors.toFloats(brain)).containsExactly(2.5f);
            assertThat(same.scalar_type().intern()).isEqualTo(ScalarType.Half);
        }
    }

    private void shards(String index) throws IOException {
        Safetensors.writer().put("a", new float[] {1}, 1).write(unet("one.safetensors"));
        Safetensors.writer()
                .put("b", new float[] {2}, 1)
                .put("unlisted", new float[] {3}, 1)
                .write(unet("two.safetensors"));
        Files.writeString(unet("diffusion_pytorch_model.safetensors.index.json"), index);
    }

    @Test
    void shardsAreOneNetworksWeights() throws IOException {
        shards("{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\"a\": \"one.safetensors\","
                + " \"b\": \"two.safetensors\"}}");
        assertThat(ComponentWeights.files(files, "unet"))
                .containsExactly("unet/one.safetensors", "unet/two.safetensors");
        Weights weights = ComponentWeights.open(files, "unet");
        assertThat(weights.has("unlisted")).isFalse();
        try (Tensor a = weights.get("a", 1);
                Tensor b = weights.get("b", 1)) {
            assertThat(Tensors.toFloats(a)).containsExactly(1);
            assertThat(Tensors.toFloats(b)).containsExactly(2);
        }
        weights.requireAllUsed();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | weight_map must be an object",
                "{'weight_map': {}} | weight_map must be an object",
                "{'weight_map': {'a': 7}} | must be the name of a .safetensors file beside it: 7",
                "{'weight_map': {'a': '../secret.safetensors'}} | must be the name of a .safetensors file beside it",
                "{'weight_map': {'a': '/etc/x.safetensors'}} | must be the name of a .safetensors file beside it",
                "{'weight_map': {'a': '..\\\\x.safetensors'}} | must be the name of a .safetensors file beside it",
                "{'weight_map': {'a': 'model.bin'}} | must be the name of a .safetensors file beside it",
                "{'weight_map': {'a': 'three.safetensors'}} | three.safetensors is missing, which",
                "{'weight_map': {'c': 'one.safetensors'}} | one.safetensors: missing tensor \"c\", which",
                "{'weight_map': {'a': 'one.safetensors', 'a': 'two.safetensors'}} | not sound JSON: Duplicate"
            })
    void aHostileIndexIsOneLine(String index, String message) throws IOException {
        shards(index.replace('\'', '"'));
        assertThatThrownBy(() -> ComponentWeights.open(files, "unet"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aLongNameInAnIndexIsCutInTheMessage() throws IOException {
        shards("{\"weight_map\": {\"a\": \"" + "x".repeat(5000) + ".safetensors\"}}");
        assertThatThrownBy(() -> ComponentWeights.open(files, "unet"))
                .isInstanceOf(NoisetrailException.class)
                .message()
                .contains("must be the name of a .safetensors file beside it: \"xxx")
                .hasSizeLessThan(600);
    }

    @Test
    void aPickleIsNamed() throws IOException {
        assertThatThrownBy(() -> ComponentWeights.open(files, "unet"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("no weights: neither diffusion_pytorch_model.safetensors nor model.safetensors");
        Files.writeString(unet("diffusion_pytorch_model.bin"), "");
        assertThatThrownBy(() -> ComponentWeights.open(files, "unet"))
                .hasMessageContaining("diffusion_pytorch_model.bin is a pickle");
    }

    @Test
    void tensorsThatNoNetworkHasDoNotMatter() throws IOException {
        byte[] header = ("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"mask\":{\"dtype\":\"BOOL\",\"shape\":[4],\"data_offsets\":[4,8]},"
                        + "\"eight\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[8,10]},"
                        + "\"four\":{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[10,13]},"
                        + "\"count\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[13,21]}}")
                .getBytes(UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + header.length + 21).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length).put(header);
        Files.write(unet("model.safetensors"), file.array());
        Weights weights = ComponentWeights.open(files, "unet");
        weights.get("w", 1).close();
        weights.requireAllUsed();
        assertThatThrownBy(() -> weights.get("eight", 2)).hasMessageContaining("dtype must be");
        assertThatThrownBy(() -> Safetensors.open(unet("model.safetensors")).tensor("four"))
                .hasMessageContaining("dtype must be");
    }
}
