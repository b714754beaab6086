package org.noisetrail.model.edm;

import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.model.layers.SharedLinear;
import org.noisetrail.torch.Tensors;

/** The embedding of noise level and class. The blocks' layers of it are one matrix, whose rows are taken here as they are asked for. */
final class Embedding implements AutoCloseable {
    private final NetworkConfig config;
    private final Script script;
    private final Layers layers;
    private final int channels;
    private final SharedLinear blocks;

    Embedding(NetworkConfig config, Script script, Layers layers) {
        this.config = config;
        this.script = script;
        this.layers = layers;
        this.blocks = new SharedLinear(script, layers);
        this.channels = config.modelChannels() * config.channelMultEmb();
    }

    int channels() {
        return channels;
    }

    /**
     * A linear layer of the activated embedding, which carries {@link Layers#sign}.
     *
     * @return the expression of its result, [rows, out, 1, 1]
     */
    String linear(Tensor matrix, Tensor bias) {
        return blocks.layer(matrix, bias);
    }

    /** Call it last, for lines that run first: its final layer is all that the blocks asked for. */
    void write() {
        double sign = layers.sign();
        int noiseChannels = config.modelChannels() * (config.isSong() ? config.channelMultNoise() : 1);
        String angle = script.assign("torch.outer(noise, " + script.argument(frequencies(noiseChannels / 2)) + ")");
        String halves = config.isSong() ? "torch.sin(%1$s), torch.cos(%1$s)" : "torch.cos(%1$s), torch.sin(%1$s)";
        String e = script.assign("torch.cat([" + String.format(Locale.ROOT, halves, angle) + "], 1).reshape([-1, "
                + noiseChannels + ", 1, 1])");
        if (config.augmentDim() > 0) {
            // No augmentation labels means none was applied: nothing to add.
            layers.weight("model.map_augment.weight", noiseChannels, config.augmentDim());
        }
        if (config.isSong()) {
            if (config.classes() > 0) {
                Tensor table = layers.weight("model.map_label.weight", noiseChannels, config.classes())
                        .t()
                        .mul(new Scalar(Math.sqrt(config.classes())))
                        .add(layers.weight("model.map_label.bias", noiseChannels));
                e = script.assign(e + " + " + classRow(table));
            }
            e = layers.pointwise(e, "model.map_layer0", noiseChannels, channels, sign, sign);
            layers.activate(e);
            e = layers.pointwise(e, "model.map_layer1", channels, channels, 1, sign);
            layers.activate(e);
        } else {
            e = layers.pointwise(e, "model.map_layer0", noiseChannels, channels, sign, sign);
            layers.activate(e);
            e = layers.pointwise(e, "model.map_layer1", channels, channels, 1, sign);
            if (config.classes() > 0) {
                Tensor table = layers.weight("model.map_label.weight", channels, config.classes())
                        .t()
                        .mul(new Scalar(sign));
                e = script.assign(e + " + " + classRow(table));
            }
            layers.activate(e);
        }
        blocks.write(e);
    }

    private Tensor frequencies(int count) {
        if (config.embeddingType().equals("fourier") && config.isSong()) {
            return layers.scaled(2 * Math.PI, "model.map_noise.freqs", count);
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) Math.pow(1e-4, (float) i / (count - (config.isSong() ? 1 : 0)));
        }
        return Tensors.of(Device.CPU, values, count);
    }

    private String classRow(Tensor table) {
        return "torch.index_select(" + script.argument(table.contiguous()) + ", 0, labels).unsqueeze(2).unsqueeze(3)";
    }

    @Override
    public void close() {
        blocks.close();
    }
}
