package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.reward.RewardKind;
import org.noisetrail.reward.Rewards;

class UsageTest {
    @TempDir
    private Path folder;

    private static void isUsageError(Cli.Ending ending, String message) {
        assertThat(ending.err()).startsWith("noisetrail: ").contains(message);
        assertThat(ending.err().lines()).hasSize(1);
        assertThat(ending.out()).isEmpty();
        assertThat(ending.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--colour red | Unknown option",
                "--model no-such-model | unknown model",
                "--method beam-me-up | unknown method (known: naive, best-of-n, beam, mcts, zero-order, eps-greedy",
                "--reward beauty | unknown reward",
                "--held-out beauty | unknown reward",
                "--reward brightness:max-bytes=3 | brightness takes no argument",
                "--verify-loss 5% | --verify-loss is of --screen: give that, too",
                "--screen second | screen must be first, half, linear, preview, reward, or first+half and the like: second",
                "--seconds 5 --screen first --images 1 | --screen needs --method where --seconds or --budget would choose one",
                "--budget 100 --screen first | --screen needs --method where --seconds or --budget would choose one",
                "--budget 50 --guard class | --guard needs --method where --seconds or --budget would choose one",
                "--seconds 5 --guard class | --guard needs --method where --seconds or --budget would choose one",
                "--screen first --verify-loss -1% | verify-loss must be >= 0 and finite: -0.01",
                "--screen first --audit 2 | audit must be from 0.0 to 1.0: 2.0",
                "--images 0 | images must be >= 1: 0",
                "--images many | 'many' is not an int",
                "--images | Missing required parameter for option '--images'",
                "--first-image -1 | image must be >= 0: -1",
                "--first-image 4294967295 --images 2 | image must be <= 4294967295: 4294967296",
                "--classes 3-1 | a range must go upward: 3-1",
                "--classes a | must be numbers and ranges such as 0,3,5-7: a",
                "--seed -1 | must be a number from 0 to 18446744073709551615: -1",
                "--seed 18446744073709551616 | must be a number from 0 to 18446744073709551615",
                "--candidates 0 | candidates must be >= 1: 0",
                "--rounds 20@1 | must be a number or a schedule such as",
                "--rounds -1 | must be a number or a schedule such as",
                "--epsilon 1.5 | epsilon must be <= 1: 1.5",
                "--epsilon nan | epsilon must be a number: nan",
                "--epsilon NaN | epsilon must be >= 0: NaN",
                "--lambda -1 | lambda must be >= 0: -1",
                "--method zero-order --epsilon .4 | --epsilon is not an option of --method zero-order (it is one of"
                        + " eps-greedy)",
                "--method naive --candidates 4 | --candidates is not an option of --method naive",
                "--method naive --keep-pivot | --keep-pivot is not an option of --method naive",
                "--method best-of-n --rounds 3 | --rounds is not an option of --method best-of-n",
                "--shared-start | --shared-start is not an option of --method eps-greedy (it is one of best-of-n)",
                "--method ascent --score-at-first no-such.json | score-at-first must be true, false or a file that is there: no-such.json",
                "--method naive --score-at-first | --score-at-first is not an option of --method naive",
                "--steps 1 | steps must be >= 2: 1",
                "--sigma-min 0 | sigma-min must be > 0: 0",
                "--sigma-min 90 | sigma-min must be < sigma-max 80.0: 90.0",
                "--s-churn -1 | s-churn must be >= 0: -1",
                "--max-batch 0 | --max-batch must be from 1 to 65536: 0",
                "--max-batch 2147483647 | --max-batch must be from 1 to 65536: 2147483647",
                "--decode-batch 65537 | --decode-batch must be from 1 to 65536: 65537",
                "--images 2147483647 | images must be <= 1048576: 2147483647",
                "--threads 0 | --threads must be from 1 to 4096: 0",
                "--threads 100000 | --threads must be from 1 to 4096: 100000",
                "--precision half | precision must be one of fp32, tf32, bf16, fp16: half",
                "--precision fp16 --device cpu | precision float16 is a card's: on the CPU it must be float32 or bfloat16",
                "--device gpu | device must be auto, cpu, cuda or cuda:N: gpu",
                "--target-reward NaN | --target-reward must be a number",
                "--target-reward=-Infinity | --target-reward must be a number above minus infinity: -Infinity",
                "--guard-drop .1 | --guard-drop is of --guard: give that, too",
                "--guard class --guard-drop=-1 | --guard-drop must be a finite number >= 0: -1.0",
                "--guard class --guard-drop NaN | --guard-drop must be a finite number >= 0: NaN",
                "--guard clas | unknown reward",
                "--method best-of-n --guard class | a guard needs a method that searches one trajectory step by step",
                "--time-limit soon | must be a time such as 90, 90s, 1.5m or 2h: soon",
                "--time-limit 0 | must be above 0",
                "--seconds 0 | --seconds must be above 0 and at most 1e9: 0.0",
                "--seconds 5 --budget 100 | --seconds and --budget are both what a search may cost: give one of them",
                "--seconds 5 --time-limit 5 | --seconds and --time-limit both limit time: give one of them",
                "--profile there.json | --profile is for --seconds, which is not given",
                "--seed 1 --seed 2 | option '--seed' (S) should be specified only once",
                "--devices cpu,gpu | device must be all, cpu, cuda or cuda:N: gpu",
                "--devices all,cpu | --devices all means every card: it must stand alone",
                "--method naive --images 1 --devices cpu,cpu --device cpu | --device and --devices both say where to draw: give one of them",
                "--method naive --images 1 --resume --overwrite | --resume takes what is in --out, and --overwrite removes it: give one of them",
                "--method naive --images 1 --resume --save-tensors | --save-tensors needs the final states of all images",
                "--method naive --images 1 --shard 1/2 --overwrite --save-tensors | --save-tensors needs the final states of all images",
                "--shard 5/4 | must be from 1/4 to 4/4: 5/4",
                "stray | Unmatched argument at index 3: 'stray'",
            })
    void generateRefusesWhatCannotBe(String args, String message) {
        String[] words = ("generate --out " + folder.resolve("out") + " " + args).split(" +");
        isUsageError(Cli.run((Object[]) words), message);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--verify-loss 5% | --verify-loss is of --screen: give that, too",
                "--screen second | screen must be first, half, linear, preview, reward, or first+half and the like: second",
                "--screen first --methods naive,mcts | --screen: none of these methods can be screened: naive, mcts",
                "--methods beam:audit=0.2 | audit is of screen: give that, too",
                "--methods naive:screen=first | screen needs a method that chooses the best of rounds",
                "--methods eps-greedy:screen=linear --screen-reward beauty | unknown reward",
                "--methods beam:screen=first,beam:screen=first | --methods names beam:screen=first twice",
                "--methods beam,beam:screen=first:verify-loss=5% --screen first | --methods names beam:screen=first:verify-loss=5% twice",
                "--methods ascent:score-at-first=none.json | score-at-first must be true, false or a file that is there: none.json",
                "--methods naive --trajectories 3 | --trajectories needs --store",
                "--methods naive --overwrite | --overwrite needs --store",
                "--methods naive --shard 1/2 --json | --json prints tables, and --shard makes none: leave it out",
                "--offline none.safetensors --screen first | --offline takes no --screen: what was drawn is in its file"
            })
    void compareRefusesWhatCannotBe(String args, String message) {
        String[] words = ("compare --images 1 --seeds 1 -q --out " + folder.resolve("out") + " " + args).split(" +");
        if (args.startsWith("--offline")) {
            words = ("compare " + args).split(" +");
        }
        isUsageError(Cli.run((Object[]) words), message);
        assertThat(folder.resolve("out/cells")).doesNotExist();
    }

    /** In the C locale, any name that is not ASCII is such a one. */
    @Test
    void aNameThatJavaCannotReadIsRefused() {
        isUsageError(Cli.run("generate", "--out", "a\0b"), "must be a name that Java can read in this locale");
    }

    /** Java takes it for the folder that it was started in. */
    @Test
    void anEmptyNameIsRefused() {
        isUsageError(
                Cli.run("generate", "--out", ""), "Invalid value for option '--out': must be a name, but is empty");
        isUsageError(Cli.run("generate", "--model", ""), "unknown model");
    }

    @Test
    void unknownCommandsAndOptionsSuggestTheLikelyOnes() {
        isUsageError(Cli.run("generat"), "did you mean generate?");
        isUsageError(Cli.run("generate", "--canddates", "4"), "did you mean --candidates?");
    }

    @Test
    void requiredOptionsAreNamed() {
        isUsageError(Cli.run("score"), "Missing required options: '--reward=REWARD', '--in=FILE'");
        isUsageError(Cli.run("replay"), "Missing required parameter: 'TRAIL'");
        isUsageError(Cli.run("noise"), "Missing required option: '--elements=N'");
        isUsageError(Cli.run("score", "--reward", "class", "--in", "x"), "the reward class needs a --model");
    }

    @Test
    void outThatIsAFileIsAUsageErrorAndStaysAsItWas() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        isUsageError(
                Cli.run("generate", "--method", "naive", "--images", 1, "--out", file),
                "--out must be a folder, but is a file: " + file);
        assertThat(file).hasContent("mine");
    }

    private static Object[] words(String command, Object... more) {
        return Stream.concat(Stream.of(command.split(" ")), Stream.of(more)).toArray();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "calibrate --images 1 --candidates 2 --rounds 1 --steps 4 --total-rounds 3 --out",
                "calibrate --profile --max-batch 1 --out",
                "compare --images 1 --seeds 1 --steps 2 --trajectories 1 --store",
                "denoise --in none.safetensors --out",
                "component unet --model fashion-scenes --in none.safetensors --out",
            })
    void aFileThatCannotBeWrittenIsToldBeforeTheWork(String command) throws IOException {
        String option = command.substring(command.lastIndexOf(' ') + 1);
        isUsageError(Cli.run(words(command, folder)), option + " must be a file, but is a folder: " + folder);
        Path inner = Files.writeString(folder.resolve("file"), "mine").resolve("out.json");
        isUsageError(Cli.run(words(command, inner)), option + " must be in a folder, but that is a file: " + inner);
        Cli.Ending ending = Cli.run(words(command, "/proc/nowhere/out.json"));
        assertThat(ending.err())
                .startsWith("noisetrail: cannot write to the folder /proc/nowhere: ")
                .hasLineCount(1);
        assertThat(ending.code()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "calibrate --images 1 --candidates 2 --rounds 1 --steps 4 --total-rounds 3 --out",
                "calibrate --images 1 --candidates 2 --rounds 1 --steps 4 --total-rounds 4,3 --out",
                "calibrate --profile --max-batch 1 --out",
                "compare --images 1 --seeds 1 --steps 2 --trajectories 1 --store"
            })
    void aFileThatTookLongIsNotReplacedUnasked(String command) throws IOException {
        String option = command.substring(command.lastIndexOf(' ') + 1);
        Path out = folder.resolve("out.json");
        Path file = Files.writeString(command.contains("4,3") ? folder.resolve("out-3.json") : out, "mine");
        isUsageError(
                Cli.run(words(command, out)), file + " is there already: give another " + option + ", or --overwrite");
        assertThat(file).hasContent("mine");
    }

    /** Without the breaks of lines. */
    private static String help(String command) {
        return Cli.run(command, "--help").out().replaceAll("\\s+", " ");
    }

    @ParameterizedTest
    @CsvSource({"generate, 10", "compare, 36", "calibrate, 10", "profile, 4"})
    void helpNamesTheImagesOfEachCommand(String command, int images) {
        assertThat(help(command)).contains("--images=N Default: " + images + ", of prompts one each");
    }

    @Test
    void helpNamesTheMethodThatIsTakenWhereNoneIs() {
        String prompts = "of a model of prompts pruned-best-of-n with --keep 4@2,1@6 --noises 2, which";
        assertThat(help("generate")).contains(prompts);
        assertThat(help("profile")).contains(prompts);
        assertThat(help("calibrate"))
                .contains("zero-order or eps-greedy: the search that is measured. Default: eps-greedy")
                .doesNotContain(prompts);
    }

    @Test
    void helpNamesTheMethodsThatCanDoWhatAnOptionAsksOfThem() {
        String generate = help("generate");
        assertThat(generate).contains(" number. Of beam, zero-order, eps-greedy, ascent, svdd, lookahead-beam, rbf.");
        assertThat(generate)
                .contains("first+half and the like. Of beam, zero-order, eps-greedy, ascent, svdd, lookahead-beam;"
                        + " of these svdd with alpha 0 only; and pruned-best-of-n with noises above 1.");
        assertThat(help("compare")).contains("trajectories (naive, best-of-n, pruned-best-of-n) choose");
        assertThat(generate + help("compare") + help("serve")).doesNotContain("${");
    }

    @Test
    void noiseRefusesNamesOutsideTheirRange() {
        isUsageError(Cli.run("noise", "--elements", 0), "--elements must be from 1 to 268435456: 0");
        isUsageError(Cli.run("noise", "--elements", 1, "--round", 65536), "--round must be from 0 to 65535: 65536");
        isUsageError(Cli.run("noise", "--elements", 1, "--image", -1), "--image must be from 0 to 4294967295: -1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "generate",
                "replay",
                "demo",
                "score",
                "denoise",
                "component",
                "tokenize",
                "noise",
                "models",
                "doctor"
            })
    void everyCommandHasHelp(String name) {
        Cli.Ending ending = name.isEmpty() ? Cli.run("--help") : Cli.run(name, "--help");
        assertThat(ending.code()).isZero();
        assertThat(ending.err()).isEmpty();
        assertThat(ending.out()).contains("Usage: noisetrail" + (name.isEmpty() ? "" : " " + name));
    }

    @Test
    void withoutACommandThereIsHelp() {
        assertThat(Cli.run().code()).isZero();
        assertThat(Cli.run().out()).contains("Usage: noisetrail");
    }

    @Test
    void theVersionIsThePoms() throws IOException {
        Matcher version = Pattern.compile("<version>([^<]+)</version>").matcher(Files.readString(Path.of("pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(Cli.run("--version").out().strip()).isEqualTo("noisetrail " + version.group(1));
    }

    /** One that is forgotten takes an older build out of a local repository, and tests that. */
    @Test
    void everyPomAndPageNamesThePomsVersion() throws IOException {
        String version = Cli.run("--version").out().strip().split(" ")[1];
        Pattern own = Pattern.compile(
                "<artifactId>noisetrail(?!-examples)[a-z0-9-]*</artifactId>\\s*<version>([^<$]+)</version>"
                        + "|<noisetrail.version>([^<]+)<"
                        + "|noisetrail-(?:[a-z0-9]+-)?(\\d+\\.\\d+\\.\\d+(?:-SNAPSHOT)?)[./-]");
        List<String> found = new ArrayList<>();
        for (String name : List.of(
                "pom.xml",
                "bom/pom.xml",
                "modules/pom.xml",
                "adapters/langchain4j/pom.xml",
                "adapters/micrometer/pom.xml",
                "adapters/spring-ai/pom.xml",
                "spark/pom.xml",
                "examples/pom.xml",
                "site/pom.xml",
                "docs/start.md",
                "docs/cluster.md")) {
            Matcher named = own.matcher(Files.readString(Path.of(name)));
            while (named.find()) {
                found.add(name + " "
                        + Stream.of(named.group(1), named.group(2), named.group(3))
                                .filter(Objects::nonNull)
                                .findFirst()
                                .orElseThrow());
            }
        }
        assertThat(found)
                .hasSizeGreaterThan(12)
                .allSatisfy(each -> assertThat(each).endsWith(" " + version));
    }

    @Test
    void helpNamesEveryRewardOnce() {
        String help = Cli.run("generate", "--help").out();
        for (RewardKind kind : Rewards.kinds()) {
            assertThat(help.lines().filter(line -> line.matches("  " + kind.name() + "[\\[(: ].*")))
                    .as(kind.name())
                    .hasSize(1);
        }
    }

    @Test
    void aRewardsHelpMayHoldAPercentSign() {
        RewardKind half = RewardKind.plain("half", "50 % of all", Rewards::brightness);
        assertThat(String.format(HelpWords.line(half))).isEqualTo("  half                           50 % of all");
    }

    @Test
    void promptsThatAreNoFileAreTheSameMistakeEverywhere() {
        for (Path none : List.of(folder, folder.resolve("none.txt"))) {
            String message = "--prompts must be a file that is there: " + none;
            isUsageError(Cli.run("generate", "--method", "naive", "--prompts", none), message);
            isUsageError(
                    Cli.run("score", "--reward", "brightness", "--in", "none.safetensors", "--prompts", none), message);
        }
    }

    @Test
    void aTrailWithoutImagesDrawsNothing() throws IOException {
        Path trail = Files.writeString(folder.resolve("trail.json"), """
                {"format":"noisetrail-trail","version":2,"model":"m","settings":{},"seed":"0","lambda":0.15,"project":false,\
                "sampler":{"name":"ddim"},"images":[]}""");
        Cli.Ending ending = Cli.run("replay", trail, "--out", folder.resolve("out"));
        assertThat(ending.err()).isEqualTo("noisetrail: " + trail + " holds no images\n");
        assertThat(ending.code()).isEqualTo(1);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void missingFilesAreNamed() {
        Cli.Ending ending = Cli.run("score", "--reward", "brightness", "--in", folder.resolve("none.safetensors"));
        assertThat(ending.code()).isEqualTo(1);
        assertThat(ending.err()).startsWith("noisetrail: ").contains("none.safetensors");
        assertThat(ending.err().lines()).hasSize(1);
    }
}
