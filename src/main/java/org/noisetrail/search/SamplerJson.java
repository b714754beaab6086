package org.noisetrail.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.noisetrail.sampler.EdmSampler;

/** A sampler's settings in the library's files. What a file lacks or has wrong is an {@link IllegalArgumentException}. */
final class SamplerJson {
    private SamplerJson() {}

    static ObjectNode write(EdmSampler sampler) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", "edm").put("steps", sampler.steps());
        node.put("sigmaMin", sampler.sigmaMin()).put("sigmaMax", sampler.sigmaMax()).put("rho", sampler.rho());
        node.put("churn", sampler.churn()).put("churnMin", sampler.churnMin());
        if (Double.isInfinite(sampler.churnMax())) {
            node.put("churnMax", "Infinity");
        } else {
            node.put("churnMax", sampler.churnMax());
        }
        return node.put("churnNoise", sampler.churnNoise());
    }

    static EdmSampler read(JsonNode node) {
        if (!node.path("name").asText().equals("edm")) {
            throw new IllegalArgumentException("sampler must be edm: " + node.path("name"));
        }
        return new EdmSampler(
                integer(node, "steps"),
                number(node, "sigmaMin"),
                number(node, "sigmaMax"),
                number(node, "rho"),
                number(node, "churn"),
                number(node, "churnMin"),
                number(node, "churnMax"),
                number(node, "churnNoise"));
    }

    static JsonNode field(JsonNode node, String name) {
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            throw new IllegalArgumentException("field \"" + name + "\" is missing");
        }
        return value;
    }

    static double number(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (value.isNumber()) {
            return value.asDouble();
        }
        if (value.asText().equals("Infinity")) {
            return Double.POSITIVE_INFINITY;
        }
        throw new IllegalArgumentException("field \"" + name + "\" must be a number: " + value);
    }

    static int integer(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.canConvertToInt() || !value.isIntegralNumber()) {
            throw new IllegalArgumentException("field \"" + name + "\" must be an integer: " + value);
        }
        return value.intValue();
    }

    static long whole(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.canConvertToLong() || !value.isIntegralNumber()) {
            throw new IllegalArgumentException("field \"" + name + "\" must be an integer: " + value);
        }
        return value.longValue();
    }

    static boolean truth(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.isBoolean()) {
            throw new IllegalArgumentException("field \"" + name + "\" must be true or false: " + value);
        }
        return value.booleanValue();
    }

    static JsonNode array(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.isArray()) {
            throw new IllegalArgumentException("field \"" + name + "\" must be a list: " + value);
        }
        return value;
    }
}
