package org.noisetrail.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.testing.LogLines;

class ClipTokenizerTest {
    @RegisterExtension
    private final LogLines log = new LogLines(ClipTokenizer.class.getName());

    private static final Path MODELS = Path.of("src/test/resources/diffusers");
    private static final Path GOLDEN = Path.of("src/test/resources/golden/diffusers");

    @TempDir
    Path folder;

    /** {@code clip-vocab} has the real vocabulary's tokens and merges that these texts touch, under their own ids. */
    @ParameterizedTest
    @CsvSource({"clip-vocab, ids", "sd15/tokenizer, tiny_ids"})
    void nastyTextsHaveTransformersIds(String tokenizer, String key) throws IOException {
        ClipTokenizer clip = ClipTokenizer.load(ModelFiles.folder(MODELS.resolve(tokenizer)));
        JsonNode cases = json(GOLDEN.resolve("tokens/clip.json"));
        assertThat(cases).hasSize(87);
        for (JsonNode each : cases) {
            String text = each.get("text").textValue();
            List<Integer> whole = integers(each.get(key));
            List<Integer> expected = new ArrayList<>(whole.subList(0, Math.min(76, whole.size() - 1)));
            expected.add(whole.get(whole.size() - 1));
            ClipTokenizer.Tokens tokens = clip.encode(text);
            assertThat(tokens.ids()).as(text).isEqualTo(expected);
            assertThat(tokens.cut().isEmpty()).as(text).isEqualTo(whole.size() <= 77);
            if (key.equals("ids")) {
                assertThat(tokens.ids()).as(text).isEqualTo(integers(each.get("truncated77")));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"sd15, tokenizer", "sd21, tokenizer", "sdxl, tokenizer", "sdxl, tokenizer_2"})
    void aPipelinesPromptsArePaddedAsTransformersDoes(String model, String name) throws IOException {
        ClipTokenizer clip =
                ClipTokenizer.load(ModelFiles.folder(MODELS.resolve(model).resolve(name)));
        JsonNode golden = json(GOLDEN.resolve(model).resolve("tokens.json"));
        assertThat(clip.padding())
                .isEqualTo(golden.get(name).get("pad_token_id").intValue());
        assertThat(clip.length())
                .isEqualTo(golden.get(name).get("model_max_length").intValue());
        assertThat(clip.vocabulary()).isEqualTo(1000);
        List<String> prompts = new ArrayList<>();
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < golden.get("prompts").size(); i++) {
            String prompt = golden.get("prompts").get(i).textValue();
            List<Integer> expected = integers(golden.get(name).get("input_ids").get(i));
            prompts.add(prompt);
            all.addAll(expected);
            assertThat(clip.padded(clip.encode(prompt)))
                    .as(prompt)
                    .containsExactly(expected.stream().mapToLong(id -> id).toArray());
        }
        assertThat(clip.padded(prompts, "prompt"))
                .containsExactly(all.stream().mapToLong(id -> id).toArray());
    }

    @Test
    void ofATextThatIsCutItIsLoggedOnceWhatIsLeftOut() throws IOException {
        ClipTokenizer clip = small("{\"model_max_length\": 6}", "{}");
        clip.padded(List.of("one b c d", "a"), "prompt");
        clip.padded(List.of("one b c d"), "prompt");
        assertThat(log.messages())
                .containsExactly("the prompt is longer than the 6 tokens that are read; left out: c d");
    }

    @Test
    void whatIsCutIsSaidInWords() throws IOException {
        ClipTokenizer clip = small("{\"model_max_length\": 6}", "{}");
        assertThat(clip.encode("one b c d").cut()).isEqualTo("c d");
        assertThat(clip.encode("one b c d").ids()).hasSize(6);
        assertThat(clip.encode("a b c d").cut()).isEmpty();
        assertThat(clip.encode("a b c de, f").cut()).isEqualTo("de , f");
    }

    @Test
    void aFolderThatSaysNoLengthHas77() throws IOException {
        assertThat(small("{}", "{}").length()).isEqualTo(77);
        assertThat(small("{\"model_max_length\": 1000000000000000019884624838656}", "{}")
                        .length())
                .isEqualTo(77);
    }

    /** As in SD 2's own folder, whose two files disagree; newer folders have one file only. */
    @Test
    void theSpecialTokensMapWinsUnlessTheConfigDescribesAllTokens() throws IOException {
        String end = "{\"pad_token\": \"<|endoftext|>\"}";
        assertThat(small(end, "{\"pad_token\": \"!\"}").padding()).isZero();
        assertThat(small(end, "{}").padding()).isEqualTo(513);
        String described = """
                {"pad_token": "!", "added_tokens_decoder": {"0": {"content": "!"}, "512": {"content": "<|startoftext|>"},
                 "513": {"content": "<|endoftext|>"}, "600": {"content": "<toy>"}}}""";
        ClipTokenizer clip = small(described, "{\"pad_token\": \"<|endoftext|>\"}");
        assertThat(clip.padding()).isZero();
        assertThat(clip.encode("a<toy>!").ids()).containsExactly(512, 256 + 'a' - '!', 600, 0, 513);
        assertThat(clip.vocabulary()).isEqualTo(601);
    }

