package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Lane;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.TorchLane;

/**
 * A batch of 8-bit images with what they were asked to be, on one device; a view that its maker owns.
 *
 * @param lane where they lie, and where work on them goes
 * @param pixels uint8 [rows, C, H, W], contiguous
 * @param labels int32 [rows] on the same device; -1 where an image has no class
 * @param conditions what each image was asked to be; at least one
 */
public record ImageBatch(Lane lane, ImageShape shape, Tensor pixels, Tensor labels, List<Condition> conditions) {
    /** @throws IllegalArgumentException if there is no image, a tensor has another type or number of elements, is not contiguous, or they lie on two devices */
    public ImageBatch {
        if (conditions.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
        require("pixels", pixels, ScalarType.Byte, (long) conditions.size() * shape.elements());
        require("labels", labels, ScalarType.Int, conditions.size());
        requireTogether("labels", labels, pixels);
    }

    /**
     * On the lane that LibTorch's operations of this thread go to; outside of a search, the device's default stream.
     *
     * @throws IllegalArgumentException also if the tensors lie elsewhere
     */
    public ImageBatch(Device device, ImageShape shape, Tensor pixels, Tensor labels, List<Condition> conditions) {
        this(lane(device, pixels), shape, pixels, labels, conditions);
    }

    /** A card is asked for its lane only where there is one. */
    private static Lane lane(Device device, Tensor pixels) {
        if (!Tensors.isOn(pixels, device)) {
            throw new IllegalArgumentException("pixels must be on " + device);
        }
        return TorchLane.current(device);
    }

    /** Where the images lie. */
    public Device device() {
        return lane.device();
    }

    /**
     * Has a reward score these images, without gradients: NaN where it says nothing, and in the place of plus infinity, as where a sum overflows, which would win without being better than anything.
     *
     * @param scores float64 [rows] on the images' device, contiguous
     */
    public void score(Reward reward, Tensor scores) {
        try (NoGradients plain = new NoGradients()) {
            Tensors.fill(scores, Double.NaN);
            reward.score(this, scores);
            Tensors.forgetInfinity(scores);
        }
    }

    /** Kernels read and write through raw pointers: of another type or size it would be beyond a tensor's end, on another device anywhere. */
    static void require(String what, Tensor tensor, ScalarType type, long elements) {
        if (!Tensors.is(tensor, type)) {
            throw new IllegalArgumentException(
                    what + " must be " + type + ": " + tensor.scalar_type().intern());
        }
        if (tensor.numel() != elements) {
            throw new IllegalArgumentException(what + " must have " + elements + " elements: " + tensor.numel());
        }
        if (!tensor.is_contiguous()) {
            throw new IllegalArgumentException(what + " must be contiguous");
        }
    }

    static void requireTogether(String what, Tensor tensor, Tensor pixels) {
        if (!Tensors.areTogether(tensor, pixels)) {
            throw new IllegalArgumentException(what + " must be on the device of the pixels");
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
