package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.torch.Tensors;

/** What rewards share: the check of the tensor that they fill, and the end of those made of others. */
final class Scores {
    private Scores() {}

    /** Checked as a batch's tensors are. */
    static Pointer pointer(Tensor scores, ImageBatch images) {
        ImageBatch.require("scores", scores, ScalarType.Double, images.rows());
        ImageBatch.requireTogether("scores", scores, images.pixels());
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
