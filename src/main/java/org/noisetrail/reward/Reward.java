package org.noisetrail.reward;

import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * What is wanted of an image: one number each, higher is better. No gradients.
 *
 * <p>A reward may be shared by searches on several threads if its {@link #score} is thread-safe; the ones of {@link Rewards} are.
 */
public interface Reward extends AutoCloseable {
    /** As a table shows it. */
    String name();

    /**
     * Scores each image of a batch.
     *
     * @param scores float64 [rows] on the batch's device, to be filled; NaN counts as the worst and is reported
     */
    void score(ImageBatch images, Tensor scores);

    /** Frees what the reward owns (a classifier); by default nothing. */
    @Override
    default void close() {}

    /** A reward on the host, called for the images of a batch in parallel: it must be thread-safe. */
    static Reward of(String name, ToDoubleFunction<Image> reward) {
        return new HostReward(name, reward);
    }
}
