package org.noisetrail.model.layers;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.model.Precision;
import org.noisetrail.torch.Tensors;

/**
 * Writes a network's layers, with their weights by name, into a {@link Script}. Methods return the variable that holds a layer's result.
 *
 * <p>On the CPU the operations are chosen so that a row's output has the same bits in every batch and on every number of threads:
 *
 * <ul>
 *   <li>every layer with weights, the linear ones too, is a oneDNN convolution, or our own where that is faster: LibTorch's own choice between
 *       oneDNN and other algorithms depends on the batch, and so do the bits of BLAS's products. Maps have their channels last in memory, for which
 *       oneDNN is fastest and takes weights as they are; a sequence is taken as a map of one line;
 *   <li>of one row, a view may have a stride by which LibTorch does not see that channels are last: what makes a map of something
 *       else copies or goes by {@link #map};
 *   <li>SiLU is x / (1 + exp(-x)) from operations whose vector code also runs on what is left over at the end of an array; {@code silu}
 *       computes that rest otherwise. To save a pass, what goes into it is -x and what comes out -silu(x): the layers around it carry
 *       the {@link #sign} in their weights.
 * </ul>
 *
 * <p>Group norms, with the SiLU that follows them, are our own kernel on every device. In half precision on a card maps have their channels last, too, as its tensor cores want them:
 * LibTorch's own group norm would put them first again.
 */
public final class Layers {
    private static final String CHANNELS_LAST = ".contiguous(memory_format=2)";

    private final Script script;
    private final Weights weights;
    private final Precision precision;
    private final boolean cpu;

    /** Whether maps have their channels last in memory. */
    private final boolean last;

    /** In float32, as the script's device wants it. */
    public Layers(Script script, Weights weights) {
        this(script, weights, Form.on(script.device(), Precision.FLOAT32));
    }

    /** @param form on the script's device; norms compute in float32 in each */
    public Layers(Script script, Weights weights, Form form) {
        this.script = script;
        this.weights = weights;
        this.precision = form.precision();
        this.cpu = !form.card();
        this.last = cpu || precision.isHalf();
    }

    /** A float32 value in the layers' precision. */
    public String enter(String x) {
        return precision.isHalf() ? script.assign(x + ".to(" + precision.code() + ")") : x;
    }

    /** A float32 map as the layers want it. */
    public String enterMap(String x) {
        return last ? script.assign(enter(x) + CHANNELS_LAST) : enter(x);
    }

    /** A layer's result in float32. */
    public String leave(String x) {
        return precision.isHalf() ? script.assign(x + ".to(" + Precision.FLOAT32.code() + ")") : x;
    }

    /** A map in float32, its channels first in memory. */
    public String leaveMap(String x) {
        return last ? script.assign(leave(x) + ".contiguous()") : leave(x);
    }

    /** What the argument and the result of {@link #activate} are multiplied with: 1 or -1. */
    public double sign() {
        return cpu ? -1 : 1;
    }

    /** A tensor of the checkpoint, float32 on the CPU, not to be written to or kept: its memory may be the file. */
    public Tensor weight(String name, long... shape) {
        return weights.get(name, shape);
    }

    /** A copy, multiplied with a factor. */
    public Tensor scaled(double factor, String name, long... shape) {
        return weights.get(name, shape).mul(new Scalar(factor));
    }

    private String compute(Tensor weight) {
        return script.argument(weight.to(precision.type()));
    }

    /** A convolution's weight: it says, too, what order its results have. */
    private String computeMaps(Tensor weight) {
        Tensor typed = weight.to(precision.type());
        return script.argument(last ? typed.contiguous(torch.MemoryFormat.ChannelsLast) : typed);
    }

    // --- layers of maps [rows, channels, height, width] ---

    /** Stride 1, and as much padding as keeps the size. */
    public String convolution(String x, String name, int in, int out, int kernel) {
        Tensor weight = scaled(1, name + ".weight", out, in, kernel, kernel);
        return convolve(x, weight, scaled(1, name + ".bias", out), kernel / 2, 1, 1);
    }

