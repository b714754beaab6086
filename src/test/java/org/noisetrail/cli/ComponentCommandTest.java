package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SafetensorsWriter;

/** Parts of text-to-image models, against what diffusers and transformers give. */
class ComponentCommandTest {
    private static final Path MODELS = Path.of("src/test/resources/diffusers");
    private static final Path GOLDENS = Path.of("src/test/resources/golden/diffusers");

    @TempDir
    private Path folder;

    /** Runs a part on a golden's inputs; its outputs. */
    private Safetensors run(String part, Path model, String golden, String prefix, String... inputs) {
        Safetensors expected = Safetensors.open(GOLDENS.resolve(golden + ".safetensors"));
        SafetensorsWriter writer = Safetensors.writer();
        for (String name : inputs) {
            long[] shape = expected.entry(prefix + name).shapeArray();
            switch (expected.entry(prefix + name).dtype()) {
                case I64 -> writer.put(name, expected.longs(prefix + name), shape);
                case U8 -> writer.put(name, expected.bytes(prefix + name), shape);
                default -> writer.put(name, expected.floats(prefix + name), shape);
            }
        }
        Path in = folder.resolve("in.safetensors");
        writer.write(in);
        Path out = folder.resolve("out.safetensors");
        Cli.Ending ending = Cli.run("component", part, "--model", model, "--in", in, "--out", out, "--overwrite");
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isZero();
        return Safetensors.open(out);
    }

    /** Relative, of the whole tensor. */
    private static double error(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        return Math.sqrt(difference / norm);
    }

    private static void equal(Safetensors actual, String golden, String prefix, String... outputs) {
        Safetensors expected = Safetensors.open(GOLDENS.resolve(golden + ".safetensors"));
        assertThat(actual.entries()).containsOnlyKeys(outputs);
        for (String name : outputs) {
            assertThat(actual.entry(name).shape())
                    .isEqualTo(expected.entry(prefix + name).shape());
            assertThat(error(actual.floats(name), expected.floats(prefix + name)))
                    .as(name)
                    .isLessThan(1e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4})
    void aUNetTakesOneTimestepOrOneARowWholeOrNot(int number) {
        String prefix = "case" + number + ".";
        Safetensors out =
                run("unet", MODELS.resolve("sd15"), "sd15/unet", prefix, "sample", "timestep", "encoder_hidden_states");
        equal(out, "sd15/unet", prefix, "out");
    }

    @Test
    void sdxlsUNetTakesSizesToo() {
        String[] inputs = {"sample", "timestep", "encoder_hidden_states", "text_embeds", "time_ids"};
        equal(run("unet", MODELS.resolve("sdxl"), "sdxl/unet", "case1.", inputs), "sdxl/unet", "case1.", "out");
    }

    /** The folder may be the pipeline's or the part's own. */
    @ParameterizedTest
    @ValueSource(strings = {"sd15", "sd15/vae"})
    void anAutoencoderDecodesAndEncodesUnscaled(String model) {
        Path path = MODELS.resolve(model);
        equal(run("vae-decoder", path, "sd15/vae", "decode1.", "z"), "sd15/vae", "decode1.", "image");
        equal(run("vae-encoder", path, "sd15/vae", "encode2.", "image"), "sd15/vae", "encode2.", "mean", "logvar");
    }

    @Test
    void textEncodersGiveTheirStatesAndEmbeddings() {
        Safetensors first = run("text-encoder", MODELS.resolve("sd15"), "sd15/text_encoder", "prompts.", "input_ids");
        equal(first, "sd15/text_encoder", "prompts.", "last_hidden_state", "pooler_output");
        Safetensors second =
                run("text-encoder-2", MODELS.resolve("sdxl"), "sdxl/text_encoder_2", "short.", "input_ids");
        equal(second, "sdxl/text_encoder_2", "short.", "last_hidden_state", "pooler_output", "text_embeds");
    }

    @Test
    void clipEmbedsTextsAndImages() {
        Path model = MODELS.resolve("clip-quick-gelu");
        String golden = "clip/clip-quick-gelu";
        equal(run("clip-text", model, golden, "", "input_ids"), golden, "", "text_embeds");
        Safetensors expected = Safetensors.open(GOLDENS.resolve(golden + ".safetensors"));
        // The golden has channels last.
        byte[] last = expected.bytes("image1");
        int area = last.length / 3;
        byte[] first = new byte[last.length];
        for (int i = 0; i < last.length; i++) {
            first[i % 3 * area + i / 3] = last[i];
        }
        List<Long> shape = expected.entry("image1").shape();
        Path in = folder.resolve("images.safetensors");
        Safetensors.writer()
                .put("images", first, 1, 3, shape.get(0), shape.get(1))
                .write(in);
        Path out = folder.resolve("out.safetensors");
        assertThat(Cli.run("component", "clip-image", "--model", model, "--in", in, "--out", out, "--overwrite")
                        .code())
                .isZero();
        Safetensors seen = Safetensors.open(out);
        assertThat(seen.entry("pixel_values").shape()).containsExactly(1L, 3L, 224L, 224L);
        double sum = 0;
        for (float value : seen.floats("pixel_values")) {
            sum += value;
        }
        assertThat(sum / expected.doubles("pixel_values_sum")[1]).isCloseTo(1, within(1e-6));
        float[] embeds = seen.floats("image_embeds");
        float[] all = expected.floats("image_embeds");
        assertThat(error(embeds, java.util.Arrays.copyOfRange(all, embeds.length, 2 * embeds.length)))
                .isLessThan(1e-5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "warp | sd15 | unknown part (known: unet, vae-decoder",
                "unet | clip-vocab | has no unet",
                "text-encoder-2 | sd15 | has no text_encoder_2",
            })
    void whatIsNotThereIsNamed(String part, String model, String message) throws IOException {
        Path in = RawTensors.write(folder.resolve("in"), Map.of("z", RawTensors.Raw.longs(new long[1])));
        Cli.Ending ending = Cli.run(
                "component", part, "--model", MODELS.resolve(model), "--in", in, "--out", folder.resolve("out"));
        assertThat(ending.err()).startsWith("noisetrail: ").contains(message);
        assertThat(ending.err().lines()).hasSize(1);
        assertThat(ending.code()).isNotZero();
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"component unet", "denoise"})
    void aFileThatIsThereStaysTheInputTooUnlessItMayGo(String command) throws IOException {
        Path in = RawTensors.write(folder.resolve("in"), Map.of("z", RawTensors.Raw.longs(new long[1])));
        byte[] before = Files.readAllBytes(in);
        Object[] words = (command + " --model " + MODELS.resolve("sd15") + " --in " + in + " --out " + in).split(" ");
        Cli.Ending ending = Cli.run(words);
        assertThat(ending.err())
                .isEqualTo("noisetrail: " + in + " is there already: give another --out, or --overwrite\n");
        assertThat(ending.code()).isEqualTo(2);
        assertThat(in).hasBinaryContent(before);
    }

