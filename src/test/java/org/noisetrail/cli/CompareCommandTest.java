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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.testing.Nets;

/** compare with a model whose calls take next to nothing. */
@Timeout(300)
class CompareCommandTest {
    private static final String MODEL = "src/test/resources/diffusers/sd15";

    @TempDir
    private Path folder;

    private Cli.Ending compare(String words) {
        List<String> all = new ArrayList<>(List.of("compare", "--model", MODEL, "--prompt", "a cat", "-q", "--json"));
        all.addAll(Arrays.asList(words.split(" ")));
        all.addAll(List.of("--out", folder.resolve("out").toString()));
        Cli.Ending ending = Cli.run(all.toArray());
        assertThat(ending.code()).as(ending.err()).isZero();
        return ending;
    }

    private static JsonNode rows(Cli.Ending ending) throws IOException {
        return new ObjectMapper().readTree(ending.out()).at("/tables/0/rows");
    }

    @Test
    void anInterruptWhileTheModelIsReadIsNoBrokenFile() {
        Thread.currentThread().interrupt();
        Cli.Ending ending;
        try {
            ending = Cli.run(
                    "compare",
                    "--model",
                    MODEL,
                    "--prompt",
                    "a cat",
                    "--methods",
                    "beam",
                    "--out",
                    folder.resolve("out"));
        } finally {
            Thread.interrupted();
        }
        assertThat(ending.err()).startsWith("noisetrail: interrupted").hasLineCount(1);
        assertThat(ending.code()).isEqualTo(130);
    }

    /** By a profile that is measured once and kept. */
    @Test
    void methodsAreSizedForSecondsBesideBestOfNOfTheSame() throws IOException {
        String words = "--images 1 --steps 2 --seeds 1 --reward brightness --methods naive,beam --equal-seconds 1"
                + " --max-batch 2 --decode-batch 2";
        String home = System.getProperty("user.home");
        System.setProperty("user.home", folder.toString());
        Cli.Ending first;
        Cli.Ending again;
        try {
            first = compare(words);
            again = compare(words);
        } finally {
            System.setProperty("user.home", home);
        }
        JsonNode rows = rows(first);
        List<String> labels = rows.findValuesAsText("label");
        assertThat(labels.subList(0, 2)).containsExactly("naive in 1 s", "beam in 1 s");
        String partner = rows.at("/1/againstBestOfN/label").asText();
        assertThat(partner)
                .matches("best-of-\\d+")
                .isEqualTo(rows.at("/2/label").asText());
        // A plain trajectory of two steps is two calls of two evaluations; the others have more than that to spend.
        assertThat(rows.at("/0/networkEvaluations").asInt()).isEqualTo(4);
        assertThat(rows.at("/1/networkEvaluations").asInt()).isGreaterThan(4);
        assertThat(rows.at("/2/networkEvaluations").asInt())
                .isEqualTo(4 * Integer.parseInt(partner.replaceAll("\\D", "")));
        assertThat(again.err()).isEmpty();
        assertThat(rows(again)).isEqualTo(rows);
    }

    @Test
    void aMethodToCompareWithMustBeOneOfThoseThatAreCompared() {
        Cli.Ending ending = Cli.run(
                "compare", "--model", MODEL, "--prompt", "a cat", "--methods", "naive,beam", "--against", "mcts");
        assertThat(ending.code()).isEqualTo(2);
        assertThat(ending.err()).startsWith("noisetrail: --against must be one of naive, beam: mcts");
    }

    @Test
    void allOthersAreSetBesideTheMethodThatIsNamed() throws IOException {
        Cli.Ending ending =
                compare("--images 1 --steps 2 --seeds 1 --reward brightness --methods naive,best-of-n:candidates=2,beam"
                        + " --against best-of-n:candidates=2");
        JsonNode rows = rows(ending);
        assertThat(rows.findValuesAsText("label")).contains("naive", "best-of-2", "beam");
        assertThat(rows).hasSize(3);
        assertThat(rows.at("/2/against/label").asText()).isEqualTo("best-of-2");
        assertThat(new ObjectMapper()
                        .readTree(ending.out())
                        .at("/settings/against")
                        .asText())
                .isEqualTo("best-of-n:candidates=2");
    }

    /** As a task of a cluster is asked, which has a card of its own whatever the driver's is called. */
    @Test
    void oneSearchIsMadeOnTheDeviceThatItsRunnerNames() {
        Cli.Ending ending = Cli.run(
                "compare",
                "--model",
                MODEL,
                "--prompt",
                "a cat",
                "-q",
                "--device",
                "cuda:99",
                "--reward",
                "brightness",
                "--cell",
                "{}",
                "--cell-device",
                "cpu",
                "--out",
                folder.resolve("out"));
        assertThat(ending.code()).isEqualTo(2);
        assertThat(ending.err()).contains("the cell has rewards that the comparison has not");
    }

    @Test
    void finalImagesAreJudgedByTwoHeldOutRewards() throws IOException {
        Cli.Ending ending = compare("--images 2 --steps 2 --seeds 1 --reward brightness --methods naive,beam"
                + " --held-out jpeg-bytes --second-held-out=-brightness");
        JsonNode root = new ObjectMapper().readTree(ending.out());
        assertThat(root.at("/settings/contenders/1/label").asText()).isEqualTo("beam");
        assertThat(root.at("/settings/contenders/1/settings"))
                .isEqualTo(root.at("/tables/0/rows/1/settings"))
                .isNotEmpty();
        JsonNode table = root.at("/tables/0");
        assertThat(table.get("heldOut").asText()).isEqualTo("jpeg-bytes");
        assertThat(table.get("secondHeldOut").asText()).isEqualTo("-brightness");
        for (JsonNode row : table.get("rows")) {
            assertThat(row.at("/secondHeldOut/mean").asDouble())
                    .isEqualTo(-row.at("/reward/mean").asDouble())
                    .isNegative();
        }
        assertThat(table.at("/rows/1/againstBestOfN/secondHeldOutDifference/mean")
                        .asDouble())
                .isEqualTo(-table.at("/rows/1/againstBestOfN/difference/mean").asDouble());
    }

    /** Diversity would be missing without a word, and every kept search be made again once the file is mended. */
    @Test
    void aBrokenClassifierIsToldThoughNoRewardIsOfIt() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(Nets.FASHION.resolve(name), model.resolve(name));
        }
        Files.write(model.resolve("classifier.pt"), new byte[100]);
        Cli.Ending ending = Cli.run(
                "compare",
                "-q",
                "--model",
                model,
                "--images",
                1,
                "--seeds",
                1,
                "--methods",
                "naive",
                "--reward",
                "brightness",
                "--out",
                folder.resolve("out"));
        assertThat(ending.err())
                .startsWith("noisetrail: ")
                .contains("classifier.pt")
                .hasLineCount(1);
        assertThat(ending.code()).isEqualTo(1);
    }
}
