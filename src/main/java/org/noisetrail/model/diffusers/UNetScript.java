package org.noisetrail.model.diffusers;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.PointerScope;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.model.layers.Form;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.model.layers.SharedLinear;
import org.noisetrail.torch.ScriptFunction;

/**
 * A {@code UNet2DConditionModel} as a function {@code (x, timestep, context, entries)}, or {@code (x, timestep, context, entries, text_embeds, time_ids)} for
 * one that takes sizes.
 */
final class UNetScript {
    private record Skip(String variable, int channels) {}

    private final UNetConfig config;
    private final Script script;
    private final Layers layers;
    private final ResidualBlocks residual;
    private final SpatialTransformer transformers;
    private final Deque<Skip> skips = new ArrayDeque<>();

    private String x = "x";
    private int channels;

    private UNetScript(UNetConfig config, Script script, Layers layers, ResidualBlocks residual) {
        this.config = config;
        this.script = script;
        this.layers = layers;
        this.residual = residual;
        this.transformers = new SpatialTransformer(
                script, layers, config.groups(), config.linearProjection(), config.upcastAttention());
    }

    @SuppressWarnings("try")
    static ScriptFunction compile(UNetConfig config, Weights weights, Form form) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(form.device())) {
            Layers layers = new Layers(script, weights, form);
            Layers exact = new Layers(script, weights, form.exact());
            TimeEmbedding embedding = new TimeEmbedding(config, script, exact);
            try (SharedLinear time = new SharedLinear(script, exact)) {
                ResidualBlocks residual = new ResidualBlocks(
                        script, layers, config.groups(), config.epsilon(), time, embedding.channels());
                String output = new UNetScript(config, script, layers, residual).network();
                // Written last, because its final layer is all that the blocks asked of the embedding.
                script.first(() -> embedding.write(time));
                weights.requireAllUsed();
                String sizes = config.takesSizes() ? ", text_embeds: Tensor, time_ids: Tensor" : "";
                return script.compile("x: Tensor, timestep: Tensor, context: Tensor, entries: Tensor" + sizes, output);
            }
        }
    }

    private String network() {
        channels = config.channels().get(0);
        script.line("context = " + layers.enter("context"));
        x = layers.convolution(layers.enterMap(x), "conv_in", config.inChannels(), channels, 3);
        skips.push(new Skip(x, channels));
        for (int level = 0; level < config.levels(); level++) {
            down(level);
        }
        int deepest = config.levels() - 1;
        if (config.middle()) {
            residual("mid_block.resnets.0", channels);
            attention("mid_block.attentions.0", deepest);
            residual("mid_block.resnets.1", channels);
        }
        for (int level = deepest; level >= 0; level--) {
            up(level);
        }
        residual.activateNorm(x, "conv_norm_out", channels);
        return layers.leaveMap(layers.convolution(x, "conv_out", channels, config.outChannels(), 3));
    }

    private void down(int level) {
        String name = "down_blocks." + level;
        for (int i = 0; i < config.blocks().get(level); i++) {
            residual(name + ".resnets." + i, config.channels().get(level));
            if (config.attends().get(level)) {
                attention(name + ".attentions." + i, level);
            }
            skips.push(new Skip(x, channels));
        }
        if (level < config.levels() - 1) {
            x = layers.down(x, name + ".downsamplers.0.conv", channels, 1);
            skips.push(new Skip(x, channels));
        }
    }

    private void up(int level) {
        String name = "up_blocks." + (config.levels() - 1 - level);
        for (int i = 0; i <= config.blocks().get(level); i++) {
            Skip skip = skips.pop();
            x = script.assign("torch.cat([" + x + ", " + skip.variable + "], 1)");
            channels += skip.channels;
            residual(name + ".resnets." + i, config.channels().get(level));
            if (config.attendsUp().get(level)) {
                attention(name + ".attentions." + i, level);
            }
        }
        if (level > 0) {
            // To the size of what it is joined with: an odd size was rounded up on the way down.
            String next = skips.element().variable;
            x = script.assign("torch.upsample_nearest2d(" + x + ", [" + next + ".size(2), " + next + ".size(3)])");
            x = layers.convolution(x, name + ".upsamplers.0.conv", channels, channels, 3);
        }
    }

    /** Frees what building the block leaves over, so that a large network is not held several times. */
    @SuppressWarnings("try")
    private void residual(String name, int out) {
        try (PointerScope leftovers = new PointerScope()) {
            x = residual.block(x, name, channels, out);
            channels = out;
        }
    }

    @SuppressWarnings("try")
    private void attention(String name, int level) {
        try (PointerScope leftovers = new PointerScope()) {
            x = transformers.transformer(
                    x,
                    name,
                    channels,
                    config.transformers().get(level),
                    config.heads().get(level),
                    config.context());
        }
    }
}
