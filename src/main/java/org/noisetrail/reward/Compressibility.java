package org.noisetrail.reward;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

record Compressibility(double maxBytes) implements Reward {
    Compressibility {
        if (!(maxBytes >= 0 && maxBytes < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("max bytes must be >= 0 and finite: " + maxBytes);
        }
    }

    @Override
    public String name() {
        return "compressibility";
    }

    @Override
    public void check(ImageShape shape, int... classes) {
        JpegBytes.checkChannels(shape);
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        ImageShape shape = images.shape();
        JpegBytes.checkChannels(shape);
        Kernels.on(images.device())
                .jpegSize(
                        Tensors.pointer(images.pixels()),
                        images.rows(),
                        shape.channels(),
                        shape.height(),
                        shape.width(),
                        maxBytes(shape),
                        null,
                        Scores.pointer(scores, images));
    }

    private double maxBytes(ImageShape shape) {
        if (maxBytes > 0) {
            return maxBytes;
        }
        return (long) shape.height() * shape.width() <= 64 * 64 ? 3000 : 150000;
    }
}
