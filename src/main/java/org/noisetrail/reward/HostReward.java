package org.noisetrail.reward;

import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

record HostReward(String name, ToDoubleFunction<Image> reward) implements Reward {
    @Override
    public void score(ImageBatch images, Tensor scores) {
        throw new UnsupportedOperationException();
    }
}
