package org.noisetrail.model.edm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * Writes EDM's U-Nets (ADM, and DDPM++ and NCSN++; Karras et al. 2022, appendix C; tensor names of NVlabs' checkpoints) as one straight-line
 * TorchScript function and its weights, so that a forward is a single call into LibTorch.
 *
 * <p>On the CPU the operations are chosen so that a row's output has the same bits in every batch and on every number of threads:
 *
 * <ul>
 *   <li>every layer with weights, the linear ones too, is a oneDNN convolution: LibTorch's own choice between oneDNN and other
 *       algorithms depends on the batch, and so do the bits of BLAS's products. The weights are packed once;
 *   <li>SiLU is x / (1 + exp(-x)) from operations whose vector code also runs on what is left over at the end of an array; {@code silu}
 *       computes that rest otherwise. To save a pass, what goes into it is -x and what comes out -silu(x): the layers around it carry
 *       the sign in their weights.
 * </ul>
 *
 * <p>Two things are folded everywhere: the blocks' layers of the embedding are one matrix; ADM's scale and shift are the weights of its
 * group norm, taken over rows x channels.
 *
 * <p>Made inside a {@code PointerScope} that frees what building leaves over.
 */
public final class UNetScript {
    private enum Resample {
        NONE,
        UP,
        DOWN
    }

    private record Skip(String variable, int channels) {}

    private final NetworkConfig config;
    private final Weights weights;
    private final Device device;
    private final boolean cpu;

    /** What the activation's argument and result are multiplied with. */
    private final double sign;

    private final StringBuilder body = new StringBuilder();
    private final List<Tensor> arguments = new ArrayList<>();
    private final List<Tensor> embeddingWeights = new ArrayList<>();
    private final List<Tensor> embeddingBiases = new ArrayList<>();
    private final List<Integer> embeddingSizes = new ArrayList<>();
    private int variables;

    private final int embeddingChannels;
    private final boolean adaptive;
    private final double epsilon;

    private UNetScript(NetworkConfig config, Weights weights, Device device) {
        this.config = config;
        this.weights = weights;
        this.device = device;
        this.cpu = !device.isCuda();
        this.sign = cpu ? -1 : 1;
        this.embeddingChannels = config.modelChannels() * config.channelMultEmb();
        this.adaptive = !config.isSong();
        this.epsilon = config.isSong() ? 1e-6 : 1e-5;
    }

    /** A function's text, named {@code forward}, and the tensors its first argument lists, which it owns. */
    public record Source(String text, List<Tensor> arguments) implements AutoCloseable {
        @Override
        public void close() {
            arguments.forEach(Tensor::deallocate);
        }
    }

    public static Source write(NetworkConfig config, Weights weights, Device device) {
        UNetScript script = new UNetScript(config, weights, device);
        try {
            return script.write();
        } catch (RuntimeException e) {
            script.arguments.forEach(Tensor::deallocate);
            script.freeEmbedding();
            throw e;
        }
    }

    private Source write() {
        String output = config.isSong() ? song() : adm();
        // Written last, because its final layer is all that the blocks asked of the embedding.
        String embedding = embedding();
        weights.requireAllUsed();
        String names =
                IntStream.range(0, arguments.size()).mapToObj(i -> "w" + i).collect(Collectors.joining(", "));
        String text = "def forward(weights: List[Tensor], x: Tensor, noise: Tensor"
                + (config.classes() > 0 ? ", labels: Tensor" : "") + ") -> Tensor:\n"
                + "    " + names + " = weights\n"
                + "    rows = x.size(0)\n"
                + embedding + body + "    return " + output + "\n";
        return new Source(text, arguments);
    }

    // --- the networks ---

