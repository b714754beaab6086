package org.noisetrail.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import picocli.CommandLine.Option;

/** A second reward that ends searches. */
final class GuardOptions {
    @Option(
            names = "--guard",
            paramLabel = "REWARD",
            converter = RewardOptions.Converter.class,
            description =
                    "End an image's search when this second reward turns: when what it says of the clean estimate that a searched step goes on from falls below the best so far, or is no finite number. Of ${bundle:methods.guarding}.")
    private @Nullable RewardText reward;

    @Option(
            names = "--guard-drop",
            paramLabel = "D",
            description = "--guard: by more than so much, in units of the guard; at least 0. Default: 0")
    private @Nullable Double drop;

    /** @throws IllegalArgumentException that names what is wrong; {@code method} null where none is chosen yet */
    void check(@Nullable Method method) {
        if (reward == null && drop != null) {
            throw new IllegalArgumentException("--guard-drop is of --guard: give that, too");
        }
        if (!(drop() >= 0 && drop() < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("--guard-drop must be a finite number >= 0: " + drop);
        }
        if (reward != null && method != null) {
            Search.checkGuarded(method);
        }
    }

    boolean guards() {
        return reward != null;
    }

    private double drop() {
        return drop == null ? 0 : drop;
    }

    /** The caller's to close; null for none. */
    @Nullable
    Reward build(Pipeline pipeline) {
        return reward == null ? null : reward.build(() -> pipeline);
    }

    void apply(Search.Builder search, @Nullable Reward guard) {
        search.guard(guard, drop());
    }

    /** For {@code result.json}; nothing where there is no guard. */
    Map<String, @Nullable Object> settings(@Nullable Reward guard) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        if (guard != null) {
            settings.put("guard", RunSettings.json(new RunSettings.Judge(String.valueOf(reward), guard.id())));
            settings.put("guardDrop", drop());
        }
        return settings;
    }
}
