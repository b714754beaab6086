package org.noisetrail.spark;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;

/** The model of an executor, with the rewards that were asked for: loaded once, shared by its tasks, there until the process ends. Thread-safe. */
final class Models {
    private record Key(String model, Map<String, String> settings, Device device) {}

    private static final Map<Key, Models> LOADED = new HashMap<>();

    private final Pipeline pipeline;
    private final Map<String, Reward> rewards = new HashMap<>();

    private Models(Pipeline pipeline) {
        this.pipeline = pipeline;
    }

    static Models of(Job job, Device device) {
        PipelineOptions options = job.options();
        Key key = new Key(job.model(), options.settings(), device);
        synchronized (LOADED) {
            return LOADED.computeIfAbsent(key, absent -> new Models(Pipeline.load(job.model(), device, options)));
        }
    }

    Pipeline pipeline() {
        return pipeline;
    }

    Reward reward(@Nullable String text) {
        String asked = text != null ? text : RewardText.usual(pipeline).toString();
        synchronized (rewards) {
            return rewards.computeIfAbsent(
                    asked, absent -> RewardText.parse(asked).build(() -> pipeline));
        }
    }
}
