package org.noisetrail.sampler;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * DDIM (Song et al. 2021, equation 12), as diffusers' DDIMScheduler runs it, for models of discrete timesteps. A step goes from timestep t to t - 1000 // T, which is not
 * always the next one of the list. Immutable.
 *
 * @param steps T, 1 to the model's timesteps
 * @param eta the injected noise's scale: 0 is deterministic and leaves nothing to search, 1 is DDPM's; above 1 as far as the noise that each step leaves has room for it
 * @param spacing how timesteps are chosen
 * @param offset added to the timesteps of leading spacing
 * @param toOne whether the last step goes to a clean image (then it injects no noise), instead of to timestep 0's level
 */
public record DdimSampler(int steps, double eta, Spacing spacing, int offset, boolean toOne) implements Sampler {
    private static final Setting<Double> ETA =
            Setting.number("eta", "eta", 1, 0, 1e3, "The injected noise's scale; 0: none, 1: DDPM's.");
    private static final Setting<Spacing> SPACING = Timesteps.spacing(Spacing.LEADING);
    private static final Setting<Boolean> TO_ONE =
            Setting.flag("set-alpha-to-one", "The last step goes to a clean image, without noise.");

    static final Kind<Sampler> KIND = Kind.<Sampler, DdimSampler>of(
                    "ddim", DdimSampler.class, "DDIM with noise (Song et al. 2021).")
            .with(Timesteps.STEPS, DdimSampler::steps)
            .with(ETA, DdimSampler::eta)
            .with(SPACING, DdimSampler::spacing)
            .with(Timesteps.OFFSET, DdimSampler::offset)
            .with(TO_ONE, DdimSampler::toOne)
            .make(values -> new DdimSampler(
                    values.get(Timesteps.STEPS),
                    values.get(ETA),
                    values.get(SPACING),
                    values.get(Timesteps.OFFSET),
                    values.get(TO_ONE)));

    /** T 20, eta 1, leading, no offset, to timestep 0's level. */
    public static final DdimSampler DEFAULT = new DdimSampler(20, 1, Spacing.LEADING, 0, false);

    public DdimSampler {
        Timesteps.STEPS.checked(steps);
        ETA.checked(eta);
        Timesteps.OFFSET.checked(offset);
    }

    /** The same with another number of steps, from 1. */
    public DdimSampler withSteps(int steps) {
        return new DdimSampler(steps, eta, spacing, offset, toOne);
    }

    /** The same with another scale of noise: 0 for none, 1 for DDPM's; {@link #schedule} refuses what is above 1 and too much. */
    public DdimSampler withEta(double eta) {
        return new DdimSampler(steps, eta, spacing, offset, toOne);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    /** @throws IllegalArgumentException if the network was not trained with discrete timesteps, or with fewer than {@code steps}, or eta is above 1 and a step would inject more noise than it leaves */
    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        DiscreteNoise noise = discrete(parameterisation, name());
        int trained = noise.timesteps();
        double[] timesteps = Timesteps.of(trained, steps, spacing, offset);
        List<Step> table = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            int t = timestep(timesteps[i]);
            int before = t - trained / steps;
            double a = noise.alphaCumprod(t);
            double to = before >= 0 ? noise.alphaCumprod(before) : toOne ? 1 : noise.alphaCumprod(0);
            double variance = Math.max(0, (1 - to) / (1 - a) * (1 - a / to));
            double gain = eta * Math.sqrt(variance);
            checkRoom(i, gain, variance, 1 - to);
            // In the first step of a zero terminal SNR schedule this is 0 in exact arithmetic, and rounding noise here.
            double direction = Math.sqrt(Math.max(0, 1 - to - gain * gain));
            // eps = (x - sqrt(a) x0) / sqrt(1 - a)
            double ofState = direction / Math.sqrt(1 - a);
            double ofClean = Math.sqrt(to) - ofState * Math.sqrt(a);
            table.add(Step.after(
                    Math.sqrt(a),
                    Math.sqrt(1 - a),
                    gain,
                    ofClean,
                    ofState,
                    noise.at(t),
                    i + 1 < steps ? noise.at(timestep(timesteps[i + 1])) : null));
        }
        return new Schedule(1, table);
    }

    /** A step leaves noise of variance {@code room}, and cannot inject more; by DDPM's scale it never does. */
    private void checkRoom(int step, double gain, double variance, double room) {
        if (eta > 1 && gain * gain > room * (1 + 1e-6)) {
            throw new IllegalArgumentException("eta must be <= " + (float) Math.sqrt(room / variance) + " for step "
                    + step + ", which leaves no more noise than that: " + eta);
        }
    }

    /** DDIM knows whole timesteps only; linspace's are rounded. */
    private static int timestep(double timestep) {
        return (int) Math.rint(timestep);
    }

    static DiscreteNoise discrete(Parameterisation parameterisation, String sampler) {
        if (parameterisation instanceof DiscreteNoise noise) {
            return noise;
        }
        throw new IllegalArgumentException(
                "sampler " + sampler + " needs a model that was trained with discrete timesteps");
    }
}
