package org.noisetrail.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Winograd;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;
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

/** A 3 x 3 convolution of a map whose channels are last, by our kernel and by LibTorch's oneDNN; {@code OMP_NUM_THREADS} says how many threads. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
public class ConvolutionBenchmark {
    /** Rows x channels in x channels out x side. */
    @Param({"1x64x64x28", "64x32x32x28", "64x96x32x28", "64x192x96x7", "1x128x128x256", "2x320x320x64"})
    public String shape;

    @Param({"ours", "oneDNN"})
    public String by;

    private ScriptFunction function;
    private Tensor x;

    @Setup
    @SuppressWarnings("try")
    public void prepare() {
        int[] sizes = Stream.of(shape.split("x")).mapToInt(Integer::parseInt).toArray();
        int in = sizes[1];
        int out = sizes[2];
        int side = sizes[3];
        try (PointerScope leftovers = new PointerScope()) {
            x = Torch.keep(torch.randn(sizes[0], in, side, side).contiguous(torch.MemoryFormat.ChannelsLast));
            Tensor weight = torch.randn(out, in, 3, 3);
            boolean ours = by.equals("ours");
            Tensor used = ours ? Winograd.prepared(weight) : weight.contiguous(torch.MemoryFormat.ChannelsLast);
            String call = ours
                    ? "torch.noisetrail_convolution(x, weights[0], weights[1])"
                    : "torch.mkldnn_convolution(x, weights[0], weights[1], [1, 1], [1, 1], [1, 1], 1)";
            function = new ScriptFunction(
                    Device.CPU,
                    "def forward(weights: List[Tensor], x: Tensor) -> Tensor:\n    return " + call + "\n",
                    List.of(used, torch.randn(out)));
        }
    }

    @Benchmark
    public void convolve() {
        Torch.call(() -> function.call(x)).close();
    }

    @TearDown
    public void free() {
        function.close();
        x.close();
    }
}