    private String adm() {
        int levels = config.channelMult().size();
        Deque<Skip> skips = new ArrayDeque<>();
        String x = "x";
        int channels = config.channels();
        for (int level = 0; level < levels; level++) {
            int resolution = config.resolution() >> level;
            String prefix = "model.enc." + resolution + "x" + resolution + "_";
            int width = config.modelChannels() * config.channelMult().get(level);
            if (level == 0) {
                x = convolution(x, prefix + "conv", channels, width, 3, 1, 1);
                channels = width;
            } else {
                x = block(prefix + "down", x, channels, channels, resolution, Resample.DOWN, false);
            }
            skips.push(new Skip(x, channels));
            for (int i = 0; i < config.blocks(); i++) {
                x = block(prefix + "block" + i, x, channels, width, resolution, Resample.NONE, attends(resolution));
                channels = width;
                skips.push(new Skip(x, channels));
            }
        }
        for (int level = levels - 1; level >= 0; level--) {
            int resolution = config.resolution() >> level;
            String prefix = "model.dec." + resolution + "x" + resolution + "_";
            int width = config.modelChannels() * config.channelMult().get(level);
            x = enterLevel(x, prefix, channels, resolution, level == levels - 1);
            for (int i = 0; i <= config.blocks(); i++) {
                Skip skip = skips.pop();
                x = assign("torch.cat([" + x + ", " + skip.variable + "], 1)");
                x = block(
                        prefix + "block" + i,
                        x,
                        channels + skip.channels,
                        width,
                        resolution,
                        Resample.NONE,
                        attends(resolution));
                channels = width;
            }
        }
        String h = activatedNorm(x, "model.out_norm", channels, 1e-5);
        return convolution(h, "model.out_conv", channels, config.channels(), 3, sign, 1);
    }

    private String song() {
        int levels = config.channelMult().size();
        Deque<Skip> skips = new ArrayDeque<>();
        String x = "x";
        String side = "x";
        int sideChannels = config.channels();
        int channels = config.channels();
        for (int level = 0; level < levels; level++) {
            int resolution = config.resolution() >> level;
            String prefix = "model.enc." + resolution + "x" + resolution + "_";
            int width = config.modelChannels() * config.channelMult().get(level);
            if (level == 0) {
                x = convolution(x, prefix + "conv", channels, config.modelChannels(), 3, 1, 1);
                channels = config.modelChannels();
            } else {
                x = block(prefix + "down", x, channels, channels, resolution, Resample.DOWN, false);
                if (config.encoderType().equals("skip")) {
                    side = down(side, prefix + "aux_down", sideChannels, true);
                    String projected = convolution(side, prefix + "aux_skip", sideChannels, channels, 1, 1, 1);
                    x = assign(x + " + " + projected);
                } else if (config.encoderType().equals("residual")) {
                    side = downThroughConvolution(side, prefix + "aux_residual", sideChannels, channels);
                    line(side + ".add_(" + x + ").mul_(" + number(Math.sqrt(0.5)) + ")");
                    x = side;
                    sideChannels = channels;
                }
            }
            skips.push(new Skip(x, channels));
            for (int i = 0; i < config.blocks(); i++) {
                x = block(prefix + "block" + i, x, channels, width, resolution, Resample.NONE, attends(resolution));
                channels = width;
                skips.push(new Skip(x, channels));
            }
        }
        String image = "";
        for (int level = levels - 1; level >= 0; level--) {
            int resolution = config.resolution() >> level;
            String prefix = "model.dec." + resolution + "x" + resolution + "_";
            int width = config.modelChannels() * config.channelMult().get(level);
            x = enterLevel(x, prefix, channels, resolution, level == levels - 1);
            for (int i = 0; i <= config.blocks(); i++) {
                Skip skip = skips.pop();
                boolean attention = i == config.blocks() && attends(resolution);
                x = assign("torch.cat([" + x + ", " + skip.variable + "], 1)");
                x = block(
                        prefix + "block" + i, x, channels + skip.channels, width, resolution, Resample.NONE, attention);
                channels = width;
            }
            boolean skipDecoder = config.decoderType().equals("skip");
            if (skipDecoder || level == 0) {
                if (skipDecoder && level < levels - 1) {
                    image = up(image, prefix + "aux_up", config.channels(), resolution);
                }
                String h = activatedNorm(x, prefix + "aux_norm", channels, 1e-6);
                h = convolution(h, prefix + "aux_conv", channels, config.channels(), 3, sign, 1);
                image = image.isEmpty() ? h : assign(h + " + " + image);
            }
        }
        return image;
    }

