package org.noisetrail.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.LossBound;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.Screening;
import org.noisetrail.search.Search;
import picocli.CommandLine.Option;

/** How candidates are screened. */
final class ScreenOptions {
    @Option(
            names = "--screen",
            paramLabel = "LOOK",
            description =
                    "Judge candidates by a cheap look, and only the best by the true decoder and reward: first (after the first of a step's two evaluations), half (resolution), linear (latents as colours), preview (the preview decoder's image), reward (--screen-reward), or first+half and the like. Of ${bundle:methods.screening}.")
    private @Nullable String look;

    @Option(
            names = "--verify-loss",
            paramLabel = "X",
            description =
                    "--screen: verify so many that a round is expected to lose no more, in units of the reward or, as 5%%, of a round's standard deviation. Default: "
                            + Screening.LOSS_PERCENT + "%%")
    private @Nullable String loss;

    @Option(
            names = "--screen-reward",
            paramLabel = "REWARD",
            converter = RewardOptions.Converter.class,
            description = "--screen: a cheaper reward for the look. Default: the searched one")
    private @Nullable RewardText reward;

    @Option(
            names = "--audit",
            paramLabel = "P",
            description =
                    "--screen: the share of rounds that are judged whole, to measure what the others lose. Default: "
                            + Screening.AUDIT)
    private @Nullable Double audit;

    /** @throws IllegalArgumentException that names what is wrong; null for no screening */
    @Nullable
    Screening screening() {
        if (look == null) {
            String useless = loss != null ? "--verify-loss" : reward != null ? "--screen-reward" : "--audit";
            if (loss != null || reward != null || audit != null) {
                throw new IllegalArgumentException(useless + " is of --screen: give that, too");
            }
            return null;
        }
        return Screening.parse(
                look, loss == null ? Screening.LOSS : LossBound.parse(loss), audit == null ? Screening.AUDIT : audit);
    }

    /** Whether {@code --screen} was given. */
    boolean screens() {
        return look != null;
    }

    /** What was given, by the names that the text of a contender has for it. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        put(texts, "screen", look);
        put(texts, "verify-loss", loss);
        put(texts, "audit", audit);
        put(texts, "screen-reward", reward);
        return texts;
    }

    private static void put(Map<String, String> texts, String name, @Nullable Object value) {
        if (value != null) {
            texts.put(name, value.toString());
        }
    }

    /** The caller's to close; null for none. */
    @Nullable
    Reward build(Pipeline pipeline) {
        return reward == null ? null : reward.build(() -> pipeline);
    }

    void apply(Search.Builder search, @Nullable Reward cheap) {
        search.screening(screening()).screenReward(cheap);
    }

    /**
     * For {@code result.json}; nothing where nothing is screened.
     *
     * @param cheap as {@link #build} made it: what it is made of can change what is drawn
     */
    Map<String, @Nullable Object> settings(@Nullable Reward cheap) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        Screening screening = screening();
        if (screening != null) {
            settings.put("screen", screening.words());
            settings.put("verifyLoss", screening.loss().toString());
            settings.put("screenReward", reward == null ? null : reward.toString());
            if (cheap != null) {
                settings.put("screenRewardId", cheap.id());
            }
            settings.put("audit", screening.audit());
        }
        return settings;
    }
}
