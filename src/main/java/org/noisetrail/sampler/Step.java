package org.noisetrail.sampler;

import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Parameterisation.Scaling;

/**
 * One reverse transition as numbers. With the noise {@link NoiseAt#BEFORE} the network: x^ = x + gain z; F1 at x^ gives {@code first.next}; F2 at that, where there is a second
 * stage, gives {@code second.next}. {@link NoiseAt#AFTER} it: x' = first.next(x, F1) + gain z, F1 known from the step before; F2 at x', where there is a second stage, is the next
 * step's F1 and gives the clean estimate.
 *
 * @param signal a of the state a x0 + b n that the step starts from; finite
 * @param level its noise level sigma = b / a, that of x0 + sigma n; what all samplers share; infinite where a is 0
 * @param gain standard deviation of the noise it injects; 0 = a dead step
 * @param second null where no second evaluation is needed: with the noise after the network, in the last step alone
 */
public record Step(
        double signal,
        double level,
        double gain,
        NoiseAt at,
        Stage first,
        @Nullable Stage second) {
    /**
     * One with its noise {@link NoiseAt#AFTER} the network: x' = ofClean D(x) + ofState x + gain z, D the network's clean estimate at x.
     *
     * @param signal a of the state x = a x0 + b n that it starts from
     * @param noise b
     * @param now how the network is asked at x
     * @param next how it is asked at x', as the next step's {@code now}; null in the last step
     */
    public static Step after(
            double signal,
            double noise,
            double gain,
            double ofClean,
            double ofState,
            Scaling now,
            @Nullable Scaling next) {
        Affine moved = new Affine(ofClean * now.skip() + ofState, ofClean * now.out(), 0, 0);
        Stage first = new Stage(now.input(), now.conditioning(), moved, new Affine(now.skip(), now.out(), 0, 0));
        Stage second = next == null
                ? null
                : new Stage(next.input(), next.conditioning(), Affine.NONE, new Affine(0, 0, next.skip(), next.out()));
        return new Step(signal, noise / signal, gain, NoiseAt.AFTER, first, second);
    }

    /** Calls of the denoiser that a candidate takes; a guided one is two network evaluations. */
    public int evaluations() {
        return (at == NoiseAt.BEFORE ? 1 : 0) + (second == null ? 0 : 1);
    }

    /** Whether it injects no noise: there is nothing to search. */
    public boolean isDead() {
        return gain == 0;
    }
}
