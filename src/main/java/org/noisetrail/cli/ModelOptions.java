package org.noisetrail.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Model;
import org.noisetrail.torch.Torch;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which model, and where it runs. */
final class ModelOptions {
    static final String DEFAULT_MODEL = "fashion-mnist";

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--model",
            paramLabel = "NAME|FOLDER",
            description =
                    "An embedded model, or a folder of config.json and model.safetensors. Default: " + DEFAULT_MODEL)
    private @Nullable String model;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            converter = Converters.DeviceName.class,
            description = "cpu, cuda or cuda:N. Default: cpu")
    @SuppressWarnings("NullAway.Init")
    private Device device;

    @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU's operations. Default: one a core")
    private @Nullable Integer threads;

    @Option(
            names = "--max-batch",
            paramLabel = "ROWS",
            defaultValue = "64",
            description = "The most rows (images x candidates) in one network call. Default: ${DEFAULT-VALUE}")
    private int maxBatch;

    boolean named() {
        return model != null;
    }

    String name() {
        return model == null ? DEFAULT_MODEL : model;
    }

    Device device() {
        return device;
    }

    int maxBatch() {
        if (maxBatch < 1) {
            throw new ParameterException(command.commandLine(), "--max-batch must be >= 1: " + maxBatch);
        }
        return maxBatch;
    }

    /** Refuses what cannot be, before anything slow is done. */
    void check() {
        checkNumbers();
        if (!Model.embedded().contains(name()) && !Files.isDirectory(Path.of(name()))) {
            throw new ParameterException(
                    command.commandLine(),
                    "unknown model (no folder of this name, and not one of " + String.join(", ", Model.embedded())
                            + "): " + name());
        }
    }

    /** As {@link #check}, where no model is needed. */
    void checkNumbers() {
        maxBatch();
        if (threads != null && (threads < 1 || threads > 4096)) {
            throw new ParameterException(command.commandLine(), "--threads must be from 1 to 4096: " + threads);
        }
    }

    /** Loads LibTorch and the model. The caller closes it. */
    Model load() {
        check();
        setThreads();
        return Model.load(name(), device);
    }

    /** As asked for. Loads LibTorch. */
    void setThreads() {
        if (threads != null) {
            Torch.setThreads(threads);
        }
    }
}
