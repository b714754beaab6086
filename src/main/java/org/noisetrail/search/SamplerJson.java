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
        return new EdmSampler(
                JsonFields.integer(node, "steps"),
                JsonFields.number(node, "sigmaMin"),
                JsonFields.number(node, "sigmaMax"),
                JsonFields.number(node, "rho"),
                JsonFields.number(node, "churn"),
                JsonFields.number(node, "churnMin"),
                JsonFields.number(node, "churnMax"),
                JsonFields.number(node, "churnNoise"));
    }
}
