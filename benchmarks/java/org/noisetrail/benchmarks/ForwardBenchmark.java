package org.noisetrail.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.torch.Tensors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The network alone, one call. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 4, time = 1)
public class ForwardBenchmark {
    @Param("fashion-mnist")
    public String model;

    @Param({"1", "4", "16", "64"})
    public int rows;

    private Pipeline loaded;
    private Denoiser denoiser;
    private Tensor input;
    private Tensor level;
    private Conditioning conditions;
    private Tensor entries;

    @Setup
    public void load() {
        loaded = Pipeline.load(model, Device.CPU);
        denoiser = loaded.denoiser();
        ImageShape shape = denoiser.shape();
        input = Tensors.floats(Device.CPU, rows, shape.channels(), shape.height(), shape.width());
        float[] x = new float[rows * shape.elements()];
        java.util.Random random = new java.util.Random(1);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        Tensors.copy(x, input);
        float[] levels = new float[rows];
        java.util.Arrays.fill(
                levels, (float) denoiser.parameterisation().at(1, 1).conditioning());
        level = Tensors.of(Device.CPU, levels, rows);
        conditions = denoiser.encode(List.of(loaded.classNames().isEmpty() ? Condition.NONE : Condition.label(0)));
        entries = Tensors.of(Device.CPU, new long[rows], rows);
    }

    @Benchmark
    public void forward() {
        denoiser.network(input, level, conditions, entries).close();
    }

    @TearDown
    public void free() {
        input.close();
        level.close();
        conditions.close();
        entries.close();
        loaded.close();
    }
}
