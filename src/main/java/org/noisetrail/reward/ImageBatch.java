package org.noisetrail.reward;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;

/**
 * A batch of 8-bit images with their classes, on one device; a view that its maker owns.
 *
 * @param pixels uint8 [rows, C, H, W], contiguous
 * @param labels int32 [rows] on the same device; -1 where an image has no class
 * @param classes the same labels, on the host
 */
public record ImageBatch(Device device, ImageShape shape, Tensor pixels, Tensor labels, int[] classes) {
    public int rows() {
        return classes.length;
    }
}
