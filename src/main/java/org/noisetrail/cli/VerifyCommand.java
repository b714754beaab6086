package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Json;
import org.noisetrail.model.ImageShape;
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
            "Draws pictures again from the trails that they carry, and says whether pixels and rewards are the claimed ones.",
            "One plain trajectory each. Exit code 0 if all are, 1 if not, with what differs."
        })
final class VerifyCommand implements Callable<Integer> {
    /** A side's length in the model's own: a stranger's trail may ask for more than memory holds, or hours. */
    private static final int LARGEST = 2;

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
        PrintWriter err = command.commandLine().getErr();
        try (Interruption interruption = new Interruption(err)) {
            Verdicts verdicts = new Verdicts();
            try {
                files.forEach(file -> list(file, verdicts));
                verify(verdicts, options);
            } catch (SearchCancelledException e) {
                interruption.settle();
                verdicts.sayRest();
                err.printf(
                        Locale.ROOT,
                        "noisetrail: interrupted; %d of %d pictures have a verdict%n",
                        verdicts.known.size(),
                        new HashSet<>(verdicts.pictures).size());
                err.flush();
                return Failures.INTERRUPTED;
            }
            interruption.settle();
            return verdicts.end();
        }
    }

    /** What is found of each picture, said in their order as soon as may be. The pictures themselves are not kept. */
    private final class Verdicts {
        /** One may be named twice. */
        final List<Path> pictures = new ArrayList<>();

        final Map<Path, Verdict> known = new HashMap<>();
        private int said;

        /** @throws SearchCancelledException if the thread is interrupted: it may be why the verdict is a no */
        void add(Verdict verdict) {
            SearchCancelledException.check();
            known.put(verdict.file(), verdict);
            for (; said < pictures.size(); said++) {
                Verdict next = known.get(pictures.get(said));
                if (next == null) {
                    return;
                }
                say(next);
            }
        }

        private void say(Verdict verdict) {
            if (!json.given()) {
                PrintWriter print = command.commandLine().getOut();
                // What a picture says of itself comes back in it.
                print.println(Failures.line(verdict.text()));
                print.flush();
            }
        }

        /** Those that wait for one before them, which will have none. */
        void sayRest() {
            pictures.subList(said, pictures.size()).stream()
                    .map(known::get)
                    .filter(Objects::nonNull)
                    .forEach(this::say);
        }

        int end() {
            List<Verdict> all = pictures.stream().map(known::get).toList();
            boolean holds = all.stream().allMatch(Verdict::holds);
            if (json.given()) {
                PrintWriter print = command.commandLine().getOut();
                print.print(Json.pretty(Map.of(
                        "holds",
                        holds,
                        "pictures",
                        all.stream().map(Verdict::json).toList())));
                print.flush();
            }
            return holds ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    /** A picture, or a folder's. */
    private static void list(Path file, Verdicts verdicts) {
        try {
            verdicts.pictures.addAll(Certificate.pictures(file));
        } catch (IllegalArgumentException | NoisetrailException e) {
            verdicts.pictures.add(file);
            verdicts.add(Verdict.no(file, words(e)));
        }
    }

    /** What cannot be read has its verdict at once: the others are to have theirs. */
    private static <T> Optional<T> read(Path picture, Function<Path, T> reader, Verdicts verdicts) {
        try {
            return Optional.of(reader.apply(picture));
        } catch (IllegalArgumentException | NoisetrailException e) {
            verdicts.add(Verdict.no(picture, words(e)));
            return Optional.empty();
        }
    }

    private void verify(Verdicts verdicts, Verification.Options options) {
        // Each way in which their models were asked is a model to load.
        Map<List<Object>, Asked> models = new LinkedHashMap<>();
        for (Path picture : new LinkedHashSet<>(verdicts.pictures)) {
            if (!verdicts.known.containsKey(picture)) {
                read(picture, Certificate::trail, verdicts)
                        .ifPresent(trail -> models.computeIfAbsent(
                                        List.of(modelOptions.name(trail), trail.settings()),
                                        key -> new Asked(trail, new ArrayList<>()))
                                .pictures()
                                .add(picture));
            }
        }
        models.values().forEach(asked -> verify(asked, verdicts, options));
    }

    /** Pictures whose models were asked alike, as one's trail says. */
    private record Asked(Trail trail, List<Path> pictures) {}

    private void verify(Asked asked, Verdicts verdicts, Verification.Options options) {
        Trail trail = asked.trail();
        PipelineOptions how;
        try {
            how = modelOptions.pipelineOptions(trail);
        } catch (IllegalArgumentException | NoisetrailException e) {
            no(asked, words(e), verdicts);
            return;
        }
        Pipeline loaded;
        try {
            String large = large(trail, how);
            if (large != null) {
                no(asked, large, verdicts);
                return;
            }
            loaded = modelOptions.load(modelOptions.name(trail), how);
        } catch (IllegalArgumentException e) {
            no(asked, "another model: " + words(e), verdicts);
            return;
        } catch (NoisetrailException e) {
            no(asked, words(e), verdicts);
            return;
        }
        try (Pipeline pipeline = loaded) {
            Verification verification = new Verification(pipeline, options);
            // No more than are drawn together: there may be more pictures than a heap holds, and hours until the last.
            int together = modelOptions.maxBatch();
            for (int from = 0; from < asked.pictures().size(); from += together) {
                List<Certificate> some =
                        asked
                                .pictures()
                                .subList(
                                        from,
                                        Math.min(
                                                from + together,
                                                asked.pictures().size()))
                                .stream()
                                .flatMap(picture -> certificate(picture, verification, verdicts).stream())
                                .toList();
                verification.of(some).forEach(verdicts::add);
            }
        }
    }

    /** Why a stranger's picture is not drawn again for its size; null where it is. */
    private @Nullable String large(Trail trail, PipelineOptions how) {
        if (how.height() == 0 && how.width() == 0 || modelOptions.sized()) {
            return null;
        }
        ImageShape own;
        try (Pipeline usual = modelOptions.load(modelOptions.name(trail), how.withOwnSize())) {
            own = usual.decoder().image();
        }
        return how.height() <= LARGEST * own.height() && how.width() <= LARGEST * own.width()
                ? null
                : "its trail asks for more than " + LARGEST + " times the model's own " + own.height() + "x"
                        + own.width() + " pixels a side: --height and --width say that it may";
    }

    /** What has to be drawn: the others have their verdicts. */
    private static Optional<Certificate> certificate(Path picture, Verification verification, Verdicts verdicts) {
        Optional<Optional<Verdict>> read = read(picture, verification::refused, verdicts);
        if (read.isEmpty()) {
            return Optional.empty();
        }
        Optional<Verdict> refused = read.get();
        refused.ifPresent(verdicts::add);
        return refused.isPresent() ? Optional.empty() : read(picture, Certificate::read, verdicts);
    }

    private static void no(Asked asked, String difference, Verdicts verdicts) {
        asked.pictures().forEach(picture -> verdicts.add(Verdict.no(picture, difference)));
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }

    private static String words(RuntimeException e) {
        return Failures.line(Failures.describe(e));
    }
}
