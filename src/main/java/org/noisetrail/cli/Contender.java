package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * A method as {@code compare --methods} gives it: {@code METHOD[:OPTION[=VALUE]]...}, the options those of {@code generate} without
 * their dashes, such as {@code eps-greedy:rounds=10:keep-pivot}.
 *
 * @param label as given: what tables call it
 */
record Contender(String label, Method method) {
    /** A command of a method's options alone: the grammar of options is picocli's. */
    @Command(name = "method")
    private static final class Options {
        @Mixin
        @SuppressWarnings("NullAway.Init")
        ChosenMethod chosen;
    }

    /**
     * @param shared options of the comparison, which an option of the text's own overrides
     * @throws IllegalArgumentException that names what is wrong
     */
    static Contender parse(String text, MethodOptions shared) {
        String[] parts = text.strip().split(":", -1);
        List<String> own = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            // A colon within a value, as in patience=3:0.001.
            if (!own.isEmpty() && part.matches("[0-9.].*")) {
                own.set(own.size() - 1, own.get(own.size() - 1) + ":" + part);
                continue;
            }
            own.add("--" + part);
            names.add("--" + part.split("=", 2)[0]);
        }
        List<String> words = new ArrayList<>(List.of(ChosenMethod.OPTION, parts[0]));
        words.addAll(shared.given(parts[0], names));
        words.addAll(own);
        Options options = new Options();
        try {
            new CommandLine(options).parseArgs(words.toArray(String[]::new));
            return new Contender(text.strip(), options.chosen.method());
        } catch (ParameterException e) {
            String line = e.getMessage() == null ? "not a method" : e.getMessage();
            throw new IllegalArgumentException(
                    "--methods " + text + ": " + line.lines().findFirst().orElse(""), e);
        }
    }

    /** Its name without options. */
    static String word(String text) {
        return text.strip().split(":", 2)[0];
    }

    /** Whether it chooses among candidates on the way: those are set beside best-of-n. */
    boolean searches() {
        return !(method instanceof Naive) && !(method instanceof BestOfN);
    }
}
