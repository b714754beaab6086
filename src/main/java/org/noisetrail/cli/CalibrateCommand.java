package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.MachineProfile;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.TextTable;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.search.Calibration;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.RankAgreement;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.search.Search;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "calibrate",
        modelTransformer = RegistryOptions.Adder.class,
        description = {
            "Measures which steps are worth searching, and writes a file that --rounds and --score-at-first take.",
            "By a search it measures how much each step's candidates differ, and gives rounds to the steps "
                    + "where they are expected to gain most. Candidates of a step of two evaluations are judged after the first where their "
                    + "ranks then agree so well with those after both that the evaluations saved gain more. With --held-out, rounds go where "
                    + "the choice by --reward gains most in the held-out reward, and to no step where that was not told apart from nothing. "
                    + "Better with another --seed than the one that is searched with later. With --profile, measures instead what calls of the "
                    + "network, decoder and reward take on this machine, for generate --seconds."
        })
final class CalibrateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelOptions modelOptions;

    @Option(
            names = "--total-rounds",
            paramLabel = "N",
            split = ",",
            description = "Rounds to share out, over all steps. Several, with commas between, have a file each: "
                    + "rounds-N.json beside rounds.json's place.")
    private List<Integer> totals = new ArrayList<>();

    @Option(
            names = "--profile",
            description =
                    "Measure the machine: seconds of calls by their rows. Of the options, those of the model, the reward, the held-out "
                            + "reward and what is drawn count.")
    private boolean profile;

    @Option(
            names = "--method",
            order = -2,
            paramLabel = "METHOD",
            defaultValue = "eps-greedy",
            description = "zero-order or eps-greedy: the search that is measured. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String methodName;

    @Mixin
    private MethodOptions methodOptions;

    @Mixin
    private RewardOptions rewards;

    @Mixin
    private RewardOptions.HeldOut heldOut;

    @Mixin
    private ConditionOptions asked = new ConditionOptions(10);

    @Mixin
    private SharedOptions.Seed seed;

    @Mixin
    private SamplerOptions samplerOptions;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "Default: rounds.json; with --profile, a file of the user's cache, where generate looks for it")
    private @Nullable Path given;

    @Mixin
    private SharedOptions.Overwrite overwrite;

    @Mixin
    private SharedOptions.Show show;

    @Override
    public Integer call() {
        if (profile) {
            return measure();
        }
        if (totals.isEmpty()) {
            throw usage("Missing required option: '--total-rounds=N'");
        }
        Method method = methodOptions.make(methodName, null);
        if (!(method instanceof LocalSearch local) || local.candidates() < 2) {
            throw usage("calibrate needs --method zero-order or eps-greedy, and --candidates >= 2");
        }
        asked.check();
        modelOptions.check();
        totals.forEach(total -> overwrite.check("--out", file(total)));
        try (Pipeline pipeline = modelOptions.load();
                Reward searched = rewards.build(pipeline);
                Reward judged = heldOut.build(pipeline);
                ProgressDisplay display = ProgressDisplay.of(
                        "calibrate, " + rewards.reward(pipeline),
                        show.quiet(),
                        command.commandLine().getErr())) {
            Sampler sampler = samplerOptions.sampler(pipeline);
            for (int total : totals) {
                if (total < 0 || total > 0xFFFF * sampler.steps()) {
                    throw usage("--total-rounds must be from 0 to " + 0xFFFF * sampler.steps() + ": " + total);
                }
            }
            List<ImageRequest> requests = asked.requests(pipeline);
            Calibration calibration = Search.builder(pipeline)
                    .sampler(sampler)
                    .method(method)
                    .reward(searched)
                    .heldOut(judged)
                    .seed(seed.seed())
                    .maxBatch(modelOptions.maxBatch())
                    .decodeBatch(modelOptions.decodeBatch())
                    .listener(display)
                    .build()
                    .calibrate(requests);
            List<RoundSchedule> schedules =
                    totals.stream().map(calibration::schedule).toList();
            for (int i = 0; i < schedules.size(); i++) {
                schedules.get(i).write(file(totals.get(i)));
            }
            say(calibration, schedules, settings(pipeline, sampler, requests, searched, judged));
        }
        return ExitCode.OK;
    }

    private Path out() {
        return given == null ? Path.of("rounds.json") : given;
    }

    private int measure() {
        if (!totals.isEmpty()) {
            throw usage("--profile measures the machine and --total-rounds the steps: give one of them");
        }
        asked.check();
        modelOptions.check();
        if (given != null) {
            overwrite.check("--out", given);
        }
        try (Pipeline pipeline = modelOptions.load();
                Reward searched = rewards.build(pipeline);
                Reward judged = heldOut.build(pipeline)) {
            List<Condition> conditions = asked.requests(pipeline).stream()
                    .map(ImageRequest::condition)
                    .toList();
            Setup setup = Setup.of(pipeline, searched, conditions)
                    .withSampler(samplerOptions.sampler(pipeline))
                    .withHeldOut(judged);
            ProfileFile file =
                    new ProfileFile(setup, given, command.commandLine().getErr());
            MachineProfile measured = file.measure(modelOptions.maxBatch(), modelOptions.decodeBatch());
            PrintWriter print = command.commandLine().getOut();
            print.print(show.json() ? measured.toJson() : measured + "written to " + file.path() + "\n");
            print.flush();
        }
        return ExitCode.OK;
    }

    private Path file(int total) {
        Path out = out();
        if (totals.size() == 1) {
            return out;
        }
        Path name = out.getFileName();
        if (name == null) {
            throw usage("--out must be a file, but is a folder: " + out);
        }
        String words = name.toString();
        int dot = words.lastIndexOf('.');
        String numbered = dot <= 0 ? words + "-" + total : words.substring(0, dot) + "-" + total + words.substring(dot);
        return out.resolveSibling(numbered);
    }

    private void say(Calibration calibration, List<RoundSchedule> schedules, Map<String, @Nullable Object> settings) {
        PrintWriter print = command.commandLine().getOut();
        if (show.json()) {
            print.print(Json.pretty(json(calibration, schedules, settings)));
        } else {
            print.print(table(calibration, schedules));
            totals.forEach(total -> print.println("written to " + file(total)));
        }
        print.flush();
    }

    private String table(Calibration calibration, List<RoundSchedule> schedules) {
        boolean judged = heldOut.reward() != null;
        List<String> head =
                new ArrayList<>(List.of("step", "sigma", "deviation", "gain of a round", "agreement (rounds)"));
        if (judged) {
            head.add("held-out gain of a round");
        }
        totals.forEach(total -> head.add("rounds of " + total));
        TextTable table = new TextTable(head.toArray(String[]::new));
        for (int step = 0; step < calibration.levels().size(); step++) {
            Calibration.StepGain gain = calibration.steps().get(step);
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(step),
                    String.format(Locale.ROOT, "%.4g", calibration.levels().get(step)),
                    String.format(Locale.ROOT, "%.5f", gain.deviation()),
                    String.format(Locale.ROOT, "%.5f", gain.mean()),
                    words(gain.agreement())));
            if (judged) {
                row.add(held(gain.heldOut()));
            }
            for (RoundSchedule schedule : schedules) {
                int rounds = schedule.rounds().get(step);
                row.add(rounds + (rounds > 0 && schedule.first().get(step) ? " at first" : ""));
            }
            table.row(row.toArray(String[]::new));
        }
        return table.toString();
    }

    private static String words(RankAgreement agreement) {
        return agreement.rounds() == 0
                ? "-"
                : String.format(Locale.ROOT, "%.2f (%d)", agreement.correlation(), agreement.rounds());
    }

    private static String held(Calibration.@Nullable HeldOutGain gain) {
        return gain == null || Double.isNaN(gain.mean())
                ? "-"
                : String.format(Locale.ROOT, "%.5f +- %.5f", gain.mean(), gain.error());
    }

    private Map<String, @Nullable Object> settings(
            Pipeline pipeline, Sampler sampler, List<ImageRequest> requests, Reward searched, @Nullable Reward judged) {
        return modelOptions
                .settings("calibrate", pipeline)
                .seeds(seed.seed())
                .images(requests)
                .sampler(sampler)
                .reward(rewards.reward(pipeline).toString(), searched)
                .heldOut(String.valueOf(heldOut.reward()), judged)
                .options(methodOptions.settings(methodName, methodOptions.make(methodName, null)))
                .option("totalRounds", totals)
                .build()
                .json();
    }

    private Map<String, @Nullable Object> json(
            Calibration calibration, List<RoundSchedule> schedules, Map<String, @Nullable Object> settings) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>(settings);
        result.put(
                "deviation",
                calibration.steps().stream()
                        .map(Calibration.StepGain::deviation)
                        .toList());
        result.put(
                "gain",
                calibration.steps().stream().map(Calibration.StepGain::mean).toList());
        result.put(
                "agreement",
                calibration.steps().stream()
                        .map(step -> Numbers.orNull(step.agreement().correlation()))
                        .toList());
        result.put(
                "agreementRounds",
                calibration.steps().stream()
                        .map(step -> step.agreement().rounds())
                        .toList());
        if (heldOut.reward() != null) {
            result.put("heldOutGain", held(calibration, Calibration.HeldOutGain::mean));
            result.put("heldOutGainError", held(calibration, Calibration.HeldOutGain::error));
        }
        List<Map<String, Object>> files = new ArrayList<>();
        for (int i = 0; i < schedules.size(); i++) {
            files.add(Map.of(
                    "file",
                    file(totals.get(i)).toString(),
                    "rounds",
                    schedules.get(i).rounds(),
                    "scoreAtFirst",
                    schedules.get(i).first()));
        }
        result.put("schedules", files);
        return result;
    }

    private static List<@Nullable Double> held(
            Calibration calibration, ToDoubleFunction<Calibration.HeldOutGain> value) {
        List<@Nullable Double> values = new ArrayList<>();
        for (Calibration.StepGain step : calibration.steps()) {
            values.add(step.heldOut() == null ? null : Numbers.orNull(value.applyAsDouble(step.heldOut())));
        }
        return values;
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
