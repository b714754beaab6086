package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Lane;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/**
 * A batch of 8-bit images with what they were asked to be, on one device; a view that its maker owns.
 *
 * @param lane where they lie, and where work on them goes
 * @param pixels uint8 [rows, C, H, W], contiguous
 * @param labels int32 [rows] on the same device; -1 where an image has no class
 * @param conditions what each image was asked to be
 */
public record ImageBatch(Lane lane, ImageShape shape, Tensor pixels, Tensor labels, List<Condition> conditions) {
    public ImageBatch {
        elements("pixels", pixels, (long) conditions.size() * shape.elements());
        elements("labels", labels, conditions.size());
    }

    /** On a lane of the device's own default stream. */
    public ImageBatch(Device device, ImageShape shape, Tensor pixels, Tensor labels, List<Condition> conditions) {
        this(Lane.ofDefaultStream(device), shape, pixels, labels, conditions);
    }

    /** Where the images lie. */
    public Device device() {
        return lane.device();
    }

    private static void elements(String what, Tensor tensor, long expected) {
        if (tensor.numel() != expected) {
            throw new IllegalArgumentException(what + " must have " + expected + " elements: " + tensor.numel());
        }
    }

    /** How many images there are. */
    public int rows() {
        return conditions.size();
    }

    /** The images, copied to the host. */
    public List<Image> toHost() {
        byte[] all = Tensors.toBytes(pixels);
        int size = shape.elements();
        List<Image> images = new ArrayList<>(rows());
        for (int row = 0; row < rows(); row++) {
            images.add(new Image(shape, Arrays.copyOfRange(all, row * size, (row + 1) * size), conditions.get(row)));
        }
        return images;
    }
}