    private void refuses(String part, Path in, String words) {
        Cli.Ending ending = Cli.run(
                "component", part, "--model", MODELS.resolve("sd15"), "--in", in, "--out", folder.resolve("out"));
        assertThat(ending.err()).startsWith("noisetrail: ").contains(words).hasLineCount(1);
        assertThat(ending.code()).isEqualTo(1);
    }

    @Test
    void aTensorThatIsMissingOrOfAnotherShapeIsNamed() throws IOException {
        Path in = RawTensors.write(folder.resolve("in"), Map.of("input_ids", RawTensors.Raw.longs(new long[7])));
        refuses("vae-decoder", in, "\"z\"");
        refuses("text-encoder", in, "input_ids must have 2 dimensions: [7]");
    }

    @Test
    void aTensorWithoutElementsIsNamed() {
        Path in = folder.resolve("in");
        Safetensors.writer()
                .put("input_ids", new long[0], 1L << 32, 0)
                .put("z", new float[0], 1, 4, 0, 8)
                .write(in);
        refuses("vae-decoder", in, in + ": z must have sides from 1 to 2147483647: [1, 4, 0, 8]");
        refuses("text-encoder", in, in + ": input_ids must have sides from 1 to 2147483647: [4294967296, 0]");
    }

    @Test
    void textIsTokenizedAsTransformersDoes() throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode golden = json.readTree(GOLDENS.resolve("sdxl/tokens.json").toFile());
        for (int i = 0; i < golden.get("prompts").size(); i++) {
            JsonNode printed = json.readTree(Cli.run(
                            "tokenize",
                            "--model",
                            MODELS.resolve("sdxl"),
                            "--text",
                            golden.get("prompts").get(i).asText())
                    .out());
            assertThat(printed).hasSize(2);
            for (int t = 0; t < 2; t++) {
                String name = List.of("tokenizer", "tokenizer_2").get(t);
                assertThat(printed.get(t).get("tokenizer").asText()).isEqualTo(name);
                JsonNode padded = golden.get(name).get("input_ids").get(i);
                JsonNode ids = printed.get(t).get("ids");
                for (int k = 0; k < padded.size(); k++) {
                    // The golden is padded, after the end.
                    int expected = padded.get(k).asInt();
                    assertThat(
                                    k < ids.size()
                                            ? ids.get(k).asInt()
                                            : golden.get(name)
                                                    .get("pad_token_id")
                                                    .asInt())
                            .isEqualTo(expected);
                }
                assertThat(ids.get(ids.size() - 1).asInt()).isEqualTo(999);
                assertThat(ids.size() == 77 || ids.get(ids.size() - 2).asInt() != 999)
                        .isTrue();
            }
        }
    }

    @Test
    void aTokenizersOwnFolderWillDo() throws IOException {
        String out = Cli.run("tokenize", "--model", MODELS.resolve("clip-vocab"), "--text", "")
                .out();
        assertThat(new ObjectMapper().readTree(out).toString())
                .isEqualTo("[{\"tokenizer\":\"tokenizer\",\"ids\":[49406,49407]}]");
        Files.writeString(
                folder.resolve("tokenizer.json"),
                "{\"model\": {\"vocab\": " + Files.readString(MODELS.resolve("clip-vocab/vocab.json"))
                        + ", \"merges\": []}}");
        assertThat(Cli.run("tokenize", "--model", folder, "--text", "").out()).isEqualTo(out);
        Cli.Ending none = Cli.run("tokenize", "--model", MODELS.resolve("sd15/vae"), "--text", "a");
        assertThat(none.err()).startsWith("noisetrail: ").contains("has no tokenizer");
        assertThat(none.code()).isEqualTo(1);
        assertThat(Cli.run("tokenize", "--text", "a").code()).isEqualTo(2);
    }
}
