package org.noisetrail.model.diffusers;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.model.layers.SharedLinear;

/** diffusers' {@code ResnetBlock2D}: two convolutions beside a shortcut; in a denoiser the embedding of time enters between them. */
final class ResidualBlocks {
    private final Script script;
    private final Layers layers;
    private final int groups;
    private final double epsilon;
    private final @Nullable SharedLinear time;
    private final int timeChannels;

    /** What the activated embedding is multiplied with. */
    private final double sign;

    /** @param time takes in the blocks' layers of the embedding, of {@code timeChannels}; null for blocks without */
    ResidualBlocks(
            Script script, Layers layers, int groups, double epsilon, @Nullable SharedLinear time, int timeChannels) {
        this.script = script;
        this.layers = layers;
        this.groups = groups;
        this.epsilon = epsilon;
        this.time = time;
        this.timeChannels = timeChannels;
        this.sign = layers.sign();
    }

    String block(String x, String name, int in, int out) {
        String h = layers.activatedNorm(x, name + ".norm1", in, groups, epsilon);
        if (time == null) {
            h = layers.convolution(h, name + ".conv1", in, out, 3);
        } else {
            // The convolution's bias travels with the embedding that is added anyway.
            h = layers.convolve(h, layers.scaled(1, name + ".conv1.weight", out, in, 3, 3), null, 1, 1, 1);
            Tensor matrix = layers.scaled(sign, name + ".time_emb_proj.weight", out, timeChannels);
            Tensor bias =
                    layers.weight(name + ".time_emb_proj.bias", out).add(layers.weight(name + ".conv1.bias", out));
            script.line(h + ".add_(" + time.layer(matrix, bias) + ")");
        }
        activateNorm(h, name + ".norm2", out);
        h = layers.convolution(h, name + ".conv2", out, out, 3);
        String shortcut = in == out ? x : layers.convolution(x, name + ".conv_shortcut", in, out, 1);
        script.line(h + ".add_(" + shortcut + ")");
        return h;
    }

    /** A group norm and SiLU, in place. */
    void activateNorm(String x, String name, int channels) {
        layers.activateNorm(x, name, channels, groups, epsilon);
    }
}
