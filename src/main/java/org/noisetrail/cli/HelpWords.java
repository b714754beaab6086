package org.noisetrail.cli;

import java.util.Collections;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.reward.RewardKind;
import org.noisetrail.reward.Rewards;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Screening;
import org.noisetrail.search.TrajectoryMethod;
import org.noisetrail.settings.Registry;

/** What help texts say of methods and rewards, as <code>${bundle:methods.guarding}</code>: told by what is registered, with users' own among them. A dot keeps a name from being an option's, whose description picocli would look up. */
final class HelpWords extends ResourceBundle {
    private static final Map<String, Supplier<String>> WORDS = Map.of(
            "methods.usual",
            () -> Methods.usual(false),
            "methods.usual-of-prompts",
            HelpWords::ofPrompts,
            "methods.guarding",
            () -> Methods.that(Method::guards),
            "methods.screening",
            Screening::methods,
            "methods.offline",
            () -> Methods.that(TrajectoryMethod.class::isInstance),
            "rewards.lines",
            HelpWords::rewards);

    /** {@code pruned-best-of-n with --noises 2}. */
    private static String ofPrompts() {
        Registry.Asked usual = Registry.asked(Methods.usual(true));
        StringBuilder words = new StringBuilder(usual.kind()).append(" with");
        usual.settings()
                .forEach((name, value) ->
                        words.append(" --").append(name).append(' ').append(value));
        return words.toString();
    }

    private static String rewards() {
        return Rewards.kinds().stream().map(HelpWords::line).collect(Collectors.joining("%n"));
    }

    /** As a format: picocli makes one of it. */
    static String line(RewardKind kind) {
        return String.format(Locale.ROOT, "  %-30s %s", kind.usage(), kind.help())
                .replace("%", "%%");
    }

    @Override
    protected @Nullable Object handleGetObject(String key) {
        Supplier<String> words = WORDS.get(key);
        return words == null ? null : words.get();
    }

    @Override
    public Enumeration<String> getKeys() {
        return Collections.enumeration(WORDS.keySet());
    }
}
