package org.noisetrail.torch;

import java.util.function.Supplier;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Natives;

/** What LibTorch's allocator holds of the cards' memory. Loaded where there is a card. */
public final class CardMemory {
    /** Held while anything is recorded, on any card, and while memory is given back: LibTorch ends in an error where both are done at once. */
    static final Object RECORDING = new Object();

    private CardMemory() {}

    /** Makes a call while nothing is recorded, when LibTorch gives up what it holds unused before it lets one fail. */
    public static <T> T unrecorded(Supplier<T> call) {
        synchronized (RECORDING) {
            return call.get();
        }
    }

    /** Waits for all that a card was given; not while anything is recorded, which that would break. */
    static void settle(Device device) {
        synchronized (RECORDING) {
            Torch.run(() -> torch.cuda_synchronize(device.ordinal()));
        }
    }

    /** Gives the driver what LibTorch holds and does not use; what is taken of the driver itself may need it. Waits for the cards. */
    public static void release() {
        Natives.load(torch_cuda.class);
        synchronized (RECORDING) {
            Torch.run(() -> torch_cuda.getAllocator().emptyCache());
        }
    }
}
