package org.noisetrail.serve;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;

/**
 * What a client has asked for, understood and allowed.
 *
 * @param model as it is to be guided
 * @param images of one condition
 * @param target NaN for none
 * @param links whether pictures are answered as links to them, not within the answer
 */
record Drawing(
        Pipeline model,
        List<ImageRequest> images,
        long seed,
        Method method,
        Sampler sampler,
        RewardText reward,
        @Nullable RewardText heldOut,
        long budget,
        double target,
        Duration limit,
        boolean links) {
    /** Without its rewards and its listener. */
    Search.Builder search(int maxBatch, int decodeBatch) {
        Search.Builder search = Search.builder(model)
                .method(method)
                .sampler(sampler)
                .seed(seed)
                .budget(budget)
                .timeLimit(limit)
                .maxBatch(maxBatch)
                .decodeBatch(decodeBatch);
        return Double.isNaN(target) ? search : search.targetReward(target);
    }

    /** As its job says them. */
    Map<String, @Nullable Object> settings() {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("model", model.name());
        settings.put("modelSettings", model.settings());
        settings.put("seed", Numbers.unsigned(seed));
        settings.put("images", images.size());
        settings.put("firstImage", images.get(0).image());
        Conditions.write(images.get(0).condition(), settings);
        settings.put("reward", reward.toString());
        settings.put("heldOut", heldOut == null ? null : heldOut.toString());
        settings.put("sampler", Samplers.registry().json(sampler));
        settings.putAll(options());
        return settings;
    }

    private Map<String, @Nullable Object> options() {
        Map<String, @Nullable Object> options = new LinkedHashMap<>();
        options.put("method", method.name());
        options.putAll(Methods.registry().kindOf(method).json(method));
        options.put("budget", budget);
        options.put("targetReward", Numbers.orNull(target));
        options.put("timeLimitSeconds", Numbers.inSeconds(limit));
        return options;
    }

    /**
     * As {@code result.json} has them.
     *
     * @param judge its reward
     * @param second its held-out one; null for none
     */
    RunSettings settings(int maxBatch, int decodeBatch, Reward judge, @Nullable Reward second) {
        return RunSettings.builder("serve", model)
                .batches(maxBatch, decodeBatch)
                .images(images)
                .seeds(seed)
                .sampler(sampler)
                .reward(reward.toString(), judge)
                .heldOut(String.valueOf(heldOut), second)
                .options(options())
                .build();
    }
}
