package org.noisetrail.model.edm;

import java.util.Map;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.model.Precision;
import org.noisetrail.model.format.Format;
import org.noisetrail.model.format.Parts;
import org.noisetrail.model.layers.Form;

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
        Precision precision = options.precision();
        precision.require(device);
        Digest id = new Digest(
                precision == Precision.FLOAT32 ? config.identity() : config.identity() + " " + precision.word(),
                files,
                WEIGHTS);
        Denoiser denoiser = files.with(
                WEIGHTS,
                path -> new EdmDenoiser(
                        config, new FileWeights(Safetensors.open(path)), id, Form.on(device, precision)));
        return parts(denoiser, config);
    }

    /** @throws IllegalArgumentException if something was asked that only models of prompts know */
    public static void requireNone(PipelineOptions options) {
        options.settings().keySet().stream()
                .filter(setting -> !setting.equals(PipelineOptions.PRECISION))
                .findFirst()
                .ifPresent(setting -> {
                    throw new IllegalArgumentException(
                            "the model draws classes, not prompts: it has no " + setting.replaceFirst("-\\d+$", ""));
                });
        if (options.previewDecoder() != null) {
            throw new IllegalArgumentException("the model draws pixels: it needs no preview-decoder");
        }
    }

    /** Pixels are states, and nothing guides. */
    public static Parts parts(Denoiser denoiser, NetworkConfig config) {
        return new Parts(Networks.of(denoiser), SAMPLER, Map.of(), config.classNames(), false, denoiser, null);
    }
}
