package org.noisetrail.checkpoint;

import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** A network's tensors as it asks for them: by name, with the shape each must have. Not thread-safe. */
public interface Weights {
    /** What {@link #get} gives. */
    enum Storage {
        /** Float32, whatever the file has. */
        FLOAT32,
        /** The file's own type (float64, float32, float16 or bfloat16): half the memory where that is enough. */
        AS_STORED
    }

    /** Whether there is a tensor of this name; true for a source that makes up what it is asked for. */
    default boolean has(String name) {
        return true;
    }

    /** The names of all tensors; empty for a source that makes up what it is asked for. */
    default Set<String> names() {
        return Set.of();
    }

    /**
     * A tensor on the CPU, float32 unless another {@link Storage} was chosen, not to be written to: its memory may be the file.
     *
     * @return the caller's to close
     * @throws org.noisetrail.NoisetrailException if there is none of this name, or it has another shape
     */
    Tensor get(String name, long... shape);

    /**
     * Counts a tensor as asked for, whose numbers are not needed.
     *
     * @throws org.noisetrail.NoisetrailException as {@link #get}
     */
    default void take(String name, long... shape) {
        get(name, shape).close();
    }

    /** These weights for a part that is not built: what it asks for has its shape and no memory. */
    default Weights shapes() {
        return new UnreadWeights(this);
    }

    /** Counts a tensor as asked for that is of no use to a network, where there is one. */
    default void ignore(String name) {}

    /** @throws org.noisetrail.NoisetrailException if there are tensors that the network did not ask for */
    void requireAllUsed();
}
