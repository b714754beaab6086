package org.noisetrail.search;

import java.util.Locale;
import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Learns from a round's losers: at every step that injects noise, M fresh noises z_m are scored, and one more candidate is made of all of them by regression on their scores, w_m = (r_m - mean) / deviation, clipped to
 * [-3, 3]. The best of the M + 1 is the step's noise.
 *
 * <p>{@link Direction#NOISE}: z* = sqrt(d) unit(sum_m w_m z_m). For a reward that is linear in the noise with slope G, the best of M gains |G| sqrt(2 ln M), this about
 * |G| sqrt(d M / (M + d)). {@link Direction#IMAGE}: z* is the step's own noise, moved along h = sum_m w_m (c_m - mean c) of the clean estimates c_m by {@code shift} standard deviations, at noise levels sigma >= 1; below,
 * as NOISE. An ideal denoiser's Jacobian is symmetric, so h is the regressed direction seen through the denoiser, for no further evaluation. (Evolution strategies' gradients are old: Rechenberg 1973;
 * Salimans et al. 2017.)
 *
 * <p>Once a step's noise has reached the target, later steps take their own.
 *
 * @param candidates M, 2 to 65535
 * @param direction what the regression is made in
 * @param shift k, how far IMAGE moves the noise, in standard deviations
 * @param regress what of the scores is regressed on
 * @param scoreAtFirst at which steps of two evaluations candidates are judged after the first, and only the step's winner pays the second
 */
public record Ascent(int candidates, Direction direction, double shift, Regress regress, ScoreAtFirst scoreAtFirst)
        implements Method {
    /** What a round's scores are regressed on. */
    public enum Direction {
        /** The noises themselves. */
        NOISE,
        /** The clean estimates that they lead to. */
        IMAGE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The transform of scores that is regressed; scores that saturate are better regressed as logarithms or logits. */
    public enum Regress {
        SCORE,
        /** Of scores above 0. */
        LOG,
        /** Of scores between 0 and 1. */
        LOGIT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** NaN where there is no such value. */
        double of(double score) {
            return switch (this) {
                case SCORE -> score;
                case LOG -> Math.log(score);
                case LOGIT -> Math.log(score) - Math.log1p(-score);
            };
        }
    }

    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "M", 4, 2, 65535, "Fresh noises a step.");
    private static final Setting<Direction> DIRECTION = Setting.word(
            "direction",
            "direction",
            Direction.NOISE,
            "noise, or image: by way of the clean estimates, for image-wide rewards.");
    private static final Setting<Double> SHIFT = Setting.number(
            "shift", "", 4, -100, 100, "direction image: how far noise is moved, in standard deviations.");
    private static final Setting<Regress> REGRESS =
            Setting.word("regress", "", Regress.SCORE, "score, log or logit: what of the scores is regressed on.");

    static final Kind<Method> KIND = Kind.<Method, Ascent>of(
                    "ascent", Ascent.class, "Regresses on all of a step's scores, and tries the noise that follows.")
            .with(CANDIDATES, Ascent::candidates)
            .with(DIRECTION, Ascent::direction)
            .with(SHIFT, Ascent::shift)
            .with(REGRESS, Ascent::regress)
            .with(ScoreAtFirst.SETTING, Ascent::scoreAtFirst)
            .make(values -> new Ascent(
                    values.get(CANDIDATES),
                    values.get(DIRECTION),
                    values.get(SHIFT),
                    values.get(REGRESS),
                    values.get(ScoreAtFirst.SETTING)));

    public Ascent {
        CANDIDATES.checked(candidates);
        SHIFT.checked(shift);
    }

    /** M noises, direction noise, scores as they are, whole transitions. */
    public Ascent(int candidates) {
        this(candidates, Direction.NOISE, 4, Regress.SCORE, ScoreAtFirst.NEVER);
    }

    /** Scored at first at all steps, or at none. */
    public Ascent(int candidates, Direction direction, double shift, Regress regress, boolean scoreAtFirst) {
        this(candidates, direction, shift, regress, ScoreAtFirst.of(scoreAtFirst));
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return candidates;
    }

    /** What is not verified is regressed on as the screen lets expect; direction image, which needs all clean estimates, is not screened where it is used. */
    @Override
    public boolean screens() {
        return scoreAtFirst != ScoreAtFirst.ALWAYS;
    }

    @Override
    public boolean guards() {
        return true;
    }

    @Override
    public Outcome search(Wave wave) {
        try (AscentSearch search = new AscentSearch(this, wave)) {
            return search.run();
        }
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(Sizes.everyStep(schedule, candidates + 1, scoreAtFirst));
    }

    /** As many noises as are paid for, at least 2. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return Sizes.largest(
                schedule, evaluations, 2, 65535, size -> new Ascent(size, direction, shift, regress, scoreAtFirst));
    }
}
