package org.noisetrail.search;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;

/**
 * A search over the noise of a diffusion model's trajectories: what to draw with, by which method, for which reward.
 * Immutable; {@link #run} may be called from several threads at once if the reward is thread-safe. It closes neither the denoiser nor the
 * rewards.
 */
public final class Search {
    private Search(Builder builder) {}

    public static Builder builder(Denoiser denoiser) {
        return new Builder(denoiser);
    }

    /**
     * Draws the images.
     *
     * @throws SearchCancelledException if the thread is interrupted; within a round, and all native memory is freed
     * @throws IllegalArgumentException if a class is not one of the model's
     */
    public SearchResult run(List<ImageRequest> images) {
        throw new UnsupportedOperationException();
    }

    public static final class Builder {
        private Builder(Denoiser denoiser) {}

        /** By default {@link EdmSampler#DEFAULT}. */
        public Builder sampler(EdmSampler sampler) {
            return this;
        }

        /** By default {@link Naive}. */
        public Builder method(Method method) {
            return this;
        }

        /** What to search for; required by every method but naive. */
        public Builder reward(Reward reward) {
            return this;
        }

        /** A reward that is computed on the final images only, never searched on. */
        public Builder heldOut(@Nullable Reward heldOut) {
            return this;
        }

        /** Names all noise, as 64 unsigned bits; by default 0. */
        public Builder seed(long seed) {
            return this;
        }

        /** The most rows (images x candidates) in one network call; by default 64. Results do not depend on it. */
        public Builder maxBatch(int maxBatch) {
            return this;
        }

        /** The most network evaluations an image may cost; at least one plain trajectory's. By default unlimited. */
        public Builder budget(long networkEvaluations) {
            return this;
        }

        /** A step is searched no further for an image whose pivot has reached this reward. By default never. */
        public Builder targetReward(double reward) {
            return this;
        }

        /** After this time no round is started; trajectories are finished plainly. By default unlimited. */
        public Builder timeLimit(Duration limit) {
            return this;
        }

        public Builder listener(SearchListener listener) {
            return this;
        }

        public Search build() {
            return new Search(this);
        }
    }
}
