package org.noisetrail.cli;

import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.DemoSheet;
import org.noisetrail.report.Finished;
import org.noisetrail.report.Report;
import org.noisetrail.report.TextTable;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Rounds;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        description = {
            "Draws ten images, one a class, and six of prompts, plainly and by search, and prints a table.",
            "Classes: by eps-greedy search, for two rewards; prompts: by best-of-n and by search at the same cost. "
                    + "Writes demo.png and result.json to --out."
        })
final class DemoCommand implements Callable<Integer> {
    private static final List<String> PROMPTS = List.of(
            "a red sneaker",
            "a yellow dress left of a green coat",
            "a blue bag on a white background",
            "a purple boot above a white t-shirt",
            "an orange sandal on a grey background",
            "a green sweater right of a black bag");

    /** What prompts are searched with: as many trajectories' network evaluations. */
    private static final int CHAINS = 5;

    /** So many that a demo ends in under four minutes on two cores. */
    static final String DEFAULT_ROUNDS = "10";

    /** A reward with another that says what the search for it did to the image. */
    private record Aim(String reward, String heldOut) {}

    /**
     * What is drawn with one model.
     *
     * @param asked what its images are asked to be, in turn
     * @param methods set beside each other for each aim
     */
    private record Half(
            String model,
            List<Condition> asked,
            int images,
            List<Aim> aims,
            Function<Schedule, List<Method>> methods) {}

    @Spec
    private CommandSpec command;

    @Mixin
    private SharedOptions.Where where;

    @Mixin
    private SharedOptions.Batches batches;

    @Option(names = "--images", paramLabel = "N", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--rounds",
            paramLabel = "K",
            defaultValue = DEFAULT_ROUNDS,
            converter = RoundsConverter.class,
            description = "Rounds a step, as for generate. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Rounds rounds;

    /** Rounds as {@link Rounds#parse} reads them. */
    static final class RoundsConverter implements ITypeConverter<Rounds> {
        @Override
        public Rounds convert(String text) {
            return Converters.usage(() -> Rounds.parse(text));
        }
    }

    @Mixin
    private SharedOptions.Seed seed;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "demo", description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Mixin
    private SharedOptions.Show show;

    @Override
    public Integer call() {
        ImageRequest.of(0, images);
        where.check();
        batches.check();
        where.setThreads();
        OutputFolder folder = OutputFolder.open(out);
        if (folder.has("result.json") && !folder.has("demo.png")) {
            throw new IllegalArgumentException(
                    folder.path() + " holds another command's result.json: give another --out");
        }
        List<DemoSheet.Run> all = new ArrayList<>();
        List<BufferedImage> sheets = new ArrayList<>();
        for (Half half : halves()) {
            try (Pipeline pipeline = Pipeline.load(half.model(), where.device())) {
                List<DemoSheet.Run> runs = new ArrayList<>();
                for (Aim aim : half.aims()) {
                    for (Method method : half.methods()
                            .apply(Search.builder(pipeline).build().schedule())) {
                        runs.add(run(pipeline, half, aim, method));
                    }
                }
                sheets.add(DemoSheet.draw(runs, pipeline.classNames()));
                all.addAll(runs);
            }
        }
        Map<String, @Nullable Object> result = json(all);
        // An earlier one's would speak of other pictures, if this were killed between.
        folder.remove("result.json");
        AtomicFiles.write(folder.file("demo.png"), DemoSheet.png(sheets));
        AtomicFiles.write(folder.file("result.json"), Json.pretty(result).getBytes(StandardCharsets.UTF_8));
        PrintWriter print = command.commandLine().getOut();
        if (show.json()) {
            print.print(Json.pretty(result));
        } else {
            print.print(table(all));
            print.println("written to " + folder.path().resolve("demo.png"));
        }
        return ExitCode.OK;
    }

    private List<Half> halves() {
        Half classes = new Half(
                "fashion-mnist",
                IntStream.range(0, 10).mapToObj(Condition::label).toList(),
                images,
                List.of(new Aim("brightness", "class"), new Aim("class", "heldout")),
                schedule -> List.of(
                        new Naive(), LocalSearch.builder().rounds(rounds).build()));
        Half prompts = new Half(
                "fashion-scenes",
                PROMPTS.stream().map(Condition::prompt).toList(),
                Math.min(images, PROMPTS.size()),
                List.of(new Aim("clip", "clip-heldout")),
                schedule -> List.of(
                        new Naive(),
                        new BestOfN(CHAINS),
                        LocalSearch.epsGreedy().sized(schedule, CHAINS * schedule.evaluations())));
        return List.of(classes, prompts);
    }

    private DemoSheet.Run run(Pipeline pipeline, Half half, Aim aim, Method method) {
        String title = method.name() + ", " + aim.reward();
        try (Reward reward = RewardText.parse(aim.reward()).build(() -> pipeline);
                Reward heldOut = RewardText.parse(aim.heldOut()).build(() -> pipeline);
                ProgressDisplay display = ProgressDisplay.of(
                        title, show.quiet(), command.commandLine().getErr())) {
            SearchResult result = Search.builder(pipeline)
                    .method(method)
                    .reward(reward)
                    .heldOut(heldOut)
                    .seed(seed.seed())
                    .maxBatch(batches.maxBatch())
                    .decodeBatch(batches.decodeBatch())
                    .listener(display)
                    .build()
                    .run(ImageRequest.of(0, half.images(), half.asked()));
            return new DemoSheet.Run(aim.reward(), aim.heldOut(), method.name(), result);
        }
    }

    private Map<String, @Nullable Object> json(List<DemoSheet.Run> runs) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("seed", seed.setting());
        json.put("rounds", rounds.toString());
        json.put("versions", Versions.json());
        json.put("runs", runs.stream().map(DemoCommand::json).toList());
        return json;
    }

    private static Map<String, @Nullable Object> json(ImageResult image) {
        Map<String, @Nullable Object> json = Report.json(Finished.of(image));
        // They are on the sheet, and have no files of their own.
        json.remove("file");
        return json;
    }

    private static Map<String, @Nullable Object> json(DemoSheet.Run run) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reward", run.reward());
        json.put("heldOut", run.heldOut());
        json.put("method", run.method());
        json.put("meanReward", Numbers.orNull(run.mean(ImageResult::reward)));
        json.put("meanHeldOut", Numbers.orNull(run.meanHeldOut()));
        json.put("networkEvaluations", run.evaluations());
        json.put("seconds", Numbers.inSeconds(run.result().elapsed()));
        json.put("images", run.result().images().stream().map(DemoCommand::json).toList());
        return json;
    }

    private static String table(List<DemoSheet.Run> runs) {
        TextTable table =
                new TextTable("reward", "method", "mean reward", "held-out", "mean held-out", "NFE/image", "seconds");
        for (DemoSheet.Run run : runs) {
            table.row(
                    run.reward(),
                    run.method(),
                    Numbers.score(run.mean(ImageResult::reward)),
                    run.heldOut(),
                    Numbers.score(run.meanHeldOut()),
                    Numbers.count(run.evaluations()),
                    Numbers.seconds(run.result().elapsed()));
        }
        return table.toString();
    }
}
