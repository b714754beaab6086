package org.noisetrail.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Pipeline;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import picocli.CommandLine.Option;

/** A sampler and its settings; what is not given is the model's own, of another sampler than its own as far as that is the model's to say. */
final class SamplerOptions extends RegistryOptions<Sampler> {
    @Option(
            names = "--sampler",
            paramLabel = "SAMPLER",
            completionCandidates = Names.class,
            description =
                    "${COMPLETION-CANDIDATES}. Default: the model's own, with its settings; others take its timesteps' spacing")
    private @Nullable String word;

    /** The samplers' names, for the help text. */
    static final class Names extends java.util.ArrayList<String> {
        private static final long serialVersionUID = 1;

        Names() {
            Samplers.registry().kinds().forEach(kind -> add(kind.name()));
        }
    }

    SamplerOptions() {
        super("sampler", Samplers.registry());
    }

    /** @throws IllegalArgumentException that names the setting, if there is no such sampler */
    Sampler sampler(Pipeline pipeline) {
        Sampler own = Samplers.of(pipeline);
        return word == null || word.equals(own.name())
                ? make(own.name(), own)
                : makeSharing(word, Samplers.shared(pipeline));
    }

    /** For {@code result.json}. */
    static Map<String, @Nullable Object> settings(Sampler sampler) {
        return new LinkedHashMap<>(Samplers.registry().json(sampler));
    }
}
