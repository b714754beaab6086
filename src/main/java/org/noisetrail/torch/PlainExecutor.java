package org.noisetrail.torch;

import org.bytedeco.pytorch.global.torch;

/** While it is open, TorchScript of the thread that made it runs as it is written: LibTorch would profile the first runs, and specialise on their shapes. Closed by that thread. */
public final class PlainExecutor implements AutoCloseable {
    static {
        Torch.load();
    }

    private final boolean before = torch.getGraphExecutorOptimize();

    public PlainExecutor() {
        torch.setGraphExecutorOptimize(false);
    }

    @Override
    public void close() {
        torch.setGraphExecutorOptimize(before);
    }
}
