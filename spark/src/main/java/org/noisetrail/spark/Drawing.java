package org.noisetrail.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Json;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Report;
import org.noisetrail.report.RunFiles;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;

/** A request, on an executor: its images into its folder, whose {@code result.json} comes last. A task that is tried again draws what is missing. */
final class Drawing {
    private Drawing() {}

    /**
     * @param attempts after which Spark would end the job
     * @return what is wrong with the request; empty if its folder is complete
     * @throws RuntimeException if the machine could not, or a part of the user's failed: another try may do, as long as there are any left
     */
    static String draw(Job job, Request request, int attempts) {
        String name = request.name(job);
        if (Files.isRegularFile(job.path().resolve(name).resolve("result.json"))) {
            return "";
        }
        try {
            Models models = Models.of(job, ClusterSettings.device(job.cuda()));
            draw(job, request, models, job.path().resolve(name));
            return "";
        } catch (IllegalArgumentException e) {
            return name + ": " + e.getMessage();
        } catch (RuntimeException | LinkageError e) {
            // An executor without the natives is one request's trouble after its attempts, and not the list's.
            if (TaskContext.get().attemptNumber() + 1 < attempts) {
                throw e;
            }
            return name + ": " + (e instanceof NoisetrailException ? e.getMessage() : e.toString());
        }
    }

    private static void draw(Job job, Request request, Models models, Path folder) {
        String other = request.heldOut();
        try (Models.Lease reward = models.reward(request.reward());
                Models.Lease heldOut = other == null ? null : models.reward(other)) {
            draw(job, request, models.pipeline(), folder, reward.reward(), heldOut == null ? null : heldOut.reward());
        }
    }

    private static void draw(
            Job job, Request request, Pipeline pipeline, Path folder, Reward reward, @Nullable Reward heldOut) {
        long started = System.nanoTime();
        Search.Builder search = Search.builder(pipeline)
                .method(Methods.parse(request.method()))
                .reward(reward)
                .heldOut(heldOut)
                .seed(request.seed())
                .maxBatch(job.maxBatch())
                .decodeBatch(job.decodeBatch());
        if (request.sampler() != null) {
            search.sampler(Samplers.parse(request.sampler(), pipeline));
        }
        if (request.budget() != null) {
            search.budget(request.budget());
        }
        List<ImageRequest> images = request.requests();
        Map<String, Object> settings = request.settings(job);
        RunFiles.Run run = new RunFiles.Run(images, search.build().trail(List.of()), Json.hash(settings), "");
        try (RunFiles files = new RunFiles(folder, run, RunFiles.Earlier.KEEP, false)) {
            List<ImageRequest> missing = files.missing();
            if (!missing.isEmpty()) {
                search.listener(files).build().draw(missing);
            }
            Duration elapsed = Duration.ofNanos(System.nanoTime() - started);
            files.finish(new Report(settings, files.finished(), true, elapsed));
        }
    }
}
