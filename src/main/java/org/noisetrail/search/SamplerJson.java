package org.noisetrail.search;

import com.fasterxml.jackson.databind.JsonNode;
import org.noisetrail.files.JsonFields;
import org.noisetrail.sampler.EdmSampler;

/** The sampler of files of version 1, when there was only one. */
final class SamplerJson {
    private SamplerJson() {}

    static EdmSampler readVersion1(JsonNode node) {
        if (!JsonFields.text(node, "name").equals("edm")) {
            throw new IllegalArgumentException("sampler must be edm: " + JsonFields.text(node, "name"));
        }
        return EdmSampler.builder()
                .steps(JsonFields.integer(node, "steps"))
                .sigmaMin(JsonFields.number(node, "sigmaMin"))
                .sigmaMax(JsonFields.number(node, "sigmaMax"))
                .rho(JsonFields.number(node, "rho"))
                .churn(JsonFields.number(node, "churn"))
                .churnMin(JsonFields.number(node, "churnMin"))
                .churnMax(JsonFields.number(node, "churnMax"))
                .churnNoise(JsonFields.number(node, "churnNoise"))
                .build();
    }
}
