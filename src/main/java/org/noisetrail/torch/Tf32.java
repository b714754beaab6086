package org.noisetrail.torch;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.NoisetrailException;

/**
 * Whether cards round the factors of float32 products to TF32. LibTorch asks it of the whole process, at each product: so models hold it while they are open, and one that wants it
 * otherwise is refused meanwhile. Nobody holding it, it is off.
 */
public final class Tf32 implements AutoCloseable {
    private static int holders;
    private static boolean rounded;

    private boolean held = true;

    private Tf32() {}

    /**
     * Keeps it on or off until it is closed.
     *
     * @throws NoisetrailException if others keep it otherwise
     */
    public static Tf32 hold(boolean on) {
        Torch.load();
        synchronized (Tf32.class) {
            if (holders > 0 && rounded != on) {
                throw new NoisetrailException("precision tf32 is for all models on cards of a process or for none: "
                        + (on ? "others are open without it" : "others are open with it"));
            }
            holders++;
            set(on);
            return new Tf32();
        }
    }

    /** LibTorch's own default is on for convolutions, and off for other products. */
    static synchronized void set(boolean on) {
        rounded = on;
        Context context = torch.globalContext();
        context.setAllowTF32CuDNN(on);
        context.setAllowTF32CuBLAS(on);
    }

    @Override
    public void close() {
        synchronized (Tf32.class) {
            if (held) {
                held = false;
                holders--;
                if (holders == 0) {
                    set(false);
                }
            }
        }
    }
}
