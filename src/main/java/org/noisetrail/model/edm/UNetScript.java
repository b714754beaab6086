package org.noisetrail.model.edm;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.PointerScope;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.model.edm.Resampling.Way;
import org.noisetrail.model.layers.Form;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;

/**
 * EDM's U-Nets (ADM, and DDPM++ and NCSN++; Karras et al. 2022, appendix C; tensor names of NVlabs' checkpoints) as functions {@code (x,
 * noise)} or {@code (x, noise, labels)}.
 */
final class UNetScript {
    private record Skip(String variable, int channels) {}

    private final NetworkConfig config;
    private final Script script;
    private final Layers layers;
    private final Resampling resampling;
    private final Blocks blocks;

    private UNetScript(NetworkConfig config, Script script, Layers layers, Embedding embedding) {
        this.config = config;
        this.script = script;
        this.layers = layers;
        this.resampling = new Resampling(script, layers, config.resampleTaps());
        this.blocks = new Blocks(script, layers, embedding, resampling, config.isSong());
    }

    @SuppressWarnings("try")
    static ScriptFunction compile(NetworkConfig config, Weights weights, Form form) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(form.device())) {
            Layers layers = new Layers(script, weights, form);
            Layers exact = new Layers(script, weights, form.exact());
            try (Embedding embedding = new Embedding(config, script, exact)) {
                UNetScript network = new UNetScript(config, script, layers, embedding);
                String output = config.isSong() ? network.song() : network.adm();
                script.first(embedding::write);
                script.first(() -> script.line("rows = x.size(0)"));
                weights.requireAllUsed();
                return script.compile(
                        "x: Tensor, noise: Tensor" + (config.classes() > 0 ? ", labels: Tensor" : ""), output);
            }
        }
    }

    private String adm() {
        int levels = config.channelMult().size();
        Deque<Skip> skips = new ArrayDeque<>();
        String x = layers.enterMap("x");
        int channels = config.channels();
        for (int level = 0; level < levels; level++) {
            int resolution = config.resolution() >> level;
            String prefix = prefix("enc", resolution);
            int width = config.modelChannels() * config.channelMult().get(level);
            if (level == 0) {
                x = layers.convolution(x, prefix + "conv", channels, width, 3);
                channels = width;
            } else {
                x = blocks.block(prefix + "down", x, channels, channels, resolution, Way.DOWN, false);
            }
            skips.push(new Skip(x, channels));
            for (int i = 0; i < config.blocks(); i++) {
                x = block(prefix + "block" + i, x, channels, width, resolution, attends(resolution));
                channels = width;
                skips.push(new Skip(x, channels));
            }
        }
        for (int level = levels - 1; level >= 0; level--) {
            int resolution = config.resolution() >> level;
            String prefix = prefix("dec", resolution);
            int width = config.modelChannels() * config.channelMult().get(level);
            x = enterLevel(x, prefix, channels, resolution, level == levels - 1);
            for (int i = 0; i <= config.blocks(); i++) {
                Skip skip = skips.pop();
                x = script.assign("torch.cat([" + x + ", " + skip.variable + "], 1)");
                x = block(prefix + "block" + i, x, channels + skip.channels, width, resolution, attends(resolution));
                channels = width;
            }
        }
        blocks.activateNorm(x, "model.out_norm", channels, 1e-5);
        return layers.leaveMap(layers.convolution(x, "model.out_conv", channels, config.channels(), 3));
    }

    private String song() {
        int levels = config.channelMult().size();
        Deque<Skip> skips = new ArrayDeque<>();
        String x = layers.enterMap("x");
        String side = x;
        int sideChannels = config.channels();
        int channels = config.channels();
        for (int level = 0; level < levels; level++) {
            int resolution = config.resolution() >> level;
            String prefix = prefix("enc", resolution);
            int width = config.modelChannels() * config.channelMult().get(level);
            if (level == 0) {
                x = layers.convolution(x, prefix + "conv", channels, config.modelChannels(), 3);
                channels = config.modelChannels();
            } else {
                x = blocks.block(prefix + "down", x, channels, channels, resolution, Way.DOWN, false);
                if (config.encoderType().equals("skip")) {
                    side = resampling.down(side, prefix + "aux_down", sideChannels);
                    String projected = layers.convolution(side, prefix + "aux_skip", sideChannels, channels, 1);
                    x = script.assign(x + " + " + projected);
                } else if (config.encoderType().equals("residual")) {
                    side = resampling.downThroughConvolution(side, prefix + "aux_residual", sideChannels, channels);
                    script.line(side + ".add_(" + x + ").mul_(" + Math.sqrt(0.5) + ")");
                    x = side;
                    sideChannels = channels;
                }
            }
            skips.push(new Skip(x, channels));
            for (int i = 0; i < config.blocks(); i++) {
                x = block(prefix + "block" + i, x, channels, width, resolution, attends(resolution));
                channels = width;
                skips.push(new Skip(x, channels));
            }
        }
        String image = "";
        for (int level = levels - 1; level >= 0; level--) {
            int resolution = config.resolution() >> level;
            String prefix = prefix("dec", resolution);
            int width = config.modelChannels() * config.channelMult().get(level);
            x = enterLevel(x, prefix, channels, resolution, level == levels - 1);
            for (int i = 0; i <= config.blocks(); i++) {
                Skip skip = skips.pop();
                boolean attention = i == config.blocks() && attends(resolution);
                x = script.assign("torch.cat([" + x + ", " + skip.variable + "], 1)");
                x = block(prefix + "block" + i, x, channels + skip.channels, width, resolution, attention);
                channels = width;
            }
            boolean skipDecoder = config.decoderType().equals("skip");
            if (skipDecoder || level == 0) {
                if (skipDecoder && level < levels - 1) {
                    image = resampling.up(image, prefix + "aux_up", config.channels(), resolution);
                }
                String h = blocks.activatedNorm(x, prefix + "aux_norm", channels, 1e-6);
                h = layers.convolution(h, prefix + "aux_conv", channels, config.channels(), 3);
                image = image.isEmpty() ? h : script.assign(h + " + " + image);
            }
        }
        return layers.leaveMap(image);
    }

    private static String prefix(String half, int resolution) {
        return "model." + half + "." + resolution + "x" + resolution + "_";
    }

    private String block(String name, String x, int in, int out, int resolution, boolean attention) {
        return blocks.block(name, x, in, out, resolution, Way.NONE, attention);
    }

    private String enterLevel(String x, String prefix, int channels, int resolution, boolean deepest) {
        if (!deepest) {
            return blocks.block(prefix + "up", x, channels, channels, resolution, Way.UP, false);
        }
        String h = block(prefix + "in0", x, channels, channels, resolution, true);
        return block(prefix + "in1", h, channels, channels, resolution, false);
    }

    private boolean attends(int resolution) {
        return config.attentionResolutions().contains(resolution);
    }
}
