package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Json;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Certificate;
import org.noisetrail.report.Verdict;
import org.noisetrail.report.Verification;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.SearchCancelledException;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        description = {
            "Draws pictures again from the trails that they carry, one plain trajectory each, and says whether pixels and",
            "rewards are the claimed ones: exit code 0 if all are, 1 if not, with what differs."
        })
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Parameters(
            paramLabel = "PICTURE",
            arity = "1..*",
            description = "Images that `generate` has written, or folders that it has written to.")
    @SuppressWarnings("NullAway.Init")
    private List<Path> files;

    @Mixin
    private ModelOptions modelOptions;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            converter = RewardOptions.Converter.class,
            description = "What was searched for, where the trail does not say it, or it is made of files of its own "
                    + "(clip:FOLDER, torchscript:FILE): a picture's own words open none.")
    private @Nullable RewardText reward;

    @Option(
            names = "--held-out",
            paramLabel = "REWARD",
            converter = RewardOptions.Converter.class,
            description = "The held-out reward, likewise.")
    private @Nullable RewardText heldOut;

    @Option(
            names = "--levels",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "By how many of 255 levels pixels may differ: another processor's or card's may round otherwise. "
                            + "Default: ${DEFAULT-VALUE}")
    private int levels;

    @Option(
            names = "--reward-error",
            paramLabel = "X",
            defaultValue = "1e-6",
            description = "By how much rewards may differ, relative to the claimed one where that is above 1. "
                    + "Default: ${DEFAULT-VALUE}")
    private double error;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        modelOptions.check();
        Verification.Options options = new Verification.Options(
                reward, heldOut, levels, error, modelOptions.maxBatch(), modelOptions.decodeBatch());
        List<Certificate> pictures = new ArrayList<>();
        files.forEach(file -> pictures.addAll(Certificate.of(file)));
        // Each way in which their models were asked is a model to load.
        Map<List<Object>, List<Certificate>> models = new LinkedHashMap<>();
        for (Certificate picture : pictures) {
            models.computeIfAbsent(List.of(model(picture), picture.trail().settings()), key -> new ArrayList<>())
                    .add(picture);
        }
        Map<Path, Verdict> verdicts = new LinkedHashMap<>();
        try (Interruption interruption = new Interruption()) {
            for (List<Certificate> some : models.values()) {
                verdicts(some, options).forEach(verdict -> verdicts.put(verdict.file(), verdict));
            }
            interruption.settle();
        } catch (SearchCancelledException e) {
            return Failures.INTERRUPTED;
        }
        return say(
                pictures.stream().map(picture -> verdicts.get(picture.file())).toList());
    }

    /** Of pictures whose models were asked alike. */
    private List<Verdict> verdicts(List<Certificate> pictures, Verification.Options options) {
        Certificate first = pictures.get(0);
        Pipeline loaded;
        try {
            loaded = modelOptions.load(
                    model(first),
                    modelOptions.pipelineOptions().with(first.trail().settings()));
        } catch (IllegalArgumentException e) {
            String other = "another model: " + e.getMessage();
            return pictures.stream()
                    .map(picture -> new Verdict(picture.file(), null, null, null, List.of(other)))
                    .toList();
        }
        try (Pipeline pipeline = loaded) {
            return new Verification(pipeline, options).of(pictures);
        }
    }

    /** The one that was named; else the embedded one that draws what the picture was asked to be. */
    private String model(Certificate picture) {
        boolean prompt = picture.trail().images().get(0).request().condition() instanceof Condition.Prompt;
        return modelOptions.named() || !prompt ? modelOptions.name() : "fashion-scenes";
    }

    private int say(List<Verdict> verdicts) {
        boolean holds = verdicts.stream().allMatch(Verdict::holds);
        PrintWriter print = command.commandLine().getOut();
        if (json) {
            print.print(Json.pretty(Map.of(
                    "holds",
                    holds,
                    "pictures",
                    verdicts.stream().map(Verdict::json).toList())));
        } else {
            verdicts.forEach(verdict -> print.println(verdict.text()));
        }
        print.flush();
        return holds ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
