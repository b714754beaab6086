package org.noisetrail.model.format;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.model.PipelineOptions;

/**
 * What a format has loaded; the pipeline closes it.
 *
 * @param sampler the model's own, as {@code Samplers.parse} reads it
 * @param samplerSettings what the files say of settings that samplers have, texts by name; they hold for any sampler that has them
 * @param classNames one a class; empty where it draws none
 * @param takesPrompts whether a condition is a prompt
 * @param network what guidance is around; the denoiser itself where there is none
 * @param guide the denoiser of the same network as other options guide it, owned by this network; null where there is no guidance
 */
public record Parts(
        Networks networks,
        String sampler,
        Map<String, String> samplerSettings,
        List<String> classNames,
        boolean takesPrompts,
        Denoiser network,
        @Nullable Function<PipelineOptions, Denoiser> guide) {
    public Parts {
        samplerSettings = Map.copyOf(samplerSettings);
    }

    /** The same with another denoiser of the network, and what is called with many rows within memory. */
    public Parts drawing(Denoiser other) {
        return new Parts(
                networks.with(other).withinMemory(),
                sampler,
                samplerSettings,
                classNames,
                takesPrompts,
                network,
                guide);
    }
}
