package org.noisetrail.search;

import org.noisetrail.reward.Reward;

/**
 * A second reward that ends the search of an image when it turns: once what it says of the clean estimate that a searched step goes on from is more than {@code drop} below the best it has
 * said so far of this image, or is no finite number.
 *
 * @param drop at least 0, finite, in units of the reward
 */
record Guard(Reward reward, double drop) {}
