package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.model.Model;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        description = {
            "Draws ten images, one a class, plainly and by eps-greedy search, for two rewards.",
            "Writes demo.png and result.json to --out, and prints a table."
        })
final class DemoCommand implements Callable<Integer> {
    /** So many that a demo ends in under four minutes on two cores. */
    static final String DEFAULT_ROUNDS = "10";

    /** A reward with another that says what the search for it did to the image. */
    private record Aim(String reward, String heldOut) {}

    private static final List<Aim> AIMS = List.of(new Aim("brightness", "class"), new Aim("class", "heldout"));

    /** One search of the demo. */
    record Run(String reward, String heldOut, String method, SearchResult result) {
        double mean(ToDoubleFunction<ImageResult> value) {
            return result.images().stream().mapToDouble(value).average().orElse(Double.NaN);
        }

        double meanHeldOut() {
            return mean(image -> image.heldOut().orElse(Double.NaN));
        }

        long evaluations() {
            return Math.round(mean(image -> image.costs().networkEvaluations()));
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ModelOptions modelOptions;

    @Option(names = "--images", paramLabel = "N", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--rounds",
            paramLabel = "K",
            defaultValue = DEFAULT_ROUNDS,
            converter = RoundsSpec.Converter.class,
            description = "Rounds a step, as for generate. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private RoundsSpec rounds;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            converter = Converters.Seed.class,
            description = "64 unsigned bits in decimal. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "demo", description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Option(names = "--json", description = "Print result.json instead of a table, and show no progress.")
    private boolean json;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private QuietOption quiet;

    @Override
    public Integer call() {
        ImageRequest.of(0, images);
        Method search = LocalSearch.builder().rounds(rounds.rounds()).build();
        modelOptions.check();
        OutputFolder folder = OutputFolder.open(out);
        try (Model model = modelOptions.load()) {
            List<Run> runs = new ArrayList<>();
            for (Aim aim : AIMS) {
                for (Method method : List.of(new Naive(), search)) {
                    runs.add(run(model, aim, method));
                }
            }
            Map<String, @Nullable Object> result = json(runs);
            AtomicFiles.write(folder.file("demo.png"), DemoSheet.png(runs, model.classNames()));
            AtomicFiles.write(folder.file("result.json"), Json.pretty(result).getBytes(StandardCharsets.UTF_8));
            PrintWriter print = command.commandLine().getOut();
            if (json) {
                print.print(Json.pretty(result));
            } else {
                print.print(table(runs));
                print.println("written to " + folder.path().resolve("demo.png"));
            }
        }
        return ExitCode.OK;
    }

    private Run run(Model model, Aim aim, Method method) {
        int[] classes = IntStream.range(0, model.denoiser().classes()).toArray();
        String title = method.name() + ", " + aim.reward();
        try (Reward reward = RewardSpec.parse(aim.reward()).build(() -> model);
                Reward heldOut = RewardSpec.parse(aim.heldOut()).build(() -> model);
                ProgressDisplay display = ProgressDisplay.of(
                        title, json || quiet.quiet(), command.commandLine().getErr())) {
            SearchResult result = Search.builder(model.denoiser())
                    .method(method)
                    .reward(reward)
                    .heldOut(heldOut)
                    .seed(seed)
                    .maxBatch(modelOptions.maxBatch())
                    .listener(display)
                    .build()
                    .run(ImageRequest.of(0, images, classes));
            return new Run(aim.reward(), aim.heldOut(), method.name(), result);
        }
    }

    private Map<String, @Nullable Object> json(List<Run> runs) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("model", modelOptions.name());
        json.put("seed", Numbers.unsigned(seed));
        json.put("rounds", rounds.text());
        json.put("versions", Versions.json());
        json.put("runs", runs.stream().map(DemoCommand::json).toList());
        return json;
    }

    private static Map<String, @Nullable Object> json(Run run) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reward", run.reward());
        json.put("heldOut", run.heldOut());
        json.put("method", run.method());
        json.put("meanReward", Numbers.orNull(run.mean(ImageResult::reward)));
        json.put("meanHeldOut", Numbers.orNull(run.meanHeldOut()));
        json.put("networkEvaluations", run.evaluations());
        json.put("seconds", run.result().elapsed().toNanos() / 1e9);
        json.put("images", run.result().images().stream().map(Report::json).toList());
        return json;
    }

    private static String table(List<Run> runs) {
        TextTable table =
                new TextTable("reward", "method", "mean reward", "held-out", "mean held-out", "NFE/image", "seconds");
        for (Run run : runs) {
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
