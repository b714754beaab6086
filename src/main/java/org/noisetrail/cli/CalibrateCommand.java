package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Model;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Calibration;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
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
        description = {
            "Measures, by a search, how much each step's candidates differ, and gives a number of rounds to the steps",
            "where they are expected to gain most. Writes a file that --rounds takes."
        })
final class CalibrateCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ModelOptions modelOptions;

    @Option(
            names = "--total-rounds",
            paramLabel = "N",
            split = ",",
            required = true,
            description = "Rounds to share out, over all steps. Several, with commas between, have a file each: "
                    + "rounds-N.json beside rounds.json's place.")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> totals;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ChosenMethod methodOptions;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            defaultValue = "brightness",
            converter = RewardSpec.Converter.class,
            description = "What to search for, as for generate. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private RewardSpec reward;

    @Option(names = "--images", paramLabel = "N", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            converter = Converters.Seed.class,
            description = "Better another than the one that is searched with later. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SamplerOptions samplerOptions;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "rounds.json",
            description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Option(names = "--json", description = "Print JSON instead of a table, and show no progress.")
    private boolean json;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private QuietOption quiet;

    @Override
    public Integer call() {
        Method method = methodOptions.method();
        if (!(method instanceof LocalSearch local) || local.candidates() < 2) {
            throw usage("calibrate needs --method zero-order or eps-greedy, and --candidates >= 2");
        }
        EdmSampler sampler = samplerOptions.sampler();
        for (int total : totals) {
            if (total < 0 || total > 0xFFFF * sampler.steps()) {
                throw usage("--total-rounds must be from 0 to " + 0xFFFF * sampler.steps() + ": " + total);
            }
        }
        ImageRequest.of(0, images);
        modelOptions.check();
        // A folder that cannot be written to is told now, not after minutes.
        Path parent = out.toAbsolutePath().getParent();
        if (parent != null) {
            OutputFolder.open(parent);
        }
        Calibration calibration;
        try (Model model = modelOptions.load();
                Reward searched = reward.build(() -> model);
                ProgressDisplay display = ProgressDisplay.of(
                        "calibrate, " + reward,
                        json || quiet.quiet(),
                        command.commandLine().getErr())) {
            int[] classes = IntStream.range(0, model.denoiser().classes()).toArray();
            calibration = Search.builder(model.denoiser())
                    .sampler(sampler)
                    .method(method)
                    .reward(searched)
                    .seed(seed)
                    .maxBatch(modelOptions.maxBatch())
                    .listener(display)
                    .build()
                    .calibrate(ImageRequest.of(0, images, classes));
        }
        List<RoundSchedule> schedules =
                totals.stream().map(calibration::schedule).toList();
        for (int i = 0; i < schedules.size(); i++) {
            schedules.get(i).write(file(totals.get(i)));
        }
        say(calibration, schedules);
        return ExitCode.OK;
    }

    private Path file(int total) {
        if (totals.size() == 1) {
            return out;
        }
        Path name = out.getFileName();
        if (name == null) {
            throw new NoisetrailException("--out must be a file: " + out);
        }
        String words = name.toString();
        int dot = words.lastIndexOf('.');
        String numbered = dot <= 0 ? words + "-" + total : words.substring(0, dot) + "-" + total + words.substring(dot);
        return out.resolveSibling(numbered);
    }

    private void say(Calibration calibration, List<RoundSchedule> schedules) {
        PrintWriter print = command.commandLine().getOut();
        if (json) {
            print.print(Json.pretty(json(calibration, schedules)));
        } else {
            print.print(table(calibration, schedules));
            totals.forEach(total -> print.println("written to " + file(total)));
        }
        print.flush();
    }

    private String table(Calibration calibration, List<RoundSchedule> schedules) {
        List<String> head = new ArrayList<>(List.of("step", "sigma", "deviation", "gain of a round"));
        totals.forEach(total -> head.add("rounds of " + total));
        TextTable table = new TextTable(head.toArray(String[]::new));
        for (int step = 0; step < calibration.sampler().steps(); step++) {
            Calibration.StepGain gain = calibration.steps().get(step);
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(step),
                    String.format(Locale.ROOT, "%.4g", calibration.sampler().sigma(step)),
                    String.format(Locale.ROOT, "%.5f", gain.deviation()),
                    String.format(Locale.ROOT, "%.5f", gain.mean())));
            for (RoundSchedule schedule : schedules) {
                row.add(Integer.toString(schedule.rounds().get(step)));
            }
            table.row(row.toArray(String[]::new));
        }
        return table.toString();
    }

    private Map<String, @Nullable Object> json(Calibration calibration, List<RoundSchedule> schedules) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("model", modelOptions.name());
        result.put("reward", reward.toString());
        result.put("images", images);
        result.put("seed", Numbers.unsigned(seed));
        result.putAll(methodOptions.settings(methodOptions.method()));
        result.put("sampler", SamplerOptions.settings(calibration.sampler()));
        result.put(
                "deviation",
                calibration.steps().stream()
                        .map(Calibration.StepGain::deviation)
                        .toList());
        result.put(
                "gain",
                calibration.steps().stream().map(Calibration.StepGain::mean).toList());
        List<Map<String, Object>> files = new ArrayList<>();
        for (int i = 0; i < schedules.size(); i++) {
            files.add(Map.of(
                    "file",
                    file(totals.get(i)).toString(),
                    "rounds",
                    schedules.get(i).rounds()));
        }
        result.put("schedules", files);
        return result;
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
