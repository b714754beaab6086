package org.noisetrail.model.diffusers;

import static org.noisetrail.model.diffusers.Shapes.ANY;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/**
 * diffusers' {@code UNet2DConditionModel} (Rombach et al. 2022; Podell et al. 2023). States may have any height and width; the
 * text any length. On the CPU a row's result has the same bits in every batch and on every number of threads. Thread-safe.
 */
public final class UNet implements AutoCloseable {
    private final UNetConfig config;
    private final ScriptFunction function;

    /** In float32. */
    public UNet(UNetConfig config, Weights weights, Device device) {
        this(config, weights, Form.on(device, Precision.FLOAT32));
    }

    /** @throws org.noisetrail.NoisetrailException that names a tensor that is missing, of another shape, or one too many */
    public UNet(UNetConfig config, Weights weights, Form form) {
        this.config = config;
        this.function = Torch.call(() -> UNetScript.compile(config, weights, form));
    }

    public UNetConfig config() {
        return config;
    }

    /**
     * A network that takes no sizes.
     *
     * @param sample float32 [rows, inChannels, height, width]
     * @param timestep float32 [rows], 0 to 999; fractions are allowed
     * @param text float32 [rows, length, context], the encoder's hidden states
     * @return float32 [rows, outChannels, height, width], the caller's to close
     */
    public Tensor forward(Tensor sample, Tensor timestep, Tensor text) {
        if (config.takesSizes()) {
            throw new IllegalArgumentException("the network takes text_embeds and time_ids");
        }
        check(sample, timestep, text);
        return Torch.call(() -> function.call(sample, timestep, text));
    }

    /**
     * A network that takes sizes (SDXL's).
     *
     * @param pooled float32 [rows, pooled], the pooled embedding of the text
     * @param sizes float32 [rows, 6]: original height and width, crop's top and left, target height and width, in pixels
     * @see #forward(Tensor, Tensor, Tensor)
     */
    public Tensor forward(Tensor sample, Tensor timestep, Tensor text, Tensor pooled, Tensor sizes) {
        if (!config.takesSizes()) {
            throw new IllegalArgumentException("the network takes no text_embeds and time_ids");
        }
        long rows = check(sample, timestep, text);
        Shapes.require("text_embeds", pooled, rows, config.pooled());
        Shapes.require("time_ids", sizes, rows, UNetConfig.SIZES);
        return Torch.call(() -> function.call(sample, timestep, text, pooled, sizes));
    }

    private long check(Tensor sample, Tensor timestep, Tensor text) {
        Shapes.require("sample", sample, ANY, config.inChannels(), ANY, ANY);
        long rows = sample.size(0);
        Shapes.require("timestep", timestep, rows);
        Shapes.require("encoder_hidden_states", text, rows, ANY, config.context());
        return rows;
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        function.close();
    }
}
