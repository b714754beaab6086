package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Contender;
import org.noisetrail.evaluation.Funnels;
import org.noisetrail.evaluation.OfflineTable;
import org.noisetrail.evaluation.RewardTensor;
import org.noisetrail.files.Json;
import org.noisetrail.report.OfflineWords;
import org.noisetrail.search.Methods;
import org.noisetrail.search.TrajectoryMethod;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Trajectories that are drawn and judged once, and methods that choose among them later without the network. */
final class OfflineOptions {
    /** What says how stored trajectories are chosen among; all else says what is drawn. */
    private static final Set<String> OF_CHOICE = Set.of(
            "--offline",
            "--methods",
            "--reward",
            "--equal-nfe",
            "--sweep",
            "--best-funnels",
            "--target-reward",
            "--json",
            "--quiet",
            "--verbose");

    /** What says how methods are set beside each other, of which --store does nothing. */
    private static final Set<String> OF_COMPARING = Set.of(
            "--methods",
            "--equal-nfe",
            "--equal-seconds",
            "--sweep",
            "--against",
            "--screen",
            "--verify-loss",
            "--screen-reward",
            "--audit",
            "--shard",
            "--spark",
            "--out",
            "--json");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--store",
            paramLabel = "FILE",
            description = "Compare nothing: draw --trajectories of each image, judge their clean estimates after each "
                    + "step by --reward and every --held-out, and store the scores.")
    private @Nullable Path store;

    @Option(
            names = "--trajectories",
            paramLabel = "N",
            defaultValue = "64",
            description = "How many of each image --store draws. Default: ${DEFAULT-VALUE}")
    private int trajectories;

    @Option(
            names = "--offline",
            paramLabel = "FILE",
            description =
                    "Let methods of whole trajectories (${bundle:methods.offline}) choose among those that --store has "
                            + "stored, by the stored --reward (default: the first): what they would draw, without the network.")
    private @Nullable Path offline;

    @Option(
            names = "--best-funnels",
            paramLabel = "N",
            description = "With --offline and --equal-nfe or --sweep: try all funnels of up to two checkpoints, and "
                    + "tell the N best by each stored reward.")
    private @Nullable Integer funnels;

    @Option(
            names = "--target-reward",
            paramLabel = "X",
            description = "With --offline: as --target-reward of generate.")
    private @Nullable Double target;

    /** Where scores are to be stored; null where they are not. */
    @Nullable
    Path store() {
        return store;
    }

    int trajectories() {
        return trajectories;
    }

    /** Whether stored scores are to be chosen among. */
    boolean replays() {
        return offline != null;
    }

    /** The methods to set beside each other: as they are, but of those that take any by default only those that can choose offline. */
    List<String> methods(List<String> methods) {
        return replays() && !parsed().hasMatchedOption("--methods")
                ? Methods.registry().names(TrajectoryMethod.class::isInstance)
                : methods;
    }

    /** Refuses what cannot be, before anything slow is done. */
    void check(Set<String> methodSettings) {
        if (store != null && offline != null) {
            throw usage("--store draws and --offline reads: give one of them");
        }
        for (String name : List.of("--trajectories", "--overwrite")) {
            if (store == null && offline == null && parsed().hasMatchedOption(name)) {
                throw usage(name + " needs --store");
            }
        }
        if (store != null && (trajectories < 1 || trajectories > 65536)) {
            throw usage("--trajectories must be from 1 to 65536: " + trajectories);
        }
        if (store != null) {
            refuse(
                    name -> OF_COMPARING.contains(name) || methodSettings.contains(name.substring(2)),
                    "--store takes no %s: it draws trajectories, and compares nothing");
        }
        if (offline == null) {
            if (funnels != null || target != null) {
                throw usage((funnels != null ? "--best-funnels" : "--target-reward") + " needs --offline");
            }
            return;
        }
        refuse(
                name -> !OF_CHOICE.contains(name) && !methodSettings.contains(name.substring(2)),
                "--offline takes no %s: what was drawn is in its file");
    }

    /** @param message with %s for the option's name */
    private void refuse(Predicate<String> useless, String message) {
        for (OptionSpec given : parsed().matchedOptions()) {
            if (useless.test(given.longestName())) {
                throw usage(String.format(Locale.ROOT, message, given.longestName()));
            }
        }
    }

    private ParseResult parsed() {
        return command.commandLine().getParseResult();
    }

    /** Prints what the methods choose among the stored trajectories. */
    void replay(List<Contender> contenders, List<Long> budgets, @Nullable String reward, boolean json) {
        Integer count = funnels;
        if (target != null && !(target > Double.NEGATIVE_INFINITY)) {
            throw usage("--target-reward must be a number above minus infinity: " + target);
        }
        if (count != null && count < 1) {
            throw usage("--best-funnels must be >= 1: " + count);
        }
        if (count != null && budgets.isEmpty()) {
            throw usage("--best-funnels needs --equal-nfe or --sweep");
        }
        RewardTensor tensor = RewardTensor.read(Objects.requireNonNull(offline));
        OfflineTable.Rule rule = new OfflineTable.Rule(
                reward == null ? 0 : tensor.index(reward), target == null ? Double.POSITIVE_INFINITY : target);
        OfflineTable table = OfflineTable.of(tensor, contenders, budgets, rule);
        StringBuilder text = new StringBuilder(OfflineWords.text(table));
        Map<String, @Nullable Object> all = new LinkedHashMap<>(OfflineWords.json(table));
        if (count != null) {
            List<Map<String, @Nullable Object>> found = new ArrayList<>();
            budgets.forEach(budget -> funnels(tensor, budget, rule, count, text, found));
            all.put("bestFunnels", found);
        }
        PrintWriter print = command.commandLine().getOut();
        print.print(json ? Json.pretty(all) : text.toString());
        print.flush();
    }

    /** The best funnels at a budget, by each stored reward. */
    private static void funnels(
            RewardTensor tensor,
            long budget,
            OfflineTable.Rule rule,
            int count,
            StringBuilder text,
            List<Map<String, @Nullable Object>> found) {
        for (int judge = 0; judge < tensor.rewards().size(); judge++) {
            String name = tensor.rewards().get(judge);
            List<Funnels.Tried> best = Funnels.best(tensor, budget, judge, rule, count);
            text.append("\nat ").append(budget).append(" NFE, ");
            text.append(OfflineWords.text(tensor, best, name));
            Map<String, @Nullable Object> each = new LinkedHashMap<>();
            each.put("budget", budget);
            each.put("judge", name);
            each.put("funnels", OfflineWords.json(tensor, best));
            found.add(each);
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
