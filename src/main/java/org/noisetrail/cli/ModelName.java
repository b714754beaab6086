package org.noisetrail.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and where its networks run. */
final class ModelName {
    private static final String DEFAULT_MODEL = "fashion-mnist";

    @Option(
            names = "--model",
            paramLabel = "NAME|FOLDER",
            description = "An embedded model (fashion-mnist, fashion-scenes), or a folder: EDM's, or diffusers' Stable "
                    + "Diffusion 1.x, 2.x, XL. A folder with .pt files runs what they hold, which may be anything: "
                    + "--no-torchscript refuses them. Default: " + DEFAULT_MODEL
                    + "; of a trail, the embedded model that "
                    + "drew it; score, component and tokenize take none unless it is given")
    private @Nullable String model;

    @Mixin
    private SharedOptions.Where where;

    boolean named() {
        return model != null;
    }

    String name() {
        return model == null ? DEFAULT_MODEL : model;
    }

    Device device() {
        return where.device();
    }

    boolean isAuto() {
        return where.isAuto();
    }

    /** Refuses a name that is no model's, before anything slow is done. */
    void check() {
        checkNumbers();
        if (!Pipeline.embedded().contains(name())
                && (name().isEmpty() || !Files.exists(Converters.FileName.path(name())))) {
            throw new IllegalArgumentException("unknown model (no folder or file of this name, and not one of "
                    + String.join(", ", Pipeline.embedded()) + "): " + name());
        }
    }

    /** As {@link #check}, where no model is needed. */
    void checkNumbers() {
        where.check();
    }

    /** As asked for. Loads LibTorch. */
    void setThreads() {
        where.setThreads();
    }

    /** The files, for commands that need a part of a model and not the whole. */
    ModelFiles files() {
        if (!named()) {
            throw new IllegalArgumentException("Missing required option: '--model=NAME|FOLDER'");
        }
        check();
        return Pipeline.embedded().contains(name()) ? ModelFiles.embedded(name()) : ModelFiles.folder(Path.of(name()));
    }

    /**
     * The files of one part.
     *
     * @param part a folder within the model's
     * @param file that a part has
     * @return that folder; or the model's own, where it has the file and no such folder: a part may stand alone
     * @throws NoisetrailException if neither has the file
     */
    static ModelFiles part(ModelFiles files, String part, String file) {
        if (files.has(part + "/" + file)) {
            return files.within(part);
        }
        if (files.has(file)) {
            return files;
        }
        throw new NoisetrailException(
                files.path("") + " has no " + part + ": neither " + part + "/" + file + " nor " + file);
    }
}
