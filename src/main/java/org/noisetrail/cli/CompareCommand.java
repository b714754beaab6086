package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.CellRunner;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.evaluation.Contender;
import org.noisetrail.evaluation.ContenderScreen;
import org.noisetrail.evaluation.Recording;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.report.Png;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "compare",
        modelTransformer = RegistryOptions.Adder.class,
        description = {
            "Sets methods beside each other: same images, same classes, same initial noise.",
            "Adds best-of-n at the network evaluations that each search costs, with --equal-seconds in the same seconds; not with --against.",
            "With --screen, each method that can be screened has a second row, screened."
        },
        footerHeading = "%nFiles:%n",
        footer = {
            "  Writes compare.json, compare.csv, compare.md, report.html and plots/ to --out.",
            "  Each finished search is kept in cells/: the same command goes on where it was interrupted."
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelOptions modelOptions;

    @Option(
            names = "--methods",
            paramLabel = "METHOD",
            split = ",",
            defaultValue = "naive,best-of-n,beam,mcts,zero-order,eps-greedy",
            description =
                    "What to compare, with commas between; each may have options of its own, as in "
                            + "eps-greedy:rounds=10:keep-pivot, and its screen, as in beam:screen=first:verify-loss=5%%. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private List<String> methods;

    @Mixin
    private MethodOptions methodOptions;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            split = ",",
            converter = RewardOptions.Converter.class,
            description = "What to search for, as for generate; several, with commas between, have a table each. "
                    + "Default: brightness, of a model of prompts clip")
    private List<RewardText> given = new ArrayList<>();

    @Option(
            names = "--held-out",
            paramLabel = "REWARD",
            split = ",",
            converter = RewardOptions.Converter.class,
            description = "A reward of the final images, never searched on; one for all, or one for each --reward.")
    private @Nullable List<RewardText> heldOuts;

    @Option(
            names = "--second-held-out",
            paramLabel = "REWARD",
            converter = RewardOptions.Converter.class,
            description = "Another reward of the final images, for all --reward: one alone may share what it misses.")
    private @Nullable RewardText secondHeldOut;

    @Mixin
    private ConditionOptions asked = new ConditionOptions(36);

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "3",
            description =
                    "How many times the images are drawn, with other noise: that of --seed, and of the numbers after"
                            + " it. Default: ${DEFAULT-VALUE}")
    private int seeds;

    @Mixin
    private SharedOptions.Seed seed;

    @Option(
            names = "--equal-nfe",
            paramLabel = "X",
            description = "Size each method (rounds, chains, beams, simulations) to cost about X network evaluations an"
                    + " image, and no more.")
    private @Nullable Long equal;

    @Option(
            names = "--equal-seconds",
            paramLabel = "S",
            description =
                    "Size each method for S seconds of all images of a seed, decoder and reward included, by this machine's profile.")
    private @Nullable Double equalSeconds;

    @Option(
            names = "--against",
            paramLabel = "METHOD",
            description =
                    "One of --methods, as it is written there: set all others beside it, in place of best-of-n at the cost"
                            + " of each, which is not drawn then.")
    private @Nullable String against;

    @Option(
            names = "--sweep",
            paramLabel = "nfe=X,X,...",
            converter = Converters.Sweep.Converter.class,
            description = "The same for several X, such as nfe=100,200,400.")
    private Converters.@Nullable Sweep sweep;

    @Mixin
    private SamplerOptions samplerOptions;

    @Mixin
    private ScreenOptions screen;

    @Option(
            names = "--shard",
            paramLabel = "K/N",
            converter = Shard.Converter.class,
            description =
                    "Make the K-th of N parts of the searches, such as 3/16, into a folder that all parts share; the"
                            + " same command without it then writes the page.")
    private @Nullable Shard shard;

    @Option(
            names = "--spark",
            description =
                    "Have the searches made by a Spark cluster that shares --out; needs the module noisetrail-spark"
                            + " (docs/cluster.md).")
    private boolean spark;

    @Option(names = "--cell", hidden = true, description = "Make one search, as a runner was given it.")
    private @Nullable String cell;

    @Option(
            names = "--cell-device",
            hidden = true,
            converter = DeviceName.One.class,
            description = "Where, in place of --device: a runner gives each task a card of its own.")
    private @Nullable DeviceName cellDevice;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "compare", description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Mixin
    private OfflineOptions offline;

    @Mixin
    private SharedOptions.Overwrite overwrite;

    @Mixin
    private SharedOptions.Show show;

    @Override
    public Integer call() {
        offline.check(methodOptions.given().keySet());
        List<Contender> contenders = contenders();
        if (equal != null && sweep != null) {
            throw usage("--equal-nfe is one budget and --sweep several: give one of them");
        }
        if (equalSeconds != null && (equal != null || sweep != null)) {
            throw usage("--equal-seconds and --equal-nfe or --sweep both size methods: give one of them");
        }
        if (offline.replays()) {
            if (given.size() > 1) {
                throw usage("--offline chooses by one --reward: " + given.size());
            }
            offline.replay(
                    contenders,
                    LongStream.of(budgets()).boxed().toList(),
                    given.isEmpty() ? null : given.get(0).toString(),
                    show.json());
            return ExitCode.OK;
        }
        if ((shard != null || spark) && equalSeconds != null) {
            throw usage("--equal-seconds sizes methods for this machine: with --shard and --spark give --equal-nfe");
        }
        if (shard != null && show.json()) {
            throw usage("--json prints tables, and --shard makes none: leave it out");
        }
        long[] seedList = seeds();
        asked.check();
        modelOptions.check();
        Path store = offline.store();
        // Now, before a search spends minutes.
        if (store == null) {
            OutputFolder.open(out);
        } else {
            overwrite.check("--store", store);
        }
        try (Interruption interruption = new Interruption(command.commandLine().getErr());
                CellRunner runner = runner();
                Pipeline pipeline = cellDevice == null ? modelOptions.load() : modelOptions.load(cellDevice.device())) {
            if (!Png.canShow(pipeline.decoder().image())) {
                throw usage("the model's images must have 1 or 3 channels to be shown: "
                        + pipeline.decoder().image());
            }
            Sampler sampler = samplerOptions.sampler(pipeline);
            List<RewardText> rewards = given.isEmpty() ? List.of(RewardText.usual(pipeline)) : given;
            List<ImageRequest> requests = asked.requests(pipeline);
            if (store != null) {
                return store(store, pipeline, sampler, rewards, requests, interruption);
            }
            Comparison.Builder builder = Comparison.builder(pipeline)
                    .images(requests)
                    .seeds(seedList)
                    .equalNfe(budgets())
                    .against(against)
                    .sampler(sampler)
                    .features(features(pipeline))
                    .maxBatch(modelOptions.maxBatch())
                    .decodeBatch(modelOptions.decodeBatch())
                    .folder(out)
                    .runner(runner)
                    .watcher(new Progress());
            contenders.forEach(builder::contender);
            if (equalSeconds != null) {
                builder.equalSeconds(
                        equalSeconds,
                        setup -> new ProfileFile(
                                        setup, null, command.commandLine().getErr())
                                .find(modelOptions.maxBatch(), modelOptions.decodeBatch()));
            }
            for (int i = 0; i < rewards.size(); i++) {
                builder.reward(rewards.get(i), heldOut(rewards, i), secondHeldOut);
            }
            Comparison comparison = builder.build();
            List<ComparisonTable> tables;
            try {
                if (cell != null || shard != null) {
                    part(comparison);
                    return ExitCode.OK;
                }
                tables = comparison.run();
            } catch (SearchCancelledException e) {
                interruption.settle();
                PrintWriter err = command.commandLine().getErr();
                err.println(
                        "noisetrail: interrupted; the same command goes on from what is in " + out.resolve("cells"));
                err.flush();
                return Failures.INTERRUPTED;
            }
            interruption.settle();
            RunSettings settings =
                    told(comparison.describe().model(modelOptions.name())).build();
            ComparisonFiles files = new ComparisonFiles(tables, settings.json());
            files.write(out);
            say(files);
        }
        return ExitCode.OK;
    }

    /** Draws trajectories and stores what rewards say of them. */
    private int store(
            Path file,
            Pipeline pipeline,
            Sampler sampler,
            List<RewardText> rewards,
            List<ImageRequest> requests,
            Interruption interruption) {
        if (rewards.size() > 1) {
            throw usage("--store takes one --reward, and any number of --held-out: " + rewards.size());
        }
        List<RewardText> texts = new ArrayList<>(rewards);
        texts.addAll(heldOuts == null ? List.of() : heldOuts);
        texts.addAll(secondHeldOut == null ? List.of() : List.of(secondHeldOut));
        Map<String, Reward> judges = new LinkedHashMap<>();
        try (ProgressDisplay display =
                ProgressDisplay.of("store", show.quiet(), command.commandLine().getErr())) {
            texts.forEach(text -> judges.computeIfAbsent(text.toString(), name -> text.build(() -> pipeline)));
            Search.Builder search = Search.builder(pipeline)
                    .sampler(sampler)
                    .reward(judges.values().iterator().next())
                    .maxBatch(modelOptions.maxBatch())
                    .decodeBatch(modelOptions.decodeBatch())
                    .listener(display);
            Recording recording = new Recording(
                    pipeline.denoiser(),
                    each -> search.seed(each).build(),
                    requests,
                    LongStream.of(seeds()).boxed().toList(),
                    offline.trajectories(),
                    judges);
            RunSettings.Builder settings = told(modelOptions
                            .settings("compare", pipeline)
                            .seeds(seeds())
                            .images(requests)
                            .sampler(sampler))
                    .option("seedCount", seeds)
                    .option("equalNfe", null)
                    .option("equalSeconds", null)
                    .option("sweepNfe", null)
                    .option("trajectories", offline.trajectories());
            judges.forEach(settings::reward);
            recording.run(settings.build().json()).write(file);
        } catch (SearchCancelledException e) {
            interruption.settle();
            PrintWriter err = command.commandLine().getErr();
            err.println("noisetrail: interrupted; nothing is stored");
            err.flush();
            return Failures.INTERRUPTED;
        } finally {
            Unfinished.closeAll(judges.values());
        }
        interruption.settle();
        PrintWriter print = command.commandLine().getOut();
        print.println("written to " + file);
        print.flush();
        return ExitCode.OK;
    }

    /** Makes some searches, and no page. */
    private void part(Comparison comparison) {
        if (cell != null) {
            comparison.make(cell);
            return;
        }
        Shard part = Objects.requireNonNull(shard);
        int searches = comparison.run(part.number() - 1, part.of());
        PrintWriter print = command.commandLine().getOut();
        print.printf(Locale.ROOT, "shard %s: %d searches are in %s%n", part, searches, out.resolve("cells"));
        print.flush();
    }

    /** Where searches are made, if not here; none for one of them. */
    private @Nullable CellRunner runner() {
        if (!spark || cell != null) {
            return null;
        }
        if (shard != null) {
            throw usage("--shard and --spark both say who makes which search: give one");
        }
        if (!out.isAbsolute()) {
            throw usage("with --spark --out must be absolute, as all machines name it: " + out);
        }
        CellRunner.Provider provider = ServiceLoader.load(CellRunner.Provider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.name().equals("spark"))
                .findFirst()
                .orElseThrow(
                        () -> usage("--spark needs the module noisetrail-spark on the class path (docs/cluster.md)"));
        modelOptions.setThreads();
        return provider.open(new CellRunner.Job(
                command.commandLine().getParseResult().originalArgs(),
                Torch.threads(),
                modelOptions.device(),
                modelOptions.isAuto()));
    }

    private final class Progress implements Comparison.Watcher {
        @Override
        public Comparison.Watch begin(int cell, int cells, String title) {
            String numbered = cell == 0 ? title : cell + "/" + cells + " " + title;
            return ProgressDisplay.of(
                    numbered, show.quiet(), command.commandLine().getErr());
        }
    }

    private List<String> texts() {
        return Contender.texts(offline.methods(methods));
    }

    private List<Contender> contenders() {
        List<String> texts = texts();
        methodOptions.checkUsed(texts.stream().map(Contender::word).toList());
        Map<String, String> shared = new LinkedHashMap<>(methodOptions.given());
        shared.putAll(screen.texts());
        List<Contender> contenders = new ArrayList<>();
        for (String method : texts) {
            Contender contender = Contender.parse(method, shared);
            add(contender, contenders);
            if (screen.screens()
                    && contender.screen() == null
                    && contender.method().screens()) {
                add(contender.screened(ContenderScreen.of(screen.texts())), contenders);
            }
        }
        if (contenders.stream().allMatch(contender -> contender.screen() == null) && screen.screening() != null) {
            throw usage("--screen: none of these methods can be screened: " + String.join(", ", texts));
        }
        List<String> labels = contenders.stream().map(Contender::label).toList();
        if (against != null && !labels.contains(against)) {
            throw usage("--against must be one of " + String.join(", ", labels) + ": " + against);
        }
        return contenders;
    }

    private void add(Contender contender, List<Contender> contenders) {
        if (contenders.stream().anyMatch(other -> other.label().equals(contender.label()))) {
            throw usage("--methods names " + contender.label() + " twice");
        }
        contenders.add(contender);
    }

    private @Nullable RewardText heldOut(List<RewardText> rewards, int i) {
        List<RewardText> others = heldOuts == null ? List.of() : heldOuts;
        if (others.size() > 1 && others.size() != rewards.size()) {
            throw usage(
                    "--held-out must be one, or one for each of the " + rewards.size() + " rewards: " + others.size());
        }
        return others.isEmpty() ? null : others.get(others.size() == 1 ? 0 : i);
    }

    private long[] budgets() {
        List<Long> budgets = equal != null ? List.of(equal) : sweep != null ? sweep.budgets() : List.of();
        return budgets.stream().mapToLong(Long::longValue).toArray();
    }

    private long[] seeds() {
        if (seeds < 1 || seeds > 1000) {
            throw usage("--seeds must be from 1 to 1000: " + seeds);
        }
        long first = seed.seed();
        return LongStream.range(0, seeds).map(i -> first + i).toArray();
    }

    /** Diversity is told by the model's classifier, where it has one. */
    private static @Nullable Classifier features(Pipeline pipeline) {
        return pipeline.hasClassifier("classifier.pt") ? pipeline.classifier("classifier.pt") : null;
    }

    private void say(ComparisonFiles files) {
        PrintWriter print = command.commandLine().getOut();
        print.print(show.json() ? Json.pretty(files.json()) : files.text() + "written to " + out + "\n");
        print.flush();
    }

    /** Adds what the command alone knows: methods and their options as they were given. */
    private RunSettings.Builder told(RunSettings.Builder settings) {
        Map<String, String> shared = screen.texts();
        return settings.option("methods", texts())
                .option("options", methodOptions.given())
                .options(shared.isEmpty() ? Map.of() : Map.of("screen", shared));
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
