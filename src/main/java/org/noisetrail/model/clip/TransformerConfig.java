package org.noisetrail.model.clip;

import org.noisetrail.checkpoint.ConfigFile;

/**
 * The sizes of one of CLIP's two transformers.
 *
 * @param inner width of the layer between the two of a block's multilayer perceptron
 * @param quick whether its activation is x sigmoid(1.702 x), else GELU
 */
record TransformerConfig(int width, int inner, int layers, int heads, boolean quick, double epsilon) {
    private static final int WIDEST = 1 << 16;

    /** @param defaults what the keys mean where they are absent */
    static TransformerConfig read(ConfigFile config, TransformerConfig defaults) {
        int width = config.integer("hidden_size", defaults.width, 1, WIDEST);
        int heads = config.integer("num_attention_heads", defaults.heads, 1, WIDEST);
        if (width % heads != 0) {
            throw config.wrong("hidden_size", "a multiple of num_attention_heads " + heads);
        }
        return new TransformerConfig(
                width,
                config.integer("intermediate_size", defaults.inner, 1, WIDEST),
                config.integer("num_hidden_layers", defaults.layers, 1, 1 << 10),
                heads,
                config.oneOf("hidden_act", "quick_gelu", "quick_gelu", "gelu").equals("quick_gelu"),
                config.positive("layer_norm_eps", defaults.epsilon));
    }
}
