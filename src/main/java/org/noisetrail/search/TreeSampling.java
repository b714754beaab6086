package org.noisetrail.search;

import java.util.Locale;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Diffusion tree sampling (Jain et al. 2025, 2506.20701): a tree of trajectories that grows by one whole trajectory an iteration. From the root, whose children are initial states, down to a node that has fewer than C n^alpha
 * children after n visits; there another noise branches off, and goes to its end; up from there each node's value becomes v = log mean exp(lambda v) / lambda of its children's, an image's is its reward.
 *
 * <p>{@link Variant#SAMPLING} goes down by exp(lambda v), and in the end draws the image so: as iterations grow, a sample of the model's distribution times exp(lambda r), the sooner the
 * wider the tree. {@link Variant#SEARCH} (the paper's DTS*)
 * goes down by v + c sqrt(ln n / n_child), and keeps the best image met.
 *
 * <p>The j-th node of an image at a step takes candidate j's noise of round 0, so one iteration is one plain trajectory; the uniforms of iteration k are coins of round 65535, candidate k, those of the final draw candidate
 * 65535. All nodes' states are held. An iteration that a budget does not pay for is not started, nor one with the target reached.
 *
 * @param iterations 1 to 65535
 * @param lambda how strongly rewards weigh, above 0
 * @param variant what it is for
 * @param branching C, above 0
 * @param exponent alpha, 0 to 1
 * @param exploration c, at least 0
 */
public record TreeSampling(
        int iterations, double lambda, Variant variant, double branching, double exponent, double exploration)
        implements Method {
    /** What the tree is grown for. */
    public enum Variant {
        /** The best image. */
        SEARCH,
        /** A sample of the tilted distribution. */
        SAMPLING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Setting<Integer> ITERATIONS =
            Setting.integer("iterations", "S", 16, 1, 65535, "Trajectories, most of them branches.");
    private static final Setting<Double> LAMBDA =
            Setting.number("lambda", "lambda", 10, Double.MIN_VALUE, 1e6, "How strongly rewards weigh.");
    private static final Setting<Variant> VARIANT = Setting.word(
            "variant", "variant", Variant.SEARCH, "search: the best image met; sampling: one drawn by exp(lambda r).");
    private static final Setting<Double> BRANCHING = Setting.number(
            "branching", "C", 1, Double.MIN_VALUE, 1e6, "A node of n visits has up to C n^alpha children.");
    private static final Setting<Double> EXPONENT = Setting.number("exponent", "alpha", .5, 0, 1, "alpha of that.");
    private static final Setting<Double> EXPLORATION =
            Setting.number("exploration", "c", 1, 0, 1e6, "variant search: how much it likes what was seldom visited.");

    static final Kind<Method> KIND = Kind.<Method, TreeSampling>of(
                    "dts", TreeSampling.class, "A tree of trajectories that branches where rewards are (DTS, DTS*).")
            .with(ITERATIONS, TreeSampling::iterations)
            .with(LAMBDA, TreeSampling::lambda)
            .with(VARIANT, TreeSampling::variant)
            .with(BRANCHING, TreeSampling::branching)
            .with(EXPONENT, TreeSampling::exponent)
            .with(EXPLORATION, TreeSampling::exploration)
            .make(values -> new TreeSampling(
                    values.get(ITERATIONS),
                    values.get(LAMBDA),
                    values.get(VARIANT),
                    values.get(BRANCHING),
                    values.get(EXPONENT),
                    values.get(EXPLORATION)));

    public TreeSampling {
        ITERATIONS.checked(iterations);
        LAMBDA.checked(lambda);
        BRANCHING.checked(branching);
        EXPONENT.checked(exponent);
        EXPLORATION.checked(exploration);
    }

    private TreeSampling resized(double size) {
        int fitting = (int) Math.max(1, Math.min(65535, size));
        return new TreeSampling(fitting, lambda, variant, branching, exponent, exploration);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return 1;
    }

    @Override
    public Outcome search(Wave wave) {
        try (Population population = new Population(wave, wave.images())) {
            return new TreeSamplingSearch(wave, population, this).run();
        }
    }

    /** As many iterations as whole trajectories are paid for; branches cost less. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return resized(evaluations / schedule.evaluations());
    }

    @Override
    public Method resized(Schedule schedule, double measured, long evaluations) {
        return resized(Math.floor(iterations * evaluations / measured));
    }
}
