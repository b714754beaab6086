package org.noisetrail.model.diffusers;

import static org.noisetrail.model.diffusers.Shapes.ANY;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/**
 * The decoder of diffusers' {@code AutoencoderTiny} (TAESD), in float32: a rough image from latents, for a fraction of what {@link
 * AutoencoderKl} costs. On the CPU a row's image has the same bits in every batch and on every number of threads. Thread-safe.
 */
public final class AutoencoderTiny implements AutoCloseable {
    private final TinyConfig config;
    private final ScriptFunction decoder;

    /** @throws org.noisetrail.NoisetrailException that names a tensor that is missing, of another shape, or one too many */
    public AutoencoderTiny(TinyConfig config, Weights weights, Device device) {
        this.config = config;
        this.decoder = Torch.call(() -> TinyScript.decoder(config, weights, device));
    }

    public TinyConfig config() {
        return config;
    }

    /**
     * @param latents float32 [rows, latentChannels, height, width]
     * @return the images, float32 [rows, imageChannels, factor * height, factor * width], about -1 to 1; the caller's to close
     */
    public Tensor decode(Tensor latents) {
        Shapes.require("latents", latents, ANY, config.latentChannels(), ANY, ANY);
        return Torch.call(() -> decoder.call(latents));
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        decoder.close();
    }
}
