package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.model.Model;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.torch.Torch;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "profile",
        description = {
            "Says where the time of a search goes, for each network evaluation: forward, noise, update, decode, score, select, host.",
            "Writes profile.json and plots/profile.png and .svg to --out."
        })
final class ProfileCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ModelOptions modelOptions;

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

    @Option(names = "--images", paramLabel = "N", defaultValue = "4", description = "Default: ${DEFAULT-VALUE}")
    private int images;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Recorded runs, after one that warms up. Default: ${DEFAULT-VALUE}")
    private int runs;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private SamplerOptions samplerOptions;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "profile", description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Option(names = "--json", description = "Print profile.json instead of a table.")
    private boolean json;

    @Override
    public Integer call() {
        Method method = methodOptions.method();
        EdmSampler sampler = samplerOptions.sampler();
        if (runs < 1 || runs > 1000) {
            throw new ParameterException(command.commandLine(), "--runs must be from 1 to 1000: " + runs);
        }
        ImageRequest.of(0, images);
        modelOptions.check();
        OutputFolder folder = OutputFolder.open(out);
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        CostProfile profile;
        try (Model model = modelOptions.load();
                Reward searched = reward.build(() -> model)) {
            int[] classes = IntStream.range(0, model.denoiser().classes()).toArray();
            List<ImageRequest> requests = ImageRequest.of(0, images, classes);
            Search search = Search.builder(model.denoiser())
                    .sampler(sampler)
                    .method(method)
                    .reward(searched)
                    .maxBatch(modelOptions.maxBatch())
                    .build();
            profile = CostProfile.of(runs, () -> search.run(requests));
            result.put("model", modelOptions.name());
            result.put("denoiser", model.denoiser().id());
            result.put("device", model.denoiser().device().toString());
        }
        result.put("threads", Torch.threads());
        result.put("images", images);
        result.put("maxBatch", modelOptions.maxBatch());
        result.putAll(methodOptions.settings(method));
        result.put("reward", reward.toString());
        result.put("sampler", SamplerOptions.settings(sampler));
        result.put("versions", Versions.json());
        result.putAll(profile.json());
        profile.plot(method.name() + ", " + reward + ", " + images + " images").write(folder);
        AtomicFiles.write(folder.file("profile.json"), Json.pretty(result).getBytes(StandardCharsets.UTF_8));
        PrintWriter print = command.commandLine().getOut();
        print.print(json ? Json.pretty(result) : profile.text() + "written to " + folder.path() + "\n");
        print.flush();
        return ExitCode.OK;
    }
}