    private String enterLevel(String x, String prefix, int channels, int resolution, boolean deepest) {
        if (!deepest) {
            return block(prefix + "up", x, channels, channels, resolution, Resample.UP, false);
        }
        String h = block(prefix + "in0", x, channels, channels, resolution, Resample.NONE, true);
        return block(prefix + "in1", h, channels, channels, resolution, Resample.NONE, false);
    }

    private boolean attends(int resolution) {
        return config.attentionResolutions().contains(resolution);
    }

    // --- the embedding of noise level and class ---

    private String embedding() {
        int blocksBegin = body.length();
        int noiseChannels = config.modelChannels() * (config.isSong() ? config.channelMultNoise() : 1);
        Tensor frequencies = frequencies(noiseChannels / 2);
        String angle = assign("torch.outer(noise, " + argument(frequencies) + ")");
        String halves = config.isSong() ? "torch.sin(%1$s), torch.cos(%1$s)" : "torch.cos(%1$s), torch.sin(%1$s)";
        String e = assign("torch.cat([" + String.format(Locale.ROOT, halves, angle) + "], 1).reshape([-1, "
                + noiseChannels + ", 1, 1])");
        if (config.augmentDim() > 0) {
            // No augmentation labels means none was applied: nothing to add.
            weights.get("model.map_augment.weight", noiseChannels, config.augmentDim());
        }
        if (config.isSong()) {
            if (config.classes() > 0) {
                Tensor table = weights.get("model.map_label.weight", noiseChannels, config.classes())
                        .t()
                        .mul(scalar(Math.sqrt(config.classes())))
                        .add(weights.get("model.map_label.bias", noiseChannels));
                e = assign(e + " + " + classRow(table));
            }
            e = linear(e, "model.map_layer0", noiseChannels, embeddingChannels, sign, sign);
            activate(e);
            e = linear(e, "model.map_layer1", embeddingChannels, embeddingChannels, 1, sign);
            activate(e);
        } else {
            e = linear(e, "model.map_layer0", noiseChannels, embeddingChannels, sign, sign);
            activate(e);
            e = linear(e, "model.map_layer1", embeddingChannels, embeddingChannels, 1, sign);
            if (config.classes() > 0) {
                Tensor table = weights.get("model.map_label.weight", embeddingChannels, config.classes())
                        .t()
                        .mul(scalar(sign));
                e = assign(e + " + " + classRow(table));
            }
            activate(e);
        }
        String all = convolve(e, pointwise(concatenate(embeddingWeights)), concatenate(embeddingBiases), 0, 1, 1);
        freeEmbedding();
        line("e = torch.split_with_sizes(" + all + ", " + embeddingSizes + ", 1)");
        String text = body.substring(blocksBegin);
        body.setLength(blocksBegin);
        return text;
    }

    private void freeEmbedding() {
        embeddingWeights.forEach(Tensor::deallocate);
        embeddingBiases.forEach(Tensor::deallocate);
    }

    private Tensor frequencies(int count) {
        if (config.embeddingType().equals("fourier") && config.isSong()) {
            return weights.get("model.map_noise.freqs", count).mul(scalar(2 * Math.PI));
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.pow(1e-4, (float) i / (count - (config.isSong() ? 1 : 0)));
        }
        return Tensors.of(Device.CPU, values, count);
    }

    private String classRow(Tensor table) {
        return "torch.index_select(" + argument(table.contiguous()) + ", 0, labels).unsqueeze(2).unsqueeze(3)";
    }

