package org.noisetrail.model.diffusers;

import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;

/** An {@code AutoencoderKL}'s two halves, each a function of one tensor {@code x}. */
final class VaeScript {
    private static final double EPSILON = 1e-6;

    private final VaeConfig config;
    private final Script script;
    private final Layers layers;
    private final ResidualBlocks residual;

    private String x = "x";
    private int channels;

    private VaeScript(VaeConfig config, Script script, Weights weights) {
        this.config = config;
        this.script = script;
        this.layers = new Layers(script, weights);
        this.residual = new ResidualBlocks(script, layers, config.groups(), EPSILON, null, 0);
    }

    /** From latents to an image. */
    @SuppressWarnings("try")
    static ScriptFunction decoder(VaeConfig config, Weights weights, Device device) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            return script.compile("x: Tensor", new VaeScript(config, script, weights).decoder());
        }
    }

    /**
     * From an image to the mean and the logarithm of the variance of its latents, which follow each other in the channels.
     *
     * @param build false to take the tensors from the weights, reading none, and build nothing
     */
    @SuppressWarnings("try")
    static @Nullable ScriptFunction encoder(VaeConfig config, Weights weights, Device device, boolean build) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(build ? device : Device.CPU)) {
            String output = new VaeScript(config, script, build ? weights : weights.shapes()).encoder();
            return build ? script.compile("x: Tensor", output) : null;
        }
    }

    private String decoder() {
        int latents = config.latentChannels();
        x = layers.enterMap(x);
        if (config.postQuant()) {
            x = layers.convolution(x, "post_quant_conv", latents, latents, 1);
        }
        channels = config.channels().get(config.levels() - 1);
        x = layers.convolution(x, "decoder.conv_in", latents, channels, 3);
        middle("decoder.mid_block");
        for (int level = config.levels() - 1; level >= 0; level--) {
            String name = "decoder.up_blocks." + (config.levels() - 1 - level);
            for (int i = 0; i <= config.blocks(); i++) {
                block(name + ".resnets." + i, config.channels().get(level));
            }
            if (level > 0) {
                x = script.assign(
                        "torch.upsample_nearest2d(" + x + ", [2 * " + x + ".size(2), 2 * " + x + ".size(3)])");
                x = layers.convolution(x, name + ".upsamplers.0.conv", channels, channels, 3);
            }
        }
        return layers.leaveMap(last("decoder", config.imageChannels()));
    }

    private String encoder() {
        channels = config.channels().get(0);
        x = layers.convolution(layers.enterMap(x), "encoder.conv_in", config.imageChannels(), channels, 3);
        for (int level = 0; level < config.levels(); level++) {
            String name = "encoder.down_blocks." + level;
            for (int i = 0; i < config.blocks(); i++) {
                block(name + ".resnets." + i, config.channels().get(level));
            }
            if (level < config.levels() - 1) {
                // Zeros only to the right and below.
                x = script.assign("torch.constant_pad_nd(" + x + ", [0, 1, 0, 1])");
                x = layers.down(x, name + ".downsamplers.0.conv", channels, 0);
            }
        }
        middle("encoder.mid_block");
        int moments = 2 * config.latentChannels();
        String output = last("encoder", moments);
        return layers.leaveMap(config.quant() ? layers.convolution(output, "quant_conv", moments, moments, 1) : output);
    }

    private String last(String half, int out) {
        residual.activateNorm(x, half + ".conv_norm_out", channels);
        return layers.convolution(x, half + ".conv_out", channels, out, 3);
    }

    private void middle(String name) {
        block(name + ".resnets.0", channels);
        if (config.attention()) {
            attention(name + ".attentions.0");
        }
        block(name + ".resnets.1", channels);
    }

    /** Frees what building the block leaves over. */
    @SuppressWarnings("try")
    private void block(String name, int out) {
        try (PointerScope leftovers = new PointerScope()) {
            x = residual.block(x, name, channels, out);
            channels = out;
        }
    }

    private void attention(String name) {
        String h = layers.groupNorm(x, name + ".group_norm", channels, config.groups(), EPSILON);
        h = layers.sequence(h);
        String a = layers.attention(
                layers.linear(h, name + ".to_q", channels, channels, true),
                layers.linear(h, name + ".to_k", channels, channels, true),
                layers.linear(h, name + ".to_v", channels, channels, true),
                1,
                channels,
                false,
                true);
        a = layers.linear(a, name + ".to_out.0", channels, channels, true);
        a = layers.map(a, x);
        script.line(a + ".add_(" + x + ")");
        x = a;
    }
}
