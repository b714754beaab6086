package org.noisetrail.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The search method and its settings. */
final class MethodOptions {
    /** A method as the command line knows it: its name, the options it takes, and how they make it. */
    private enum Choice {
        NAIVE("naive", Set.of(), o -> new Naive()),
        BEST_OF_N(
                "best-of-n",
                Set.of("--candidates", "--shared-start"),
                o -> new BestOfN(o.candidates == null ? 4 : o.candidates, o.sharedStart)),
        ZERO_ORDER(
                "zero-order",
                Set.of("--candidates", "--rounds", "--lambda", "--keep-pivot", "--project"),
                o -> o.local(LocalSearch.builder().epsilon(0))),
        EPS_GREEDY(
                "eps-greedy",
                Set.of("--candidates", "--rounds", "--lambda", "--keep-pivot", "--project", "--epsilon"),
                o -> o.local(LocalSearch.builder()));

        private final String word;
        private final Set<String> options;
        private final Function<MethodOptions, Method> make;

        Choice(String word, Set<String> options, Function<MethodOptions, Method> make) {
            this.word = word;
            this.options = options;
            this.make = make;
        }
    }

    /** Every option that belongs to some method. */
    private static final List<String> OPTIONS = Arrays.stream(Choice.values())
            .flatMap(choice -> choice.options.stream())
            .distinct()
            .sorted()
            .toList();

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            defaultValue = "eps-greedy",
            description = "naive, best-of-n, zero-order or eps-greedy. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String method;

    @Option(
            names = "--candidates",
            paramLabel = "N",
            description = "Candidates a round; best-of-n: trajectories. Default: 4")
    private @Nullable Integer candidates;

    @Option(
            names = "--rounds",
            paramLabel = "K",
            converter = RoundsSpec.Converter.class,
            description = "Rounds a step, or a schedule by noise level: 20@0.01..1,1 is 20 rounds where "
                    + "0.01 <= sigma <= 1, else 1. Default: 20")
    private @Nullable RoundsSpec rounds;

    @Option(
            names = "--epsilon",
            paramLabel = "X",
            description = "eps-greedy: the probability of a fresh candidate; 1 is pure random search. Default: 0.4")
    private @Nullable Double epsilon;

    @Option(
            names = "--lambda",
            paramLabel = "X",
            description = "The radius of a local candidate, in units of sqrt(d). Default: 0.15")
    private @Nullable Double lambda;

    @Option(names = "--keep-pivot", description = "Replace the pivot only by a strictly better candidate.")
    private boolean keepPivot;

    @Option(names = "--project", description = "Scale a new pivot back to the sphere on which normals live.")
    private boolean project;

    @Option(
            names = "--shared-start",
            description = "best-of-n: all trajectories start from one initial noise, as in the paper.")
    private boolean sharedStart;

    private Method local(LocalSearch.Builder builder) {
        if (candidates != null) {
            builder.candidates(candidates);
        }
        if (rounds != null) {
            builder.rounds(rounds.rounds());
        }
        if (epsilon != null) {
            builder.epsilon(epsilon);
        }
        if (lambda != null) {
            builder.lambda(lambda);
        }
        return builder.keepPivot(keepPivot).project(project).build();
    }

    /** @throws IllegalArgumentException that names the setting, if there is no such method */
    Method method() {
        Choice choice = choice();
        for (String option : OPTIONS) {
            if (given(option) && !choice.options.contains(option)) {
                throw usage(option + " is not an option of --method " + choice.word + " (it is one of "
                        + Arrays.stream(Choice.values())
                                .filter(other -> other.options.contains(option))
                                .map(other -> other.word)
                                .collect(Collectors.joining(", "))
                        + ")");
            }
        }
        return choice.make.apply(this);
    }

    /** The settings of a method that {@link #method} made, for {@code result.json}. */
    Map<String, Object> settings(Method made) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("method", choice().word);
        if (made instanceof BestOfN best) {
            settings.put("candidates", best.candidates());
            settings.put("sharedStart", best.sharedStart());
        } else if (made instanceof LocalSearch local) {
            settings.put("candidates", local.candidates());
            settings.put("rounds", rounds == null ? "20" : rounds.text());
            settings.put("epsilon", local.epsilon());
            settings.put("lambda", local.lambda());
            settings.put("keepPivot", local.keepPivot());
            settings.put("project", local.project());
        }
        return settings;
    }

    private boolean given(String option) {
        return command.commandLine().getParseResult().hasMatchedOption(option);
    }

    private Choice choice() {
        for (Choice choice : Choice.values()) {
            if (choice.word.equals(method)) {
                return choice;
            }
        }
        throw usage("unknown method (known: "
                + Arrays.stream(Choice.values()).map(choice -> choice.word).collect(Collectors.joining(", ")) + "): "
                + method);
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
