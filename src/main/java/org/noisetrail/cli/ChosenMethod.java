package org.noisetrail.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.Method;
import picocli.CommandLine.Option;

/** One search method and its settings. */
final class ChosenMethod extends MethodOptions {
    static final String OPTION = "--method";

    @Option(
            names = OPTION,
            order = -2,
            paramLabel = "METHOD",
            defaultValue = "eps-greedy",
            description = "naive, best-of-n, beam, mcts, zero-order or eps-greedy. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String word;

    /** @throws IllegalArgumentException that names the setting, if there is no such method */
    Method method() {
        return method(word);
    }

    @Override
    Map<String, @Nullable Object> settings(Method made) {
        Map<String, @Nullable Object> settings = super.settings(made);
        // As it was asked for: eps-greedy with epsilon 0 calls itself zero-order.
        settings.put("method", word);
        return settings;
    }
}
