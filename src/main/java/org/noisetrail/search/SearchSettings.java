package org.noisetrail.search;

import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screen;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;

/**
 * What a worker of a search is given.
 *
 * @param screen null where every candidate is judged
 * @param guard null for none
 * @param hands how many threads take a step's rows
 * @param graphs whether a card is given rounds that are alike as a whole
 * @param budget network evaluations an image
 * @param target infinite for none
 * @param timeLimit null for none
 */
record SearchSettings(
        Networks networks,
        Schedule schedule,
        @Nullable Reward reward,
        @Nullable Reward heldOut,
        @Nullable Screen screen,
        @Nullable Guard guard,
        long seed,
        int maxBatch,
        int decodeBatch,
        int hands,
        boolean graphs,
        long budget,
        double target,
        @Nullable TimeLimit timeLimit) {
    SearchSettings withHands(int hands) {
        return new SearchSettings(
                networks,
                schedule,
                reward,
                heldOut,
                screen,
                guard,
                seed,
                maxBatch,
                decodeBatch,
                hands,
                graphs,
                budget,
                target,
                timeLimit);
    }

    Reward searched() {
        if (reward == null) {
            throw new IllegalStateException("no reward");
        }
        return reward;
    }
}
