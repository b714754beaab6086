package org.noisetrail.cli;

import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Tensors;

/** A safetensors file that a person has made: what it must hold is said in the error where it does not. */
final class TensorFile implements AutoCloseable {
    private final Path path;

    /** @throws NoisetrailException if it is missing or broken */
    TensorFile(Path path) {
        this.path = path;
    }

    boolean has(String name) {
        throw new UnsupportedOperationException();
    }

    /** A tensor, on the CPU; the caller's to close. */
    Tensor tensor(String name) {
        throw new UnsupportedOperationException();
    }

    /** A tensor of one of these types and this shape, where -1 is any size. */
    Tensor tensor(String name, long[] shape, ScalarType... types) {
        Tensor tensor = tensor(name);
        long[] actual = Tensors.shape(tensor);
        ScalarType type = tensor.scalar_type().intern();
        boolean fits = actual.length == shape.length && Arrays.asList(types).contains(type);
        for (int i = 0; fits && i < shape.length; i++) {
            fits = shape[i] < 0 || shape[i] == actual[i];
        }
        if (!fits) {
            tensor.close();
            throw new NoisetrailException(path + ": tensor " + name + " must be " + Arrays.toString(types) + " "
                    + Arrays.toString(shape).replace("-1", "any") + ": " + type + " " + Arrays.toString(actual));
        }
        return tensor;
    }

    /** Writes a file of one tensor, whole or not at all. */
    static void write(Path file, String name, Tensor tensor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
