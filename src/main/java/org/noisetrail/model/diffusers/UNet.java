package org.noisetrail.model.diffusers;

import static org.noisetrail.model.diffusers.Shapes.ANY;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * diffusers' {@code UNet2DConditionModel} (Rombach et al. 2022; Podell et al. 2023). States may have any height and width; the
 * text any length. On the CPU a row's result has the same bits in every batch and on every number of threads. Thread-safe.
 */
public final class UNet implements AutoCloseable {
    private final UNetConfig config;
    private final Device device;
    private final ScriptFunction function;

    /** In float32. */
    public UNet(UNetConfig config, Weights weights, Device device) {
        this(config, weights, Form.on(device, Precision.FLOAT32));
    }

    /** @throws org.noisetrail.NoisetrailException that names a tensor that is missing, of another shape, or one too many */
    public UNet(UNetConfig config, Weights weights, Form form) {
        this.config = config;
        this.device = form.device();
        this.function = Torch.call(() -> UNetScript.compile(config, weights, form));
    }

    public UNetConfig config() {
        return config;
    }

    /**
     * A network that takes no sizes, each row with a text of its own.
     *
     * @param sample float32 [rows, inChannels, height, width]
     * @param timestep float32 [rows], 0 to 999; fractions are allowed
     * @param text float32 [rows, length, context], the encoder's hidden states
     * @return float32 [rows, outChannels, height, width], the caller's to close
     */
    public Tensor forward(Tensor sample, Tensor timestep, Tensor text) {
        return forward(sample, timestep, text, null);
    }

    /**
     * What the network makes of a text alone it makes once; rows have the same bits as with texts of their own.
     *
     * @param text float32 [entries, length, context]
     * @param entries int64 [rows], each row's text, from 0 on, trusted; null where each row has its own
     * @see #forward(Tensor, Tensor, Tensor)
     */
    Tensor forward(Tensor sample, Tensor timestep, Tensor text, @Nullable Tensor entries) {
        if (config.takesSizes()) {
            throw new IllegalArgumentException("the network takes text_embeds and time_ids");
        }
        long rows = check(sample, timestep, text, entries);
        return call(rows, entries, texts -> function.call(sample, timestep, text, texts));
    }

    /**
     * A network that takes sizes (SDXL's), each row with a text of its own.
     *
     * @param pooled float32 [rows, pooled], the pooled embedding of the text
     * @param sizes float32 [rows, 6]: original height and width, crop's top and left, target height and width, in pixels
     * @see #forward(Tensor, Tensor, Tensor)
     */
    public Tensor forward(Tensor sample, Tensor timestep, Tensor text, Tensor pooled, Tensor sizes) {
        return forward(sample, timestep, text, null, pooled, sizes);
    }

    /** @see #forward(Tensor, Tensor, Tensor, Tensor) */
    Tensor forward(Tensor sample, Tensor timestep, Tensor text, @Nullable Tensor entries, Tensor pooled, Tensor sizes) {
        if (!config.takesSizes()) {
            throw new IllegalArgumentException("the network takes no text_embeds and time_ids");
        }
        long rows = check(sample, timestep, text, entries);
        Shapes.require("text_embeds", pooled, rows, config.pooled());
        Shapes.require("time_ids", sizes, rows, UNetConfig.SIZES);
        return call(rows, entries, texts -> function.call(sample, timestep, text, texts, pooled, sizes));
    }

    private Tensor call(long rows, @Nullable Tensor entries, UnaryOperator<Tensor> function) {
        if (entries != null) {
            return Torch.call(() -> function.apply(entries));
        }
        try (Scalar end = new Scalar(rows);
                Tensor each = Torch.call(() -> torch.arange(end, Tensors.options(device, torch.ScalarType.Long)))) {
            return Torch.call(() -> function.apply(each));
        }
    }

    private long check(Tensor sample, Tensor timestep, Tensor text, @Nullable Tensor entries) {
        Shapes.require("sample", sample, ANY, config.inChannels(), ANY, ANY);
        long rows = sample.size(0);
        Shapes.require("timestep", timestep, rows);
        Shapes.require("encoder_hidden_states", text, entries == null ? rows : ANY, ANY, config.context());
        return rows;
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        function.close();
    }
}
