package org.noisetrail.search;

import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screen;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;

/**
 * What a run of a search is given.
 *
 * @param preview judges candidates in the decoder's place
 * @param screen null where every candidate is judged
 * @param budget network evaluations an image
 * @param target infinite for none
 * @param deadline on {@link System#nanoTime}'s clock; null for none
 */
record SearchSettings(
        Denoiser denoiser,
        Decoder decoder,
        @Nullable Decoder preview,
        Schedule schedule,
        @Nullable Reward reward,
        @Nullable Screen screen,
        long seed,
        int maxBatch,
        int decodeBatch,
        long budget,
        double target,
        @Nullable Long deadline) {
    Reward searched() {
        if (reward == null) {
            throw new IllegalStateException("no reward");
        }
        return reward;
    }
}
