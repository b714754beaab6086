package org.noisetrail.files;

import com.fasterxml.jackson.databind.JsonNode;
import org.noisetrail.NoisetrailException;

/** Reads the fields of the library's files; what is missing or of another type is an {@link IllegalArgumentException} that names it. */
public final class JsonFields {
    private JsonFields() {}

    public static JsonNode field(JsonNode node, String name) {
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            throw new IllegalArgumentException("field \"" + name + "\" is missing");
        }
        return value;
    }

    public static double number(JsonNode node, String name) {
        return number(name, field(node, name));
    }

    /** @param name for the message */
    public static double number(String name, JsonNode value) {
        if (value.isNumber()) {
            return value.asDouble();
        }
        if (value.asText().equals("Infinity")) {
            return Double.POSITIVE_INFINITY;
        }
        throw new IllegalArgumentException("field \"" + name + "\" must be a number: " + Excerpt.of(value.toString()));
    }

    /** As {@link #number}, but null is NaN, of which JSON has no word; infinite ones are words. */
    public static double numberOrNan(JsonNode node, String name) {
        return node.path(name).isNull() ? Double.NaN : numberOrNan(name, field(node, name));
    }

    /** @param name for the message */
    public static double numberOrNan(String name, JsonNode value) {
        if (value.asText().equals("-Infinity")) {
            return Double.NEGATIVE_INFINITY;
        }
        return value.isNull() ? Double.NaN : number(name, value);
    }

    /**
     * A file's version.
     *
     * @param source the file, for the message
     * @param newest that this library reads
     * @throws NoisetrailException if it is newer
     */
    public static int version(String source, JsonNode root, int newest) {
        int version = integer(root, "version");
        if (version < 1) {
            throw new IllegalArgumentException("version must be >= 1: " + version);
        }
        if (version > newest) {
            throw new NoisetrailException(source + " is of version " + version + "; this library reads up to " + newest
                    + ": use a newer noisetrail");
        }
        return version;
    }

    /** A whole number that is not negative. */
    public static long count(JsonNode node, String name) {
        long value = whole(node, name);
        if (value < 0) {
            throw new IllegalArgumentException("field \"" + name + "\" must be >= 0: " + value);
        }
        return value;
    }

    public static int integer(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.canConvertToInt() || !value.isIntegralNumber()) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be an integer: " + Excerpt.of(value.toString()));
        }
        return value.intValue();
    }

    public static long whole(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.canConvertToLong() || !value.isIntegralNumber()) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be an integer: " + Excerpt.of(value.toString()));
        }
        return value.longValue();
    }

    public static String text(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.isTextual()) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be a string: " + Excerpt.of(value.toString()));
        }
        return value.textValue();
    }

    public static boolean flag(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.isBoolean()) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be true or false: " + Excerpt.of(value.toString()));
        }
        return value.booleanValue();
    }

    public static JsonNode list(JsonNode node, String name) {
        JsonNode value = field(node, name);
        if (!value.isArray()) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be a list: " + Excerpt.of(value.toString()));
        }
        return value;
    }
}
