package org.noisetrail.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The settings of search methods: what {@code --method} chooses from is with {@link ChosenMethod}. */
class MethodOptions {
    /** A method as the command line knows it: its name, the options it takes, and how they make it. */
    private enum Choice {
        NAIVE("naive", Set.of(), o -> new Naive()),
        BEST_OF_N(
                "best-of-n",
                Set.of("--candidates", "--shared-start"),
                o -> new BestOfN(o.candidates == null ? 4 : o.candidates, o.sharedStart)),
        BEAM("beam", Set.of("--candidates", "--beams"), o -> o.beam()),
        MCTS("mcts", Set.of("--candidates", "--simulations", "--exploration"), o -> o.tree()),
        ZERO_ORDER(
                "zero-order",
                Set.of(
                        "--candidates",
                        "--rounds",
                        "--lambda",
                        "--keep-pivot",
                        "--project",
                        "--patience",
                        "--roll-over"),
                o -> o.local(LocalSearch.builder().epsilon(0))),
        EPS_GREEDY(
                "eps-greedy",
                Set.of(
                        "--candidates",
                        "--rounds",
                        "--lambda",
                        "--keep-pivot",
                        "--project",
                        "--patience",
                        "--roll-over",
                        "--epsilon"),
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
            names = "--candidates",
            paramLabel = "N",
            description = "Candidates a round; best-of-n: trajectories; beam, mcts: noises a step. Default: 4")
    private @Nullable Integer candidates;

    @Option(names = "--beams", paramLabel = "B", description = "beam: trajectories that go on. Default: 2")
    private @Nullable Integer beams;

    @Option(names = "--simulations", paramLabel = "S", description = "mcts: simulations a step. Default: 8")
    private @Nullable Integer simulations;

    @Option(
            names = "--exploration",
            paramLabel = "C",
            description = "mcts: how much UCB1 likes what was seldom tried. Default: sqrt(2)")
    private @Nullable Double exploration;

    @Option(
            names = "--rounds",
            paramLabel = "K",
            converter = RoundsSpec.Converter.class,
            description = "Rounds a step; or a schedule by noise level: 20@0.01..1,1 is 20 rounds where "
                    + "0.01 <= sigma <= 1, else 1; or a file that calibrate has written. Default: 20")
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

    @Option(
            names = "--patience",
            paramLabel = "ROUNDS:GAIN",
            converter = PatienceSpec.Converter.class,
            description = "End a step for an image whose last ROUNDS rounds together gained less than GAIN.")
    private @Nullable PatienceSpec patience;

    @Option(names = "--roll-over", description = "The rounds that --patience saves may be spent at later steps.")
    private boolean rollOver;

    private Method beam() {
        Beam standard = Beam.standard();
        return new Beam(
                candidates == null ? standard.candidates() : candidates, beams == null ? standard.beams() : beams);
    }

    private Method tree() {
        Mcts standard = Mcts.standard();
        return new Mcts(
                candidates == null ? standard.candidates() : candidates,
                simulations == null ? standard.simulations() : simulations,
                exploration == null ? standard.exploration() : exploration);
    }

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
        if (patience != null) {
            builder.patience(patience.patience(rollOver));
        } else if (rollOver) {
            throw usage("--roll-over needs --patience: without it no rounds are saved");
        }
        return builder.keepPivot(keepPivot).project(project).build();
    }

    /** The names of all methods, for help texts and complaints. */
    static String known() {
        return Arrays.stream(Choice.values()).map(choice -> choice.word).collect(Collectors.joining(", "));
    }

    /** @throws IllegalArgumentException that names the setting, if there is no such method */
    Method method(String word) {
        Choice choice = choice(word);
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

    /** The given ones of the options that a method takes, as they were given. */
    List<String> given(String word, List<String> except) {
        return OPTIONS.stream()
                .filter(option -> given(option) && choice(word).options.contains(option) && !except.contains(option))
                .map(this::words)
                .flatMap(List::stream)
                .toList();
    }

    /** All that were given, as they were. */
    List<String> given() {
        return OPTIONS.stream()
                .filter(this::given)
                .map(this::words)
                .flatMap(List::stream)
                .toList();
    }

    private List<String> words(String option) {
        OptionSpec matched = command.commandLine().getParseResult().matchedOption(option);
        List<String> values = matched.originalStringValues();
        return matched.arity().max() > 0 ? List.of(option, values.get(values.size() - 1)) : List.of(option);
    }

    /** Refuses what was given and is an option of none of these methods. */
    void checkUsed(Collection<String> methods) {
        for (String option : OPTIONS) {
            if (given(option)
                    && methods.stream().noneMatch(word -> choice(word).options.contains(option))) {
                throw usage(option + " is not an option of any of the methods " + String.join(", ", methods));
            }
        }
    }

    /** The settings of a method that {@link #method} made, for {@code result.json}. */
    Map<String, @Nullable Object> settings(Method made) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("method", made.name());
        if (made instanceof BestOfN best) {
            settings.put("candidates", best.candidates());
            settings.put("sharedStart", best.sharedStart());
        } else if (made instanceof Beam beam) {
            settings.put("candidates", beam.candidates());
            settings.put("beams", beam.beams());
        } else if (made instanceof Mcts tree) {
            settings.put("candidates", tree.candidates());
            settings.put("simulations", tree.simulations());
            settings.put("exploration", tree.exploration());
        } else if (made instanceof LocalSearch local) {
            settings.put("candidates", local.candidates());
            settings.put("rounds", rounds == null ? "20" : rounds.text());
            settings.put("epsilon", local.epsilon());
            settings.put("lambda", local.lambda());
            settings.put("keepPivot", local.keepPivot());
            settings.put("project", local.project());
            settings.put("patience", patience == null ? null : patience.text());
            settings.put("rollOver", rollOver);
        }
        return settings;
    }

    private boolean given(String option) {
        return command.commandLine().getParseResult().hasMatchedOption(option);
    }

    private Choice choice(String word) {
        for (Choice choice : Choice.values()) {
            if (choice.word.equals(word)) {
                return choice;
            }
        }
        throw usage("unknown method (known: " + known() + "): " + word);
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
