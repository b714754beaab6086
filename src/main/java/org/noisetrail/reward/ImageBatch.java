package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/**
 * A batch of 8-bit images with their classes, on one device; a view that its maker owns.
 *
 * @param pixels uint8 [rows, C, H, W], contiguous
 * @param labels int32 [rows] on the same device; -1 where an image has no class
 * @param classes the same labels, on the host
 */
public record ImageBatch(Device device, ImageShape shape, Tensor pixels, Tensor labels, int[] classes) {
    public ImageBatch {
        elements("pixels", pixels, (long) classes.length * shape.elements());
        elements("labels", labels, classes.length);
    }

    private static void elements(String what, Tensor tensor, long expected) {
        if (tensor.numel() != expected) {
            throw new IllegalArgumentException(what + " must have " + expected + " elements: " + tensor.numel());
        }
    }

    public int rows() {
        return classes.length;
    }

    /** The images, copied to the host. */
    public List<Image> toHost() {
        byte[] all = Tensors.toBytes(pixels);
        int size = shape.elements();
        List<Image> images = new ArrayList<>(rows());
        for (int row = 0; row < rows(); row++) {
            images.add(new Image(shape, Arrays.copyOfRange(all, row * size, (row + 1) * size), classes[row]));
        }
        return images;
    }
}
