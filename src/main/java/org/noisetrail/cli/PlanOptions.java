package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.MachineProfile;
import org.noisetrail.evaluation.Plan;
import org.noisetrail.evaluation.Planner;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.search.Method;
import picocli.CommandLine.Option;

/** What a search may cost: it is planned for that. */
final class PlanOptions {
    /** From this factor on a machine is told to be slower or faster than it was. */
    private static final double LOADED = 1.5;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "The time for all images, once the model is loaded: plans a method, its size and the batches for it, "
                            + "from a profile of this machine (measured where there is none), and ends the search when it is over. "
                            + "With --method, that one's size.")
    private @Nullable Double seconds;

    @Option(
            names = "--profile",
            paramLabel = "FILE",
            description = "The machine's profile, as calibrate --profile writes it. Default: the cache's")
    private @Nullable Path profile;

    @Option(
            names = "--budget",
            paramLabel = "NFE",
            description =
                    "The most network evaluations an image may cost; at least a plain trajectory's. Without --method, plans a method "
                            + "and its size for it.")
    private @Nullable Long budget;

    @Nullable
    Double seconds() {
        return seconds;
    }

    @Nullable
    Long budget() {
        return budget;
    }

    /** Whether what is drawn by is chosen, or its size is. */
    boolean plans(boolean methodNamed) {
        return seconds != null || budget != null && !methodNamed;
    }

    /** Refuses what cannot be. */
    void check() {
        if (seconds != null && budget != null) {
            throw new IllegalArgumentException(
                    "--seconds and --budget are both what a search may cost: give one of them");
        }
        if (profile != null && seconds == null) {
            throw new IllegalArgumentException("--profile is for --seconds, which is not given");
        }
        if (seconds != null && !(seconds > 0 && seconds <= 1e9)) {
            throw new IllegalArgumentException("--seconds must be above 0 and at most 1e9: " + seconds);
        }
    }

    /** @param method null for the planner's choice */
    Plan plan(Setup setup, int images, ModelOptions model, @Nullable Method method, PrintWriter err) {
        Planner planner = Planner.of(setup, images, model.maxBatch(), model.decodeBatch());
        if (seconds == null) {
            return planner.budget(budget == null ? 0 : budget);
        }
        MachineProfile measured = new ProfileFile(setup, profile, err).find(model.maxBatch(), model.decodeBatch());
        MachineProfile now = measured.now(setup);
        double slower = now.networkSeconds(1) / measured.networkSeconds(1);
        if (slower > LOADED || slower < 1 / LOADED) {
            err.println(String.format(
                    Locale.ROOT,
                    "noisetrail: the network takes %.1f times what it took when this machine was measured; planned for that",
                    slower));
        }
        Planner known = planner.with(now).inFastestBatches();
        return method == null ? known.seconds(seconds) : known.seconds(method, seconds);
    }
}
