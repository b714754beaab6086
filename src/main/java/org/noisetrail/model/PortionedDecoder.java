package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.torch.Tensors;

/** {@link Decoder#withinMemory}. */
record PortionedDecoder(Decoder whole, Portions portions) implements Decoder {
    @Override
    public String id() {
        return whole.id();
    }

    @Override
    public ImageShape image() {
        return whole.image();
    }

    @Override
    public boolean isIdentity() {
        return whole.isIdentity();
    }

    @Override
    public Tensor decode(Tensor states) {
        int rows = Math.toIntExact(states.size(0));
        return portions.call(rows, (from, count) -> {
            if (count == rows) {
                return whole.decode(states);
            }
            try (Tensor some = Tensors.rows(states, from, count)) {
                return whole.decode(some);
            }
        });
    }

    @Override
    public void close() {
        whole.close();
    }
}
