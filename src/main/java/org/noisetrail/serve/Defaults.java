package org.noisetrail.serve;

import org.jspecify.annotations.Nullable;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.search.Method;

/**
 * What holds where a request says nothing.
 *
 * @param reward null for the model's usual one
 * @param heldOut null for none
 */
record Defaults(
        Method method,
        Sampler sampler,
        @Nullable RewardText reward,
        @Nullable RewardText heldOut) {}
