package org.noisetrail.model.diffusers;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Torch;

/** The decoder of an autoencoder: images of latents / scaling factor + shift factor. Owns the autoencoder. */
final class VaeDecoder implements Decoder {
    private final Digest id;
    private final ImageShape image;
    private final AutoencoderKl autoencoder;

    VaeDecoder(Digest id, ImageShape image, AutoencoderKl autoencoder) {
        this.id = id;
        this.image = image;
        this.autoencoder = autoencoder;
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    public ImageShape image() {
        return image;
    }

    @Override
    public Tensor decode(Tensor states) {
        try (Scalar scale = new Scalar(autoencoder.config().scalingFactor());
                Scalar shift = new Scalar(autoencoder.config().shiftFactor());
                Tensor scaled = Torch.call(() -> states.div(scale));
                Tensor latents = Torch.call(() -> scaled.add(shift))) {
            return autoencoder.decode(latents);
        }
    }

    @Override
    public void close() {
        autoencoder.close();
    }
}
