package org.noisetrail.model.diffusers;

import org.bytedeco.javacpp.PointerScope;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;

/** An {@code AutoencoderTiny}'s decoder as a function of the latents. Layers are numbered through, those without weights too. */
final class TinyScript {
    private final TinyConfig config;
    private final Script script;
    private final Layers layers;
    private int layer;

    private TinyScript(TinyConfig config, Script script, Layers layers) {
        this.config = config;
        this.script = script;
        this.layers = layers;
    }

    @SuppressWarnings("try")
    static ScriptFunction decoder(TinyConfig config, Weights weights, Device device) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            Layers layers = new Layers(script, weights);
            String output = new TinyScript(config, script, layers).decoder();
            takeEncoder(config, weights);
            weights.requireAllUsed();
            return script.compile("x: Tensor", output);
        }
    }

    private String decoder() {
        int channels = config.decoderChannels();
        // Latents are held within -3 and 3.
        String x = layers.enterMap(script.assign("torch.tanh(x / 3).mul_(3)"));
        x = layers.convolution(x, next(), config.latentChannels(), channels, 3);
        script.line("torch.relu_(" + x + ")");
        layer++;
        int levels = config.decoderBlocks().size();
        for (int level = 0; level < levels; level++) {
            for (int i = 0; i < config.decoderBlocks().get(level); i++) {
                x = block(x, next(), channels);
            }
            if (level < levels - 1) {
                x = script.assign(
                        "torch.upsample_nearest2d(" + x + ", [2 * " + x + ".size(2), 2 * " + x + ".size(3)])");
                layer++;
                x = layers.convolve(x, layers.scaled(1, next() + ".weight", channels, channels, 3, 3), null, 1, 1, 1);
            }
        }
        x = layers.convolution(x, next(), channels, config.imageChannels(), 3);
        // From 0 and 1 to -1 and 1.
        script.line(x + ".mul_(2).sub_(1)");
        return layers.leaveMap(x);
    }

    private String next() {
        return "decoder.layers." + layer++;
    }

    private String block(String x, String name, int channels) {
        String h = layers.convolution(x, name + ".conv.0", channels, channels, 3);
        script.line("torch.relu_(" + h + ")");
        h = layers.convolution(h, name + ".conv.2", channels, channels, 3);
        script.line("torch.relu_(" + h + ")");
        h = layers.convolution(h, name + ".conv.4", channels, channels, 3);
        script.line("torch.relu_(" + h + ".add_(" + x + "))");
        return h;
    }

    /** The encoder is never run: its tensors are only asked for, so that a checkpoint of another network is refused. */
    private static void takeEncoder(TinyConfig config, Weights weights) {
        int channels = config.encoderChannels();
        int layer = 0;
        for (int level = 0; level < config.encoderBlocks().size(); level++) {
            String down = "encoder.layers." + layer++;
            weights.take(down + ".weight", channels, level == 0 ? config.imageChannels() : channels, 3, 3);
            if (level == 0) {
                weights.take(down + ".bias", channels);
            }
            for (int i = 0; i < config.encoderBlocks().get(level); i++) {
                String block = "encoder.layers." + layer++ + ".conv.";
                for (int part : new int[] {0, 2, 4}) {
                    weights.take(block + part + ".weight", channels, channels, 3, 3);
                    weights.take(block + part + ".bias", channels);
                }
            }
        }
        weights.take("encoder.layers." + layer + ".weight", config.latentChannels(), channels, 3, 3);
        weights.take("encoder.layers." + layer + ".bias", config.latentChannels());
    }
}
