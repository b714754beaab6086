package org.noisetrail.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;

/** A request's fields, each taken once by who knows it; null is as if it were not there. */
final class Fields {
    private static final BigInteger SEEDS = BigInteger.ONE.shiftLeft(64);

    private final Map<String, JsonNode> rest = new LinkedHashMap<>();

    private Fields(JsonNode object) {
        for (Iterator<Map.Entry<String, JsonNode>> fields = object.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (!field.getValue().isNull()) {
                rest.put(field.getKey(), field.getValue());
            }
        }
    }

    static Fields parse(byte[] body) {
        JsonNode root;
        try {
            root = JsonFiles.parse("the request", body);
        } catch (NoisetrailException e) {
            throw Refusal.bad(400, "invalid_json", String.valueOf(e.getMessage()));
        }
        if (!root.isObject()) {
            throw Refusal.bad(400, "invalid_json", "the request must be a JSON object: " + shown(root));
        }
        return new Fields(root);
    }

    /** The names of those that nobody has taken. */
    Set<String> names() {
        return Set.copyOf(rest.keySet());
    }

    boolean has(String name) {
        return rest.containsKey(name);
    }

    @Nullable
    String text(String name) {
        JsonNode value = rest.remove(name);
        if (value != null && !value.isTextual()) {
            throw wrong(name, "a string", value);
        }
        return value == null ? null : value.textValue();
    }

    boolean flag(String name) {
        JsonNode value = rest.remove(name);
        if (value != null && !value.isBoolean()) {
            throw wrong(name, "true or false", value);
        }
        return value != null && value.booleanValue();
    }

    @Nullable
    Double number(String name) {
        JsonNode value = rest.remove(name);
        if (value != null && !(value.isNumber() && Double.isFinite(value.doubleValue()))) {
            throw wrong(name, "a finite number", value);
        }
        return value == null ? null : value.doubleValue();
    }

    long whole(String name, long fallback, long low, long high) {
        JsonNode value = rest.remove(name);
        if (value == null) {
            return fallback;
        }
        if (!value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < low
                || value.longValue() > high) {
            throw wrong(name, "a whole number from " + low + " to " + high, value);
        }
        return value.longValue();
    }

    /** 64 unsigned bits: as a number, or in a string, as programs write them whose numbers are doubles. */
    long seed(String name) {
        JsonNode value = rest.remove(name);
        if (value == null) {
            return 0;
        }
        boolean digits = value.isIntegralNumber()
                || value.isTextual() && value.textValue().matches("\\d{1,20}");
        BigInteger seed = digits ? new BigInteger(value.asText()) : SEEDS;
        if (seed.signum() < 0 || seed.compareTo(SEEDS) >= 0) {
            throw wrong(name, "a whole number from 0 to 18446744073709551615", value);
        }
        return seed.longValue();
    }

    /** A setting's value, as a command line would have it. */
    String setting(String name) {
        JsonNode value = rest.remove(name);
        if (value == null || !value.isValueNode()) {
            throw wrong(name, "a number, a string, or true or false", value);
        }
        return value.asText();
    }

    private static Refusal wrong(String name, String what, @Nullable JsonNode value) {
        return Refusal.value(name, name + " must be " + what + ": " + (value == null ? "nothing" : shown(value)));
    }

    private static String shown(JsonNode value) {
        return Excerpt.of(value.toString());
    }
}
