package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.torch.Tensors;

/** Brightness, and every score it has given, batch by batch. */
final class Recorded implements Reward {
    final List<double[]> batches = new ArrayList<>();

    @Override
    public String name() {
        return "recorded";
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Rewards.brightness().score(images, scores);
        batches.add(Tensors.toDoubles(scores));
    }
}
