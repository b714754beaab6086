package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Json;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.report.Certificate;
import org.noisetrail.report.Verdict;
import org.noisetrail.report.Verification;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.search.Trail;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

    @Mixin
    private SharedOptions.Json json;

    @Override
    public Integer call() {
        if (levels < 0 || levels > 255) {
            throw usage("--levels must be from 0 to 255: " + levels);
        }
        if (!(error >= 0)) {
            throw usage("--reward-error must be >= 0: " + error);
        }
        modelOptions.check();
        Verification.Options options = new Verification.Options(
                reward, heldOut, levels, error, modelOptions.maxBatch(), modelOptions.decodeBatch());
        List<Path> pictures = new ArrayList<>();
        Map<Path, Certificate> certificates = new LinkedHashMap<>();
        Map<Path, Verdict> verdicts = new HashMap<>();
        files.forEach(file -> pictures.addAll(read(file, certificates, verdicts)));
        // Each way in which their models were asked is a model to load.
        Map<List<Object>, List<Certificate>> models = new LinkedHashMap<>();
        for (Certificate picture : certificates.values()) {
            Trail trail = picture.trail();
            models.computeIfAbsent(List.of(modelOptions.name(trail), trail.settings()), key -> new ArrayList<>())
                    .add(picture);
        }
        try (Interruption interruption = new Interruption()) {
            for (List<Certificate> some : models.values()) {
                verdicts(some, options).forEach(verdict -> verdicts.put(verdict.file(), verdict));
            }
            interruption.settle();
        } catch (SearchCancelledException e) {
            return Failures.INTERRUPTED;
        }
        return say(pictures.stream().map(verdicts::get).toList());
    }

    /**
     * Reads a picture, or a folder's. What cannot be read has its verdict at once: the others are to have theirs.
     *
     * @return what there is a verdict to be said of
     */
    private static List<Path> read(Path file, Map<Path, Certificate> certificates, Map<Path, Verdict> verdicts) {
        List<Path> pictures;
        try {
            pictures = Certificate.pictures(file);
        } catch (IllegalArgumentException | NoisetrailException e) {
            verdicts.put(file, Verdict.no(file, words(e)));
            return List.of(file);
        }
        for (Path picture : pictures) {
            try {
                certificates.put(picture, Certificate.read(picture));
            } catch (IllegalArgumentException | NoisetrailException e) {
                verdicts.put(picture, Verdict.no(picture, words(e)));
            }
        }
        return pictures;
    }

    /** Of pictures whose models were asked alike. */
    private List<Verdict> verdicts(List<Certificate> pictures, Verification.Options options) {
        Trail trail = pictures.get(0).trail();
        PipelineOptions asked;
        try {
            asked = modelOptions.pipelineOptions(trail);
        } catch (IllegalArgumentException | NoisetrailException e) {
            return no(pictures, words(e));
        }
        Pipeline loaded;
        try {
            loaded = modelOptions.load(modelOptions.name(trail), asked);
        } catch (IllegalArgumentException e) {
            return no(pictures, "another model: " + words(e));
        } catch (NoisetrailException e) {
            return no(pictures, words(e));
        }
        try (Pipeline pipeline = loaded) {
            return new Verification(pipeline, options).of(pictures);
        }
    }

    private static List<Verdict> no(List<Certificate> pictures, String difference) {
        return pictures.stream()
                .map(picture -> Verdict.no(picture.file(), difference))
                .toList();
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    private static String words(RuntimeException e) {
        return Failures.line(Failures.describe(e));
    }

    private int say(List<Verdict> verdicts) {
        boolean holds = verdicts.stream().allMatch(Verdict::holds);
        PrintWriter print = command.commandLine().getOut();
        if (json.given()) {
            print.print(Json.pretty(Map.of(
                    "holds",
                    holds,
                    "pictures",
                    verdicts.stream().map(Verdict::json).toList())));
        } else {
            // What a picture says of itself comes back in it.
            verdicts.forEach(verdict -> print.println(Failures.line(verdict.text())));
        }
        print.flush();
        return holds ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
