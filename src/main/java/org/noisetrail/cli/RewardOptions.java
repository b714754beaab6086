package org.noisetrail.cli;

import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What is searched for, and what is looked at besides. */
final class RewardOptions {
    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            converter = Converter.class,
            description = "What to search for; see below. Default: brightness, of a model of prompts clip")
    private @Nullable RewardText reward;

    @Option(
            names = "--held-out",
            paramLabel = "REWARD",
            converter = Converter.class,
            description = "A reward of the final images, never searched on.")
    private @Nullable RewardText heldOut;

    /** A reward as {@link RewardText} reads it. */
    static final class Converter implements ITypeConverter<RewardText> {
        @Override
        public RewardText convert(String text) {
            return Converters.usage(() -> RewardText.parse(text));
        }
    }

    RewardText reward(Pipeline pipeline) {
        return reward != null ? reward : RewardText.parse(pipeline.takesPrompts() ? "clip" : "brightness");
    }

    @Nullable
    RewardText heldOut() {
        return heldOut;
    }

    /** The caller's to close. */
    Reward build(Pipeline pipeline) {
        return reward(pipeline).build(() -> pipeline);
    }

    /** The caller's to close; null for none. */
    @Nullable
    Reward buildHeldOut(Pipeline pipeline) {
        return heldOut == null ? null : heldOut.build(() -> pipeline);
    }
}
