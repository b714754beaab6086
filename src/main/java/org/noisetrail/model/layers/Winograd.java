package org.noisetrail.model.layers;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.torch.Tensors;

/** Which 3 x 3 convolutions of stride 1 are our own kernel on the CPU, Winograd's minimal filtering, and their weights. */
public final class Winograd {
    /** Weights are four times as large as the convolution's own, here 59 MB at most: with more channels a model would need twice its memory. */
    private static final long MOST_PAIRS = 640 * 640;

    /** Without instructions that multiply and add at once, oneDNN is faster. */
    private static final boolean FUSED = !Kernels.cpuLevel().equals("x86-64");

    private Winograd() {}

    /** @param weight [out, in, height, width] */
    static boolean serves(Tensor weight) {
        long out = weight.size(0);
        long in = weight.size(1);
        // What is only checked for its shape has no memory, and never runs.
        return FUSED
                && !weight.is_meta()
                && weight.size(2) == 3
                && weight.size(3) == 3
                && in % 16 == 0
                && out % 32 == 0
                && in * out <= MOST_PAIRS;
    }

    /**
     * @param weight float32 [out, in, 3, 3] on the CPU, in a multiple of 16, out one of 32
     * @return float32 [6, 6, out / 32, in, 32], what the operator {@code noisetrail_convolution} takes; the caller's to close
     * @throws IllegalArgumentException if the channels are no such multiples
     */
    public static Tensor prepared(Tensor weight) {
        long out = weight.size(0);
        long in = weight.size(1);
        Tensor made = Tensors.empty(Device.CPU, ScalarType.Float, 6, 6, out / 32, in, 32);
        try (Tensor dense = weight.contiguous()) {
            Kernels.convolutionWeight(Tensors.pointer(dense), in, out, Tensors.pointer(made));
        }
        return made;
    }
}
