package org.noisetrail.model.diffusers;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;

/** diffusers' {@code Transformer2DModel}: blocks of attention over a map's pixels and over the text, between two linear layers. */
final class SpatialTransformer {
    private static final double MAP_EPSILON = 1e-6;
    private static final double SEQUENCE_EPSILON = 1e-5;

    private final Script script;
    private final Layers layers;
    private final int groups;
    private final boolean linearProjection;
    private final boolean upcast;

    /** @param upcast whether attention must be in float32 */
    SpatialTransformer(Script script, Layers layers, int groups, boolean linearProjection, boolean upcast) {
        this.script = script;
        this.layers = layers;
        this.groups = groups;
        this.linearProjection = linearProjection;
        this.upcast = upcast;
    }

    /** @param contextChannels of the script's {@code context} [entries, length, channels], of which {@code entries} [rows] names each row's */
    String transformer(String x, String name, int channels, int blocks, int heads, int contextChannels) {
        String h = layers.groupNorm(x, name + ".norm", channels, groups, MAP_EPSILON);
        h = layers.sequence(h);
        h = projection(h, name + ".proj_in", channels);
        for (int i = 0; i < blocks; i++) {
            block(h, name + ".transformer_blocks." + i, channels, heads, contextChannels);
        }
        h = projection(h, name + ".proj_out", channels);
        h = layers.map(h, x);
        script.line(h + ".add_(" + x + ")");
        return h;
    }

    /** Convolutions of single pixels in some checkpoints, matrices in others. */
    private String projection(String h, String name, int channels) {
        if (linearProjection) {
            return layers.linear(h, name, channels, channels, true);
        }
        Tensor matrix =
                layers.scaled(1, name + ".weight", channels, channels, 1, 1).view(channels, channels);
        return layers.linear(h, matrix, layers.scaled(1, name + ".bias", channels));
    }

    /** In place. Frees what building the block leaves over, so that a large network is not held several times. */
    @SuppressWarnings("try")
    private void block(String h, String name, int channels, int heads, int contextChannels) {
        try (PointerScope leftovers = new PointerScope()) {
            lines(h, name, channels, heads, contextChannels);
        }
    }

    private void lines(String h, String name, int channels, int heads, int contextChannels) {
        String n = layers.layerNorm(h, name + ".norm1", channels, SEQUENCE_EPSILON);
        String self = name + ".attn1";
        String all = layers.linear(
                n,
                List.of(
                        layers.weight(self + ".to_q.weight", channels, channels),
                        layers.weight(self + ".to_k.weight", channels, channels),
                        layers.weight(self + ".to_v.weight", channels, channels)));
        String a = layers.attention(
                part(all, 0, channels), part(all, 1, channels), part(all, 2, channels), heads, channels, false, upcast);
        a = layers.linear(a, self + ".to_out.0", channels, channels, true);
        script.line(h + ".add_(" + a + ")");

        n = layers.layerNorm(h, name + ".norm2", channels, SEQUENCE_EPSILON);
        String cross = name + ".attn2";
        String q = layers.linear(n, cross + ".to_q", channels, channels, false);
        String both = layers.linear(
                "context",
                List.of(
                        layers.weight(cross + ".to_k.weight", channels, contextChannels),
                        layers.weight(cross + ".to_v.weight", channels, contextChannels)));
        // After the product: a call has many rows of few texts.
        both = script.assign(both + ".index_select(0, entries)");
        a = layers.attention(q, part(both, 0, channels), part(both, 1, channels), heads, channels, false, upcast);
        a = layers.linear(a, cross + ".to_out.0", channels, channels, true);
        script.line(h + ".add_(" + a + ")");

        n = layers.layerNorm(h, name + ".norm3", channels, SEQUENCE_EPSILON);
        script.line(h + ".add_(" + feedForward(n, name + ".ff.net", channels) + ")");
    }

    private static String part(String all, int i, int channels) {
        return all + ".narrow(2, " + i * channels + ", " + channels + ")";
    }

    /** GEGLU (Shazeer 2020): half of the first layer's result times the GELU of the other. Two layers here: each result one piece of memory. */
    private String feedForward(String x, String name, int channels) {
        int inner = 4 * channels;
        Tensor matrix = layers.scaled(1, name + ".0.proj.weight", 2L * inner, channels);
        Tensor bias = layers.scaled(1, name + ".0.proj.bias", 2L * inner);
        String value = layers.linear(x, matrix.narrow(0, 0, inner), bias.narrow(0, 0, inner));
        String gate = layers.gelu(layers.linear(x, matrix.narrow(0, inner, inner), bias.narrow(0, inner, inner)));
        script.line(value + ".mul_(" + gate + ")");
        return layers.linear(value, name + ".2", inner, channels, true);
    }
}
