package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.torch.Tensors;

/** What a denoiser may be given; wrong shapes would otherwise surface deep inside LibTorch, or broadcast. */
public final class Inputs {
    private Inputs() {}

    public static void check(Denoiser denoiser, Tensor input, Tensor noise, @Nullable Tensor labels) {
        ImageShape shape = denoiser.shape();
        if (input.dim() != 4
                || input.size(1) != shape.channels()
                || input.size(2) != shape.height()
                || input.size(3) != shape.width()
                || input.size(0) < 1) {
            throw new IllegalArgumentException(
                    "input must be [rows >= 1, " + shape + "]: " + java.util.Arrays.toString(Tensors.shape(input)));
        }
        if (input.scalar_type().intern() != ScalarType.Float
                || noise.scalar_type().intern() != ScalarType.Float) {
            throw new IllegalArgumentException("input and noise must be float32");
        }
        long rows = input.size(0);
        if (noise.dim() != 1 || noise.size(0) != rows) {
            throw new IllegalArgumentException(
                    "noise must be [" + rows + "]: " + java.util.Arrays.toString(Tensors.shape(noise)));
        }
        if ((labels != null) != (denoiser.classes() > 0)) {
            throw new IllegalArgumentException(
                    labels == null
                            ? "labels must be given: the network is conditioned on " + denoiser.classes() + " classes"
                            : "labels must be null: the network is unconditional");
        }
        if (labels != null
                && (labels.dim() != 1
                        || labels.size(0) != rows
                        || labels.scalar_type().intern() != ScalarType.Long)) {
            throw new IllegalArgumentException(
                    "labels must be int64 [" + rows + "]: " + java.util.Arrays.toString(Tensors.shape(labels)));
        }
    }
}
