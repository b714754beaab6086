package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

record JpegBytes() implements Reward {
    /** Of a side, in pixels: the kernel's. */
    private static final int LARGEST = 16384;

    @Override
    public String name() {
        return "jpeg-bytes";
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        checkShape(shape);
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        ImageShape shape = images.shape();
        checkShape(shape);
        Scores.pointer(scores, images);
        try (Tensor bytes = Tensors.ints(images.device(), images.rows())) {
            Kernels.on(images.lane())
                    .jpegSize(
                            Tensors.pointer(images.pixels()),
                            images.rows(),
                            shape.channels(),
                            shape.height(),
                            shape.width(),
                            1,
                            Tensors.pointer(bytes),
                            null);
            Tensors.copy(bytes, scores);
        }
    }

    static void checkShape(ImageShape shape) {
        if (shape.channels() != 1 && shape.channels() != 3) {
            throw new IllegalArgumentException("channels of a JPEG must be 1 or 3: " + shape.channels());
        }
        if (shape.height() > LARGEST || shape.width() > LARGEST) {
            throw new IllegalArgumentException(
                    "height and width of a JPEG must be <= " + LARGEST + ": " + shape.height() + " x " + shape.width());
        }
    }
}
