package org.noisetrail.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;

/** A checkpoint's tensors. */
public final class FileWeights implements Weights {
    private final Safetensors file;
    private final Set<String> unused;

    public FileWeights(Safetensors file) {
        this.file = file;
        this.unused = new LinkedHashSet<>(file.entries().keySet());
    }

    @Override
    public boolean has(String name) {
        return file.entries().containsKey(name);
    }

    /** Its memory may be the mapped file. */
    @Override
    public Tensor get(String name, long... shape) {
        Safetensors.Entry entry = file.entries().get(name);
        if (entry == null) {
            throw new NoisetrailException(
                    file.file() + ": missing tensor \"" + name + "\" of shape " + Arrays.toString(shape));
        }
        if (!Arrays.equals(entry.shapeArray(), shape)) {
            throw new NoisetrailException(file.file() + ": tensor \"" + name + "\" must have shape "
                    + Arrays.toString(shape) + ": " + entry.shape());
        }
        if (!entry.dtype().isFloating()) {
            throw new NoisetrailException(
                    file.file() + ": tensor \"" + name + "\": dtype must be F32, F16, BF16 or F64: " + entry.dtype());
        }
        unused.remove(name);
        Tensor tensor = file.tensor(name);
        return entry.dtype() == Safetensors.Dtype.F32 ? tensor : tensor.to(ScalarType.Float);
    }

    @Override
    public void ignore(String name) {
        unused.remove(name);
    }

    @Override
    public void requireAllUsed() {
        if (!unused.isEmpty()) {
            List<String> names = new ArrayList<>(unused);
            throw new NoisetrailException(file.file() + ": unknown tensor" + (names.size() > 1 ? "s " : " ")
                    + Safetensors.preview(names) + ": config.json describes a network without");
        }
    }
}
