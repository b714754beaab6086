package org.noisetrail.checkpoint;

import org.bytedeco.pytorch.Tensor;

/** A network's tensors as it asks for them: by name, with the shape each must have. Not thread-safe. */
public interface Weights {
    /** Whether there is a tensor of this name; true for a source that makes up what it is asked for. */
    default boolean has(String name) {
        return true;
    }

    /**
     * A float32 tensor on the CPU, not to be written to.
     *
     * @throws org.noisetrail.NoisetrailException if there is none of this name, or it has another shape
     */
    Tensor get(String name, long... shape);

    /** Counts a tensor as asked for that is of no use to a network, where there is one. */
    default void ignore(String name) {}

    /** @throws org.noisetrail.NoisetrailException if there are tensors that the network did not ask for */
    void requireAllUsed();
}
