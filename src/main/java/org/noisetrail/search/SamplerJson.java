package org.noisetrail.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.noisetrail.sampler.EdmSampler;

/** A sampler's settings in the library's files. */
final class SamplerJson {
    private SamplerJson() {}

    static ObjectNode write(EdmSampler sampler) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", "edm").put("steps", sampler.steps());
        node.put("sigmaMin", sampler.sigmaMin())
                .put("sigmaMax", sampler.sigmaMax())
                .put("rho", sampler.rho());
        node.put("churn", sampler.churn()).put("churnMin", sampler.churnMin());
        if (Double.isInfinite(sampler.churnMax())) {
            node.put("churnMax", "Infinity");
        } else {
            node.put("churnMax", sampler.churnMax());
        }
        return node.put("churnNoise", sampler.churnNoise());
    }

    static EdmSampler read(JsonNode node) {
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
