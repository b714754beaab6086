package org.noisetrail.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.sampler.EdmSampler;
import picocli.CommandLine.Option;

/** The sampler's settings; what is not given is the default. */
final class SamplerOptions {
    @Option(names = "--steps", paramLabel = "T", description = "Reverse steps. Default: 18")
    private @Nullable Integer steps;

    @Option(names = "--sigma-min", paramLabel = "X", description = "The lowest noise level above 0. Default: 0.002")
    private @Nullable Double sigmaMin;

    @Option(names = "--sigma-max", paramLabel = "X", description = "The highest noise level. Default: 80")
    private @Nullable Double sigmaMax;

    @Option(names = "--rho", paramLabel = "X", description = "How the levels are spaced. Default: 7")
    private @Nullable Double rho;

    @Option(names = "--s-churn", paramLabel = "X", description = "How much noise is injected. Default: 40")
    private @Nullable Double churn;

    @Option(names = "--s-min", paramLabel = "X", description = "The lowest level at which it is. Default: 0.05")
    private @Nullable Double churnMin;

    @Option(names = "--s-max", paramLabel = "X", description = "The highest level at which it is. Default: 50")
    private @Nullable Double churnMax;

    @Option(names = "--s-noise", paramLabel = "X", description = "The injected noise's scale. Default: 1.003")
    private @Nullable Double churnNoise;

    /** @throws IllegalArgumentException that names the setting, if there is no such sampler */
    EdmSampler sampler() {
        EdmSampler defaults = EdmSampler.DEFAULT;
        return new EdmSampler(
                steps == null ? defaults.steps() : steps,
                or(sigmaMin, defaults.sigmaMin()),
                or(sigmaMax, defaults.sigmaMax()),
                or(rho, defaults.rho()),
                or(churn, defaults.churn()),
                or(churnMin, defaults.churnMin()),
                or(churnMax, defaults.churnMax()),
                or(churnNoise, defaults.churnNoise()));
    }

    /** For {@code result.json}. */
    static Map<String, @Nullable Object> settings(EdmSampler sampler) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("steps", sampler.steps());
        settings.put("sigmaMin", sampler.sigmaMin());
        settings.put("sigmaMax", sampler.sigmaMax());
        settings.put("rho", sampler.rho());
        settings.put("sChurn", Numbers.orNull(sampler.churn()));
        settings.put("sMin", Numbers.orNull(sampler.churnMin()));
        settings.put("sMax", Numbers.orNull(sampler.churnMax()));
        settings.put("sNoise", Numbers.orNull(sampler.churnNoise()));
        return settings;
    }

    private static double or(@Nullable Double given, double otherwise) {
        return given == null ? otherwise : given;
    }
}