    private String linear(String x, String name, int in, int out, double weightFactor, double biasFactor) {
        Tensor weight = weights.get(name + ".weight", out, in).mul(scalar(weightFactor));
        Tensor bias = weights.get(name + ".bias", out).mul(scalar(biasFactor));
        return convolve(x, pointwise(weight), bias, 0, 1, 1);
    }

    // --- the block ---

    /**
     * Frees what a block leaves over, so that a large network is not held several times.
     *
     * @param resolution of its output
     */
    @SuppressWarnings("try")
    private String block(String name, String x, int in, int out, int resolution, Resample resample, boolean attention) {
        try (PointerScope leftovers = new PointerScope()) {
            return blockLines(name, x, in, out, resolution, resample, attention);
        }
    }

    private String blockLines(
            String name, String x, int in, int out, int resolution, Resample resample, boolean attention) {
        String h = activatedNorm(x, name + ".norm0", in, epsilon);
        h = resample(h, name + ".conv0", in, resolution, resample);
        Tensor shiftBias = weights.get(name + ".conv0.bias", out);
        if (adaptive) {
            h = convolution(h, name + ".conv0", in, out, 3, sign, 1);
            h = activatedAdaptiveNorm(h, name, out, resolution);
        } else {
            // The layer's bias travels with the embedding that is added anyway.
            h = convolve(h, weights.get(name + ".conv0.weight", out, in, 3, 3).mul(scalar(sign)), null, 1, 1, 1);
            Tensor weight =
                    weights.get(name + ".affine.weight", out, embeddingChannels).mul(scalar(sign));
            Tensor bias = weights.get(name + ".affine.bias", out).add(shiftBias);
            line(h + ".add_(e[" + embedded(weight, bias) + "])");
            h = activatedNorm(h, name + ".norm1", out, epsilon);
        }
        h = convolution(h, name + ".conv1", out, out, 3, sign, 1);

        String skip = resample(x, name + ".skip", in, resolution, resample);
        if (in != out || resample != Resample.NONE && config.isSong()) {
            skip = convolution(skip, name + ".skip", in, out, 1, 1, 1);
        }
        line(h + ".add_(" + skip + ")");
        scaleSum(h);
        int heads = config.isSong() ? 1 : out / 64;
        if (attention && heads > 0) {
            String a = attention(h, name, out, resolution, heads);
            line(a + ".add_(" + h + ")");
            scaleSum(a);
            return a;
        }
        return h;
    }

    private void scaleSum(String sum) {
        if (config.isSong()) {
            line(sum + ".mul_(" + number(Math.sqrt(0.5)) + ")");
        }
    }

    /** Takes rows of the layer that all blocks share; returns their place in its result. */
    private int embedded(Tensor weight, Tensor bias) {
        embeddingWeights.add(Torch.keep(weight));
        embeddingBiases.add(Torch.keep(bias));
        embeddingSizes.add((int) bias.size(0));
        return embeddingSizes.size() - 1;
    }

    /**
     * norm(h) * (1 + scale) + shift, both linear in the embedding, as one group norm: with rows * channels for channels, its weight and
     * bias can differ by row.
     */
    private String activatedAdaptiveNorm(String h, String name, int channels, int resolution) {
        Tensor gain = weights.get(name + ".norm1.weight", channels).mul(scalar(sign));
        Tensor offset = weights.get(name + ".norm1.bias", channels).mul(scalar(sign));
        Tensor affineWeight = weights.get(name + ".affine.weight", 2L * channels, embeddingChannels);
        Tensor affineBias = weights.get(name + ".affine.bias", 2L * channels);
        Tensor scaleWeight = affineWeight.narrow(0, 0, channels).mul(scalar(sign));
        Tensor shiftWeight = affineWeight.narrow(0, channels, channels);
        Tensor scaleBias = affineBias.narrow(0, 0, channels).add(scalar(1));
        Tensor shiftBias = affineBias.narrow(0, channels, channels).mul(scalar(sign));
        int scale = embedded(gain.unsqueeze(1).mul(scaleWeight), gain.mul(scaleBias));
        int shift = embedded(
                offset.unsqueeze(1).mul(scaleWeight).add(shiftWeight),
                offset.mul(scaleBias).add(shiftBias));
        String flat = assign(h + ".reshape([1, -1, " + resolution + ", " + resolution + "])");
        flat = assign("torch.group_norm(" + flat + ", rows * " + groups(channels) + ", e[" + scale
                + "].reshape([-1]), e[" + shift + "].reshape([-1]), " + epsilon + ", False)");
        activate(flat);
        return assign(flat + ".reshape([-1, " + channels + ", " + resolution + ", " + resolution + "])");
    }

