package org.noisetrail.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Search;

/**
 * What a whole eps-greedy search costs beside its network: wall-clock time over the time spent inside the network, both of one run, so
 * that a slow moment of the machine weighs on both alike.
 */
final class Overhead {
    private static final int RUNS = 5;

    private Overhead() {}

    /** Adds up the time spent inside the network; for one thread. */
    private static final class Timed implements Denoiser {
        private final Denoiser inner;
        private long nanos;
        private long rows;

        Timed(Denoiser inner) {
            this.inner = inner;
        }

        @Override
        public String id() {
            return inner.id();
        }

        @Override
        public ImageShape shape() {
            return inner.shape();
        }

        @Override
        public Parameterisation parameterisation() {
            return inner.parameterisation();
        }

        @Override
        public void check(Condition condition) {
            inner.check(condition);
        }

        @Override
        public Conditioning encode(List<Condition> conditions) {
            return inner.encode(conditions);
        }

        @Override
        public Device device() {
            return inner.device();
        }

        @Override
        public int evaluations() {
            return inner.evaluations();
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            long start = System.nanoTime();
            Tensor output = inner.network(input, level, conditions, entries);
            nanos += System.nanoTime() - start;
            rows += input.size(0);
            return output;
        }

        @Override
        public void close() {}
    }

    /** Prints a row for 1, 4 and 16 images; 4 images x 4 candidates make the 16 rows that the aim names. */
    static void print() {
        System.out.println("\n## A whole eps-greedy search beside its network (N 4, K 2, brightness; median of " + RUNS
                + " runs)\n");
        System.out.println("| images | rows a call | NFE | wall, ms | network, ms | ms per NFE | the rest / network |");
        System.out.println("|---:|---:|---:|---:|---:|---:|---:|");
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            for (int images : new int[] {1, 4, 16}) {
                measure(model.denoiser(), images);
            }
        }
    }

    private static void measure(Denoiser denoiser, int images) {
        double[] wall = new double[RUNS];
        double[] network = new double[RUNS];
        double[] rest = new double[RUNS];
        long rows = 0;
        for (int run = -1; run < RUNS; run++) {
            Timed timed = new Timed(denoiser);
            Search search = Search.builder(timed)
                    .sampler(EdmSampler.DEFAULT)
                    .method(LocalSearch.builder().rounds(2).build())
                    .reward(Rewards.brightness())
                    .build();
            long start = System.nanoTime();
            search.run(ImageRequest.of(0, images, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
            long total = System.nanoTime() - start;
            rows = timed.rows;
            if (run >= 0) {
                wall[run] = total / 1e6;
                network[run] = timed.nanos / 1e6;
                rest[run] = (double) (total - timed.nanos) / timed.nanos;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "| %d | %d | %d | %.1f | %.1f | %.3f | %.2f %% |%n",
                images,
                4 * images,
                rows,
                median(wall),
                median(network),
                median(wall) / rows,
                100 * median(rest));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