    /**
     * A linear layer of the channels of every pixel.
     *
     * @param weightFactor what the weights are multiplied with: {@link #sign} after an activation
     * @param biasFactor what the bias is multiplied with; both are {@link #sign} as well where an activation follows
     */
    public String pointwise(String x, String name, int in, int out, double weightFactor, double biasFactor) {
        Tensor weight = pixels(scaled(weightFactor, name + ".weight", out, in));
        return convolve(x, weight, scaled(biasFactor, name + ".bias", out), 0, 1, 1);
    }

    /** A matrix [out, in] as the weights of a convolution of single pixels. */
    public static Tensor pixels(Tensor matrix) {
        return matrix.unsqueeze(2).unsqueeze(3);
    }

    /**
     * @param weight [out, in / groups, height, width], handed over
     * @param bias [out], handed over
     */
    public String convolve(String x, Tensor weight, @Nullable Tensor bias, int padding, int stride, int groups) {
        if (cpu && !precision.isHalf() && padding == 1 && stride == 1 && groups == 1 && Winograd.serves(weight)) {
            // Maps have their channels last already: only one that had not would be copied.
            Tensor added = bias == null ? torch.zeros(weight.size(0)) : bias;
            return script.assign("torch.noisetrail_convolution(" + x + CHANNELS_LAST + ", "
                    + script.argument(Winograd.prepared(weight)) + ", " + compute(added) + ")");
        }
        long[] pad = {padding, padding};
        long[] step = {stride, stride};
        String biasName = bias == null ? "None" : compute(bias);
        if (!cpu) {
            return script.assign("torch.conv2d(" + x + ", " + computeMaps(weight) + ", " + biasName + ", "
                    + Arrays.toString(step) + ", " + Arrays.toString(pad) + ", [1, 1], " + groups + ")");
        }
        // A single channel is first and last: oneDNN takes it, and the weight, for first.
        String order = weight.size(1) == 1 && groups == 1 ? CHANNELS_LAST : "";
        return script.assign("torch.mkldnn_convolution(" + x + ", " + computeMaps(weight) + ", " + biasName + ", "
                + Arrays.toString(pad) + ", " + Arrays.toString(step) + ", [1, 1], " + groups + ")" + order);
    }

    /** A convolution of stride 2. */
    public String down(String x, String name, int channels, int padding) {
        Tensor weight = scaled(1, name + ".weight", channels, channels, 3, 3);
        return convolve(x, weight, scaled(1, name + ".bias", channels), padding, 2, 1);
    }

    /** Group normalisation (Wu and He 2018) of a map. */
    public String groupNorm(String x, String name, int channels, int groups, double epsilon) {
        return groupNorm(x, name, channels, groups, epsilon, "noisetrail_group_norm", false);
    }

    /** A group norm and SiLU. */
    public String activatedNorm(String x, String name, int channels, int groups, double epsilon) {
        return groupNorm(x, name, channels, groups, epsilon, "noisetrail_group_norm", true);
    }

    /** The same where {@code x} is not needed any more: it becomes the result. */
    public void activateNorm(String x, String name, int channels, int groups, double epsilon) {
        groupNorm(x, name, channels, groups, epsilon, "noisetrail_group_norm_", true);
    }

    private String groupNorm(
            String x, String name, int channels, int groups, double epsilon, String operator, boolean silu) {
        String weight = script.argument(scaled(1, name + ".weight", channels));
        String bias = script.argument(scaled(1, name + ".bias", channels));
        return norm(operator, x, weight, bias, groups, epsilon, silu);
    }

    /**
     * Like {@link #activateNorm}, with a weight and a bias for each row.
     *
     * @param weight float32 [rows, channels, 1, 1], of neighbouring channels
     * @param bias likewise
     */
    public void activateNorm(String x, String weight, String bias, int groups, double epsilon) {
        norm("noisetrail_group_norm_", x, weight, bias, groups, epsilon, true);
    }

    /** Our own kernel, in float32 whatever the layers' precision. */
    private String norm(
            String operator, String x, String weight, String bias, int groups, double epsilon, boolean silu) {
        return script.assign("torch." + operator + "(" + x + ", " + weight + ", " + bias + ", " + groups + ", "
                + epsilon + ", " + (silu ? "True" : "False") + ")");
    }

    // --- layers of sequences [rows, length, channels] ---

