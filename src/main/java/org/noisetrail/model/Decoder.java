package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;

/**
 * Makes images of states: a latent model's decoder, or nothing at all ({@link #identity}). Safe to call from several threads at once. A search calls it without gradients
 * ({@code GradMode} is off on the calling thread): parameters may want them.
 */
public interface Decoder extends AutoCloseable {
    /** Names it and its weights. */
    String id();

    /** The shape of the images it makes. */
    ImageShape image();

    /** Whether images are states as they are, so that decoding costs nothing. */
    default boolean isIdentity() {
        return false;
    }

    /**
     * @param states float32 [rows, C, H, W], contiguous. Of other heights and widths than the model's where a screening looks at less: half of each ({@link #half}), and 8 x 8 once
     *     ({@link #linear}); the images are then larger or smaller by as much
     * @return float32 [rows, image's shape], contiguous, about -1 to 1; the caller's to close
     */
    Tensor decode(Tensor states);

    @Override
    void close();

    /**
     * As {@link Denoiser#withinMemory}; a call has no more than 16 images of 512 x 512 pixels, or as many pixels of another size: where memory is promised and then not there, nothing tells of too many. One
     * that costs nothing is given back as it is.
     */
    static Decoder withinMemory(Decoder whole) {
        if (whole instanceof PortionedDecoder || whole.isIdentity()) {
            return whole;
        }
        long pixels = Math.max(1, (long) whole.image().height() * whole.image().width());
        int most = (int) Math.max(1, (16L << 18) / pixels);
        // A decoder is float32 in every precision.
        return new PortionedDecoder(whole, new Portions("--decode-batch", most, "a smaller image"));
    }

    /**
     * A decoder's look at states of half the height and width: means of 2 x 2 elements, for a quarter of its work. Closing it leaves the whole one open.
     *
     * @param state the shape of the states
     * @throws IllegalArgumentException if they are less than 2 high or wide
     */
    static Decoder half(Decoder whole, ImageShape state) {
        return new HalfDecoder(whole, state);
    }

    /**
     * A look without a network: latents' channels as colours, by an affine map at the latents' own size. The map is what the decoder makes of flat states, which it is asked for once.
     * Closing it leaves the decoder open.
     *
     * @param state the shape of the states
     * @throws IllegalArgumentException if states are images as they are
     */
    static Decoder linear(Decoder whole, ImageShape state, Device device) {
        return new LinearDecoder(whole, state, device);
    }

    /** For models of pixels. */
    static Decoder identity(ImageShape shape) {
        return new Decoder() {
            @Override
            public String id() {
                return "";
            }

            @Override
            public ImageShape image() {
                return shape;
            }

            @Override
            public boolean isIdentity() {
                return true;
            }

            @Override
            public Tensor decode(Tensor states) {
                return org.noisetrail.torch.Tensors.rows(states, 0, states.size(0));
            }

            @Override
            public void close() {}
        };
    }
}
