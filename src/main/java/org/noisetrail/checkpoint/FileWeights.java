package org.noisetrail.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/** The tensors of a checkpoint: of one file, or of several under names of their own. */
public final class FileWeights implements Weights {
    /**
     * Where a tensor lies.
     *
     * @param entry its entry in the file, under the file's name for it
     */
    record Stored(Safetensors file, Safetensors.Entry entry) {}

    private final String source;
    private final Map<String, Stored> tensors;
    private final boolean asStored;
    private final Set<String> used = new TreeSet<>();

    public FileWeights(Safetensors file) {
        this(file.file().toString(), stored(file), false);
    }

    /**
     * @param source for messages
     * @param tensors by the names that a network asks for
     * @param asStored whether tensors keep the type they are stored in
     */
    FileWeights(String source, Map<String, Stored> tensors, boolean asStored) {
        this.source = source;
        this.tensors = tensors;
        this.asStored = asStored;
    }

    static Map<String, Stored> stored(Safetensors file) {
        Map<String, Stored> tensors = new LinkedHashMap<>();
        file.entries().forEach((name, entry) -> tensors.put(name, new Stored(file, entry)));
        return tensors;
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Its memory may be the mapped file. A matrix is also found where it is stored as a convolution of single pixels. */
    @Override
    public Tensor get(String name, long... shape) {
        Stored stored = tensors.get(name);
        if (stored == null) {
            throw new NoisetrailException(
                    source + ": missing tensor \"" + name + "\" of shape " + Arrays.toString(shape));
        }
        Safetensors.Entry entry = stored.entry;
        String where = stored.file.file() + ": tensor \"" + Excerpt.of(entry.name()) + "\"";
        if (!Arrays.equals(entry.shapeArray(), shape) && !isPixelwise(entry.shape(), shape)) {
            throw new NoisetrailException(
                    where + " must have shape " + Arrays.toString(shape) + ": " + entry.shape());
        }
        if (!entry.dtype().isFloating()) {
            throw new NoisetrailException(where + ": dtype must be F32, F16, BF16 or F64: " + entry.dtype());
        }
        used.add(name);
        Tensor tensor = MappedTensor.of(stored.file.file(), entry);
        if (entry.shape().size() != shape.length) {
            try (Tensor pixels = tensor) {
                tensor = pixels.reshape(shape);
            }
        }
        if (asStored || entry.dtype() == Safetensors.Dtype.F32) {
            return tensor;
        }
        try (Tensor narrow = tensor) {
            return narrow.to(ScalarType.Float);
        }
    }

    /** Whether [out, in, 1, 1] is stored where [out, in] is asked for. */
    private static boolean isPixelwise(List<Long> stored, long[] shape) {
        return shape.length == 2 && stored.equals(List.of(shape[0], shape[1], 1L, 1L));
    }

    @Override
    public void ignore(String name) {
        used.add(name);
    }

    /** Tensors of a type that no network's weights have, such as counts and masks, are left alone. */
    @Override
    public void requireAllUsed() {
        List<String> unused = new ArrayList<>();
        tensors.forEach((name, stored) -> {
            if (stored.entry.dtype().isFloating() && !used.contains(name)) {
                unused.add(name);
            }
        });
        if (!unused.isEmpty()) {
            throw new NoisetrailException(source + ": unknown tensor" + (unused.size() > 1 ? "s " : " ")
                    + Excerpt.list(unused) + ": config.json describes a network without");
        }
    }
}
