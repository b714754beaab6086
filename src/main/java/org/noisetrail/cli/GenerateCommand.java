package org.noisetrail.cli;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Model;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.search.Trail;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "generate",
        description = "Draws images, searching for noise that a reward likes.",
        footerHeading = "%nRewards:%n",
        footer = {
            "  brightness                     mean luminance, 0 to 1",
            "  compressibility[:max-bytes=N]  1 - JPEG bytes / N; N is 3000, above 64x64 pixels 150000",
            "  class                          probability of the image's class under the model's classifier.pt",
            "  heldout (or class:heldout)     the same under its heldout.pt",
            "  jpeg-bytes                     the JPEG's size itself",
            "  0.7*class+0.3*brightness       a weighted sum; also class-0.5*brightness",
            "",
            "Writes images/NNN.png, grid.png, trail.json and result.json to --out, and final.safetensors if asked to."
        })
final class GenerateCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ModelOptions modelOptions;

    @Option(
            names = "--classes",
            paramLabel = "LIST",
            converter = IntRanges.Converter.class,
            description = "Classes, taken in turn: numbers and ranges such as 0,3,5-7. Default: all of the model's")
    private @Nullable IntRanges classes;

    @Option(names = "--images", paramLabel = "N", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--first-image",
            paramLabel = "I",
            defaultValue = "0",
            description = "The first image's number: with the seed it names the noise. Default: ${DEFAULT-VALUE}")
    private long firstImage;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            converter = Converters.Seed.class,
            description = "64 unsigned bits in decimal. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ChosenMethod methodOptions;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            defaultValue = "brightness",
            converter = RewardSpec.Converter.class,
            description = "What to search for; see below. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private RewardSpec reward;

    @Option(
            names = "--held-out",
            paramLabel = "REWARD",
            converter = RewardSpec.Converter.class,
            description = "A reward of the final images, never searched on.")
    private @Nullable RewardSpec heldOut;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SamplerOptions samplerOptions;

    @Option(
            names = "--budget",
            paramLabel = "NFE",
            description = "The most network evaluations an image may cost; at least a plain trajectory's.")
    private @Nullable Long budget;

    @Option(
            names = "--target-reward",
            paramLabel = "X",
            description = "Search an image's step no further once it has reached this reward.")
    private @Nullable Double targetReward;

    @Option(
            names = "--time-limit",
            paramLabel = "TIME",
            converter = Converters.TimeLimit.class,
            description = "Start no round after this time (90, 90s, 1.5m, 2h), and finish plainly.")
    private @Nullable Duration timeLimit;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private DrawingJob.Options output;

    @Override
    public Integer call() {
        Method method = methodOptions.method();
        EdmSampler sampler = samplerOptions.sampler();
        if (targetReward != null && targetReward.isNaN()) {
            throw usage("--target-reward must be a number: " + targetReward);
        }
        ImageRequest.of(firstImage, images);
        modelOptions.check();
        try (Model model = modelOptions.load()) {
            Denoiser denoiser = model.denoiser();
            check(denoiser);
            int[] wanted =
                    classes == null ? IntStream.range(0, denoiser.classes()).toArray() : classes.values();
            try (Reward searched = reward.build(() -> model);
                    Reward judged = heldOut == null ? null : heldOut.build(() -> model)) {
                Search.Builder search = search(denoiser, sampler, method, searched, judged);
                List<ImageRequest> requests = ImageRequest.of(firstImage, images, wanted);
                DrawingJob.Plan plan = new DrawingJob.Plan(
                        method.name(),
                        requests,
                        settings(denoiser, sampler, method, wanted),
                        trail(denoiser, sampler, method),
                        count -> Grid.columns(count, wanted.length));
                return new DrawingJob(output, command.commandLine())
                        .run(plan, listener -> search.listener(listener).build().run(requests));
            }
        }
    }

    private void check(Denoiser denoiser) {
        if (!Png.canShow(denoiser.shape())) {
            throw usage("the model's images must have 1 or 3 channels to be written as PNG: " + denoiser.shape());
        }
        if (denoiser.classes() == 0 && classes != null) {
            throw usage("--classes cannot be given: the model knows no classes");
        }
        if (denoiser.classes() == 0 && (reward.needsModel() || heldOut != null && heldOut.needsModel())) {
            throw usage(
                    "the reward " + RewardSpec.Kind.CLASS.word + " cannot be asked for: the model knows no classes");
        }
        if (classes != null) {
            for (int label : classes.values()) {
                if (label >= denoiser.classes()) {
                    throw usage("--classes must be from 0 to " + (denoiser.classes() - 1) + ": " + label);
                }
            }
        }
    }

    private Search.Builder search(
            Denoiser denoiser, EdmSampler sampler, Method method, Reward searched, @Nullable Reward judged) {
        Search.Builder search = Search.builder(denoiser)
                .sampler(sampler)
                .method(method)
                .reward(searched)
                .heldOut(judged)
                .seed(seed)
                .maxBatch(modelOptions.maxBatch());
        if (budget != null) {
            search.budget(budget);
        }
        if (targetReward != null) {
            search.targetReward(targetReward);
        }
        if (timeLimit != null) {
            search.timeLimit(timeLimit);
        }
        return search;
    }

    private Map<String, @Nullable Object> settings(Denoiser denoiser, EdmSampler sampler, Method method, int[] wanted) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("command", "generate");
        settings.put("model", modelOptions.name());
        settings.put("denoiser", denoiser.id());
        settings.put("device", denoiser.device().toString());
        settings.put("seed", Numbers.unsigned(seed));
        settings.put("images", images);
        settings.put("firstImage", firstImage);
        settings.put("classes", wanted);
        settings.putAll(methodOptions.settings(method));
        settings.put("reward", reward.toString());
        settings.put("heldOut", heldOut == null ? null : heldOut.toString());
        settings.put("sampler", SamplerOptions.settings(sampler));
        settings.put("maxBatch", modelOptions.maxBatch());
        settings.put("budget", budget);
        settings.put("targetReward", targetReward == null ? null : Numbers.orNull(targetReward));
        settings.put("timeLimitSeconds", timeLimit == null ? null : timeLimit.toNanos() / 1e9);
        return settings;
    }

    private Trail trail(Denoiser denoiser, EdmSampler sampler, Method method) {
        double lambda = method instanceof LocalSearch local ? local.lambda() : 0;
        boolean project = method instanceof LocalSearch local && local.project();
        return new Trail(denoiser.id(), sampler, seed, lambda, project, List.of());
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
