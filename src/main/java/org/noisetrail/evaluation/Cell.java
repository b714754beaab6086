package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.Numbers;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;

/**
 * One search of a comparison: all images, for one reward, by one method, with one seed.
 *
 * @param budget the most network evaluations an image may cost; null for what the method takes
 */
record Cell(
        Comparison.Judge reward,
        Comparison.@Nullable Judge heldOut,
        Comparison.@Nullable Judge secondHeldOut,
        Method method,
        Sampler sampler,
        long seed,
        @Nullable Long budget) {
    Cell(
            Comparison.Judge reward,
            Comparison.@Nullable Judge heldOut,
            Method method,
            Sampler sampler,
            long seed,
            @Nullable Long budget) {
        this(reward, heldOut, null, method, sampler, seed, budget);
    }

    /**
     * What its result depends on: a file of any part that is replaced gives another key.
     *
     * @param common what all cells of the comparison share: model, images, device and the like
     * @param ids of rewards, which name what they are made of
     */
    JsonNode key(Map<String, @Nullable Object> common, Function<Comparison.Judge, String> ids) {
        Map<String, @Nullable Object> key = new LinkedHashMap<>(common);
        key.put("reward", reward.toString());
        key.put("rewardId", ids.apply(reward));
        key.put("heldOut", heldOut == null ? null : heldOut.toString());
        key.put("heldOutId", heldOut == null ? null : ids.apply(heldOut));
        if (secondHeldOut != null) {
            key.put("secondHeldOut", secondHeldOut.toString());
            key.put("secondHeldOutId", ids.apply(secondHeldOut));
        }
        key.put("method", Methods.registry().json(method));
        key.put("sampler", Samplers.registry().json(sampler));
        key.put("seed", Numbers.unsigned(seed));
        key.put("budget", budget);
        return Json.sorted(key);
    }

    /** What a comparison equal to this one makes the same search of. */
    String text() {
        Map<String, @Nullable Object> text = new LinkedHashMap<>();
        text.put("reward", reward.name());
        text.put("heldOut", heldOut == null ? null : heldOut.name());
        text.put("secondHeldOut", secondHeldOut == null ? null : secondHeldOut.name());
        text.put("method", Methods.registry().text(method));
        text.put("seed", Numbers.unsigned(seed));
        text.put("budget", budget);
        return Json.sorted(text).toString();
    }

    /**
     * The inverse of {@link #text}.
     *
     * @throws IllegalArgumentException if it is no search of this comparison
     */
    static Cell of(String text, Comparison comparison) {
        JsonNode json;
        try {
            json = JsonFiles.parse("the cell", text);
        } catch (NoisetrailException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        Comparison.Aim aim = comparison.aims.stream()
                .filter(each -> each.reward().name().equals(json.path("reward").asText()))
                .filter(each -> named(each.heldOut(), json.path("heldOut")))
                .filter(each -> named(each.secondHeldOut(), json.path("secondHeldOut")))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("the cell has rewards that the comparison has not: " + text));
        return new Cell(
                aim.reward(),
                aim.heldOut(),
                aim.secondHeldOut(),
                Methods.parse(json.path("method").asText()),
                comparison.sampler,
                json.path("seed").bigIntegerValue().longValue(),
                json.path("budget").isNull() ? null : JsonFields.count(json, "budget"));
    }

    private static boolean named(Comparison.@Nullable Judge judge, JsonNode name) {
        return judge == null ? name.isNull() : judge.name().equals(name.textValue());
    }
}
