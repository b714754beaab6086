package org.noisetrail.model.clip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;

/**
 * A JSON object of a model's folder, read value by value; a value that cannot be is a line that names file, key and value.
 *
 * @param file as messages name it
 * @param path of the keys that lead to the object, each with a point after it; empty at the top
 */
record ConfigFile(String file, String path, JsonNode root) {
    /** A vocabulary of a million tokens has a quarter of this. */
    private static final int LARGEST = 64 << 20;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static ConfigFile read(ModelFiles files, String name) {
        String file = files.path(name).toString();
        try {
            JsonNode root = JSON.readTree(bytes(files, name));
            if (!root.isObject()) {
                throw new NoisetrailException(file + ": must be a JSON object");
            }
            return new ConfigFile(file, "", root);
        } catch (JsonProcessingException e) {
            throw new NoisetrailException(file + ": not sound JSON: " + Safetensors.oneLine(e.getOriginalMessage()), e);
        } catch (IOException e) {
            // Jackson's word for bytes that are not UTF-8.
            throw new NoisetrailException(
                    file + ": not sound JSON: " + Safetensors.oneLine(String.valueOf(e.getMessage())), e);
        }
    }

    /** A file that is not there, all of whose keys are absent. */
    static ConfigFile empty(String file) {
        return new ConfigFile(file, "", JSON.createObjectNode());
    }

    static byte[] bytes(ModelFiles files, String name) {
        try (InputStream in = files.open(name)) {
            byte[] bytes = in.readNBytes(LARGEST + 1);
            if (bytes.length > LARGEST) {
                throw new NoisetrailException(files.path(name) + ": must be at most " + LARGEST + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", files.path(name), e);
        }
    }

    boolean has(String key) {
        return !absent(root.path(key));
    }

    JsonNode node(String key) {
        return root.path(key);
    }

    ConfigFile object(String key) {
        JsonNode node = root.path(key);
        if (!node.isObject()) {
            throw wrong(key, "an object");
        }
        return new ConfigFile(file, path + key + ".", node);
    }

    /** @param fallback where the key is absent; below {@code min}, the key must be there */
    int integer(String key, int fallback, int min, int max) {
        JsonNode node = root.path(key);
        if (absent(node)) {
            if (fallback < min) {
                throw new NoisetrailException(file + ": " + path + key + " is missing");
            }
            return fallback;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
            throw wrong(key, "an integer from " + min + " to " + max);
        }
        return node.intValue();
    }

    double positive(String key, double fallback) {
        JsonNode node = root.path(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
            throw wrong(key, "a number > 0");
        }
        return node.doubleValue();
    }

    String oneOf(String key, String fallback, String... known) {
        JsonNode node = root.path(key);
        if (absent(node)) {
            return fallback;
        }
        if (!node.isTextual() || !List.of(known).contains(node.textValue())) {
            throw wrong(key, String.join(" or ", known));
        }
        return node.textValue();
    }

    boolean flag(String key, boolean fallback) {
        JsonNode node = root.path(key);
        if (!absent(node) && !node.isBoolean()) {
            throw wrong(key, "true or false");
        }
        return absent(node) ? fallback : node.booleanValue();
    }

    NoisetrailException wrong(String key, String wanted) {
        return new NoisetrailException(file + ": " + path + Safetensors.oneLine(key) + " must be " + wanted + ": "
                + Safetensors.oneLine(root.path(key).toString()));
    }

    private static boolean absent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }
}
