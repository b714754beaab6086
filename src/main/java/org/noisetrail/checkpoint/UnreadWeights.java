package org.noisetrail.checkpoint;

import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Other weights, of which names and shapes are checked and nothing is read: tensors are LibTorch's of "meta", which have no memory. */
record UnreadWeights(Weights weights) implements Weights {
    @Override
    public boolean has(String name) {
        return weights.has(name);
    }

    @Override
    public Set<String> names() {
        return weights.names();
    }

    @Override
    public Tensor get(String name, long... shape) {
        weights.take(name, shape);
        return Torch.call(() -> {
            try (Tensor number = Tensors.floats(Device.CPU);
                    var nowhere = new org.bytedeco.pytorch.Device("meta");
                    Tensor unread = number.to(nowhere, ScalarType.Float)) {
                return unread.expand(shape);
            }
        });
    }

    @Override
    public void take(String name, long... shape) {
        weights.take(name, shape);
    }

    @Override
    public void ignore(String name) {
        weights.ignore(name);
    }

    @Override
    public void requireAllUsed() {
        weights.requireAllUsed();
    }
}
