package org.noisetrail.spark;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;

/** The model of an executor, with the rewards that were asked for last: loaded once, shared by its tasks. The model is there until the process ends. Thread-safe. */
final class Models {
    /** A list may name a hundred rewards, each with networks of its own. */
    private static final int KEPT = 4;

    private record Key(String model, Map<String, String> settings, Device device) {}

    private static final Map<Key, Models> LOADED = new HashMap<>();

    private final Pipeline pipeline;
    /** The one that was asked for last comes last. */
    private final Map<String, Shared> rewards = new LinkedHashMap<>(16, .75f, true);

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

    /** For as long as it is open: one that nobody has open may be closed for another's sake. */
    Lease reward(@Nullable String text) {
        String asked = text != null ? text : RewardText.usual(pipeline).toString();
        synchronized (rewards) {
            Shared shared = rewards.get(asked);
            if (shared == null) {
                // Before, not after: two of the largest need not fit beside the others.
                makeRoom();
                shared = new Shared(RewardText.parse(asked).build(() -> pipeline));
                rewards.put(asked, shared);
            }
            shared.users++;
            return new Lease(shared);
        }
    }

    private void makeRoom() {
        Iterator<Shared> all = rewards.values().iterator();
        while (rewards.size() >= KEPT && all.hasNext()) {
            Shared oldest = all.next();
            if (oldest.users == 0) {
                all.remove();
                oldest.reward.close();
            }
        }
    }

    private static final class Shared {
        final Reward reward;
        int users;

        Shared(Reward reward) {
            this.reward = reward;
        }
    }

    /** A reward that stays open. */
    final class Lease implements AutoCloseable {
        private final Shared shared;

        private Lease(Shared shared) {
            this.shared = shared;
        }

        Reward reward() {
            return shared.reward;
        }

        @Override
        public void close() {
            synchronized (rewards) {
                shared.users--;
            }
        }
    }
}
