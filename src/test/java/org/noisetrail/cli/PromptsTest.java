package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text to image by whole commands, with the embedded model. */
@Timeout(600)
class PromptsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path out() {
        return folder.resolve("out");
    }

    private Cli.Ending run(Object... args) {
        List<Object> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(List.of("--out", out(), "-q"));
        return Cli.run(all.toArray());
    }

    private JsonNode result(Path out) throws IOException {
        return JSON.readTree(out.resolve("result.json").toFile());
    }

    @Test
    void promptsAreTakenInTurnAndComeBackFromTrailAndPicture() throws IOException {
        Path file = Files.writeString(folder.resolve("prompts.txt"), """
                \uFEFFa red sneaker | blurry

                {"prompt": "an \\u65e5 \\"old\\" bag", "negative": "grey"}
                """);
        Cli.Ending ending = run(
                "generate",
                "--model",
                "fashion-scenes",
                "--prompt",
                "a green coat",
                "--prompts",
                file,
                "--negative",
                "dark",
                "--images",
                4,
                "--steps",
                2,
                "--seed",
                7,
                "--method",
                "best-of-n",
                "--candidates",
                2,
                "--held-out",
                "clip-heldout",
                "--save-tensors");
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isZero();
        JsonNode result = result(out());
        assertThat(result.get("settings").get("rewards").get(0).get("name").asText())
                .isEqualTo("clip");
        List<List<String>> expected = List.of(
                List.of("a green coat", "dark"),
                List.of("a red sneaker", "blurry"),
                List.of("an \u65e5 \"old\" bag", "grey"),
                List.of("a green coat", "dark"));
        for (int i = 0; i < 4; i++) {
            JsonNode image = result.get("images").get(i);
            assertThat(image.get("prompt").asText()).isEqualTo(expected.get(i).get(0));
            assertThat(image.get("negative").asText()).isEqualTo(expected.get(i).get(1));
            assertThat(image.get("reward").asDouble()).isBetween(-1.0, 1.0);
            assertThat(image.get("heldOut").asDouble()).isBetween(-1.0, 1.0);
            // Two chains of two guided steps, each two rows of the network.
            assertThat(image.get("ledger").get("networkEvaluations").asInt()).isEqualTo(8);
            assertThat(image.get("ledger").get("decoderCalls").asInt()).isPositive();
        }
        RawTensors.Raw x = RawTensors.read(out().resolve("final.safetensors")).get("x");
        assertThat(x.shape()).containsExactly(4, 4, 16, 16);

        Path again = folder.resolve("again");
        for (String trail : List.of("trail.json", "images/002.png")) {
            Cli.Ending replayed = Cli.run(
                    "replay", out().resolve(trail), "--model", "fashion-scenes", "--out", again, "-q", "--overwrite");
            assertThat(replayed.err()).isEmpty();
            assertThat(pixels(again.resolve("images/002.png"))).isEqualTo(pixels(out().resolve("images/002.png")));
        }
        assertThat(result(again).get("images").get(0).get("prompt").asText()).isEqualTo("an \u65e5 \"old\" bag");
    }

    /** As {@code serve} takes a request's settings. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--keep 1@1 | 1@1",
                "--method pruned-best-of-n | 4@2,1@6",
            })
    void settingsRefineTheMethodThatPromptsAreDrawnBy(String args, String keep) throws IOException {
        for (String command : List.of("generate", "profile --runs 1")) {
            Object[] words =
                    (command + " --model fashion-scenes --prompt bag --steps 2 --candidates 2 " + args).split(" ");
            Cli.Ending ending = run(words);
            assertThat(ending.err()).isEmpty();
            JsonNode file = command.equals("generate")
                    ? result(out()).get("settings")
                    : JSON.readTree(out().resolve("profile.json").toFile());
            assertThat(file.get("method").asText()).isEqualTo("pruned-best-of-n");
            assertThat(file.get("candidates").asInt()).isEqualTo(2);
            assertThat(file.get("keep").asText()).isEqualTo(keep);
            assertThat(file.get("noises").asInt()).isEqualTo(2);
        }
    }

    /** The folder's scheduler has steps_offset 1, euler-ancestral by itself 0. */
    @Test
    void anotherSamplerThanTheModelsOwnTakesItsTimesteps() throws IOException {
        for (String[] each : new String[][] {{"", "1"}, {" --steps-offset 2", "2"}}) {
            Object[] words =
                    ("generate --model fashion-scenes --prompt bag --method naive --overwrite --sampler euler-ancestral --steps 2"
                                    + each[0])
                            .split(" ");
            Cli.Ending ending = run(words);
            assertThat(ending.err()).isEmpty();
            JsonNode sampler = result(out()).get("settings").get("sampler");
            assertThat(sampler.get("name").asText()).isEqualTo("euler-ancestral");
            assertThat(sampler.get("stepsOffset").asText()).isEqualTo(each[1]);
            assertThat(sampler.get("steps").asInt()).isEqualTo(2);
        }
    }

    @Test
    void aSettingOfAnotherMethodIsRefusedForPrompts() {
        Cli.Ending ending = run("generate", "--model", "fashion-scenes", "--prompt", "bag", "--epsilon", .2);
        assertThat(ending.err())
                .isEqualTo("noisetrail: --epsilon is not an option of --method pruned-best-of-n (it is one of"
                        + " eps-greedy)\n");
        assertThat(ending.code()).isEqualTo(2);
        assertThat(out()).doesNotExist();
    }

    private static int[] pixels(Path png) throws IOException {
        return ImageIO.read(png.toFile()).getRaster().getPixels(0, 0, 64, 64, (int[]) null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--model fashion-scenes --classes 3 | the model draws prompts, not classes",
                "--model fashion-scenes | the model draws prompts: give --prompt TEXT or --prompts FILE",
                "--prompt bag | the model draws classes, not prompts",
                "--negative bag | the model draws classes, not prompts",
                "--model fashion-scenes --prompt bag --height 65 | height must be a multiple of 4",
                "--model fashion-scenes --prompt bag --prompts nowhere.txt | --prompts must be a file that is there: nowhere.txt",
                "--prompt bag --classes 3 | --classes are for models of classes",
                "--model fashion-scenes --prompt bag --reward class | classifier.pt",
                "--guidance 2 | guidance",
            })
    void whatDoesNotGoTogetherIsOneLine(String args, String message) {
        List<Object> words = new ArrayList<>(List.of("generate", "--images", 1, "--method", "naive"));
        words.addAll(Arrays.asList(args.split(" ")));
        Cli.Ending ending = run(words.toArray());
        assertThat(ending.err()).startsWith("noisetrail: ").contains(message);
        assertThat(ending.err().lines()).hasSize(1);
        assertThat(ending.code()).isBetween(1, 2);
        assertThat(out()).doesNotExist();
    }

    @Test
    void aPromptsFileThatIsNotSoundIsNamedWithItsLine() throws IOException {
        Path file = Files.writeString(folder.resolve("prompts.jsonl"), "a\n{\"prompt\": 3}\n");
        Cli.Ending ending = run("generate", "--model", "fashion-scenes", "--prompts", file);
        assertThat(ending.err()).startsWith("noisetrail: ").contains("prompts.jsonl, line 2");
        assertThat(ending.code()).isEqualTo(1);
    }
}