    private String attention(String x, String name, int channels, int resolution, int heads) {
        int perHead = channels / heads;
        String h = norm(x, name + ".norm2", channels, epsilon, 1);
        // The checkpoint's rows are [head, channel, q k v]; [q k v, head, channel] makes each of the three one piece of
        // memory.
        Tensor weight = weights.get(name + ".qkv.weight", 3L * channels, channels, 1, 1)
                .view(heads, perHead, 3, channels)
                .permute(2, 0, 1, 3)
                .contiguous()
                .view(3L * channels, channels, 1, 1);
        Tensor bias = weights.get(name + ".qkv.bias", 3L * channels)
                .view(heads, perHead, 3)
                .permute(2, 0, 1)
                .contiguous()
                .view(3L * channels);
        h = convolve(h, weight, bias, 0, 1, 1);
        h = assign(h + ".reshape([-1, 3, " + heads + ", " + perHead + ", " + resolution * resolution
                + "]).permute([1, 0, 2, 4, 3]).contiguous()");
        h = assign("torch.scaled_dot_product_attention(" + h + "[0], " + h + "[1], " + h + "[2])");
        h = assign(h + ".transpose(2, 3).reshape([-1, " + channels + ", " + resolution + ", " + resolution + "])");
        return convolution(h, name + ".proj", channels, channels, 1, 1, 1);
    }

    // --- layers ---

    private String activatedNorm(String x, String name, int channels, double epsilon) {
        String h = norm(x, name, channels, epsilon, sign);
        activate(h);
        return h;
    }

    private String norm(String x, String name, int channels, double epsilon, double factor) {
        Tensor weight = weights.get(name + ".weight", channels).mul(scalar(factor));
        Tensor bias = weights.get(name + ".bias", channels).mul(scalar(factor));
        return assign("torch.group_norm(" + x + ", " + groups(channels) + ", " + argument(weight) + ", "
                + argument(bias) + ", " + epsilon + ", False)");
    }

    private static int groups(int channels) {
        return Math.max(1, Math.min(32, channels / 4));
    }

    /** In place. */
    private void activate(String x) {
        line(cpu ? x + ".div_(torch.exp(" + x + ").add_(1))" : "torch.silu_(" + x + ")");
    }

    private String convolution(
            String x, String name, int in, int out, int kernel, double weightFactor, double biasFactor) {
        Tensor weight = weights.get(name + ".weight", out, in, kernel, kernel).mul(scalar(weightFactor));
        Tensor bias = weights.get(name + ".bias", out).mul(scalar(biasFactor));
        return convolve(x, weight, bias, kernel / 2, 1, 1);
    }

    private String convolve(String x, Tensor weight, @Nullable Tensor bias, int padding, int stride, int groups) {
        long[] pad = {padding, padding};
        long[] step = {stride, stride};
        String biasName = bias == null ? "None" : argument(bias);
        if (!cpu) {
            return assign("torch.conv2d(" + x + ", " + argument(weight) + ", " + biasName + ", " + Arrays.toString(step)
                    + ", " + Arrays.toString(pad) + ", [1, 1], " + groups + ")");
        }
        Tensor packed = torch.mkldnn_reorder_conv2d_weight(
                weight.contiguous().to_mkldnn(), pad, step, new long[] {1, 1}, groups, new LongArrayRefOptional());
        return assign("torch.mkldnn_convolution(" + x + ", " + argument(packed) + ", " + biasName + ", "
                + Arrays.toString(pad) + ", " + Arrays.toString(step) + ", [1, 1], " + groups + ")");
    }

