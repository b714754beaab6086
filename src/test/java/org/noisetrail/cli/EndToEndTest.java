package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.files.PngFile;
import org.noisetrail.report.Png;
import org.noisetrail.report.PngTest;
import org.noisetrail.testing.Goldens;

/** Whole commands, from their arguments to their files. */
@Timeout(300)
class EndToEndTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** A plain trajectory of 18 steps: 17 of two evaluations and the last of one. */
    private static final int PLAIN = 35;

    @TempDir
    private Path folder;

    private Path out() {
        return folder.resolve("out");
    }

    private static Cli.Ending succeed(Object... args) {
        Cli.Ending ending = Cli.run(args);
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isZero();
        return ending;
    }

    private static void fails(Cli.Ending ending, String message) {
        assertThat(ending.err()).startsWith("noisetrail: ").contains(message);
        assertThat(ending.err().lines()).hasSize(1);
        assertThat(ending.out()).isEmpty();
        assertThat(ending.code()).isEqualTo(1);
    }

    private static List<String> files(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return new ArrayList<>(new TreeSet<>(files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .toList()));
        }
    }

    private static JsonNode result(Path out) throws IOException {
        return JSON.readTree(out.resolve("result.json").toFile());
    }

    /** The files of a search for 5 images, but what only says how it was run. */
    private Map<String, String> drawn(String folder, Object... more) throws IOException {
        List<Object> all = new ArrayList<>(
                List.of("generate", "--images", 5, "--classes", "3,8", "--steps", 4, "--rounds", 1, "-q"));
        all.addAll(List.of("--out", this.folder.resolve(folder)));
        all.addAll(Arrays.asList(more));
        succeed(all.toArray());
        Map<String, String> files = new java.util.TreeMap<>();
        for (String name : files(this.folder.resolve(folder))) {
            Path file = this.folder.resolve(folder).resolve(name);
            if (name.equals("result.json")) {
                files.put(
                        name, result(this.folder.resolve(folder)).get("images").toString());
            } else if (!name.startsWith("result-")) {
                files.put(name, Arrays.toString(Files.readAllBytes(file)));
            }
        }
        return files;
    }

    @Test
    void workersAndShardsGiveTheFilesOfOnePlainRun() throws IOException {
        Map<String, String> one = drawn("one");
        assertThat(one).hasSize(8);
        assertThat(drawn("workers", "--devices", "cpu,cpu")).isEqualTo(one);
        drawn("shards", "--shard", "2/3");
        drawn("shards", "--shard", "3/3");
        drawn("shards", "--shard", "2/3"); // as a pod that is started again
        assertThat(drawn("shards", "--resume")).isEqualTo(one);
        assertThat(folder.resolve("shards/result-3-of-3.json")).exists();
        Cli.Ending other = Cli.run(
                "generate",
                "--images",
                5,
                "--classes",
                "3,8",
                "--steps",
                5,
                "--resume",
                "--out",
                folder.resolve("shards"),
                "-q");
        assertThat(other.code()).isEqualTo(2);
        assertThat(other.err()).contains("000.png was drawn with other settings: give another --out, or --overwrite");
    }

    @Test
    void naiveImagesAreTheGoldensAndTheirFilesAreAllThere() throws IOException {
        Cli.Ending ending = succeed(
                "generate",
                "--method",
                "naive",
                "--images",
                10,
                "--classes",
                "0-9",
                "--seed",
                seed(),
                "--held-out",
                "class",
                "--save-tensors",
                "--out",
                out(),
                "-q");
        assertThat(ending.out()).contains("image").contains("held-out").contains("written to " + out());

        float[] expected = RawTensors.golden("edm/naive.safetensors").get("x").floats();
        RawTensors.Raw x = RawTensors.read(out().resolve("final.safetensors")).get("x");
        assertThat(x.type()).isEqualTo("F32");
        assertThat(x.shape()).containsExactly(10, 1, 28, 28);
        double sum = 0;
        for (int i = 0; i < expected.length; i++) {
            assertThat(x.floats()[i]).isCloseTo(expected[i], within(2e-3f));
            sum += Math.abs(x.floats()[i] - expected[i]);
        }
        assertThat(sum / expected.length).isLessThan(2e-4);

        List<String> names = new ArrayList<>(List.of("final.safetensors", "grid.png"));
        for (int i = 0; i < 10; i++) {
            names.add("images/00" + i + ".png");
        }
        names.addAll(List.of("result.json", "trail.json"));
        assertThat(files(out())).containsExactlyElementsOf(names);

        float[] brightness =
                RawTensors.golden("edm/naive.safetensors").get("brightness").floats();
        JsonNode result = result(out());
        assertThat(result.get("complete").asBoolean()).isTrue();
        assertThat(result.get("seconds").asDouble()).isPositive();
        assertThat(result.get("settings").get("method").asText()).isEqualTo("naive");
        assertThat(result.get("settings").get("sampler").get("sChurn").asDouble())
                .isEqualTo(40);
        assertThat(result.get("images")).hasSize(10);
        for (int i = 0; i < 10; i++) {
            JsonNode image = result.get("images").get(i);
            assertThat(image.get("id").asInt()).isEqualTo(i);
            assertThat(image.get("class").asInt()).isEqualTo(i);
            assertThat(image.get("reward").asDouble()).isCloseTo(brightness[i], within(2e-3));
            assertThat(image.get("heldOut").asDouble()).isCloseTo(Goldens.CLASS.get(i), within(2e-3));
            assertThat(image.get("pivotNorm").asDouble()).isBetween(.9, 1.3);
            assertThat(image.get("ledger").get("networkEvaluations").asInt()).isEqualTo(PLAIN);
            assertThat(image.get("ledger").get("transitions").asInt()).isEqualTo(18);
            assertThat(image.get("ledger").get("rewardCalls").asInt()).isEqualTo(1);
            assertThat(image.get("ledger").get("heldOutCalls").asInt()).isEqualTo(1);
            Map<String, String> text = PngFile.texts(
                            out().resolve(image.get("file").asText()))
                    .stream()
                    .collect(Collectors.toMap(PngFile.Text::keyword, PngFile.Text::value));
            assertThat(Double.parseDouble(text.get("Reward")))
                    .isEqualTo(image.get("reward").asDouble());
            assertThat(text).containsKeys("Held-out", "Trail", "Software");
        }
    }

    private static String seed() throws IOException {
        try (var in = EndToEndTest.class.getResourceAsStream("/golden/edm/naive.json")) {
            return JSON.readTree(in).get("seed").asText();
        }
    }

    @Test
    void aSearchReplaysFromItsTrailAndFromEachPicture() throws IOException {
        succeed(
                "generate",
                "--images",
                3,
                "--classes",
                "7,2",
                "--first-image",
                5,
                "--rounds",
                "2@0.1..10,1",
                "--reward",
                "class",
                "--held-out",
                "heldout",
                "--keep-pivot",
                "--save-tensors",
                "--out",
                out(),
                "-q");
        JsonNode settings = result(out()).get("settings");
        assertThat(settings.get("rounds").asText()).isEqualTo("2@0.1..10,1");
        assertThat(settings.get("keepPivot").asBoolean()).isTrue();
        assertThat(result(out()).get("images").get(2).get("class").asInt()).isEqualTo(7);
        assertThat(result(out()).get("images").get(2).get("id").asInt()).isEqualTo(7);

        Path again = folder.resolve("again");
        succeed("replay", out().resolve("trail.json"), "--save-tensors", "--out", again, "-q");
        for (String name : List.of("final.safetensors", "trail.json")) {
            assertThat(again.resolve(name)).hasSameBinaryContentAs(out().resolve(name));
        }
        JsonNode replayed = result(again).get("images");
        assertThat(replayed).hasSize(3);
        for (JsonNode image : replayed) {
            assertThat(image.get("reward").isNull()).isTrue();
            assertThat(image.get("ledger").get("networkEvaluations").asInt()).isEqualTo(PLAIN);
        }
        for (int i = 5; i < 8; i++) {
            samePixels(again.resolve("images/00" + i + ".png"), out().resolve("images/00" + i + ".png"));
        }

        Path one = folder.resolve("one");
        succeed("replay", out().resolve("images/006.png"), "--out", one, "-q");
        assertThat(files(one)).containsExactly("grid.png", "images/006.png", "result.json", "trail.json");
        samePixels(one.resolve("images/006.png"), out().resolve("images/006.png"));
    }

    @Test
    void anEarlierRunIsNeverMixedWithAnother() throws IOException {
        Object[] run = {
            "generate", "--method", "naive", "--steps", 2, "--images", 3, "--classes", 7, "--out", out(), "-q"
        };
        succeed(run);
        byte[] first = Files.readAllBytes(out().resolve("result.json"));
        for (Object[] again : new Object[][] {run, {"replay", out().resolve("trail.json"), "--out", out(), "-q"}}) {
            Cli.Ending ending = Cli.run(again);
            assertThat(ending.code()).isEqualTo(2);
            assertThat(ending.err().strip())
                    .isEqualTo("noisetrail: " + out()
                            + " holds an earlier run's result.json and 5 more: give another --out, or --overwrite");
            assertThat(out().resolve("result.json")).hasBinaryContent(first);
        }
        succeed("replay", out().resolve("images/001.png"), "--out", out(), "--overwrite", "-q");
        assertThat(files(out())).containsExactly("grid.png", "images/001.png", "result.json", "trail.json");
        assertThat(result(out()).get("images")).hasSize(1);
    }

    private static void samePixels(Path one, Path other) throws IOException {
        var a = ImageIO.read(one.toFile()).getRaster();
        var b = ImageIO.read(other.toFile()).getRaster();
        assertThat(a.getPixels(0, 0, 28, 28, (int[]) null)).isEqualTo(b.getPixels(0, 0, 28, 28, (int[]) null));
    }

    @Test
    void searchCostsWhatTheLedgerSaysAndPaysInReward() throws IOException {
        String[] common = {"--images", "2", "--classes", "1", "--reward", "brightness", "-q", "--json"};
        JsonNode plain = JSON.readTree(
                succeed(with(common, "--method", "naive", "--out", out())).out());
        JsonNode searched = JSON.readTree(succeed(with(
                        common,
                        "--method",
                        "eps-greedy",
                        "--rounds",
                        3,
                        "--candidates",
                        4,
                        "--out",
                        out(),
                        "--overwrite"))
                .out());
        assertThat(searched).isEqualTo(result(out()));
        for (int i = 0; i < 2; i++) {
            JsonNode image = searched.get("images").get(i);
            // 13 live steps of 3 x 4 candidates, two evaluations each; steps 0, 1, 15, 16 plain, and the last.
            assertThat(image.get("ledger").get("networkEvaluations").asInt()).isEqualTo(13 * 12 * 2 + 9);
            assertThat(image.get("ledger").get("transitions").asInt()).isEqualTo(13 * 12 + 5);
            assertThat(image.get("ledger").get("rewardCalls").asInt()).isEqualTo(13 * 12 + 1);
            assertThat(image.get("reward").asDouble())
                    .isGreaterThan(plain.get("images").get(i).get("reward").asDouble());
        }
        assertThat(out().resolve("final.safetensors")).doesNotExist();
    }

    private static Object[] with(String[] common, Object... more) {
        List<Object> all = new ArrayList<>(List.of("generate"));
        all.addAll(Arrays.asList(common));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void everyMethodAndStopEndsInAValidResult() throws IOException {
        for (String args : List.of(
                "--method best-of-n --candidates 3 --shared-start",
                "--method zero-order --rounds 1 --lambda .3 --project",
                "--rounds 5 --budget 60",
                "--rounds 5 --target-reward -5",
                "--rounds 2 --guard class --guard-drop .05",
                "--rounds 50 --time-limit 0.01",
                "--method naive --reward 0.7*class+0.3*compressibility:max-bytes=700 --held-out -jpeg-bytes")) {
            List<Object> all = new ArrayList<>(List.of("generate", "--images", 1, "--out", out(), "--overwrite", "-q"));
            all.addAll(Arrays.asList(args.split(" ")));
            succeed(all.toArray());
            JsonNode image = result(out()).get("images").get(0);
            assertThat(image.get("ledger").get("networkEvaluations").asInt())
                    .as(args)
                    .isGreaterThanOrEqualTo(PLAIN);
            if (args.contains("budget")) {
                assertThat(image.get("ledger").get("networkEvaluations").asInt())
                        .isLessThanOrEqualTo(60);
            }
            assertThat(image.get("reward").isNumber()).as(args).isTrue();
        }
    }

    /** 18 steps of EDM, 13 of which inject noise: 61 evaluations with M 2 at first, 87 where none is. */
    @Test
    void whatCalibrationSaysOfScoresAtFirstIsTakenByAscent() throws IOException {
        Path rounds = folder.resolve("rounds.json");
        succeed(("calibrate -q --images 2 --candidates 2 --rounds 1 --total-rounds 6 --out " + rounds).split(" "));
        JsonNode table = JSON.readTree(rounds.toFile()).get("agreement");
        int atFirst = 0;
        for (JsonNode step : table) {
            assertThat(step.get("agreement").isNull())
                    .isEqualTo(step.get("rounds").asInt() == 0);
            atFirst += step.get("scoreAtFirst").asBoolean() ? 1 : 0;
        }
        assertThat(atFirst).isBetween(1, 13);
        for (Object[] more : new Object[][] {{rounds, 87 - 2 * atFirst}, {"true", 61}, {"false", 87}}) {
            Path out = folder.resolve("out-" + more[1]);
            succeed(
                    "generate",
                    "-q",
                    "--images",
                    1,
                    "--method",
                    "ascent",
                    "--candidates",
                    2,
                    "--out",
                    out,
                    "--score-at-first",
                    more[0]);
            assertThat(result(out).at("/images/0/ledger/networkEvaluations").asInt())
                    .isEqualTo(more[1]);
        }
        succeed(
                "generate",
                "--score-at-first",
                "-q",
                "--images",
                1,
                "--method",
                "ascent",
                "--candidates",
                2,
                "--out",
                out());
        assertThat(result(out()).at("/images/0/ledger/networkEvaluations").asInt())
                .isEqualTo(61);
    }

    @Test
    void theScreensRewardIsToldByWhatItIsMadeOf() throws IOException {
        succeed(("generate -q --images 1 --steps 4 --rounds 1 --screen reward --screen-reward class --out " + out())
                .split(" "));
        JsonNode settings = result(out()).get("settings");
        assertThat(settings.get("screenReward").asText()).isEqualTo("class");
        succeed(("generate -q --images 1 --steps 4 --rounds 1 --reward class --out " + folder.resolve("other"))
                .split(" "));
        assertThat(settings.get("screenRewardId"))
                .isEqualTo(result(folder.resolve("other")).at("/settings/rewards/0/id"));
    }

    private String[] screens(Path out, String more) {
        return ("compare -q --images 2 --classes 3,8 --steps 6 --seeds 1 --reward brightness --screen first --verify-loss 20% --audit 0.5 "
                        + "--methods naive,eps-greedy:rounds=3,beam:screen=first:verify-loss=0 --out " + out + more)
                .split(" ");
    }

    @Test
    void compareSetsScreenedSearchesBesideUnscreenedOnes() throws IOException {
        succeed((Object[]) screens(out(), ""));
        JsonNode rows = JSON.readTree(out().resolve("compare.json").toFile()).at("/tables/0/rows");
        String screened = "eps-greedy:rounds=3:screen=first:verify-loss=20%:audit=0.5";
        assertThat(rows.findValuesAsText("label").stream().filter(label -> !label.startsWith("best-of-")))
                .contains("naive", "eps-greedy:rounds=3", screened, "beam:screen=first:verify-loss=0");
        assertThat(rows.get(2).at("/screening/rounds").asInt())
                .isEqualTo(rows.get(2).at("/screening/candidates").asInt() / 4);
        assertThat(rows.get(2).at("/againstUnscreened/label").asText()).isEqualTo("eps-greedy:rounds=3");
        assertThat(rows.get(3).at("/screening/verified")).isEqualTo(rows.get(3).at("/screening/candidates"));
        assertThat(rows.get(3).at("/screen/audit").asDouble()).as("shared").isEqualTo(.5);
        for (String name : List.of("compare.md", "report.html")) {
            assertThat(Files.readString(out().resolve(name)))
                    .contains("loss a round, measured", "screen first, verify loss 20%, audit 0.5");
        }
        // A search drawn alone, judged alike.
        Path one = folder.resolve("one");
        succeed(("generate -q --images 2 --classes 3,8 --steps 6 --reward brightness --method eps-greedy --rounds 3 "
                        + "--screen first --verify-loss 20% --audit 0.5 --out " + one)
                .split(" "));
        assertThat(rows.get(2).get("screening")).isEqualTo(result(one).get("screening"));
        for (String part : List.of("1/2", "2/2")) {
            assertThat(Cli.run((Object[]) screens(folder.resolve("parts"), " --shard " + part))
                            .code())
                    .isZero();
        }
        succeed((Object[]) screens(folder.resolve("parts"), ""));
        JsonNode parts =
                JSON.readTree(folder.resolve("parts/compare.json").toFile()).at("/tables/0/rows");
        for (int row = 0; row < 4; row++) {
            for (String field : List.of("label", "reward", "networkEvaluations", "rewardByStep")) {
                assertThat(parts.get(row).get(field)).isEqualTo(rows.get(row).get(field));
            }
        }
        assertThat(parts.get(2).get("screening")).isEqualTo(rows.get(2).get("screening"));
    }

    @Test
    void aMethodThatHasNothingToChooseIsWarnedOf() {
        String command = "generate -q --images 1 --steps 3 --s-churn 0 --reward brightness --overwrite --out " + out();
        for (String method : List.of("beam", "mcts")) {
            Cli.Ending ending = Cli.run((Object[]) (command + " --method " + method).split(" "));
            assertThat(ending.code()).isZero();
            assertThat(ending.err())
                    .isEqualTo(
                            "noisetrail: no step of the sampler injects noise: " + method
                                    + " has nothing to choose and draws plain images; best-of-n and x-t choose among initial noises\n");
        }
        succeed((Object[]) (command + " --method best-of-n").split(" "));
    }

    @Test
    void oneImageIsToldWithoutAnIntervalAndMethodsAsTheyWereGiven() throws IOException {
        succeed(("compare -q --images 1 --seeds 1 --steps 4 --methods eps-greedy,pruned-best-of-n:keep=2@1,1@2 "
                        + "--rounds 1 --lambda .2 --candidates 3 --epsilon .3 --keep-pivot --noises 1 --project --out "
                        + out())
                .split(" "));
        JsonNode result = JSON.readTree(out().resolve("compare.json").toFile());
        assertThat(result.at("/settings/methods"))
                .extracting(JsonNode::asText)
                .containsExactly("eps-greedy", "pruned-best-of-n:keep=2@1,1@2");
        assertThat(result.at("/settings/options").fieldNames())
                .toIterable()
                .containsExactly("rounds", "lambda", "candidates", "epsilon", "keep-pivot", "noises", "project");
        for (JsonNode row : result.at("/tables/0/rows")) {
            assertThat(row.at("/reward/mean").isNumber()).isTrue();
            assertThat(row.at("/reward/low").isNull()).isTrue();
            assertThat(row.at("/reward/high").isNull()).isTrue();
        }
        assertThat(Files.readString(out().resolve("report.html")))
                .contains("no brackets and no verdict: ", " NFE) beside ")
                .doesNotContain("worse than", "better than", "not told apart from");
    }

    @Test
    void aProfileIsOfTheSeedAndTheHeldOutRewardAskedFor() throws IOException {
        JsonNode settings = JSON.readTree(
                succeed(("profile -q --json --runs 1 --steps 2 --method naive --seed 7 --held-out class --out " + out())
                                .split(" "))
                        .out());
        assertThat(settings.at("/seeds/0").asInt()).isEqualTo(7);
        assertThat(settings.at("/heldOut/0/name").asText()).isEqualTo("class");
        assertThat(settings.get("images").asInt()).isEqualTo(4);
    }

    @Test
    void resultsSayWhereAGuardEndedASearchAndWhatItSaw() throws IOException {
        Cli.Ending ending = succeed((Object[])
                ("generate --images 2 --method ascent --reward brightness --guard -brightness --out " + out())
                        .split(" "));
        assertThat(ending.out()).contains("the guard ended 2 of 2 searches, after step ");
        JsonNode result = result(out());
        assertThat(result.get("settings").get("guard").get("name").asText()).isEqualTo("-brightness");
        assertThat(result.get("settings").get("guardDrop").asDouble()).isZero();
        for (JsonNode image : result.get("images")) {
            JsonNode seen = image.get("guard").get("seen");
            assertThat(image.get("ledger").get("guardCalls").asInt()).isEqualTo(seen.size());
            JsonNode last = seen.get(seen.size() - 1);
            assertThat(image.get("guard").get("endedAt")).isEqualTo(last.get("step"));
            assertThat(last.get("score").asDouble())
                    .isLessThan(seen.get(seen.size() - 2).get("score").asDouble());
        }
    }

    @Test
    void aRewardThatLosesByTheSearchGetsNoRounds() throws IOException {
        Path rounds = folder.resolve("rounds.json");
        Cli.Ending ending = Cli.run(
                ("calibrate --json -q --images 2 --candidates 2 --rounds 1 --held-out -brightness --total-rounds 6 --out "
                                + rounds)
                        .split(" "));
        assertThat(ending.code()).as(ending.err()).isZero();
        JsonNode said = JSON.readTree(ending.out());
        assertThat(said.get("heldOutGain")).hasSameSizeAs(said.get("gain"));
        int told = 0;
        for (int step = 0; step < said.get("gain").size(); step++) {
            JsonNode lost = said.get("heldOutGain").get(step);
            if (!lost.isNull()) {
                assertThat(lost.asDouble())
                        .isCloseTo(-said.get("gain").get(step).asDouble(), within(1e-12));
                told++;
            }
        }
        assertThat(told).isPositive();
        assertThat(said.get("schedules").get(0).get("rounds")).allMatch(number -> number.asInt() == 0);
        succeed("generate", "--images", 1, "--rounds", rounds, "--out", out(), "-q");
        assertThat(result(out())
                        .get("images")
                        .get(0)
                        .get("ledger")
                        .get("networkEvaluations")
                        .asInt())
                .isEqualTo(PLAIN);
    }

    @Test
    void whatIsPlannedIsSaidAndKept() throws IOException {
        Path profile = folder.resolve("profile.json");
        succeed("calibrate", "--profile", "--classes", 3, "--max-batch", 2, "--out", profile);
        Object[] common = {
            "generate", "--classes", 3, "--images", 1, "--profile", profile, "--out", out(), "--overwrite"
        };
        Cli.Ending planned = Cli.run(and(common, "--seconds", 1000, "--method", "naive"));
        assertThat(planned.code()).as(planned.err()).isZero();
        assertThat(planned.err()).contains("plan: naive: 35 network evaluations and 1 judged an image, ");
        JsonNode plan = result(out()).get("settings").get("plan");
        assertThat(plan.get("predictedSeconds").asDouble()).isBetween(.01, 950.0);
        assertThat(plan.get("limitSeconds").asDouble()).isEqualTo(1000);
        Cli.Ending small = Cli.run(and(common, "--seconds", .001));
        assertThat(small.code()).isEqualTo(2);
        assertThat(small.err())
                .containsPattern("seconds must be >= [0-9.]+, for a plain trajectory of each of 1 images: 0\\.001");
        Cli.Ending other = Cli.run(and(common, "--seconds", 60, "--reward", "class"));
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("was measured with another reward");
        succeed(and(
                new Object[] {"generate", "--classes", 3, "--images", 1, "--budget", 100, "--reward", "class"},
                "--out",
                out(),
                "--overwrite",
                "-q"));
        JsonNode budgeted = result(out());
        assertThat(budgeted.get("settings").get("method").asText()).isEqualTo("ascent");
        assertThat(budgeted.get("settings")
                        .get("plan")
                        .get("networkEvaluations")
                        .asInt())
                .isEqualTo(budgeted.get("images")
                        .get(0)
                        .get("ledger")
                        .get("networkEvaluations")
                        .asInt())
                .isBetween(80, 100);
    }

    private static Object[] and(Object[] common, Object... more) {
        List<Object> all = new ArrayList<>(Arrays.asList(common));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void anInterruptLeavesTheFinishedImagesAndAResultThatNamesThem() throws Exception {
        Cli.Ending[] ending = new Cli.Ending[1];
        Thread thread = new Thread(() -> ending[0] = Cli.run(
                "generate", "--images", 64, "--classes", 0, "--rounds", 1, "--max-batch", 4, "--out", out(), "-q"));
        thread.start();
        while (!Files.exists(out().resolve("images/001.png"))) {
            assertThat(thread.isAlive()).isTrue();
            Thread.sleep(20);
        }
        thread.interrupt();
        thread.join();
        isInterrupted(ending[0].code(), ending[0].err());
    }

    private void isInterrupted(int code, String err) throws IOException {
        assertThat(code).isEqualTo(130);
        assertThat(err.lines()).hasSize(1);
        JsonNode result = result(out());
        assertThat(result.get("complete").asBoolean()).isFalse();
        int finished = result.get("images").size();
        assertThat(finished).isBetween(2, 63);
        assertThat(err).contains("interrupted; " + finished + " of 64 images are finished and written to " + out());
        assertThat(files(out())).hasSize(finished + 3).noneMatch(name -> name.endsWith(".tmp"));
        Path again = folder.resolve("again");
        succeed("replay", out().resolve("trail.json"), "--out", again, "-q");
        samePixels(again.resolve("images/001.png"), out().resolve("images/001.png"));
    }

    @Test
    void controlCEndsTheProcessWith130AndValidFiles() throws Exception {
        Process process = java(
                folder,
                "generate",
                "--images",
                64,
                "--classes",
                0,
                "--rounds",
                1,
                "--max-batch",
                4,
                "--out",
                out(),
                "-q");
        while (!Files.exists(out().resolve("images/001.png"))) {
            assertThat(process.isAlive()).isTrue();
            Thread.sleep(20);
        }
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        isInterrupted(process.exitValue(), Files.readString(folder.resolve("err")));
    }

    /** The command line as this Java would start it, behind other words, before its arguments. */
    private static List<String> words(List<String> before, String... arguments) {
        List<String> words = new ArrayList<>(before);
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.add("-XX:-UsePerfData");
        // Newer Javas warn where it is missing.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--enable-native-access"))
                .forEach(words::add);
        words.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "org.noisetrail.cli.Main"));
        words.addAll(List.of(arguments));
        return words;
    }

    /** A Java process of this test's class path, with its output in the files out.txt and err. */
    private static Process java(Path folder, Object... args) throws IOException {
        // A shell that starts the tests in the background has them ignore SIGINT, and Java would inherit that.
        List<String> words = words(List.of("env", "--default-signal=INT"));
        for (Object arg : args) {
            words.add(arg.toString());
        }
        return new ProcessBuilder(words)
                .redirectOutput(new File(folder.toFile(), "out.txt"))
                .redirectError(new File(folder.toFile(), "err"))
                .start();
    }

    @Test
    void aFullStandardOutputIsAFailure() throws Exception {
        Process process = new ProcessBuilder(
                        words(List.of("bash", "-c", "\"$0\" \"$@\" >/dev/full"), "noise", "--elements", "4"))
                .redirectError(folder.resolve("err").toFile())
                .start();
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(folder.resolve("err")).hasContent("noisetrail: cannot write to standard output");
    }

    @Test
    void aDiskThatIsFullIsOneLineThatNamesTheFile() throws Exception {
        // No file above 64 KiB: the final states of 64 images do not fit, the first images do.
        Process process = new ProcessBuilder(words(
                        List.of("bash", "-c", "ulimit -f 64; exec \"$0\" \"$@\""),
                        "generate",
                        "--method",
                        "naive",
                        "--images",
                        "64",
                        "--steps",
                        "2",
                        "--save-tensors",
                        "--out",
                        out().toString(),
                        "-q"))
                .redirectOutput(folder.resolve("out.txt").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
        assertThat(process.waitFor()).isEqualTo(1);
        String err = Files.readString(folder.resolve("err"));
        assertThat(err.lines()).hasSize(1);
        assertThat(err).startsWith("noisetrail: ").contains(out().toString());
        assertThat(files(out())).contains("images/000.png").noneMatch(name -> name.endsWith(".tmp"));
        assertThat(out().resolve("result.json")).doesNotExist();
    }

    @Test
    void aFolderThatCannotBeWrittenToIsNamed() {
        // /proc takes no folders, whoever asks.
        fails(
                Cli.run("generate", "--method", "naive", "--images", 1, "--out", "/proc/noisetrail"),
                "cannot write to the folder /proc/noisetrail");
    }

    @Test
    void classesOfTheModelOnly() {
        Cli.Ending ending = Cli.run("generate", "--classes", "10", "--out", out());
        assertThat(ending.code()).isEqualTo(2);
        assertThat(ending.err()).isEqualTo("noisetrail: --classes must be from 0 to 9: 10\n");
        assertThat(out()).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x28x28", "3x32x32", "3x45x71", "3x64x64", "3x256x192"})
    void jpegSizesAreTheGoldens(String shape) throws IOException {
        Map<String, RawTensors.Raw> golden = RawTensors.golden("jpeg/pillow.safetensors");
        Path file =
                RawTensors.write(folder.resolve("images.safetensors"), Map.of("images", golden.get("images_" + shape)));
        String printed = succeed("score", "--reward", "jpeg-bytes", "--in", file, "--max-batch", 5)
                .out();
        assertThat(printed.lines()).hasSize(1);
        assertThat(JSON.readValue(printed, long[].class))
                .isEqualTo(golden.get("bytes_" + shape).longs());
    }

    /** Of calls that are not all of the same classes. */
    @Test
    void classRewardsScoreEachImageByItsClass() throws IOException {
        RawTensors.Raw images = new RawTensors.Raw("U8", new long[] {10, 1, 28, 28}, Goldens.images());
        Path file = RawTensors.write(
                folder.resolve("images.safetensors"),
                Map.of("images", images, "classes", RawTensors.Raw.longs(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)));
        Map<String, List<Double>> all = Map.of("class", Goldens.CLASS, "heldout", Goldens.HELD_OUT);
        for (Map.Entry<String, List<Double>> each : all.entrySet()) {
            String printed = succeed(
                            "score",
                            "--reward",
                            each.getKey(),
                            "--model",
                            "fashion-mnist",
                            "--in",
                            file,
                            "--max-batch",
                            4)
                    .out();
            double[] scores = JSON.readValue(printed, double[].class);
            assertThat(scores).hasSize(10);
            for (int i = 0; i < 10; i++) {
                assertThat(scores[i]).isCloseTo(each.getValue().get(i), within(1e-4));
            }
        }
    }

    @Test
    void scoreNamesTheTensorThatIsWrong() throws IOException {
        Map<String, RawTensors.Raw> golden = RawTensors.golden("jpeg/pillow.safetensors");
        Path none = RawTensors.write(folder.resolve("a"), Map.of("pictures", golden.get("images_1x28x28")));
        fails(Cli.run("score", "--reward", "brightness", "--in", none), "images");
        Path longs = RawTensors.write(folder.resolve("b"), Map.of("images", golden.get("bytes_1x28x28")));
        fails(Cli.run("score", "--reward", "brightness", "--in", longs), "tensor images must be");
        for (long[] sides : new long[][] {{1L << 32, 0, 1, 1}, {1, 1L << 32, 0, 5}, {1, 0, 5, 5}}) {
            Path empty = RawTensors.write(
                    folder.resolve("e"), Map.of("images", new RawTensors.Raw("U8", sides, new byte[0])));
            fails(
                    Cli.run("score", "--reward", "brightness", "--in", empty),
                    empty + ": tensor images must have sides from 1 to 2147483647: " + Arrays.toString(sides));
        }
        Path unlabelled = RawTensors.write(folder.resolve("c"), Map.of("images", golden.get("images_1x28x28")));
        fails(
                Cli.run("score", "--reward", "class", "--model", "fashion-mnist", "--in", unlabelled),
                "needs a tensor classes");
        Path wrongShape = RawTensors.write(
                folder.resolve("d"),
                Map.of("images", golden.get("images_3x32x32"), "classes", RawTensors.Raw.longs(new long[24])));
        fails(
                Cli.run("score", "--reward", "class", "--model", "fashion-mnist", "--in", wrongShape),
                "images must be 1x28x28, as the model's: 3x32x32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"adm-rgb-32", "ddpmpp-rgb-16", "ncsnpp-rgb-16"})
    void denoisingIsTheGoldens(String name) throws IOException {
        Path golden = Path.of("src/test/resources/golden/nets", name);
        Path written = folder.resolve("d.safetensors");
        succeed(
                "denoise",
                "--model",
                golden,
                "--in",
                golden.resolve("golden.safetensors"),
                "--out",
                written,
                "--max-batch",
                2);
        RawTensors.Raw expected =
                RawTensors.read(golden.resolve("golden.safetensors")).get("denoised");
        RawTensors.Raw actual = RawTensors.read(written).get("denoised");
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.floats().length; i++) {
            difference += Math.pow(actual.floats()[i] - expected.floats()[i], 2);
            norm += Math.pow(expected.floats()[i], 2);
        }
        assertThat(Math.sqrt(difference / norm)).isLessThan(1e-4);
    }

    @Test
    void torchScriptIsRefusedWhereItIsNotWanted() {
        Path model = Path.of("src/main/resources/org/noisetrail/model/fashion-mnist");
        Object[] args = {
            "--model", model, "--method", "naive", "--images", 1, "--steps", 2, "--no-torchscript", "--out", out()
        };
        List<Object> scored = new ArrayList<>(List.of("generate", "--reward", "class"));
        scored.addAll(Arrays.asList(args));
        fails(Cli.run(scored.toArray()), "classifier.pt");
        List<Object> plain = new ArrayList<>(List.of("generate", "-q"));
        plain.addAll(Arrays.asList(args));
        succeed(plain.toArray());
        String words = Cli.run("generate", "--help").out().replaceAll("\\s+", " ");
        assertThat(words)
                .contains("A folder with .pt files runs what they hold")
                .contains("--no-torchscript refuses them");
    }

    @Test
    void anImageThatIsNotFiniteIsAnErrorAndAMark() throws IOException {
        Path sound = Path.of("src/test/resources/golden/nets/ddpmpp-rgb-16");
        Path broken = Files.createDirectories(folder.resolve("broken"));
        Files.copy(sound.resolve("config.json"), broken.resolve("config.json"));
        byte[] weights = Files.readAllBytes(sound.resolve("model.safetensors"));
        // The last weight becomes NaN.
        weights[weights.length - 1] = 0x7f;
        weights[weights.length - 2] = (byte) 0xc0;
        Files.write(broken.resolve("model.safetensors"), weights);
        Cli.Ending ending = Cli.run(
                "generate", "--model", broken, "--method", "naive", "--images", 2, "--steps", 2, "--out", out(), "-q");
        assertThat(ending.code()).isEqualTo(1);
        assertThat(ending.err())
                .isEqualTo(
                        "noisetrail: 2 of 2 images hold NaN or infinity and show nothing, the first images/000.png\n");
        assertThat(result(out()).get("nonFinite").asInt()).isEqualTo(2);
        assertThat(result(out()).get("images").get(1).get("finite").asBoolean()).isFalse();
        assertThat(result(out()).get("meanReward").isNull()).isTrue();
    }

    @Test
    void whatIsNoTrailIsRefused() throws IOException {
        fails(Cli.run("replay", folder.resolve("none.json"), "--out", out()), "none.json");
        Path text = Files.writeString(folder.resolve("text.json"), "{\"format\": \"else\"}");
        fails(Cli.run("replay", text, "--out", out()), "is not a trail");
        Path newer =
                Files.writeString(folder.resolve("newer.json"), "{\"format\": \"noisetrail-trail\", \"version\": 99}");
        fails(Cli.run("replay", newer, "--out", out()), "version 99");
        Path picture = Files.write(
                folder.resolve("a.png"), Png.encode(PngTest.noise(1, 4, 4).toBufferedImage(), Map.of()));
        fails(Cli.run("replay", picture, "--out", out()), "picture without a trail");
        assertThat(out()).doesNotExist();
    }

    @Test
    void modelsAndTheDoctorSpeakJson() throws IOException {
        JsonNode models = JSON.readTree(succeed("models", "--json").out()).get("models");
        assertThat(models.get(0).get("name").asText()).isEqualTo("fashion-mnist");
        assertThat(models.get(0).get("classes").asInt()).isEqualTo(10);
        assertThat(models.get(0).get("classNames")).hasSize(10);
        JsonNode doctor = JSON.readTree(succeed("doctor", "--json").out());
        assertThat(doctor.get("nativeLibraries").toString())
                .contains("libtorch")
                .contains("noisetrail");
        assertThat(doctor.get("libtorchThreads").asInt()).isPositive();
        assertThat(doctor.get("libtorch").asText()).endsWith("its CPU build");
        assertThat(doctor.get("cards")).isEmpty();
        assertThat(doctor.has("cudaMissing")).isFalse();
        assertThat(doctor.get("deviceAuto").asText()).startsWith("cpu: this is LibTorch's CPU build; build with -Pgpu");
        assertThat(succeed("doctor").out()).contains("libtorch").contains("cards: none");
        assertThat(succeed("models").out()).contains("fashion-mnist");
    }

    @Test
    void theDemoDrawsAPictureAndATable() throws IOException {
        Cli.Ending ending = succeed("demo", "--rounds", 1, "--images", 3, "--out", out(), "-q");
        assertThat(ending.out())
                .contains("naive")
                .contains("eps-greedy")
                .contains("NFE/image")
                .contains("seconds");
        assertThat(files(out())).containsExactly("demo.png", "result.json");
        assertThat(ImageIO.read(out().resolve("demo.png").toFile()).getWidth()).isGreaterThan(3 * 112);
        JsonNode runs = result(out()).get("runs");
        assertThat(runs)
                .as("two methods for two rewards of classes, three for one of prompts")
                .hasSize(7);
        assertThat(runs.get(1).get("meanReward").asDouble())
                .isGreaterThan(runs.get(0).get("meanReward").asDouble());
    }
}
