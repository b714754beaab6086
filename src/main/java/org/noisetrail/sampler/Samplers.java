package org.noisetrail.sampler;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Pipeline;
import org.noisetrail.settings.Providers;
import org.noisetrail.settings.Registry;

/** The samplers by name: those of the library, and those of {@link Sampler.Provider}s on the class path. */
public final class Samplers {
    private static final Registry<Sampler> REGISTRY = new Registry<>(
            "sampler",
            Sampler::name,
            List.of(EdmSampler.KIND, DdimSampler.KIND, EulerAncestralSampler.KIND, FlowSdeSampler.KIND));

    static {
        Providers.each(Sampler.Provider.class, provider -> REGISTRY.add(provider.kind()));
    }

    private Samplers() {}

    /** All there are, by name. */
    public static Registry<Sampler> registry() {
        return REGISTRY;
    }

    /** @throws IllegalArgumentException that names what is wrong with {@code ddim:steps=20:eta=1} */
    public static Sampler parse(String text) {
        return REGISTRY.parse(text);
    }

    /**
     * As {@link #parse(String)}, for a model: where the text says nothing of how timesteps are chosen, it is as the model's own sampler has it ({@link #shared}).
     *
     * @throws IllegalArgumentException that names what is wrong with the text
     */
    public static Sampler parse(String text, Pipeline pipeline) {
        return REGISTRY.parse(text, shared(pipeline));
    }

    /**
     * The settings, texts by name, that any sampler that has them takes from a model unless it is told: those that the model's files are about, which do not belong to one
     * sampler. The others (steps, eta) do.
     *
     * @throws NoisetrailException that names the model, if what it says is no sampler
     */
    public static Map<String, String> shared(Pipeline pipeline) {
        Map<String, String> shared = new LinkedHashMap<>(pipeline.samplerSettings());
        try {
            Map<String, String> own = Registry.asked(pipeline.sampler()).settings();
            own.forEach((name, text) -> {
                if (shared.containsKey(name) || name.equals(Timesteps.SPACING)) {
                    shared.put(name, text);
                }
            });
            return shared;
        } catch (IllegalArgumentException e) {
            throw none(pipeline, e);
        }
    }

    /**
     * A model's own sampler.
     *
     * @throws NoisetrailException that names the model, if what it says is no sampler
     */
    public static Sampler of(Pipeline pipeline) {
        try {
            return parse(pipeline.sampler(), pipeline);
        } catch (IllegalArgumentException e) {
            throw none(pipeline, e);
        }
    }

    private static NoisetrailException none(Pipeline pipeline, IllegalArgumentException e) {
        return new NoisetrailException(pipeline.location() + ": sampler: " + e.getMessage(), e);
    }
}
