package org.noisetrail.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screened;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Screening;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

/**
 * What screening loses and saves against judging every candidate, with the same candidates: on the embedded models, for two bounds. Its times are the process's CPU seconds, so that other
 * work on the machine weighs less.
 */
final class ScreeningTable {
    private static final List<String> BOUNDS = List.of("5%", "20%");
    private static final long SEED = 11;

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** @param which {@code class-model} or {@code text-to-image} */
    static void run(String which) {
        new ScreeningTable().tables(which);
    }

    private void tables(String which) {
        boolean prompts = which.equals("text-to-image");
        try (Pipeline pipeline = Pipeline.load(prompts ? "fashion-scenes" : "fashion-mnist", Device.CPU)) {
            if (prompts) {
                List<ImageRequest> images = prompts(6);
                table(pipeline, "ddim", "svdd:proposals=8", "clip", images, "half", "linear");
                table(pipeline, "ddim", "svdd:proposals=8", "brightness", images, "linear");
                table(pipeline, "edm", "svdd:proposals=8", "clip", images, "first");
            } else {
                List<ImageRequest> images = ImageRequest.of(0, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
                for (String method : List.of("svdd:proposals=8", "eps-greedy:candidates=8:rounds=2:keep-pivot")) {
                    table(pipeline, "edm", method, "brightness", images, "first");
                    table(pipeline, "edm", method, "class", images, "first");
                }
            }
        }
    }

    private static List<ImageRequest> prompts(int count) {
        try {
            List<String> lines = Files.readAllLines(Path.of("benchmarks/prompts/fashion-scenes.txt"));
            return ImageRequest.prompts(0, count, lines.subList(0, count).toArray(String[]::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void table(
            Pipeline pipeline,
            String sampler,
            String method,
            String reward,
            List<ImageRequest> images,
            String... looks) {
        try (Reward searched = RewardText.parse(reward).build(() -> pipeline)) {
            Search.Builder search = Search.builder(pipeline)
                    .method(Methods.parse(method))
                    .reward(searched)
                    .seed(SEED)
                    .decodeBatch(16);
            if (!pipeline.sampler().startsWith(sampler)) {
                search.sampler(Samplers.parse(sampler));
            }
            search.build().run(images.subList(0, 1));
            System.out.printf(Locale.ROOT, "%n### %s, %s, %s, reward %s%n%n", pipeline.name(), sampler, method, reward);
            System.out.println(
                    "| screen | bound | reward | less than full | verified | loss a round, measured | expected | NFE | decodes | rewards | screens | CPU s |");
            System.out.println("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            SearchResult full = row(search, images, "none", "", null);
            for (String look : looks) {
                for (String bound : BOUNDS) {
                    search.screening(Screening.parse(look, LossBound.parse(bound), Screening.AUDIT));
                    row(search, images, look, bound, full);
                }
            }
        }
    }

    private SearchResult row(
            Search.Builder search, List<ImageRequest> images, String look, String bound, SearchResult full) {
        long start = system.getProcessCpuTime();
        SearchResult result = search.build().run(images);
        double seconds = (system.getProcessCpuTime() - start) / 1e9;
        Screened screened = Screened.NONE;
        for (ImageResult image : result.images()) {
            screened = screened.plus(Objects.requireNonNullElse(image.screened(), Screened.NONE));
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %.4f | %s | %s | %s | %s | %.0f | %.0f | %.0f | %.0f | %.1f |%n",
                look,
                bound,
                result.meanReward(),
                full == null ? "" : difference(full, result),
                full == null ? "all" : percent(screened.verified(), screened.candidates()),
                full == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "%.5f +- %.5f (%d)",
                                screened.meanLoss(),
                                screened.lossError(),
                                screened.audits()),
                full == null ? "" : String.format(Locale.ROOT, "%.5f", screened.meanExpectedLoss()),
                mean(result, image -> image.costs().networkEvaluations()),
                mean(result, image -> image.costs().decoderCalls()),
                mean(result, image -> image.costs().rewardCalls()),
                (double) screened.candidates() / images.size(),
                seconds);
        return result;
    }

    private static String percent(long part, long whole) {
        return String.format(Locale.ROOT, "%.0f %%", 100. * part / whole);
    }

    private static double mean(SearchResult result, ToDoubleFunction<ImageResult> value) {
        return result.images().stream().mapToDouble(value).average().orElseThrow();
    }

    /** Paired by image, with its standard error. */
    private static String difference(SearchResult full, SearchResult screened) {
        double[] less = new double[full.images().size()];
        Arrays.setAll(
                less,
                i -> full.images().get(i).reward() - screened.images().get(i).reward());
        double mean = Arrays.stream(less).average().orElseThrow();
        double variance = Arrays.stream(less).map(x -> (x - mean) * (x - mean)).sum() / (less.length - 1);
        return String.format(Locale.ROOT, "%.4f +- %.4f", mean, Math.sqrt(variance / less.length));
    }
}
