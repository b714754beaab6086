package org.noisetrail.torch;

import org.bytedeco.pytorch.GradMode;

/**
 * While it is open, LibTorch's operations of the thread that made it note nothing for gradients: what users' parts make would else keep all that it came from, and what it is copied to
 * would keep that of each call. Closed by that thread. Not LibTorch's own guard, a native object, which a {@code PointerScope} of a user's would free too late.
 */
public final class NoGradients implements AutoCloseable {
    static {
        Torch.load();
    }

    private final boolean before = GradMode.is_enabled();

    public NoGradients() {
        GradMode.set_enabled(false);
    }

    @Override
    public void close() {
        GradMode.set_enabled(before);
    }
}
