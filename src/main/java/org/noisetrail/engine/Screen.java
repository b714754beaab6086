package org.noisetrail.engine;

import org.noisetrail.model.Decoder;
import org.noisetrail.reward.Reward;

/**
 * How a round's candidates are screened before the best of them are verified by the true decoder and reward.
 *
 * @param first whether a step of two evaluations is screened after the first; only what is verified pays the second
 * @param decoder makes the images that are screened, of any size
 * @param reward scores them
 * @param bound of the expected loss of a round
 * @param audit the share of rounds, 0 to 1, that are verified whole to measure what the others lose
 */
public record Screen(boolean first, Decoder decoder, Reward reward, LossBound bound, double audit) {
    public Screen {
        if (!(audit >= 0 && audit <= 1)) {
            throw new IllegalArgumentException("audit must be from 0 to 1: " + audit);
        }
    }
}
