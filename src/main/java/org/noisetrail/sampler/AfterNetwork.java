package org.noisetrail.sampler;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.Parameterisation.Scaling;

/** Builds the schedule of a sampler that adds its noise after the network: each step's second stage is the next one's first. */
final class AfterNetwork {
    private final List<Step> steps = new ArrayList<>();

    /**
     * Adds a step x' = a x0 + b x + gain z, x0 the clean estimate at x.
     *
     * @param now how the network is asked at the step's state
     * @param next likewise at the state after it; ignored in the last step
     */
    void add(
            double signal,
            double noise,
            double gain,
            double ofClean,
            double ofState,
            Scaling now,
            Scaling next,
            boolean last) {
        Affine moved = new Affine(ofClean * now.skip() + ofState, ofClean * now.out(), 0, 0);
        Stage first = new Stage(now.input(), now.conditioning(), moved, new Affine(now.skip(), now.out(), 0, 0));
        Stage second = last
                ? null
                : new Stage(next.input(), next.conditioning(), Affine.NONE, new Affine(0, 0, next.skip(), next.out()));
        steps.add(new Step(signal, noise / signal, gain, NoiseAt.AFTER, first, second));
    }

    Schedule schedule(double startScale) {
        return new Schedule(startScale, steps);
    }
}