    /** A map's places, one after the other: [rows, height * width, channels]. */
    public String sequence(String map) {
        // Not flatten(2).transpose(1, 2): of one row that leaves a stride by which a convolution does not see the
        // order.
        return script.assign(map + ".permute([0, 2, 3, 1]).contiguous().flatten(1, 2)");
    }

    /** A sequence of places as a map of {@code like}'s size. */
    public String map(String sequence, String like) {
        return script.assign(
                last
                        ? sequence + ".contiguous().unflatten(1, [" + like + ".size(2), " + like
                                + ".size(3)]).permute([0, 3, 1, 2])"
                        : sequence + ".transpose(1, 2).contiguous().view(" + like + ".size())");
    }

    public String linear(String x, String name, int in, int out, boolean bias) {
        Tensor matrix = scaled(1, name + ".weight", out, in);
        return linear(x, matrix, bias ? scaled(1, name + ".bias", out) : null);
    }

    /**
     * @param x [rows, length, in]
     * @param matrix [out, in], handed over
     * @param bias handed over
     */
    public String linear(String x, Tensor matrix, @Nullable Tensor bias) {
        String biasName = bias == null ? "None" : compute(bias);
        if (!cpu) {
            return script.assign("torch.linear(" + x + ", " + compute(matrix) + ", " + biasName + ")");
        }
        return script.assign("torch.mkldnn_convolution(" + x + ".transpose(1, 2).unsqueeze(2), "
                + compute(pixels(matrix)) + ", " + biasName
                + ", [0, 0], [1, 1], [1, 1], 1).squeeze(2).transpose(1, 2)");
    }

    /** Linear layers of the same input, as one: their results follow each other in the channels. */
    public String linear(String x, List<Tensor> matrices) {
        return linear(x, Tensors.cat(matrices, 0), null);
    }

    /** In float32, its result in the layers' precision: on the CPU LibTorch computes so by itself, on a card it wants values of its weights' type. */
    public String layerNorm(String x, String name, int channels, double epsilon) {
        String weight = script.argument(scaled(1, name + ".weight", channels));
        String bias = script.argument(scaled(1, name + ".bias", channels));
        UnaryOperator<String> norm = h -> script.assign("torch.layer_norm(" + h + ", [" + channels + "], " + weight
                + ", " + bias + ", " + epsilon + ", False)");
        return cpu ? norm.apply(x) : enter(norm.apply(leave(x)));
    }

    /**
     * Softmax of q k' / sqrt(channels of a head), times v.
     *
     * @param q [rows, length, heads * channels of a head]; k and v may have another length
     * @param causal whether a place sees only itself and what comes before it
     * @param upcast whether it must be in float32
     */
    public String attention(String q, String k, String v, int heads, int channels, boolean causal, boolean upcast) {
        String split = ".unflatten(2, [" + heads + ", " + channels / heads + "]).transpose(1, 2)";
        return attend(
                List.of(q, k, v),
                upcast,
                all -> "torch.scaled_dot_product_attention(" + all.get(0) + split + ", " + all.get(1) + split + ", "
                        + all.get(2) + split + ", None, 0.0, " + (causal ? "True" : "False")
                        + ").transpose(1, 2).flatten(2)");
    }

    /**
     * Attention: in float32 on the CPU; on a card in the layers' precision, where its kernels keep sums and the softmax in float32.
     *
     * @param values what it takes
     * @param upcast whether it must be in float32 on a card, too
     */
    public String attend(List<String> values, boolean upcast, Function<List<String>, String> operation) {
        return cpu || upcast
                ? enter(script.assign(
                        operation.apply(values.stream().map(this::leave).toList())))
                : script.assign(operation.apply(values));
    }

    // --- activations ---

    /** SiLU in place, see {@link #sign}. */
    public void activate(String x) {
        script.line(cpu ? x + ".div_(torch.exp(" + x + ").add_(1))" : "torch.silu_(" + x + ")");
    }

    /** x Phi(x), with the error function. */
    public String gelu(String x) {
        return script.assign("torch.gelu(" + x + ")");
    }

    /** x sigmoid(1.702 x) */
    public String quickGelu(String x) {
        if (!cpu) {
            return script.assign(x + " * torch.sigmoid(" + x + " * 1.702)");
        }
        return script.assign(x + " / torch.exp(" + x + " * -1.702).add_(1)");
    }
}
