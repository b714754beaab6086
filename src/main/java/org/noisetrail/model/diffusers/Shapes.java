package org.noisetrail.model.diffusers;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.torch.Tensors;

/** Checks what networks are given. */
final class Shapes {
    /** A dimension of any size >= 1. */
    static final long ANY = -1;

    private Shapes() {}

    /** @throws IllegalArgumentException if the tensor is not float32 of this shape */
    static void require(String name, Tensor tensor, long... wanted) {
        long[] shape = Tensors.shape(tensor);
        boolean fits = shape.length == wanted.length && tensor.scalar_type().intern() == ScalarType.Float;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = wanted[i] == ANY ? shape[i] >= 1 : shape[i] == wanted[i];
        }
        if (!fits) {
            String text = Arrays.stream(wanted)
                    .mapToObj(size -> size == ANY ? ">= 1" : Long.toString(size))
                    .collect(Collectors.joining(", ", "[", "]"));
            throw new IllegalArgumentException(name + " must be float32 " + text + ": "
                    + tensor.scalar_type().intern() + " " + Arrays.toString(shape));
        }
    }
}
