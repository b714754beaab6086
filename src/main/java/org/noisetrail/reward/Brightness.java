package org.noisetrail.reward;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

record Brightness() implements Reward {
    @Override
    public String name() {
        return "brightness";
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        ImageShape shape = images.shape();
        Kernels.on(images.lane())
                .luminance(
                        Tensors.pointer(images.pixels()),
                        images.rows(),
                        shape.channels(),
                        shape.height(),
                        shape.width(),
                        Scores.pointer(scores, images));
    }
}
