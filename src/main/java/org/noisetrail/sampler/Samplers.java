package org.noisetrail.sampler;

import java.util.List;
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
     * A model's own sampler.
     *
     * @throws NoisetrailException that names the model, if what it says is no sampler
     */
    public static Sampler of(Pipeline pipeline) {
        try {
            return parse(pipeline.sampler());
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(pipeline.location() + ": sampler: " + e.getMessage(), e);
        }
    }
}