    // --- resampling ---

    private String resample(String x, String name, int channels, int resolution, Resample resample) {
        return switch (resample) {
            case NONE -> x;
            case UP -> up(x, name, channels, resolution);
            case DOWN -> down(x, name, channels, true);
        };
    }

    private Tensor filter(String name) {
        return weights.get(name + ".resample_filter", 1, 1, config.resampleTaps(), config.resampleTaps());
    }

    private static boolean isBox(Tensor filter) {
        if (filter.numel() != 4) {
            return false;
        }
        for (float value : Tensors.toFloats(filter)) {
            if (value != 0.25f) {
                return false;
            }
        }
        return true;
    }

    private String down(String x, String name, int channels, boolean padded) {
        Tensor filter = filter(name);
        if (isBox(filter)) {
            return assign("torch.avg_pool2d(" + x + ", [2, 2])");
        }
        int padding = padded ? (config.resampleTaps() - 1) / 2 : 0;
        return convolve(x, perChannel(filter, channels), null, padding, 2, channels);
    }

    /** NVlabs' "fused" form: the filter's padding is the convolution's. */
    private String downThroughConvolution(String x, String name, int in, int out) {
        Tensor weight = weights.get(name + ".weight", out, in, 3, 3).mul(scalar(1));
        Tensor bias = weights.get(name + ".bias", out).mul(scalar(1));
        String h = convolve(x, weight, bias, 1 + (config.resampleTaps() - 1) / 2, 1, 1);
        return down(h, name, out, false);
    }

    private String up(String x, String name, int channels, int resolution) {
        Tensor filter = filter(name);
        if (isBox(filter)) {
            return assign("torch.upsample_nearest2d(" + x + ", [" + resolution + ", " + resolution + "])");
        }
        // A transposed convolution of stride 2: zeros between the pixels, then the filter turned round.
        int taps = config.resampleTaps();
        int inner = resolution - 1;
        String spread = assign(x + ".new_zeros([rows, " + channels + ", " + inner + ", " + inner + "])");
        line(spread + "[:, :, ::2, ::2].copy_(" + x + ")");
        Tensor turned = filter.flip(2, 3).mul(scalar(4));
        return convolve(spread, perChannel(turned, channels), null, taps - 1 - (taps - 1) / 2, 1, channels);
    }

    private static Tensor perChannel(Tensor filter, int channels) {
        return filter.repeat(channels, 1, 1, 1);
    }

    // --- writing ---

    private String assign(String expression) {
        String variable = "x" + variables++;
        line(variable + " = " + expression);
        return variable;
    }

    private void line(String statement) {
        body.append("    ").append(statement).append('\n');
    }

    private String argument(Tensor tensor) {
        Tensor kept = tensor;
        if (!cpu) {
            try (var target = Tensors.torchDevice(device)) {
                kept = tensor.to(target, torch.ScalarType.Float);
            }
        }
        arguments.add(Torch.keep(kept));
        return "w" + (arguments.size() - 1);
    }

    private static String number(double value) {
        return Double.toString(value);
    }

    private static Scalar scalar(double value) {
        return new Scalar(value);
    }

    private static Tensor pointwise(Tensor matrix) {
        return matrix.unsqueeze(2).unsqueeze(3);
    }

    private static Tensor concatenate(List<Tensor> tensors) {
        TensorVector vector = new TensorVector();
        tensors.forEach(vector::push_back);
        return torch.cat(vector, 0);
    }
}
