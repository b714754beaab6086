package org.noisetrail.benchmarks;

import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Model;
import org.noisetrail.model.Preconditioning;
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

    private Model loaded;
    private Denoiser denoiser;
    private Tensor input;
    private Tensor noise;
    private Tensor labels;

    @Setup
    public void load() {
        loaded = Model.load(model, Device.CPU);
        denoiser = loaded.denoiser();
        ImageShape shape = denoiser.shape();
        input = Tensors.floats(Device.CPU, rows, shape.channels(), shape.height(), shape.width());
        float[] x = new float[rows * shape.elements()];
        java.util.Random random = new java.util.Random(1);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
        }
        Tensors.copy(x, input);
        Preconditioning.Coefficients at = denoiser.preconditioning().at(1);
        float[] levels = new float[rows];
        java.util.Arrays.fill(levels, (float) at.noise());
        noise = Tensors.floats(Device.CPU, rows);
        Tensors.copy(levels, noise);
        if (denoiser.classes() > 0) {
            labels = Tensors.longs(Device.CPU, rows);
            Tensors.copy(new long[rows], labels);
        }
    }

    @Benchmark
    public void forward() {
        denoiser.network(input, noise, labels).close();
    }

    @TearDown
    public void free() {
        input.close();
        noise.close();
        if (labels != null) {
            labels.close();
        }
        loaded.close();
    }
}
