package org.noisetrail.cli;

import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What is searched for. */
final class RewardOptions {
    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            converter = Converter.class,
            description =
                    "What to search for, such as class, clip or 0.7*class+0.3*brightness (generate --help has all). Default: brightness, of a model of prompts clip")
    private @Nullable RewardText reward;

    /** A reward as {@link RewardText} reads it. */
    static final class Converter implements ITypeConverter<RewardText> {
        @Override
        public RewardText convert(String text) {
            return Converters.usage(() -> RewardText.parse(text));
        }
    }

    /** Null where none was given. */
    @Nullable
    RewardText given() {
        return reward;
    }

    RewardText reward(Pipeline pipeline) {
        return reward != null ? reward : RewardText.usual(pipeline);
    }

    /** The caller's to close. */
    Reward build(Pipeline pipeline) {
        return reward(pipeline).build(() -> pipeline);
    }

    /** What final images are judged by besides. */
    static final class HeldOut {
        @Option(
                names = "--held-out",
                paramLabel = "REWARD",
                converter = Converter.class,
                description = "A reward of the final images, never searched on.")
        private @Nullable RewardText reward;

        @Nullable
        RewardText reward() {
            return reward;
        }

        /** The caller's to close; null for none. */
        @Nullable
        Reward build(Pipeline pipeline) {
            return reward == null ? null : reward.build(() -> pipeline);
        }
    }
}
