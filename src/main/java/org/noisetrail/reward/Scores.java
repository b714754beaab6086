package org.noisetrail.reward;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.torch.Tensors;

/** What rewards share: the check of the tensor that they fill. */
final class Scores {
    private Scores() {}

    /** Checked as a batch's tensors are. */
    static Pointer pointer(Tensor scores, ImageBatch images) {
        ImageBatch.require("scores", scores, ScalarType.Double, images.rows());
        ImageBatch.requireTogether("scores", scores, images.pixels());
        return Tensors.pointer(scores);
    }
}
