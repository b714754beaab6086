package org.noisetrail.model;

import java.util.List;
import org.noisetrail.kernels.Device;

/**
 * A model as users name it: a denoiser with what came beside it. Owns its networks.
 */
public final class Model implements AutoCloseable {
    private Model() {}

    /** The names of the models embedded in the library. */
    public static List<String> embedded() {
        throw new UnsupportedOperationException();
    }

    /**
     * Loads an embedded model by name ({@code fashion-mnist}) or a folder of {@code config.json} and {@code model.safetensors} (or {@code
     * model.pt}, TorchScript), with {@code classifier.pt} and {@code heldout.pt} where they are there.
     *
     * @throws org.noisetrail.NoisetrailException if there is no such model, or a file is missing or broken
     */
    public static Model load(String nameOrFolder, Device device) {
        throw new UnsupportedOperationException();
    }

    public String name() {
        throw new UnsupportedOperationException();
    }

    public Denoiser denoiser() {
        throw new UnsupportedOperationException();
    }

    /** @throws org.noisetrail.NoisetrailException if the model has no {@code classifier.pt} */
    public Classifier classifier() {
        throw new UnsupportedOperationException();
    }

    /** @throws org.noisetrail.NoisetrailException if the model has no {@code heldout.pt} */
    public Classifier heldOutClassifier() {
        throw new UnsupportedOperationException();
    }

    /** From {@code config.json}'s {@code class_names}; the numbers where it has none. */
    public List<String> classNames() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
