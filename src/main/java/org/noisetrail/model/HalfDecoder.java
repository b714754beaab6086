package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.torch.Torch;

/** {@link Decoder#half}. */
final class HalfDecoder implements Decoder {
    private final Decoder whole;
    private final ImageShape image;

    HalfDecoder(Decoder whole, ImageShape state) {
        if (state.height() < 2 || state.width() < 2) {
            throw new IllegalArgumentException("states must be at least 2x2 to be halved: " + state);
        }
        this.whole = whole;
        ImageShape full = whole.image();
        image = new ImageShape(
                full.channels(),
                state.height() / 2 * (full.height() / state.height()),
                state.width() / 2 * (full.width() / state.width()));
    }

    @Override
    public String id() {
        return ("half " + whole.id()).strip();
    }

    @Override
    public ImageShape image() {
        return image;
    }

    @Override
    public boolean isIdentity() {
        return whole.isIdentity();
    }

    @Override
    public Tensor decode(Tensor states) {
        Tensor halved = Torch.call(() -> torch.avg_pool2d(states, 2, 2));
        if (whole.isIdentity()) {
            return halved;
        }
        try (halved) {
            return whole.decode(halved);
        }
    }

    @Override
    public void close() {}
}
