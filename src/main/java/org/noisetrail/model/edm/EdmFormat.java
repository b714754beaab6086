package org.noisetrail.model.edm;

import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.model.format.Format;
import org.noisetrail.model.format.Parts;

/** Folders of {@code config.json} and {@code model.safetensors}: EDM's networks. */
public final class EdmFormat implements Format {
    /** EDM's own sampler with its defaults. */
    public static final String SAMPLER = "edm";

    private static final String WEIGHTS = "model.safetensors";

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
        NetworkConfig config = NetworkConfig.read(files, false);
        requireNone(options);
        Digest id = new Digest(config.identity(), files, WEIGHTS);
        Denoiser denoiser = files.with(
                WEIGHTS, path -> new EdmDenoiser(config, new FileWeights(Safetensors.open(path)), id, device));
        return parts(denoiser, config);
    }

    /** @throws IllegalArgumentException if something was asked that only models of prompts know */
    public static void requireNone(PipelineOptions options) {
        if (!options.settings().isEmpty()) {
            throw new IllegalArgumentException("the model draws classes, not prompts: it has no "
                    + options.settings().keySet().iterator().next());
        }
        if (options.previewDecoder() != null) {
            throw new IllegalArgumentException("the model draws pixels: it needs no preview-decoder");
        }
    }

    /** Pixels are states, and nothing guides. */
    public static Parts parts(Denoiser denoiser, NetworkConfig config) {
        return new Parts(
                denoiser,
                Decoder.identity(denoiser.shape()),
                null,
                SAMPLER,
                config.classNames(),
                false,
                denoiser,
                null);
    }
}
