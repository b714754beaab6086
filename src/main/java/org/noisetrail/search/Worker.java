package org.noisetrail.search;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screen;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.Reward;

/**
 * What draws and judges a part of a search's images.
 *
 * @param screenReward scores what screening looks at; null for the searched reward
 * @param guard ends the search of an image; null for none
 */
record Worker(
        Networks networks,
        @Nullable Reward reward,
        @Nullable Reward heldOut,
        @Nullable Reward screenReward,
        @Nullable Reward guard) {
    /** @throws IllegalArgumentException if the denoiser says that its calls cost nothing */
    Worker {
        Checks.range("a denoiser's evaluations", networks.denoiser().evaluations(), 1, Integer.MAX_VALUE);
    }

    /** Without what is not searched for. */
    Worker searching() {
        return new Worker(networks, reward, null, screenReward, null);
    }

    /** Made once a run: a linear look asks the decoder first. */
    @Nullable
    Screen screen(@Nullable Screening screening) {
        return screening == null || reward == null
                ? null
                : screening.screen(networks, screenReward == null ? reward : screenReward);
    }

    /** @throws IllegalArgumentException if it would draw or judge otherwise than another */
    void checkSame(Worker other) {
        same("denoiser", networks.denoiser().id(), other.networks.denoiser().id());
        same("decoder", networks.decoder().id(), other.networks.decoder().id());
        same("preview decoder", networks.previewId(), other.networks.previewId());
        same("reward", id(reward), id(other.reward));
        same("held-out reward", id(heldOut), id(other.heldOut));
        same("screen's reward", id(screenReward), id(other.screenReward));
        same("guard", id(guard), id(other.guard));
    }

    private static @Nullable String id(@Nullable Reward reward) {
        return reward == null ? null : reward.id();
    }

    private static void same(String what, @Nullable String mine, @Nullable String others) {
        if (!Objects.equals(mine, others)) {
            throw new IllegalArgumentException("workers must have the same " + what + ": " + others + ", " + mine);
        }
    }
}
