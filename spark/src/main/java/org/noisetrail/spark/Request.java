package org.noisetrail.spark;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Version;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.search.ImageRequest;

/**
 * One line of a list: images of one condition, with how they are searched for.
 *
 * @param id what its folder's name begins with; null for none
 * @param seed 64 unsigned bits
 * @param images how many, at least 1
 * @param first number of the first
 * @param reward null for the model's default
 * @param heldOut null for none
 * @param sampler null for the model's own
 * @param budget network evaluations an image; null for no limit
 */
record Request(
        @Nullable String id,
        @Nullable String prompt,
        @Nullable String negative,
        @Nullable Integer label,
        long seed,
        int images,
        long first,
        String method,
        @Nullable String reward,
        @Nullable String heldOut,
        @Nullable String sampler,
        @Nullable Long budget)
        implements Serializable {
    private static final String ID = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}";

    Request {
        Objects.requireNonNull(method, "method");
        if (id != null && !id.matches(ID)) {
            throw new IllegalArgumentException(
                    "id must be up to 100 letters, digits, dots, dashes and underscores: " + id);
        }
        if (prompt != null && label != null) {
            throw new IllegalArgumentException("a request has a prompt or a class, not both: " + prompt + ", " + label);
        }
        if (prompt == null && negative != null) {
            throw new IllegalArgumentException("negative needs a prompt: " + negative);
        }
    }

    /** @throws IllegalArgumentException if there are none, or numbers are out of their range */
    List<ImageRequest> requests() {
        Condition condition = prompt != null
                ? new Condition.Prompt(prompt, negative)
                : label != null ? Condition.label(label) : Condition.NONE;
        return ImageRequest.of(first, images, List.of(condition));
    }

    /** The name of its folder: of its own, and of all that it and the job were told. */
    String name(Job job) {
        String hash = Json.hash(settings(job));
        return id == null ? hash : id + "-" + hash;
    }

    /** For {@code result.json}: what its images depend on. */
    Map<String, @Nullable Object> settings(Job job) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("command", "spark");
        settings.put("noisetrail", Version.NOISETRAIL);
        settings.put("model", job.model());
        settings.put("modelSettings", job.settings());
        settings.put("device", job.device().isCuda() ? "cuda" : "cpu");
        settings.put("prompt", prompt);
        settings.put("negative", negative);
        settings.put("class", label);
        settings.put("seed", Numbers.unsigned(seed));
        settings.put("images", images);
        settings.put("firstImage", first);
        settings.put("method", method);
        settings.put("reward", reward);
        settings.put("heldOut", heldOut);
        settings.put("sampler", sampler);
        settings.put("budget", budget);
        return settings;
    }
}
