package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of a {@code config.json}, or of another JSON object in a model's folder. What is not as it must be is a {@link NoisetrailException} of one line: file, key, what it must be, and
 * what it is. A key that is null counts as absent. Not thread-safe.
 */
public final class ConfigFile {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigFile.class);

    private final String file;

    /** The keys that lead to this object, each with a point after it. */
    private final String path;

    private final JsonNode root;
    private final Set<String> asked = new HashSet<>();

    private ConfigFile(String file, String path, JsonNode root) {
        this.file = file;
        this.path = path;
        this.root = root;
    }

    /** @throws NoisetrailException that names the file, if it is not there or no JSON object */
    public static ConfigFile read(ModelFiles files, String name) {
        return parse(files.path(name).toString(), files.bytes(name));
    }

    /** As {@link #read}; where there is no such file, all keys are absent. */
    public static ConfigFile readIfThere(ModelFiles files, String name) {
        return files.has(name)
                ? read(files, name)
                : new ConfigFile(files.path(name).toString(), "", JsonNodeFactory.instance.objectNode());
    }

    /** @param file for messages */
    public static ConfigFile parse(String file, byte[] json) {
        // diffusers writes an option that is minus infinity unless it is set: lambda_min_clipped.
        JsonNode root = JsonFiles.parsePythons(file, json);
        if (!root.isObject()) {
            throw new NoisetrailException(file + ": must be a JSON object");
        }
        return new ConfigFile(file, "", root);
    }

    public String file() {
        return file;
    }

    public Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>();
        root.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    /** The object under a key; messages name its keys with this one before them. */
    public ConfigFile object(String key) {
        require(key);
        if (!node(key).isObject()) {
            throw wrong(key, "an object");
        }
        return new ConfigFile(file, path + key + ".", node(key));
    }

    public boolean isObject(String key) {
        return node(key).isObject();
    }

    public boolean has(String key) {
        return !absent(node(key));
    }

    /** Whether a key is there and null, where that does not count as absent. */
    public boolean isNull(String key) {
        return node(key).isNull();
    }

    public int integer(String key, int min, int max) {
        require(key);
        return integer(key, node(key), min, max);
    }

    public int integer(String key, int fallback, int min, int max) {
        return has(key) ? integer(key, min, max) : fallback;
    }

    private int integer(String key, JsonNode node, int min, int max) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            throw wrong(key, "an integer from " + min + " to " + max, node);
        }
        return node.intValue();
    }

    /** A list of at most 64 integers from 1 to 16384; it may be empty. */
    public List<Integer> integers(String key, List<Integer> fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isArray() || node.size() > 64) {
            throw wrong(key, "a list of integers");
        }
        List<Integer> values = new ArrayList<>();
        node.forEach(each -> values.add(integer(key, each, 1, 1 << 14)));
        return List.copyOf(values);
    }

    /** Integers from 1 to 16384: a list of this many, or one for all. */
    public List<Integer> integers(String key, int fallback, int count) {
        JsonNode node = node(key);
        if (node.isArray()) {
            List<Integer> values = integers(key, List.of());
            if (values.size() != count) {
                throw wrong(key, "an integer or a list of " + count);
            }
            return values;
        }
        return Collections.nCopies(count, integer(key, fallback, 1, 1 << 14));
    }

    /** A finite number > 0. */
    public double positive(String key, double fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
            throw wrong(key, "a number > 0");
        }
        return node.doubleValue();
    }

    /** A finite number. */
    public double number(String key, double fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw wrong(key, "a number");
        }
        return node.doubleValue();
    }

    /** A list of as many finite numbers as the fallback has. */
    public double[] numbers(String key, double... fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        double[] values = new double[fallback.length];
        for (int i = 0; i < values.length; i++) {
            if (!node.isArray()
                    || node.size() != values.length
                    || !node.get(i).isNumber()
                    || !Double.isFinite(node.get(i).doubleValue())) {
                throw wrong(key, "a list of " + values.length + " numbers");
            }
            values[i] = node.get(i).doubleValue();
        }
        return values;
    }

    /** A text that is not empty. */
    public String text(String key) {
        require(key);
        if (!node(key).isTextual() || node(key).textValue().isEmpty()) {
            throw wrong(key, "a text");
        }
        return node(key).textValue();
    }

    public boolean flag(String key, boolean fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isBoolean()) {
            throw wrong(key, "true or false");
        }
        return node.booleanValue();
    }

    public String oneOf(String key, String fallback, String... known) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isTextual() || !List.of(known).contains(node.textValue())) {
            throw wrong(key, String.join(" or ", known));
        }
        return node.textValue();
    }

    /** A list of 1 to 64 words, each one of those known. */
    public List<String> words(String key, String... known) {
        require(key);
        JsonNode node = node(key);
        List<String> words = new ArrayList<>();
        node.forEach(each -> words.add(each.asText()));
        if (!node.isArray()
                || words.isEmpty()
                || words.size() > 64
                || !List.of(known).containsAll(words)) {
            throw wrong(key, "a list of " + String.join(" or ", known));
        }
        return List.copyOf(words);
    }

    /** The texts of a list, or an empty list where there is none. */
    public List<String> texts(String key) {
        JsonNode node = node(key);
        if (absent(node)) {
            return List.of();
        }
        if (!node.isArray()) {
            throw wrong(key, "a list");
        }
        List<String> texts = new ArrayList<>();
        node.forEach(each -> texts.add(each.asText()));
        return List.copyOf(texts);
    }

    /** The texts of a list; an entry that is a list itself is its texts with spaces between. */
    public List<String> joined(String key) {
        require(key);
        if (!node(key).isArray()) {
            throw wrong(key, "a list");
        }
        List<String> texts = new ArrayList<>();
        node(key).forEach(each -> {
            List<String> parts = new ArrayList<>();
            each.forEach(part -> parts.add(part.asText()));
            texts.add(each.isArray() ? String.join(" ", parts) : each.asText());
        });
        return List.copyOf(texts);
    }

    /** The objects of a list, or an empty list where there is none; messages name their keys with this one and their place before them. */
    public List<ConfigFile> objects(String key) {
        JsonNode node = node(key);
        if (!absent(node) && !node.isArray()) {
            throw wrong(key, "a list");
        }
        List<ConfigFile> objects = new ArrayList<>();
        for (JsonNode each : node) {
            if (!each.isObject()) {
                throw wrong(key, "a list of objects");
            }
            objects.add(new ConfigFile(file, path + key + "[" + objects.size() + "].", each));
        }
        return List.copyOf(objects);
    }

    /** How long a list is, or the fallback where there is none. */
    public int length(String key, int fallback) {
        JsonNode node = node(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isArray()) {
            throw wrong(key, "a list");
        }
        return node.size();
    }

    /** For an option of which nothing else is supported: absent, or one of these, as JSON writes them. */
    public void only(String key, String... values) {
        JsonNode node = node(key);
        if (!absent(node) && !List.of(values).contains(node.toString())) {
            throw values.length == 0
                    ? new NoisetrailException(
                            file + ": " + path + key + " is not supported: " + Excerpt.of(node.toString()))
                    : wrong(key, Arrays.stream(values).collect(Collectors.joining(" or ")));
        }
    }

    /** For options that do not change what a network computes. */
    public void ignore(String... keys) {
        asked.addAll(List.of(keys));
    }

    /**
     * @throws NoisetrailException if there is a key that was not asked for, unless it is null, false or only a note (its name begins with
     *     "_")
     */
    public void requireAllKnown() {
        root.properties().forEach(field -> {
            boolean off = field.getValue().isNull() || field.getValue().equals(BooleanNode.FALSE);
            if (!asked.contains(field.getKey()) && !off && !field.getKey().startsWith("_")) {
                throw new NoisetrailException(file + ": unknown option " + path + Excerpt.of(field.getKey()) + ": "
                        + Excerpt.of(field.getValue().toString()));
            }
        });
    }

    /** Logs that a key of an outdated file has another value than the file says, as diffusers gives it when it loads the pipeline. */
    public void logCorrected(String key, String value) {
        LOG.warn(
                "{}: {}{} is taken as {}, as diffusers takes it in outdated files of Stable Diffusion 1.x and 2.x: {}",
                file,
                path,
                key,
                value,
                has(key) ? Excerpt.of(node(key).toString()) : "absent");
    }

    /** @param wanted what the key's value must be */
    public NoisetrailException wrong(String key, String wanted) {
        return wrong(key, wanted, node(key));
    }

    private NoisetrailException wrong(String key, String wanted, JsonNode node) {
        return new NoisetrailException(
                file + ": " + path + Excerpt.of(key) + " must be " + wanted + ": " + Excerpt.of(node.toString()));
    }

    private void require(String key) {
        if (!has(key)) {
            throw new NoisetrailException(file + ": " + path + Excerpt.of(key) + " is missing");
        }
    }

    JsonNode root() {
        return root;
    }

    /** A key's value as it is; missing where there is none. */
    JsonNode node(String key) {
        asked.add(key);
        return root.path(key);
    }

    private static boolean absent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }
}
