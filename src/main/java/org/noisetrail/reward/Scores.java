package org.noisetrail.reward;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.torch.Tensors;

/** What every reward asks of the tensor that it fills. */
final class Scores {
    private Scores() {}

    /** Kernels write through raw pointers: a tensor of another type or size would be written past its end. */
    static Pointer pointer(Tensor scores, ImageBatch images) {
        if (scores.scalar_type().intern() != ScalarType.Double || scores.numel() != images.rows()) {
            throw new IllegalArgumentException("scores must be float64 [" + images.rows() + "]: "
                    + scores.scalar_type().intern() + " of " + scores.numel() + " elements");
        }
        return Tensors.pointer(scores);
    }
}
