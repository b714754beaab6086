package org.noisetrail.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.diffusers.AutoencoderKl;
import org.noisetrail.model.diffusers.UNet;
import org.noisetrail.model.diffusers.UNetConfig;
import org.noisetrail.model.diffusers.VaeConfig;
import org.noisetrail.torch.Torch;

/** Stable Diffusion's networks in their true sizes with random weights: seconds to load and to run, and the process's peak memory. */
final class FullSize {
    private static final String SD15_UNET = "{\"cross_attention_dim\": 768, \"attention_head_dim\": 8}";

    private static final String SD15_VAE = """
            {"down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
             "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2}
            """;

    private static final String SDXL_UNET = """
            {"down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
             "block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10], "attention_head_dim": [5, 10, 20],
             "cross_attention_dim": 2048, "use_linear_projection": true, "addition_embed_type": "text_time",
             "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816}
            """;

    private FullSize() {}

    private record Took(double seconds, double cpuSeconds) {}

    static void print(String what) throws IOException {
        System.out.println(
                "| network | parameters | seconds to load | seconds to run | CPU seconds to run | peak memory, GiB |");
        System.out.println("|---|---:|---:|---:|---:|---:|");
        switch (what) {
            case "unet" -> unet();
            case "vae" -> vae();
            case "sdxl" -> sdxl();
            default -> throw new IllegalArgumentException("full-size takes unet, vae or sdxl: " + what);
        }
    }

    private static void unet() throws IOException {
        RandomWeights weights = new RandomWeights(ScalarType.Float);
        double before = seconds();
        try (UNet unet = new UNet(UNetConfig.parse("SD 1.5", bytes(SD15_UNET)), weights, Device.CPU)) {
            double loaded = seconds() - before;
            Took run = time(() -> unet.forward(normals(2, 4, 64, 64), normals(2), normals(2, 77, 768)));
            row("SD 1.5's UNet, 2 rows of 64x64", weights, loaded, run);
        }
    }

    private static void vae() throws IOException {
        RandomWeights weights = new RandomWeights(ScalarType.Float);
        double before = seconds();
        try (AutoencoderKl vae =
                new AutoencoderKl(VaeConfig.parse("SD 1.5", bytes(SD15_VAE)), weights, Device.CPU, false)) {
            double loaded = seconds() - before;
            Took run = time(() -> vae.decode(normals(1, 4, 64, 64)));
            row("SD 1.5's VAE, decoding 1 row to 512x512", weights, loaded, run);
        }
    }

    /** Its weights come as from a file in float16. */
    private static void sdxl() throws IOException {
        RandomWeights weights = new RandomWeights(ScalarType.Half);
        double before = seconds();
        try (UNet unet = new UNet(UNetConfig.parse("SDXL", bytes(SDXL_UNET)), weights, Device.CPU)) {
            double loaded = seconds() - before;
            Took run = time(() -> unet.forward(
                    normals(1, 4, 64, 64), normals(1), normals(1, 77, 2048), normals(1, 1280), normals(1, 6)));
            row("SDXL's UNet from float16, 1 row of 64x64", weights, loaded, run);
        }
    }

    @SuppressWarnings("try")
    private static Took time(Supplier<Tensor> forward) {
        try (PointerScope scope = new PointerScope()) {
            double before = seconds();
            double cpuBefore = cpuSeconds();
            Tensor result = forward.get();
            Took took = new Took(seconds() - before, cpuSeconds() - cpuBefore);
            if (!Double.isFinite(result.sum().item_double())) {
                throw new IllegalStateException("the result is not finite");
            }
            return took;
        }
    }

    private static void row(String name, RandomWeights weights, double loaded, Took run) throws IOException {
        System.out.printf(
                Locale.ROOT,
                "| %s | %.0f M | %.1f | %.1f | %.1f | %.2f |%n",
                name,
                weights.parameters / 1e6,
                loaded,
                run.seconds,
                run.cpuSeconds,
                peakBytes() / Math.pow(2, 30));
    }

    /** The kernel's own count of this process's largest resident set. */
    private static double peakBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToDouble(line -> 1024 * Double.parseDouble(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Of all threads. */
    private static double cpuSeconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
    }

    private static double seconds() {
        return System.nanoTime() / 1e9;
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static Tensor normals(long... shape) {
        return Torch.call(() -> torch.randn(shape));
    }

    /** Any tensor that is asked for, made on the spot: normals over the root of their fan-in, norms that change nothing, no biases. */
    private static final class RandomWeights implements Weights {
        private final ScalarType storage;
        private long parameters;

        RandomWeights(ScalarType storage) {
            this.storage = storage;
        }

        @Override
        public Tensor get(String name, long... shape) {
            long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            parameters += count;
            if (shape.length == 1) {
                return name.endsWith(".weight") ? torch.ones(shape) : torch.zeros(shape);
            }
            try (Tensor normals = torch.randn(shape);
                    Scalar scale = new Scalar(1 / Math.sqrt((double) count / shape[0]));
                    Tensor stored = normals.mul_(scale).to(storage)) {
                return stored.to(ScalarType.Float);
            }
        }

        @Override
        public void requireAllUsed() {}
    }
}
