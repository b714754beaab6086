package org.noisetrail.model.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.JsonFields;
import org.noisetrail.model.Condition;

/** What images are asked to be, as fields of the library's files: {@code class}, or {@code prompt} and {@code negative}. */
public final class Conditions {
    private Conditions() {}

    /** Adds the fields; none where nothing is asked. */
    public static void write(Condition condition, ObjectNode json) {
        fields(condition)
                .forEach((name, value) -> json.set(
                        name,
                        value instanceof Integer label ? json.numberNode(label) : json.textNode(value.toString())));
    }

    /** As {@link #write(Condition, ObjectNode)}. */
    public static void write(Condition condition, Map<String, @Nullable Object> json) {
        json.putAll(fields(condition));
    }

    private static Map<String, Object> fields(Condition condition) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (condition instanceof Condition.Label asked) {
            fields.put("class", asked.label());
        } else if (condition instanceof Condition.Prompt asked) {
            fields.put("prompt", asked.text());
            if (asked.negative() != null) {
                fields.put("negative", asked.negative());
            }
        }
        return fields;
    }

    /** @throws IllegalArgumentException that names a field of another type */
    public static Condition read(JsonNode json) {
        if (json.has("prompt")) {
            return new Condition.Prompt(
                    JsonFields.text(json, "prompt"),
                    json.hasNonNull("negative") ? JsonFields.text(json, "negative") : null);
        }
        int label = json.has("class") ? JsonFields.integer(json, "class") : -1;
        if (label < -1) {
            throw new IllegalArgumentException("class must be >= -1: " + label);
        }
        return label < 0 ? Condition.NONE : Condition.label(label);
    }

    /** For a table's cell. */
    public static String words(Condition condition) {
        return condition instanceof Condition.Label asked
                ? Integer.toString(asked.label())
                : condition instanceof Condition.Prompt asked ? asked.text() : "-";
    }
}
