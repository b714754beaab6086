package org.noisetrail.benchmarks;

import java.util.concurrent.TimeUnit;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The mean time of a step of a whole search, by method, number of images and reward ({@code -p reward=class}): N = 4 candidates, K = 2 rounds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class StepBenchmark {
    /** Fewer than the sampler's default, so that the whole takes minutes; two of the six are dead. */
    private static final int STEPS = 6;

    @Param({"naive", "best-of-n", "beam", "mcts", "zero-order", "eps-greedy"})
    public String method;

    @Param({"1", "4", "16"})
    public int images;

    /** {@code brightness}, {@code compressibility} or {@code class}. */
    @Param("brightness")
    public String reward;

    private Pipeline model;
    private Search search;

    @Setup
    public void load() {
        model = Pipeline.load("fashion-mnist", Device.CPU);
        search = Search.builder(model.denoiser())
                .sampler(EdmSampler.DEFAULT.withSteps(STEPS))
                .method(method())
                .reward(reward())
                .build();
    }

    private Reward reward() {
        return switch (reward) {
            case "brightness" -> Rewards.brightness();
            case "compressibility" -> Rewards.compressibility(0);
            case "class" -> Rewards.classProbability("class", model.classifier("classifier.pt"));
            default -> throw new IllegalArgumentException("reward must be one of the above: " + reward);
        };
    }

    private Method method() {
        return switch (method) {
            case "naive" -> new Naive();
            case "best-of-n" -> new BestOfN(4);
            case "beam" -> Beam.standard();
            case "mcts" -> Mcts.standard();
            case "zero-order" -> LocalSearch.builder().epsilon(0).rounds(2).build();
            case "eps-greedy" -> LocalSearch.builder().rounds(2).build();
            default -> throw new IllegalArgumentException("method must be one of the above: " + method);
        };
    }

    @Benchmark
    @OperationsPerInvocation(STEPS)
    public SearchResult step() {
        return search.run(ImageRequest.of(0, images, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    @TearDown
    public void free() {
        model.close();
    }
}
