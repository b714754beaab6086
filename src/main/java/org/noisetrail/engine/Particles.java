package org.noisetrail.engine;

import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Unfinished;

/**
 * States with what is known of them: rows of x, and, where a sampler adds its noise after the network, of the network's output F at x, so that no state is ever evaluated
 * twice. Owned by who made it.
 */
public final class Particles implements AutoCloseable {
    private final Rows x;
    private final @Nullable Rows f;
    private final @Nullable Rows clean;

    /**
     * @param withOutput whether the network's output is known of them
     * @param withClean whether they keep the clean estimates of the step that led to them
     */
    Particles(Device device, int rows, ImageShape shape, boolean withOutput, boolean withClean) {
        try (Unfinished parts = new Unfinished()) {
            x = parts.add(new Rows(device, rows, shape));
            f = withOutput ? parts.add(new Rows(device, rows, shape)) : null;
            clean = withClean ? parts.add(new Rows(device, rows, shape)) : null;
            parts.finish();
        }
    }

    /** How many there are. */
    public int rows() {
        return x.rows();
    }

    /** The states. */
    public Rows x() {
        return x;
    }

    @Nullable
    Rows f() {
        return f;
    }

    @Nullable
    Rows clean() {
        return clean;
    }

    /** @throws IllegalStateException if nothing is known of the states */
    Rows output() {
        if (f == null) {
            throw new IllegalStateException("the particles carry no network output");
        }
        return f;
    }

    @Override
    public void close() {
        x.close();
        if (f != null) {
            f.close();
        }
        if (clean != null) {
            clean.close();
        }
    }
}
