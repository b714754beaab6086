package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.evaluation.RunSettings;

/** What compare --offline answers is what generate draws. */
@Timeout(300)
class OfflineCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METHOD = "pruned-best-of-n";

    @TempDir
    private static Path folder;

    private static Path file() {
        return folder.resolve("scores.safetensors");
    }

    @BeforeAll
    static void store() {
        Cli.Ending ending = Cli.run(
                "compare",
                "--store",
                file(),
                "--trajectories",
                6,
                "--classes",
                "2,7",
                "--images",
                4,
                "--seeds",
                1,
                "--seed",
                9,
                "--steps",
                6,
                "--reward",
                "brightness",
                "--held-out",
                "class,jpeg-bytes",
                "-q");
        assertThat(ending.err()).isEmpty();
        assertThat(ending.out()).isEqualTo("written to " + file() + "\n");
        assertThat(ending.code()).isZero();
    }

    private static JsonNode offline(Object... more) throws IOException {
        Object[] all = new Object[4 + more.length];
        System.arraycopy(new Object[] {"compare", "--offline", file(), "--json"}, 0, all, 0, 4);
        System.arraycopy(more, 0, all, 4, more.length);
        Cli.Ending ending = Cli.run(all);
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isZero();
        return JSON.readTree(ending.out());
    }

    @Test
    void itIsWhatTheSearchDraws() throws IOException {
        Cli.Ending drawn = Cli.run(
                "generate",
                "--classes",
                "2,7",
                "--images",
                4,
                "--seed",
                9,
                "--steps",
                6,
                "--reward",
                "brightness",
                "--held-out",
                "class",
                "--method",
                METHOD,
                "--candidates",
                6,
                "--keep",
                "3@2,2@4",
                "--json",
                "--out",
                folder.resolve("out"));
        assertThat(drawn.err()).isEmpty();
        JsonNode expected = JSON.readTree(drawn.out());
        JsonNode row =
                offline("--methods", METHOD + ":candidates=6:keep=3@2,2@4").at("/rows/0");
        assertThat(row.at("/scores/brightness/mean").asDouble())
                .isEqualTo(expected.get("meanReward").asDouble());
        // A network's score of an image may differ in its last bits where other images are judged beside it.
        assertThat(row.at("/scores/class/mean").asDouble())
                .isCloseTo(expected.get("meanHeldOut").asDouble(), within(1e-7));
        JsonNode ledger = expected.at("/images/0/ledger");
        assertThat(row.get("networkEvaluations").asLong())
                .isEqualTo(ledger.get("networkEvaluations").asLong());
        assertThat(row.get("rewardCalls").asLong())
                .isEqualTo(ledger.get("rewardCalls").asLong());
    }

    @Test
    void anyStoredRewardCanBeChosenBy() throws IOException {
        JsonNode dark = offline("--methods", "best-of-n:candidates=6", "--reward", "jpeg-bytes");
        JsonNode bright = offline("--methods", "best-of-n:candidates=6");
        assertThat(dark.get("searched").asText()).isEqualTo("jpeg-bytes");
        assertThat(dark.at("/rows/0/scores/jpeg-bytes/mean").asDouble())
                .isGreaterThan(bright.at("/rows/0/scores/jpeg-bytes/mean").asDouble());
        assertThat(dark.at("/rows/0/scores/brightness/mean").asDouble())
                .isLessThan(bright.at("/rows/0/scores/brightness/mean").asDouble());
    }

    @Test
    void theFileSaysWhatWasDrawnByHash() throws IOException {
        RunSettings settings =
                RunSettings.parse(offline("--methods", "naive").get("settings").toString());
        assertThat(settings.model().denoiser()).matches("[0-9a-f]{64}");
        assertThat(settings.rewards().get(1).id()).matches("class [0-9a-f]{64}");
        assertThat(settings.images()).hasSize(4);
        assertThat(settings.seeds()).containsExactly(9L);
        assertThat(settings.sampler()).containsEntry("steps", 6);
    }

    @Test
    void funnelsAreTriedAtABudget() throws IOException {
        JsonNode found = offline("--equal-nfe", 40, "--best-funnels", 2).get("bestFunnels");
        assertThat(found).hasSize(3);
        for (JsonNode judged : found) {
            assertThat(judged.get("funnels")).hasSize(2);
            assertThat(judged.at("/funnels/0/networkEvaluations").asDouble()).isLessThanOrEqualTo(40);
        }
    }

    private static void isRefused(int code, String message, Object... arguments) {
        Cli.Ending ending = Cli.run(arguments);
        assertThat(ending.err()).startsWith("noisetrail: ").contains(message);
        assertThat(ending.err().lines()).hasSize(1);
        assertThat(ending.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--methods naive",
                "--rounds 3",
                "--keep-pivot",
                "--equal-nfe 100",
                "--equal-seconds 3",
                "--sweep nfe=100,200",
                "--screen first",
                "--verify-loss 5%",
                "--screen-reward class",
                "--audit 0.2",
                "--shard 1/2",
                "--spark",
                "--out there",
                "--json"
            })
    void whatStoringDoesNotUseIsRefused(String given) {
        Path none = folder.resolve("none.safetensors");
        String[] words =
                ("compare --images 1 --seeds 1 --steps 2 --trajectories 1 --store " + none + " " + given).split(" ");
        isRefused(
                2,
                "--store takes no " + given.split(" ")[0] + ": it draws trajectories, and compares nothing",
                (Object[]) words);
        assertThat(none).doesNotExist();
    }

    @Test
    void storedScoresAreReplacedWhereThatWasAskedForOnly() throws IOException {
        Path scores = folder.resolve("again.safetensors");
        String[] words =
                ("compare -q --trajectories 2 --classes 2 --images 1 --seeds 1 --steps 2 --store " + scores).split(" ");
        assertThat(Cli.run((Object[]) words).code()).isZero();
        byte[] first = Files.readAllBytes(scores);
        isRefused(2, scores + " is there already: give another --store, or --overwrite", (Object[]) words);
        assertThat(scores).hasBinaryContent(first);
        words[3] = "3";
        Object[] more =
                Stream.concat(Stream.of(words), Stream.of("--overwrite")).toArray();
        assertThat(Cli.run(more).code()).isZero();
        assertThat(Files.size(scores)).isGreaterThan(first.length);
    }

    @Test
    void whatMakesNoSenseIsOneLine() {
        isRefused(2, "--offline takes no --seeds", "compare", "--offline", file(), "--seeds", 2);
        isRefused(2, "--offline takes no --model", "compare", "--offline", file(), "--model", "fashion-mnist");
        isRefused(2, "give one of them", "compare", "--offline", file(), "--store", file());
        isRefused(2, "--best-funnels needs --offline", "compare", "--best-funnels", 3);
        isRefused(
                2, "--best-funnels needs --equal-nfe or --sweep", "compare", "--offline", file(), "--best-funnels", 3);
        isRefused(
                2,
                "--target-reward must be a number above minus infinity: NaN",
                "compare",
                "--offline",
                file(),
                "--target-reward",
                "NaN");
        isRefused(2, "must be one that is stored", "compare", "--offline", file(), "--reward", "clip");
        isRefused(2, "--trajectories must be from 1 to 65536: 0", "compare", "--store", file(), "--trajectories", 0);
        isRefused(2, "only methods that choose among whole", "compare", "--offline", file(), "--methods", "beam");
        isRefused(1, "no such file", "compare", "--offline", folder.resolve("none"));
    }
}
