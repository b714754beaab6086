package org.noisetrail.model.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.Tensors;

/** Writes the blocks that CLIP's two networks share: pre-norm attention and multilayer perceptron, each added to what came in. */
final class Transformer {
    private final TransformerConfig config;
    private final Script script;
    private final Layers layers;
    private final boolean causal;

    Transformer(TransformerConfig config, Script script, Layers layers, boolean causal) {
        this.config = config;
        this.script = script;
        this.layers = layers;
        this.causal = causal;
    }

    /**
     * @param x [rows, length, width]
     * @param name of the blocks in the checkpoint, without their number
     * @return the states: x, then what each block gives
     */
    List<String> write(String x, String name) {
        List<String> states = new ArrayList<>(List.of(x));
        for (int i = 0; i < config.layers(); i++) {
            states.add(block(states.get(i), name + "." + i));
        }
        return states;
    }

    /** Frees what a block leaves over, so that a large network is not held several times. */
    @SuppressWarnings("try")
    private String block(String x, String name) {
        try (PointerScope leftovers = new PointerScope()) {
            int width = config.width();
            String h = norm(x, name + ".layer_norm1");
            h = layers.linear(h, joined(name, ".weight", width, width), joined(name, ".bias", width));
            String q = script.assign("torch.narrow(" + h + ", 2, 0, " + width + ")");
            String k = script.assign("torch.narrow(" + h + ", 2, " + width + ", " + width + ")");
            String v = script.assign("torch.narrow(" + h + ", 2, " + 2 * width + ", " + width + ")");
            h = layers.attention(q, k, v, config.heads(), width, causal, true);
            h = layers.linear(h, name + ".self_attn.out_proj", width, width, true);
            x = script.assign(x + " + " + h);
            h = norm(x, name + ".layer_norm2");
            h = layers.linear(h, name + ".mlp.fc1", width, config.inner(), true);
            h = config.quick() ? layers.quickGelu(h) : layers.gelu(h);
            h = layers.linear(h, name + ".mlp.fc2", config.inner(), width, true);
            return script.assign(x + " + " + h);
        }
    }

    private String norm(String x, String name) {
        return layers.layerNorm(x, name, config.width(), config.epsilon());
    }

    /** The three layers of queries, keys and values as one. */
    private Tensor joined(String name, String kind, long... shape) {
        return Tensors.cat(
                Stream.of("q_proj", "k_proj", "v_proj")
                        .map(part -> layers.weight(name + ".self_attn." + part + kind, shape))
                        .toList(),
                0);
    }
}
