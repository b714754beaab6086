package org.noisetrail.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.RunFiles;
import org.noisetrail.report.TrailFiles;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Trail;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "replay",
        description = {
            "Draws the images of a trail again, without a search.",
            "The trail names the noise: one plain trajectory's network evaluations an image."
        })
final class ReplayCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Parameters(paramLabel = "TRAIL", description = "A trail.json, or an image that `generate` has written.")
    @SuppressWarnings("NullAway.Init")
    private Path file;

    @Mixin
    private ModelOptions modelOptions;

    @Mixin
    private DrawingJob.Options output;

    @Override
    public Integer call() {
        modelOptions.check();
        Trail trail = TrailFiles.read(file);
        List<ImageRequest> requests =
                trail.images().stream().map(Trail.Entry::request).toList();
        if (requests.isEmpty()) {
            throw new NoisetrailException(file + " holds no images");
        }
        try (Pipeline pipeline = modelOptions.load(trail)) {
            Map<String, @Nullable Object> settings = new LinkedHashMap<>();
            settings.put("command", "replay");
            settings.put("model", modelOptions.name(trail));
            settings.put("denoiser", trail.model());
            settings.put("device", modelOptions.device().toString());
            settings.put("trail", file.toString());
            settings.put("seed", Numbers.unsigned(trail.seed()));
            settings.put("sampler", SamplerOptions.settings(trail.sampler()));
            settings.put("maxBatch", modelOptions.maxBatch());
            RunFiles.Run run = new RunFiles.Run(requests, trail, null, "");
            DrawingJob.Work work = new DrawingJob.Work("replay", run, settings, false);
            return new DrawingJob(output, "replay", command.commandLine())
                    .run(
                            work,
                            (missing, listener) -> trail.draw(
                                    pipeline, modelOptions.maxBatch(), modelOptions.decodeBatch(), listener));
        }
    }
}
