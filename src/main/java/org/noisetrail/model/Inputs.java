package org.noisetrail.model;

import java.util.Arrays;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
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
        if (input.scalar_type().intern() != ScalarType.Float
                || level.scalar_type().intern() != ScalarType.Float) {
            throw new IllegalArgumentException("input and level must be float32");
        }
        if (level.dim() != 1 || level.size(0) != rows) {
            throw new IllegalArgumentException(
                    "level must be [" + rows + "]: " + Arrays.toString(Tensors.shape(level)));
        }
        if (entries.dim() != 1
                || entries.size(0) != rows
                || entries.scalar_type().intern() != ScalarType.Long) {
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

    /** As {@link #checkOutput}, of a classifier's logits: [rows, classes >= 1]. */
    public static void checkLogits(Classifier classifier, Tensor logits, Tensor images, long rows) {
        check(
                "classifier " + classifier.id(),
                logits,
                images,
                "[" + rows + ", classes >= 1]",
                output -> output.dim() == 2 && output.size(0) == rows && output.size(1) >= 1,
                false);
    }

    private static void checkMap(
            String who, Tensor output, Tensor like, long rows, ImageShape shape, boolean mayBeInput) {
        check(
                who,
                output,
                like,
                "[" + rows + ", " + shape + "]",
                map -> map.dim() == 4
                        && map.size(0) == rows
                        && map.size(1) == shape.channels()
                        && map.size(2) == shape.height()
                        && map.size(3) == shape.width(),
                mayBeInput);
    }

    private static void check(
            String who, Tensor output, Tensor like, String shape, Predicate<Tensor> fits, boolean mayBeInput) {
        if (output == null || output.isNull()) {
            throw new NoisetrailException(who + " must give a tensor: null");
        }
        String wrong = null;
        if (!fits.test(output)) {
            wrong = shape + ": " + Arrays.toString(Tensors.shape(output));
        } else if (output.scalar_type().intern() != ScalarType.Float) {
            wrong = "float32: " + output.scalar_type().intern();
        } else if (!output.is_contiguous()) {
            wrong = "contiguous";
        } else if (!Tensors.areTogether(output, like)) {
            wrong = "on the device of its input";
        } else if (!mayBeInput
                && Tensors.pointer(output).address() == Tensors.pointer(like).address()) {
            wrong = "not its input";
        }
        if (wrong != null) {
            output.close();
            throw new NoisetrailException(who + " must give a tensor that is " + wrong);
        }
    }
}
