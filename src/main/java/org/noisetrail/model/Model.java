package org.noisetrail.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.edm.EdmDenoiser;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.model.script.TorchScriptClassifier;
import org.noisetrail.model.script.TorchScriptDenoiser;
import org.noisetrail.torch.Torch;

/**
 * A model as users name it: a denoiser with what came beside it. Owns its networks. Safe to share between threads; close it once.
 *
 * <p>A model is a folder with
 *
 * <ul>
 *   <li>{@code config.json}: {@code img_resolution} and {@code img_channels}; optionally {@code label_dim} (classes, 0 if unconditional),
 *       {@code sigma_data} (0.5) and {@code class_names};
 *   <li>{@code model.safetensors}: one of EDM's networks with the tensor names of NVlabs' checkpoints, made by {@code
 *       tools/convert_edm.py}. Then {@code config.json} also has the keyword arguments of NVlabs' {@code EDMPrecond} ({@code model_type},
 *       {@code model_channels}, ...);
 *   <li>or {@code model.pt}: any network, saved by {@code torch.jit.save}. {@code "preconditioning": "EDMPrecond"} means that its {@code
 *       forward} is the raw F(c_in * x, c_noise); {@code "none"}, that it is a denoiser D(x, sigma). Both take float32 [rows, C, H, W] and
 *       float32 [rows], then int64 labels [rows] if {@code label_dim} > 0, and return [rows, C, H, W];
 *   <li>optionally {@code classifier.pt} and {@code heldout.pt}: TorchScript from images, float32 [rows, C, H, W] in 0..1, to logits [rows,
 *       classes].
 * </ul>
 */
public final class Model implements AutoCloseable {
    private static final List<String> EMBEDDED = List.of("fashion-mnist");

    private final String name;
    private final ModelFiles files;
    private final Device device;
    private final NetworkConfig config;
    private final Denoiser denoiser;
    private @Nullable Classifier classifier;
    private @Nullable Classifier heldOut;
    private boolean closed;

    private Model(String name, ModelFiles files, Device device) {
        this.name = name;
        this.files = files;
        this.device = device;
        boolean torchScript = !files.has("model.safetensors");
        if (torchScript && !files.has("model.pt")) {
            throw new NoisetrailException(files.path("model.safetensors") + ": no such file, nor a model.pt beside it");
        }
        this.config = NetworkConfig.parse(files.path("config.json").toString(), read("config.json"), torchScript);
        String weights = torchScript ? "model.pt" : "model.safetensors";
        Digest id = new Digest(config.identity(), files, weights);
        this.denoiser = torchScript
                ? new TorchScriptDenoiser(config, files, weights, id, device)
                : files.with(
                        weights, path -> new EdmDenoiser(config, new FileWeights(Safetensors.open(path)), id, device));
    }

    /** The names of the models embedded in the library. */
    public static List<String> embedded() {
        return EMBEDDED;
    }

    /**
     * Loads an embedded model by name ({@code fashion-mnist}) or a folder of {@code config.json} and {@code model.safetensors} (or {@code
     * model.pt}, TorchScript), with {@code classifier.pt} and {@code heldout.pt} where they are there. A name wins over a folder of that name;
     * write {@code ./fashion-mnist} for the folder.
     *
     * @throws org.noisetrail.NoisetrailException if there is no such model, a file is missing or broken, or the device cannot be used
     */
    public static Model load(String nameOrFolder, Device device) {
        Torch.require(device);
        if (EMBEDDED.contains(nameOrFolder)) {
            return new Model(nameOrFolder, ModelFiles.embedded(nameOrFolder), device);
        }
        Path folder;
        try {
            folder = Path.of(nameOrFolder);
        } catch (InvalidPathException e) {
            throw unknown(nameOrFolder);
        }
        if (!Files.isDirectory(folder)) {
            throw unknown(nameOrFolder);
        }
        return new Model(folder.toAbsolutePath().normalize().getFileName() + "", ModelFiles.folder(folder), device);
    }

    private static NoisetrailException unknown(String nameOrFolder) {
        return new NoisetrailException("no model \"" + Safetensors.oneLine(nameOrFolder)
                + "\": neither a folder nor one of " + String.join(", ", EMBEDDED));
    }

    public String name() {
        return name;
    }

    public Denoiser denoiser() {
        return denoiser;
    }

    /**
     * Loaded when first asked for; the model's to close.
     *
     * @throws org.noisetrail.NoisetrailException if the model has no {@code classifier.pt}
     */
    public synchronized Classifier classifier() {
        if (classifier == null) {
            classifier = load("classifier.pt");
        }
        return classifier;
    }

    /**
     * Loaded when first asked for; the model's to close.
     *
     * @throws org.noisetrail.NoisetrailException if the model has no {@code heldout.pt}
     */
    public synchronized Classifier heldOutClassifier() {
        if (heldOut == null) {
            heldOut = load("heldout.pt");
        }
        return heldOut;
    }

    /** From {@code config.json}'s {@code class_names}; the numbers where it has none. */
    public List<String> classNames() {
        return config.classNames();
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public synchronized void close() {
        closed = true;
        denoiser.close();
        if (classifier != null) {
            classifier.close();
        }
        if (heldOut != null) {
            heldOut.close();
        }
    }

    private Classifier load(String file) {
        if (closed) {
            throw new NoisetrailException("the model was closed");
        }
        if (!files.has(file)) {
            throw new NoisetrailException("model " + name + " has no " + file);
        }
        return new TorchScriptClassifier(files, file, device);
    }

    private byte[] read(String file) {
        try (InputStream in = files.open(file)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", files.path(file), e);
        }
    }
}