    @Test
    void addedTokensAreFoundAsTheyAreWritten() throws IOException {
        write("added_tokens.json", "{\"<a>\": 700, \"<a>b\": 701}");
        assertThat(small("{}", "{}").encode("<a><a>b").ids()).containsExactly(512, 700, 701, 513);
    }

    /** Earliest listed first, the leftmost first: of aaaa with (a a), (aa a) listed in either order. */
    @Test
    void mergesGoByTheirOrderInTheFile() throws IOException {
        String more = ", \"aa\": 514, \"aa</w>\": 515, \"aaa</w>\": 516";
        assertThat(small("{}", "{}", more, "a a\na a</w>\naa a</w>")
                        .encode("aaaa")
                        .ids())
                .containsExactly(512, 514, 515, 513);
        assertThat(small("{}", "{}", more, "a a</w>\na a\naa a</w>")
                        .encode("aaa")
                        .ids())
                .containsExactly(512, 'a' - '!', 515, 513);
    }

    @Test
    void aVeryLongWordTakesNoLongTime() throws IOException {
        ClipTokenizer clip = ClipTokenizer.load(ModelFiles.folder(MODELS.resolve("clip-vocab")));
        assertThat(clip.encode("a".repeat(300_000)).ids()).hasSize(77);
    }

    @Test
    void oneTokenizerServesManyThreads() throws Exception {
        ClipTokenizer clip = ClipTokenizer.load(ModelFiles.folder(MODELS.resolve("clip-vocab")));
        List<String> texts = new ArrayList<>();
        json(GOLDEN.resolve("tokens/clip.json"))
                .forEach(each -> texts.add(each.get("text").textValue()));
        List<ClipTokenizer.Tokens> alone = texts.stream()
                .map(ClipTokenizer.load(ModelFiles.folder(MODELS.resolve("clip-vocab")))::encode)
                .toList();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<List<ClipTokenizer.Tokens>>> all = IntStream.range(0, 8)
                    .mapToObj(i ->
                            pool.submit(() -> texts.stream().map(clip::encode).toList()))
                    .toList();
            for (Future<List<ClipTokenizer.Tokens>> each : all) {
                assertThat(each.get()).isEqualTo(alone);
            }
        } finally {
            pool.shutdown();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            vocab.json              | [1]                             | must be a JSON object
            vocab.json              | {"a": 1                         | not sound JSON
            vocab.json              | {"a": -1}                       | a must be an integer from 0 to 16777216: -1
            vocab.json              | {"a": 1.5}                      | a must be an integer from 0 to 16777216: 1.5
            vocab.json              | {"a": 1, "a": 2}                | not sound JSON
            vocab.json              | {"a": 1}                        | missing token "Ā"
            merges.txt              | a b c                           | line 1 must be two tokens with a space between: a b c
            merges.txt              | a b                             | line 1: vocab.json must have both tokens and what they join to: a b
            tokenizer_config.json   | {"model_max_length": 1}         | model_max_length must be an integer from 2 to 65536: 1
            tokenizer_config.json   | {"bos_token": 3}                | bos_token must be a text: 3
            tokenizer_config.json   | {"pad_token": ""}               | pad_token must be a text: ""
            tokenizer_config.json   | {"pad_token": "<pad>"}          | missing token "<pad>"
            tokenizer_config.json   | {"added_tokens_decoder": {"x": "a"}} | added_tokens_decoder.x must be a token under its id: "a"
            special_tokens_map.json | {"eos_token": {"content": []}}  | eos_token.content must be a text: []
            added_tokens.json       | {"": 1}                         | must be absent: a token is not empty: 1
            added_tokens.json       | {"<a>": "1"}                    | <a> must be an integer from 0 to 16777216: "1"
            """)
    void aBrokenFileIsOneLineThatNamesIt(String file, String content, String message) throws IOException {
        small("{}", "{}");
        write(file, content);
        assertThatThrownBy(() -> ClipTokenizer.load(ModelFiles.folder(folder)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .extracting(Throwable::getMessage)
                .asString()
                .startsWith(folder.toString())
                .hasLineCount(1);
    }

    /** As transformers 5 writes a folder, merges in either of its forms. */
    @ParameterizedTest
    @CsvSource({"clip-vocab, true", "clip-vocab, false", "sd15/tokenizer, true"})
    void aFolderWithTokenizerJsonAloneHasTheSameIds(String tokenizer, boolean pairs) throws IOException {
        ClipTokenizer expected = ClipTokenizer.load(ModelFiles.folder(MODELS.resolve(tokenizer)));
        whole(MODELS.resolve(tokenizer), pairs, "'added_tokens': [{'id': 9999, 'content': '<toy>', 'special': false}]");
        ClipTokenizer actual = ClipTokenizer.load(ModelFiles.folder(folder));
        for (JsonNode each : json(GOLDEN.resolve("tokens/clip.json"))) {
            String text = each.get("text").textValue();
            assertThat(actual.encode(text)).as(text).isEqualTo(expected.encode(text));
        }
        assertThat(actual.encode("<toy>").ids()).contains(9999);
        assertThat(actual.padding()).isEqualTo(expected.padding());
    }

    @Test
    void tokenizerJsonIsNotReadBesideAVocabulary() throws IOException {
        write("tokenizer.json", "[]");
        assertThat(small("{}", "{}").encode("a").ids()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                              | model is missing
            {"model": {"type": "Unigram"}}                  | model.type must be "BPE": "Unigram"
            {"model": {"end_of_word_suffix": ""}}           | model.end_of_word_suffix must be "</w>": ""
            {"model": {"byte_fallback": true}}              | model.byte_fallback must be false: true
            {"model": {}}                                   | model.vocab is missing
            {"model": {"vocab": {"a": -1}}}                 | model.vocab.a must be an integer from 0 to 16777216: -1
            {"model": {"vocab": {}}}                        | model.merges is missing
            {"model": {"vocab": {}, "merges": 3}}           | model.merges must be a list: 3
            {"model": {"vocab": {}, "merges": [["a"]]}}     | model.merges: entry 1 must be two tokens with a space between: a
            {"model": {"vocab": {}, "merges": [["a", "b"]]}} | model.merges: entry 1: model.vocab must have both tokens and what they join to: a b
            """)
    void aBrokenTokenizerJsonIsOneLineThatNamesIt(String content, String message) throws IOException {
        write("tokenizer.json", content);
        assertThatThrownBy(() -> ClipTokenizer.load(ModelFiles.folder(folder)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(folder.resolve("tokenizer.json") + ": " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "3 | added_tokens must be a list: 3",
                "[3] | added_tokens must be a list of objects: [3]",
                "[{'id': 1}] | added_tokens[0].content is missing",
                "[{'id': -1, 'content': 'a'}] | added_tokens[0].id must be an integer from 0 to 16777216: -1"
            })
    void anAddedTokenThatIsNoneIsNamed(String tokens, String message) throws IOException {
        whole(MODELS.resolve("clip-vocab"), true, "'added_tokens': " + tokens);
        assertThatThrownBy(() -> ClipTokenizer.load(ModelFiles.folder(folder)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(folder.resolve("tokenizer.json") + ": " + message);
    }

    /** A folder's tokenizer in one file. */
    private void whole(Path tokenizer, boolean pairs, String more) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode all = (ObjectNode) mapper.readTree("{" + more.replace('\'', '"') + "}");
        ObjectNode model = all.putObject("model").put("type", "BPE").put("end_of_word_suffix", "</w>");
        model.set("vocab", json(tokenizer.resolve("vocab.json")));
        ArrayNode merges = model.putArray("merges");
        for (String line : Files.readAllLines(tokenizer.resolve("merges.txt"))) {
            if (!line.isEmpty() && !line.startsWith("#version")) {
                merges.add(pairs ? mapper.valueToTree(line.split(" ")) : TextNode.valueOf(line));
            }
        }
        write("tokenizer.json", mapper.writeValueAsString(all));
        Files.copy(tokenizer.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        small("{}", "{}");
        Files.delete(folder.resolve("merges.txt"));
        assertThatThrownBy(() -> ClipTokenizer.load(ModelFiles.folder(folder)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("merges.txt: no such file or folder");
        Files.write(folder.resolve("merges.txt"), new byte[] {(byte) 0xff});
        assertThatThrownBy(() -> ClipTokenizer.load(ModelFiles.folder(folder))).hasMessageContaining("UTF-8");
    }

    /** Bytes are 0 to 511, start and end 512 and 513. */
    private ClipTokenizer small(String config, String map) throws IOException {
        return small(config, map, "", "");
    }

    private ClipTokenizer small(String config, String map, String tokens, String merges) throws IOException {
        StringBuilder vocabulary = new StringBuilder("{");
        JsonNode real = json(MODELS.resolve("clip-vocab/vocab.json"));
        real.fields().forEachRemaining(entry -> {
            if (entry.getValue().intValue() < 512) {
                vocabulary
                        .append(TextNode.valueOf(entry.getKey()))
                        .append(": ")
                        .append(entry.getValue())
                        .append(", ");
            }
        });
        vocabulary
                .append("\"<|startoftext|>\": 512, \"<|endoftext|>\": 513")
                .append(tokens)
                .append('}');
        write("vocab.json", vocabulary.toString());
        write("merges.txt", merges);
        write("tokenizer_config.json", config);
        write("special_tokens_map.json", map);
        return ClipTokenizer.load(ModelFiles.folder(folder));
    }

    private void write(String file, String content) throws IOException {
        Files.writeString(folder.resolve(file), content, StandardCharsets.UTF_8);
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    private static List<Integer> integers(JsonNode array) {
        List<Integer> values = new ArrayList<>();
        array.forEach(value -> values.add(value.intValue()));
        return values;
    }
}
