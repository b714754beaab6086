package org.noisetrail.model.diffusers;

import static org.noisetrail.model.diffusers.Shapes.ANY;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;

/**
 * diffusers' {@code AutoencoderKL} (Rombach et al. 2022, section 3.1), in float32: between images and the latents that a denoiser works on.
 * Neither half scales or shifts. On the CPU a row's result has the same bits in every batch and on every number of threads. Thread-safe.
 */
public final class AutoencoderKl implements AutoCloseable {
    private final VaeConfig config;
    private final ScriptFunction decoder;
    private final @Nullable ScriptFunction encoder;

    /**
     * @param encodes whether {@link #encode} will be called; its weights take memory
     * @throws org.noisetrail.NoisetrailException that names a tensor that is missing, of another shape, or one too many
     */
    public AutoencoderKl(VaeConfig config, Weights weights, Device device, boolean encodes) {
        this.config = config;
        try (Unfinished parts = new Unfinished()) {
            this.decoder = parts.add(Torch.call(() -> VaeScript.decoder(config, weights, device)));
            this.encoder = Torch.call(() -> VaeScript.encoder(config, weights, device, encodes));
            if (encoder != null) {
                parts.add(encoder);
            }
            weights.requireAllUsed();
            parts.finish();
        }
    }

    public VaeConfig config() {
        return config;
    }

    /**
     * @param latents float32 [rows, latentChannels, height, width]
     * @return the images, float32 [rows, imageChannels, factor * height, factor * width], about -1 to 1; the caller's to close
     */
    public Tensor decode(Tensor latents) {
        Shapes.require("z", latents, ANY, config.latentChannels(), ANY, ANY);
        return Torch.call(() -> decoder.call(latents));
    }

    /**
     * @param images float32 [rows, imageChannels, height, width], -1 to 1; sizes that the factor does not divide lose what is over
     * @throws IllegalStateException if it was loaded without its encoder
     */
    public Posterior encode(Tensor images) {
        if (encoder == null) {
            throw new IllegalStateException("the autoencoder was loaded without its encoder");
        }
        Shapes.require("image", images, ANY, config.imageChannels(), ANY, ANY);
        if (Math.min(images.size(2), images.size(3)) < config.factor()) {
            throw new IllegalArgumentException("image must be at least " + config.factor() + " pixels high and wide: "
                    + images.size(2) + "x" + images.size(3));
        }
        return Torch.call(() -> {
            try (Tensor moments = encoder.call(images)) {
                return Posterior.of(moments, config.latentChannels());
            }
        });
    }

    /**
     * The normal distribution of an image's latents.
     *
     * @param mean float32 [rows, latentChannels, height / factor, width / factor]
     * @param logVariance the natural logarithm of the variance, -30 to 20, of the same shape
     */
    public record Posterior(Tensor mean, Tensor logVariance) implements AutoCloseable {
        private static Posterior of(Tensor moments, int channels) {
            try (Tensor first = moments.narrow(1, 0, channels);
                    Tensor second = moments.narrow(1, channels, channels);
                    Scalar low = new Scalar(-30.0);
                    Scalar high = new Scalar(20.0);
                    ScalarOptional min = new ScalarOptional(low);
                    ScalarOptional max = new ScalarOptional(high)) {
                return new Posterior(first.contiguous(), second.clamp(min, max));
            }
        }

        @Override
        public void close() {
            mean.close();
            logVariance.close();
        }
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        decoder.close();
        if (encoder != null) {
            encoder.close();
        }
    }
}
