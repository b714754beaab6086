package org.noisetrail.model.diffusers;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.model.layers.SharedLinear;
import org.noisetrail.torch.Tensors;

/** The embedding of the timestep, and of an image's sizes and the pooled text where a network takes them. */
final class TimeEmbedding {
    private final UNetConfig config;
    private final Script script;
    private final Layers layers;

    TimeEmbedding(UNetConfig config, Script script, Layers layers) {
        this.config = config;
        this.script = script;
        this.layers = layers;
    }

    int channels() {
        return 4 * config.channels().get(0);
    }

    /** @param blocks what the residual blocks asked of the embedding */
    void write(SharedLinear blocks) {
        int width = config.channels().get(0);
        String e = embedding(waves("timestep", width) + ".unsqueeze(2).unsqueeze(3)", "time_embedding", width);
        if (config.takesSizes()) {
            String sizes = waves("time_ids.flatten()", config.sizeChannels());
            String added = script.assign("torch.cat([text_embeds, " + sizes
                    + ".reshape([-1, " + UNetConfig.SIZES * config.sizeChannels()
                    + "])], 1).unsqueeze(2).unsqueeze(3)");
            int in = config.pooled() + UNetConfig.SIZES * config.sizeChannels();
            script.line(e + ".add_(" + embedding(added, "add_embedding", in) + ")");
        }
        layers.activate(e);
        blocks.write(e);
    }

    /** Its result carries {@link Layers#sign}, for the activation that follows. */
    private String embedding(String x, String name, int in) {
        String e = layers.pointwise(x, name + ".linear_1", in, channels(), layers.sign(), layers.sign());
        layers.activate(e);
        return layers.pointwise(e, name + ".linear_2", channels(), channels(), 1, layers.sign());
    }

    /** Sines and cosines of numbers [n] at {@code channels / 2} frequencies: [n, channels]. */
    private String waves(String numbers, int channels) {
        int half = channels / 2;
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            // In float32, as where these networks were trained: the angle is up to 1000 times the frequency.
            float exponent = (float) -Math.log(10000) * i / (half - config.frequencyShift());
            frequencies[i] = (float) Math.exp(exponent);
        }
        Tensor row = Tensors.of(Device.CPU, frequencies, half);
        String angle = script.assign("torch.outer(" + numbers + ", " + script.argument(row) + ")");
        return script.assign(
                config.flip()
                        ? "torch.cat([torch.cos(" + angle + "), torch.sin(" + angle + ")], 1)"
                        : "torch.cat([torch.sin(" + angle + "), torch.cos(" + angle + ")], 1)");
    }
}
