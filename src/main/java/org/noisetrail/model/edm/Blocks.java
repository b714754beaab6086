package org.noisetrail.model.edm;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;

/**
 * The block of EDM's U-Nets: two convolutions, in whose middle the embedding enters, and perhaps attention. ADM's scale and shift by the
 * embedding are the weights of its group norm, taken over rows x channels.
 */
final class Blocks {
    private final Script script;
    private final Layers layers;
    private final Embedding embedding;
    private final Resampling resampling;
    private final boolean song;
    private final double epsilon;

    /** What the activation's argument and result are multiplied with. */
    private final double sign;

    Blocks(Script script, Layers layers, Embedding embedding, Resampling resampling, boolean song) {
        this.script = script;
        this.layers = layers;
        this.embedding = embedding;
        this.resampling = resampling;
        this.song = song;
        this.epsilon = song ? 1e-6 : 1e-5;
        this.sign = layers.sign();
    }

    /**
     * Frees what a block leaves over, so that a large network is not held several times.
     *
     * @param resolution of its output
     */
    @SuppressWarnings("try")
    String block(String name, String x, int in, int out, int resolution, Resampling.Way way, boolean attention) {
        try (PointerScope leftovers = new PointerScope()) {
            return lines(name, x, in, out, resolution, way, attention);
        }
    }

    private String lines(
            String name, String x, int in, int out, int resolution, Resampling.Way way, boolean attention) {
        String h = activatedNorm(x, name + ".norm0", in, epsilon);
        h = resampling.resample(h, name + ".conv0", in, resolution, way);
        if (song) {
            // The layer's bias travels with the embedding that is added anyway.
            h = layers.convolve(h, layers.scaled(1, name + ".conv0.weight", out, in, 3, 3), null, 1, 1, 1);
            Tensor weight = layers.scaled(sign, name + ".affine.weight", out, embedding.channels());
            Tensor bias = layers.weight(name + ".affine.bias", out).add(layers.weight(name + ".conv0.bias", out));
            script.line(h + ".add_(" + embedding.linear(weight, bias) + ")");
            activateNorm(h, name + ".norm1", out, epsilon);
        } else {
            h = layers.convolution(h, name + ".conv0", in, out, 3);
            activateAdaptiveNorm(h, name, out);
        }
        h = layers.convolution(h, name + ".conv1", out, out, 3);

        String skip = resampling.resample(x, name + ".skip", in, resolution, way);
        if (in != out || way != Resampling.Way.NONE && song) {
            skip = layers.convolution(skip, name + ".skip", in, out, 1);
        }
        script.line(h + ".add_(" + skip + ")");
        scaleSum(h);
        int heads = song ? 1 : out / 64;
        if (attention && heads > 0) {
            String a = attention(h, name, out, resolution, heads);
            script.line(a + ".add_(" + h + ")");
            scaleSum(a);
            return a;
        }
        return h;
    }

    private void scaleSum(String sum) {
        if (song) {
            script.line(sum + ".mul_(" + Math.sqrt(0.5) + ")");
        }
    }

    String activatedNorm(String x, String name, int channels, double epsilon) {
        return layers.activatedNorm(x, name, channels, groups(channels), epsilon);
    }

    /** In place. */
    void activateNorm(String x, String name, int channels, double epsilon) {
        layers.activateNorm(x, name, channels, groups(channels), epsilon);
    }

    private static int groups(int channels) {
        return Math.max(1, Math.min(32, channels / 4));
    }

    /** norm(h) * (1 + scale) + shift, both linear in the embedding, in place: a group norm whose weight and bias differ by row. */
    private void activateAdaptiveNorm(String h, String name, int channels) {
        Tensor gain = layers.scaled(1, name + ".norm1.weight", channels);
        Tensor offset = layers.scaled(1, name + ".norm1.bias", channels);
        Tensor affineWeight = layers.scaled(sign, name + ".affine.weight", 2L * channels, embedding.channels());
        Tensor affineBias = layers.weight(name + ".affine.bias", 2L * channels);
        Tensor scaleWeight = affineWeight.narrow(0, 0, channels);
        Tensor shiftWeight = affineWeight.narrow(0, channels, channels);
        Tensor scaleBias = affineBias.narrow(0, 0, channels).add(new Scalar(1.0));
        Tensor shiftBias = affineBias.narrow(0, channels, channels);
        String scale = embedding.linear(gain.unsqueeze(1).mul(scaleWeight), gain.mul(scaleBias));
        String shift = embedding.linear(
                offset.unsqueeze(1).mul(scaleWeight).add(shiftWeight),
                offset.mul(scaleBias).add(shiftBias));
        layers.activateNorm(h, scale, shift, groups(channels), epsilon);
    }

    private String attention(String x, String name, int channels, int resolution, int heads) {
        int perHead = channels / heads;
        String h = layers.groupNorm(x, name + ".norm2", channels, groups(channels), epsilon);
        // The checkpoint's rows are [head, channel, q k v]; [q k v, head, channel] makes each of the three one piece of
        // memory.
        Tensor weight = layers.weight(name + ".qkv.weight", 3L * channels, channels, 1, 1)
                .view(heads, perHead, 3, channels)
                .permute(2, 0, 1, 3)
                .contiguous()
                .view(3L * channels, channels, 1, 1);
        Tensor bias = layers.weight(name + ".qkv.bias", 3L * channels)
                .view(heads, perHead, 3)
                .permute(2, 0, 1)
                .contiguous()
                .view(3L * channels);
        h = layers.convolve(h, weight, bias, 0, 1, 1);
        h = script.assign(h + ".reshape([-1, 3, " + heads + ", " + perHead + ", " + resolution * resolution
                + "]).permute([1, 0, 2, 4, 3]).contiguous()");
        h = layers.attend(
                List.of(h),
                false,
                qkv -> "torch.scaled_dot_product_attention(" + qkv.get(0) + "[0], " + qkv.get(0) + "[1], " + qkv.get(0)
                        + "[2]).transpose(1, 2).flatten(2)");
        return layers.convolution(layers.map(h, x), name + ".proj", channels, channels, 1);
    }
}
