package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.torch.Tensors;

/** What rewards share: the check of the tensor that they fill, and the end of those made of others. */
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

    /** Closes all, also where one fails. */
    static void close(List<Reward> parts) {
        RuntimeException failure = null;
        for (Reward part : parts) {
            try {
                part.close();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
