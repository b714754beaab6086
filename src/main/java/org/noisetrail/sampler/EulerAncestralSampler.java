package org.noisetrail.sampler;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Ancestral Euler steps on x0 + sigma n (k-diffusion's sample_euler_ancestral), as diffusers' EulerAncestralDiscreteScheduler runs them, for models of discrete timesteps.
 * The last step injects no noise. Immutable.
 *
 * @param steps T, 1 to the model's timesteps
 * @param eta the injected noise's scale: 0 is Euler's method, 1 the ancestral one
 * @param spacing how timesteps are chosen
 * @param offset added to the timesteps of leading spacing
 */
public record EulerAncestralSampler(int steps, double eta, Spacing spacing, int offset) implements Sampler {
    private static final Setting<Double> ETA =
            Setting.number("eta", "eta", 1, 0, 1, "The injected noise's scale; 0: none.");

    /** Of a file that does not say, diffusers' EulerAncestralDiscreteScheduler has it so. */
    private static final Setting<Spacing> SPACING = Timesteps.spacing(Spacing.LINSPACE);

    static final Kind<Sampler> KIND = Kind.<Sampler, EulerAncestralSampler>of(
                    "euler-ancestral", EulerAncestralSampler.class, "Ancestral Euler steps (k-diffusion).")
            .with(Timesteps.STEPS, EulerAncestralSampler::steps)
            .with(ETA, EulerAncestralSampler::eta)
            .with(SPACING, EulerAncestralSampler::spacing)
            .with(Timesteps.OFFSET, EulerAncestralSampler::offset)
            .make(values -> new EulerAncestralSampler(
                    values.get(Timesteps.STEPS), values.get(ETA), values.get(SPACING), values.get(Timesteps.OFFSET)));

    /** diffusers' own, where nothing is left of the signal: abar is 2^-24 there instead of 0. */
    private static final double HIGHEST = Math.sqrt((1 << 24) - 1);

    public EulerAncestralSampler {
        Timesteps.STEPS.checked(steps);
        ETA.checked(eta);
        Timesteps.OFFSET.checked(offset);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    /** @throws IllegalArgumentException if the network was not trained with discrete timesteps, or with fewer than {@code steps} */
    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        DiscreteNoise noise = DdimSampler.discrete(parameterisation, name());
        double[] timesteps = Timesteps.of(noise.timesteps(), steps, spacing, offset);
        List<Step> table = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            boolean last = i == steps - 1;
            double sigma = level(noise, timesteps[i]);
            double next = last ? 0 : level(noise, timesteps[i + 1]);
            double up = Math.min(next, eta * Math.sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma)));
            double down = Math.sqrt(next * next - up * up);
            // x' = x + (x - x0) / sigma (down - sigma)
            double ofState = down / sigma;
            table.add(Step.after(
                    1,
                    sigma,
                    up,
                    1 - ofState,
                    ofState,
                    noise.at(1, sigma).withConditioning(timesteps[i]),
                    last ? null : noise.at(1, next).withConditioning(timesteps[i + 1])));
        }
        double first = level(noise, timesteps[0]);
        // diffusers' init_noise_sigma
        boolean whole = spacing != Spacing.LEADING;
        return new Schedule(whole ? first : Math.sqrt(first * first + 1), table);
    }

    /** No spacing has a timestep between the last two, where this would have to be part of the line. */
    private static double level(DiscreteNoise noise, double timestep) {
        double level = noise.level(timestep);
        return Double.isInfinite(level) ? HIGHEST : level;
    }
}
