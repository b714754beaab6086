package org.noisetrail.reward;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;

/**
 * What is wanted of an image: one number each, higher is better. No gradients: a search calls {@link #score} with {@code GradMode} off on the calling thread, so a network's parameters may want
 * them.
 *
 * <p>A reward may be shared by searches on several threads if its {@link #score} is thread-safe; the ones of {@link Rewards} are.
 */
public interface Reward extends AutoCloseable {
    /** As a table shows it. */
    String name();

    /** Names it with all it is made of: two rewards of the same id score alike. By default its name. */
    default String id() {
        return name();
    }

    /**
     * Scores each image of a batch, on the thread that calls, whose LibTorch operations go to the batch's lane. Whatever it makes on the way it closes; what it throws ends the search, as it is.
     *
     * @param scores float64 [rows] on the batch's device, contiguous, all NaN: to be filled; NaN counts as the worst and is reported, and so does plus infinity
     */
    void score(ImageBatch images, Tensor scores);

    /**
     * Refuses, before any work is done, images that it could not score; by default none.
     *
     * @param conditions what will be drawn
     * @throws IllegalArgumentException if it cannot judge images of this shape, or of one of these conditions
     */
    default void check(ImageShape shape, List<Condition> conditions) {}

    /**
     * Whether scoring is nothing but work for the images' device that is the same for each batch of the same conditions: no image is read on the host. What says so may be recorded, as the calls
     * it makes, and be given to a card again without being asked. By default not.
     */
    default boolean staysOnDevice() {
        return false;
    }

    /** Whether its scores are probabilities, which near 0 and 1 tell little apart: a planner regresses on their logits then. By default not. */
    default boolean isProbability() {
        return false;
    }

    /** Frees what the reward owns (a classifier); by default nothing. */
    @Override
    default void close() {}

    /**
     * A reward on the host: {@code reward} is called for the images of a batch in parallel, on as many threads as there are
     * processors, so it must be thread-safe. What it throws ends the search, as the cause of a
     * {@link org.noisetrail.NoisetrailException} that names the image.
     *
     * <p>It may wait, also for another search: batches share no threads. Interrupting the thread that scores interrupts these calls and does not wait for them: one that does
     * not heed it runs on, on a daemon thread of its own, until it returns, and what it returns is dropped.
     */
    static Reward of(String name, ToDoubleFunction<Image> reward) {
        return new HostReward(name, reward);
    }
}
