package org.noisetrail.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;

/**
 * One search of a comparison: all images, for one reward, by one method, with one seed.
 *
 * @param budget the most network evaluations an image may cost; null for what the method takes
 */
public record Cell(
        RewardText reward,
        @Nullable RewardText heldOut,
        Method method,
        Sampler sampler,
        long seed,
        @Nullable Long budget) {
    private static final ObjectMapper SORTED =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    /**
     * What its result depends on.
     *
     * @param common what all cells of the comparison share: model, images, device and the like
     */
    public JsonNode key(Map<String, @Nullable Object> common) {
        Map<String, @Nullable Object> key = new LinkedHashMap<>(common);
        key.put("reward", reward.toString());
        key.put("heldOut", heldOut == null ? null : heldOut.toString());
        key.put("method", Methods.registry().json(method));
        key.put("sampler", Samplers.registry().json(sampler));
        key.put("seed", Numbers.unsigned(seed));
        key.put("budget", budget);
        try {
            // Through text, so that a key is equal to itself read from a file, whatever its numbers' types.
            return SORTED.readTree(SORTED.writeValueAsBytes(key));
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A name for a key: equal for equal keys, and for those only. */
    public static String hash(JsonNode key) {
        try {
            byte[] text = SORTED.writeValueAsString(SORTED.treeToValue(key, Object.class))
                    .getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text), 0, 12);
        } catch (JsonProcessingException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
