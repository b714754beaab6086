package org.noisetrail.evaluation;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;

/**
 * Chooses a method, its size and the batches for a time or for a number of network evaluations. What a search would ask for is counted by a rehearsal with stand-ins; what that takes is told by a profile of the machine.
 * Sizes are tried from the smallest, in steps of a tenth, until one does not fit: so a larger limit never gives a smaller search. Immutable.
 */
public final class Planner {
    /** Of a limit that is planned for: predictions are medians, and a search that time ends has lost what it was about to find. */
    static final double SHARE = .95;

    private static final int STEPS = 8;
    private static final int MOST_DOUBLINGS = 20;
    private static final int MOST_CHAINS = 1 << 14;

    private final Setup setup;
    private final int images;
    private final int maxBatch;
    private final int decodeBatch;
    private final @Nullable MachineProfile profile;

    private Planner(Setup setup, int images, int maxBatch, int decodeBatch, @Nullable MachineProfile profile) {
        if (images < 1) {
            throw new IllegalArgumentException("images must be >= 1: " + images);
        }
        this.setup = setup;
        this.images = images;
        this.maxBatch = maxBatch;
        this.decodeBatch = decodeBatch;
        this.profile = profile;
    }

    /** Knows no speed: plans evaluations only, at the batches given. */
    public static Planner of(Setup setup, int images, int maxBatch, int decodeBatch) {
        return new Planner(setup, images, maxBatch, decodeBatch, null);
    }

    /**
     * With a machine's speed.
     *
     * @throws org.noisetrail.NoisetrailException if the profile is of something else
     */
    public Planner with(MachineProfile known) {
        known.check(setup, "the machine's profile");
        return new Planner(setup, images, maxBatch, decodeBatch, known);
    }

    /** With calls as large as are fastest a row, up to the batches given; as it is where no speed is known. */
    public Planner inFastestBatches() {
        MachineProfile known = profile;
        if (known == null) {
            return this;
        }
        int judged = known.curve(Workload.Part.DECODER).rows().isEmpty()
                ? known.curve(Workload.Part.REWARD).best(decodeBatch)
                : known.curve(Workload.Part.DECODER).best(decodeBatch);
        int rows = known.curve(Workload.Part.NETWORK).best(maxBatch);
        return new Planner(setup, images, rows, Math.min(judged, rows), known);
    }

    /** The method measured best for what is to be drawn, as large as so many network evaluations an image pay for. */
    public Plan budget(long networkEvaluations) {
        long plain = schedule().evaluations() * setup.networks().denoiser().evaluations();
        if (networkEvaluations < plain) {
            throw new IllegalArgumentException(
                    "budget must be >= " + plain + ", one plain trajectory's: " + networkEvaluations);
        }
        DefaultMethod rule = DefaultMethod.of(setup);
        Method sized = rule.method()
                .sized(
                        schedule(),
                        networkEvaluations / setup.networks().denoiser().evaluations());
        Plan plan = plan(sized, Double.POSITIVE_INFINITY, rule.reason());
        return plan.networkEvaluations() <= networkEvaluations
                ? plan
                : plan(new Naive(), Double.POSITIVE_INFINITY, tooLittle(rule));
    }

    /**
     * The method measured best for what is to be drawn, as large as fits.
     *
     * @param limit seconds for all images, the decoder's and the rewards' included
     * @throws IllegalArgumentException if plain trajectories do not fit; it names the smallest limit
     * @throws IllegalStateException without a profile
     */
    public Plan seconds(double limit) {
        DefaultMethod rule = DefaultMethod.of(setup);
        Plan plan = largest(rule.method(), limit, rule.reason());
        if (plan != null) {
            return plan;
        }
        Plan plain = plan(new Naive(), limit, tooLittle(rule));
        return fitting(plain, "a plain trajectory of each of " + images + " images");
    }

    /**
     * As {@link #seconds(double)}, of a given method.
     *
     * @throws IllegalArgumentException if its smallest size does not fit; it names the smallest limit
     */
    public Plan seconds(Method method, double limit) {
        Plan plan = largest(method, limit, "as asked for");
        return plan != null
                ? plan
                : fitting(
                        plan(method.sized(schedule(), budget(0)), limit, "as asked for"),
                        method.name() + " of the smallest size for " + images + " images");
    }

    /**
     * The best-of-n that takes as long, to the nearest n from 1; of a planner with a profile.
     *
     * @param seconds for all images
     */
    BestOfN bestOfN(double seconds) {
        Map<Integer, Double> known = new HashMap<>();
        IntToDoubleFunction takes = n -> known.computeIfAbsent(n, size -> predicted(new BestOfN(size)));
        // The smallest that takes as long lies between the last doubling that does not, and the next.
        int more = 1;
        while (more < MOST_CHAINS && takes.applyAsDouble(more) < seconds) {
            more *= 2;
        }
        int less = more / 2;
        while (more - less > 1) {
            int middle = (less + more) / 2;
            if (takes.applyAsDouble(middle) < seconds) {
                less = middle;
            } else {
                more = middle;
            }
        }
        boolean nearer = less > 0 && seconds - takes.applyAsDouble(less) < takes.applyAsDouble(more) - seconds;
        return new BestOfN(nearer ? less : more);
    }

    /** Seconds that all images take; NaN without a profile. */
    double predicted(Method method) {
        return plan(method, Double.POSITIVE_INFINITY, "as asked for").seconds();
    }

    private static String tooLittle(DefaultMethod rule) {
        return "too little for the smallest " + rule.method().name();
    }

    private Plan fitting(Plan plan, String what) {
        if (!fits(plan)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "seconds must be >= %.3f, for %s: %s",
                    Math.ceil(1000 * plan.seconds() / SHARE) / 1000,
                    what,
                    plan.limit()));
        }
        return plan;
    }

    private static boolean fits(Plan plan) {
        return plan.seconds() <= SHARE * plan.limit();
    }

    private Schedule schedule() {
        return setup.schedule();
    }

    /** Calls of the denoiser of the size number {@code step}: a tenth more than those of the one before. */
    private long budget(int step) {
        return (long) (schedule().evaluations() * Math.pow(2, (double) step / STEPS));
    }

    private @Nullable Plan largest(Method method, double limit, String reason) {
        Map<Method, Plan> known = new HashMap<>();
        Plan best = null;
        int step = 0;
        // Doublings first, and from the last that fits in small steps.
        for (int stride : new int[] {STEPS, 1}) {
            for (int next = best == null ? 0 : step + stride; next <= MOST_DOUBLINGS * STEPS; next += stride) {
                Method sized = method.sized(schedule(), budget(next));
                Plan plan = known.computeIfAbsent(sized, each -> plan(each, limit, reason));
                if (!fits(plan)) {
                    break;
                }
                best = plan;
                step = next;
            }
        }
        return best;
    }

    private Plan plan(Method method, double limit, String reason) {
        Rehearsal.Counted counted =
                Rehearsal.small(setup, maxBatch, decodeBatch).count(method, images);
        if (profile == null && limit < Double.POSITIVE_INFINITY) {
            throw new IllegalStateException("seconds need a profile of the machine");
        }
        double seconds = profile == null ? Double.NaN : profile.seconds(counted.all());
        return new Plan(
                method,
                maxBatch,
                decodeBatch,
                counted.costs().networkEvaluations(),
                counted.costs().rewardCalls(),
                seconds,
                limit,
                reason);
    }
}
