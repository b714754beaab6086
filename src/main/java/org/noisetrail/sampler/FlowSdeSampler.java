package org.noisetrail.sampler;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Parameterisation.Scaling;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * The stochastic process of the same marginals as a flow's (Albergo et al. 2023): at x = (1 - s) x0 + s n with velocity v and score -(x + (1 - s) v) / s,
 * x' = x + (v - g^2/2 score) ds + g sqrt(-ds) z, with g = a sqrt(s / (1 - s)) as Flow-GRPO has it (Liu et al. 2025, equation 9). With a = 0 it is Euler's method on the
 * flow, which leaves nothing to search. For networks that can be asked where no signal is left: flows, v and sample predictions. Immutable.
 *
 * @param steps T
 * @param noise a
 * @param shift of the levels: s = shift q / (1 + (shift - 1) q), q falling evenly from 1 to 1/T (Esser et al. 2024, section 5.3.2)
 */
public record FlowSdeSampler(int steps, double noise, double shift) implements Sampler {
    private static final Setting<Integer> STEPS = Setting.integer("steps", "T", 20, 1, 10000, "Reverse steps.");
    private static final Setting<Double> NOISE =
            Setting.number("flow-noise", "a", .7, 0, 1e3, "The injected noise's scale; 0: none.");
    private static final Setting<Double> SHIFT =
            Setting.number("flow-shift", "", 1, 1e-6, 1e6, "How far the levels lie toward noise.");

    static final Kind<Sampler> KIND = Kind.<Sampler, FlowSdeSampler>of(
                    "flow-sde", FlowSdeSampler.class, "A flow's marginals with noise (Liu et al. 2025).")
            .with(STEPS, FlowSdeSampler::steps)
            .with(NOISE, FlowSdeSampler::noise)
            .with(SHIFT, FlowSdeSampler::shift)
            .make(values -> new FlowSdeSampler(values.get(STEPS), values.get(NOISE), values.get(SHIFT)));

    /** T 20, a .7, shift 1. */
    public static final FlowSdeSampler DEFAULT = new FlowSdeSampler(20, .7, 1);

    public FlowSdeSampler {
        STEPS.checked(steps);
        NOISE.checked(noise);
        SHIFT.checked(shift);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    private double level(int i) {
        double q = 1 - (double) i / steps;
        return shift * q / (1 + (shift - 1) * q);
    }

    /** @throws IllegalArgumentException if the network cannot be asked at pure noise, from which it starts: epsilon predictions, EDM's and plain denoisers */
    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        double[] levels = new double[steps + 1];
        for (int i = 0; i <= steps; i++) {
            levels[i] = level(i);
        }
        return schedule(parameterisation, levels);
    }

    /** The first level may be that of noise alone, where only what is finite of a network can be asked for. */
    private void checkStart(Scaling start) {
        if (!Double.isFinite(start.input() + start.conditioning() + start.skip() + start.out())) {
            throw new IllegalArgumentException(
                    "sampler " + name()
                            + " starts from pure noise, where a network that predicts the noise (epsilon), or takes a noise level (EDM), cannot be asked");
        }
    }

    /** @param levels T + 1 of them, falling from at most 1 to 0 */
    Schedule schedule(Parameterisation parameterisation, double[] levels) {
        List<Step> table = new ArrayList<>();
        int count = levels.length - 1;
        checkStart(parameterisation.at(1 - levels[0], levels[0]));
        for (int i = 0; i < count; i++) {
            double s = levels[i];
            double next = levels[i + 1];
            double ds = next - s;
            double clear = 1 - (s < 1 ? s : count > 1 ? levels[1] : .5);
            double g2 = noise * noise * s / clear;
            // v = (x - x0) / s; the score is that of x with v.
            double ofState = 1 + ds / s + ds * g2 / (2 * s) * (1 + (1 - s) / s);
            double ofClean = -ds / s - ds * g2 / (2 * s) * (1 - s) / s;
            table.add(Step.after(
                    1 - s,
                    s,
                    Math.sqrt(g2 * -ds),
                    ofClean,
                    ofState,
                    parameterisation.at(1 - s, s),
                    i + 1 < count ? parameterisation.at(1 - next, next) : null));
        }
        return new Schedule(levels[0], table);
    }
}
