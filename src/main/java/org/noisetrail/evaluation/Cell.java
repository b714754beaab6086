package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
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
        @Nullable Screen screen,
        Sampler sampler,
        long seed,
        @Nullable Long budget) {
    /**
     * How its candidates are screened.
     *
     * @param reward scores the cheap look; null for the searched one
     */
    record Screen(ContenderScreen how, Comparison.@Nullable Judge reward) {
        private Map<String, @Nullable Object> json(Function<Comparison.Judge, String> ids) {
            Map<String, @Nullable Object> json = new LinkedHashMap<>();
            json.put("look", how.screening().words());
            json.put("verifyLoss", how.screening().loss().toString());
            json.put("audit", how.screening().audit());
            json.put("reward", reward == null ? null : reward.toString());
            json.put("rewardId", reward == null ? null : ids.apply(reward));
            return json;
        }
    }

    Cell(
            Comparison.Judge reward,
            Comparison.@Nullable Judge heldOut,
            Method method,
            Sampler sampler,
            long seed,
            @Nullable Long budget) {
        this(reward, heldOut, null, method, null, sampler, seed, budget);
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
        if (screen != null) {
            key.put("screen", screen.json(ids));
        }
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
        text.put("screen", screen == null ? null : screen.how().text());
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
                method(json.path("method").asText(), comparison),
                screen(json.path("screen"), comparison),
                comparison.sampler,
                json.path("seed").bigIntegerValue().longValue(),
                json.path("budget").isNull() ? null : JsonFields.count(json, "budget"));
    }

    /** One that was given a schedule step by step has no text that could be read: it is found among those of the comparison. */
    private static Method method(String text, Comparison comparison) {
        return comparison
                .sized()
                .filter(method -> Methods.registry().text(method).equals(text))
                .findFirst()
                .orElseGet(() -> Methods.parse(text));
    }

    private static @Nullable Screen screen(JsonNode text, Comparison comparison) {
        if (text.isNull() || text.isMissingNode()) {
            return null;
        }
        return comparison.contenders.stream()
                .map(comparison::screen)
                .flatMap(Stream::ofNullable)
                .filter(screen -> screen.how().text().equals(text.asText()))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("the cell has a screen that the comparison has not: " + text));
    }

    private static boolean named(Comparison.@Nullable Judge judge, JsonNode name) {
        return judge == null ? name.isNull() : judge.name().equals(name.textValue());
    }
}
