package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.engine.Locality;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;

/**
 * A search method with its settings: which noise to try next. Immutable; one object serves any number of searches.
 *
 * <p>A method of your own is one class, and one {@link Provider} that {@link java.util.ServiceLoader} finds; then the command line has its settings as options, and {@code compare}
 * sets it beside the others.
 */
public interface Method {
    /** Its kind's name, such as {@code eps-greedy}. */
    String name();

    /** Rows one image brings to a network call of at most {@code maxBatch}: how many images fit in a wave. At least 1. */
    int rowsPerImage(int maxBatch);

    /** Whether its rounds go through {@link org.noisetrail.engine.StepEngine#compete}, so that a {@link Screening} may leave candidates unverified. */
    default boolean screens() {
        return false;
    }

    /** Whether it searches an image's trajectory step by step and tells {@link Wave#watch} so, so that a second reward may end that. */
    default boolean guards() {
        return false;
    }

    /** Takes a wave's images from their initial noise to their final states. The wave and its engine stay the search's to close; what is thrown ends the search. */
    Outcome search(Wave wave);

    /** Whether it chooses by a reward. */
    default boolean needsReward() {
        return true;
    }

    /** How its local draws lie around what was there before: a trail keeps it. By default it makes none. */
    default Locality locality() {
        return Locality.NONE;
    }

    /** Whether it chooses on the way to the final images, so that best-of-n at the same cost is what to compare it with. */
    default boolean choosesOnTheWay() {
        return true;
    }

    /** What an image costs in calls of the denoiser, if nothing ends the search early; empty where that depends on the rewards it meets. */
    default OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.empty();
    }

    /**
     * The method with its size (rounds, chains, beams, simulations) chosen so that an image costs about {@code evaluations} calls of the denoiser; by default itself.
     *
     * @param evaluations at least one plain trajectory's
     */
    default Method sized(Schedule schedule, long evaluations) {
        return this;
    }

    /** {@link #sized} once a cost was measured, for methods whose cost depends on the rewards they meet; by default itself. */
    default Method resized(Schedule schedule, double measured, long evaluations) {
        return this;
    }

    /** How a method of your own becomes one of {@link Methods}. */
    interface Provider {
        /** The method, with its settings. */
        Kind<Method> kind();
    }
}
