package org.noisetrail.model.script;

import java.nio.file.Path;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.model.Precision;
import org.noisetrail.model.edm.EdmFormat;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.model.format.Format;
import org.noisetrail.model.format.Parts;

/** Folders of {@code config.json} and {@code model.pt}: any denoiser as TorchScript. */
public final class TorchScriptFormat implements Format {
    private static final String WEIGHTS = "model.pt";

    @Override
    public boolean recognises(ModelFiles files) {
        return files.has(WEIGHTS);
    }

    @Override
    public String lookedFor() {
        return WEIGHTS;
    }

    @Override
    public Parts load(ModelFiles files, Device device, PipelineOptions options) {
        requireAllowed(files.path(WEIGHTS), options);
        EdmFormat.requireNone(options);
        if (options.precision() != Precision.FLOAT32) {
            throw new IllegalArgumentException(
                    "a TorchScript model computes as it was written: precision must be float32: "
                            + options.precision().word());
        }
        NetworkConfig config = NetworkConfig.read(files, true);
        Digest id = new Digest(config.identity(), files, WEIGHTS);
        return EdmFormat.parts(new TorchScriptDenoiser(config, files, WEIGHTS, id, device), config);
    }

    /** @throws NoisetrailException if TorchScript may not be run */
    public static void requireAllowed(Path file, PipelineOptions options) {
        if (!options.torchScript()) {
            throw new NoisetrailException(file + " is TorchScript, which is code: it was not to be run");
        }
    }
}
