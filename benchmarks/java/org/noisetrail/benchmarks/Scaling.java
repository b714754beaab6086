package org.noisetrail.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Search;

/** How the cost of an eps-greedy search grows with candidates, images, rounds and steps: one thing at a time, medians. */
final class Scaling {
    private static final int RUNS = 3;

    private Scaling() {}

    /** One search to be timed. */
    private record Case(int images, int steps, int candidates, int rounds) {
        String row(Denoiser denoiser) {
            Search search = Search.builder(denoiser)
                    .sampler(EdmSampler.DEFAULT.withSteps(steps))
                    .method(LocalSearch.builder()
                            .candidates(candidates)
                            .rounds(rounds)
                            .build())
                    .reward(Rewards.brightness())
                    .build();
            double[] millis = new double[RUNS];
            long evaluations = 0;
            for (int run = -1; run < RUNS; run++) {
                long start = System.nanoTime();
                evaluations = search.run(ImageRequest.of(0, images, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
                        .images()
                        .get(0)
                        .costs()
                        .networkEvaluations();
                if (run >= 0) {
                    millis[run] = (System.nanoTime() - start) / 1e6;
                }
            }
            Arrays.sort(millis);
            double image = millis[RUNS / 2] / images;
            return String.format(
                    Locale.ROOT,
                    "| %d | %d | %d | %d | %d | %.1f | %.3f |",
                    images,
                    steps,
                    candidates,
                    rounds,
                    evaluations,
                    image,
                    image / evaluations);
        }
    }

    /** @param which the tables whose title holds it: candidates, images, rounds, steps; empty for all */
    static void print(String which) {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            table(model, which, "candidates N", 1, new Case(1, 18, 1, 2), 2, 4, 8, 16, 32, 64);
            table(model, which, "images", 0, new Case(1, 18, 4, 1), 2, 4, 8, 16);
            table(model, which, "rounds K", 2, new Case(4, 18, 4, 1), 2, 4, 8);
            table(model, which, "steps T", 3, new Case(4, 9, 4, 1), 18, 36);
        }
    }

    private static void table(Pipeline model, String which, String what, int field, Case first, int... values) {
        if (!what.contains(which)) {
            return;
        }
        System.out.println(
                "\n## Cost against " + what + " (eps-greedy, brightness, max-batch 64; median of " + RUNS + ")\n");
        System.out.println("| images | T | N | K | NFE an image | ms an image | ms per NFE |");
        System.out.println("|---:|---:|---:|---:|---:|---:|---:|");
        System.out.println(first.row(model.denoiser()));
        for (int value : values) {
            Case next = new Case(
                    field == 0 ? value : first.images(),
                    field == 3 ? value : first.steps(),
                    field == 1 ? value : first.candidates(),
                    field == 2 ? value : first.rounds());
            System.out.println(next.row(model.denoiser()));
        }
    }
}
