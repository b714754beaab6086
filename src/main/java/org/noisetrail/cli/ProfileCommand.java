package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.CostProfile;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.CostReport;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "profile",
        modelTransformer = RegistryOptions.Adder.class,
        description = {
            "Says where the time of a search goes, for each network evaluation: forward, noise, update, decode, score, select, host.",
            "Writes profile.json and plots/profile.png and .svg to --out."
        })
final class ProfileCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelOptions modelOptions;

    @Mixin
    private MethodOptions.Chosen methodOptions;

    @Mixin
    private RewardOptions rewards;

    @Mixin
    private RewardOptions.HeldOut heldOut;

    @Mixin
    private ConditionOptions asked = new ConditionOptions(4);

    @Mixin
    private SharedOptions.Seed seed;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Recorded runs, after one that warms up. Default: ${DEFAULT-VALUE}")
    private int runs;

    @Mixin
    private SamplerOptions samplerOptions;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "profile", description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Mixin
    private SharedOptions.Show show;

    @Override
    public Integer call() {
        methodOptions.check();
        if (runs < 1 || runs > 1000) {
            throw new ParameterException(command.commandLine(), "--runs must be from 1 to 1000: " + runs);
        }
        asked.check();
        modelOptions.check();
        OutputFolder folder = OutputFolder.open(out);
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        CostProfile profile;
        String title;
        try (Pipeline pipeline = modelOptions.load();
                Reward searched = rewards.build(pipeline);
                Reward judged = heldOut.build(pipeline);
                ProgressDisplay display = ProgressDisplay.of(
                        "profile, " + rewards.reward(pipeline),
                        show.quiet(),
                        command.commandLine().getErr())) {
            Method method = methodOptions.method(pipeline);
            Sampler sampler = samplerOptions.sampler(pipeline);
            List<ImageRequest> requests = asked.requests(pipeline);
            Search search = Search.builder(pipeline)
                    .sampler(sampler)
                    .method(method)
                    .reward(searched)
                    .heldOut(judged)
                    .seed(seed.seed())
                    .listener(display)
                    .maxBatch(modelOptions.maxBatch())
                    .decodeBatch(modelOptions.decodeBatch())
                    .build();
            profile = CostProfile.of(runs, () -> search.run(requests));
            result.putAll(modelOptions
                    .settings("profile", pipeline)
                    .seeds(seed.seed())
                    .images(requests)
                    .sampler(sampler)
                    .reward(rewards.reward(pipeline).toString(), searched)
                    .heldOut(String.valueOf(heldOut.reward()), judged)
                    .options(methodOptions.settings(method))
                    .build()
                    .json());
            title = method.name() + ", " + rewards.reward(pipeline) + ", " + requests.size() + " images";
        }
        result.put("versions", Versions.json());
        result.putAll(CostReport.json(profile));
        folder.remove("profile.json");
        CostReport.plot(profile, title).write(out);
        AtomicFiles.write(folder.file("profile.json"), Json.pretty(result).getBytes(StandardCharsets.UTF_8));
        PrintWriter print = command.commandLine().getOut();
        print.print(
                show.json() ? Json.pretty(result) : CostReport.text(profile) + "written to " + folder.path() + "\n");
        print.flush();
        return ExitCode.OK;
    }
}
