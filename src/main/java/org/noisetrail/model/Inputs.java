package org.noisetrail.model;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Tensors;

/** What a denoiser may be given, and what it may give; wrong shapes would otherwise surface deep inside LibTorch, broadcast, or be read past their end. */
public final class Inputs {
    private Inputs() {}

    /** @throws IllegalArgumentException that says which input is of the wrong shape or type */
    public static void check(Denoiser denoiser, Tensor input, Tensor level, Tensor entries) {
        ImageShape shape = denoiser.shape();
        if (input.dim() != 4
                || input.size(1) != shape.channels()
                || input.size(2) != shape.height()
                || input.size(3) != shape.width()
                || input.size(0) < 1) {
            throw new IllegalArgumentException(
                    "input must be [rows >= 1, " + shape + "]: " + Arrays.toString(Tensors.shape(input)));
        }
        long rows = input.size(0);
        if (!Tensors.is(input, ScalarType.Float) || !Tensors.is(level, ScalarType.Float)) {
            throw new IllegalArgumentException("input and level must be float32");
        }
        if (level.dim() != 1 || level.size(0) != rows) {
            throw new IllegalArgumentException(
                    "level must be [" + rows + "]: " + Arrays.toString(Tensors.shape(level)));
        }
        if (entries.dim() != 1 || entries.size(0) != rows || !Tensors.is(entries, ScalarType.Long)) {
            throw new IllegalArgumentException(
                    "entries must be int64 [" + rows + "]: " + Arrays.toString(Tensors.shape(entries)));
        }
    }

    /**
     * Checks what a user's object gave back before it is read through a raw pointer: float32, contiguous, of this shape and on this device, and not its input, which
     * is closed and written over.
     *
     * @param who for the message
     * @throws NoisetrailException that says what is wrong; the tensor is then closed
     */
    public static void checkOutput(String who, Tensor output, Tensor like, long rows, ImageShape shape) {
        checkMap(who, output, like, rows, shape, false);
    }

    /** As {@link #checkOutput}, of a decoder's images, which may be its states as they are where it says so. */
    public static void checkImages(Decoder decoder, Tensor images, Tensor states, long rows) {
        checkMap("the decoder", images, states, rows, decoder.image(), decoder.isIdentity());
    }

    /** As {@link #checkImages}, of states of another size than the model's: of the images' size nothing is known. */
    public static void checkColours(Decoder decoder, Tensor images, Tensor states, long rows) {
        int channels = decoder.image().channels();
        boolean fits = isTensor(images)
                && images.dim() == 4
                && images.size(0) == rows
                && images.size(1) == channels
                && images.size(2) >= 1
                && images.size(3) >= 1;
        String flaw = fits
                ? flaw(images, states, false)
                : "[" + rows + ", " + channels + ", height, width]: " + shape(images);
        if (flaw != null) {
            throw refused("the decoder", images, flaw);
        }
    }

    /** As {@link #checkOutput}, of a classifier's logits: [rows, classes >= 1]. */
    public static void checkLogits(Classifier classifier, Tensor logits, Tensor images, long rows) {
        boolean fits = isTensor(logits) && logits.dim() == 2 && logits.size(0) == rows && logits.size(1) >= 1;
        String flaw = fits ? flaw(logits, images, false) : "[" + rows + ", classes >= 1]: " + shape(logits);
        if (flaw != null) {
            throw refused("classifier " + classifier.id(), logits, flaw);
        }
    }

    private static void checkMap(
            String who, Tensor output, Tensor like, long rows, ImageShape shape, boolean mayBeInput) {
        boolean fits = isTensor(output)
                && output.dim() == 4
                && output.size(0) == rows
                && output.size(1) == shape.channels()
                && output.size(2) == shape.height()
                && output.size(3) == shape.width();
        String flaw = fits ? flaw(output, like, mayBeInput) : "[" + rows + ", " + shape + "]: " + shape(output);
        if (flaw != null) {
            throw refused(who, output, flaw);
        }
    }

    private static boolean isTensor(Tensor output) {
        return output != null && !output.isNull();
    }

    private static String shape(Tensor output) {
        return isTensor(output) ? Arrays.toString(Tensors.shape(output)) : "null";
    }

    private static @Nullable String flaw(Tensor output, Tensor like, boolean mayBeInput) {
        if (!Tensors.is(output, ScalarType.Float)) {
            return "float32: " + output.scalar_type().intern();
        }
        if (!output.is_contiguous()) {
            return "contiguous";
        }
        if (!Tensors.areTogether(output, like)) {
            return "on the device of its input";
        }
        if (!mayBeInput
                && Tensors.pointer(output).address() == Tensors.pointer(like).address()) {
            return "not its input";
        }
        return null;
    }

    private static NoisetrailException refused(String who, Tensor output, String flaw) {
        if (!isTensor(output)) {
            return new NoisetrailException(who + " must give a tensor: null");
        }
        output.close();
        return new NoisetrailException(who + " must give a tensor that is " + flaw);
    }
}
