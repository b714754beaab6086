package org.noisetrail.sampler;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Parameterisation.Scaling;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * The stochastic Heun sampler of Karras et al. 2022, algorithm 2. Immutable; {@link #builder} names the settings one by one.
 *
 * @param steps T, 2 to 10000
 * @param sigmaMin the lowest noise level above 0
 * @param sigmaMax the highest, that of the initial state
 * @param rho how the levels are spaced
 * @param churn S_churn, how much noise is injected; 0 makes every step dead
 * @param churnMin S_min, the lowest level at which noise is injected
 * @param churnMax S_max, the highest; may be infinite
 * @param churnNoise S_noise, the injected noise's scale
 */
public record EdmSampler(
        int steps,
        double sigmaMin,
        double sigmaMax,
        double rho,
        double churn,
        double churnMin,
        double churnMax,
        double churnNoise)
        implements Sampler {
    private static final double TINY = Double.MIN_VALUE;
    private static final double HUGE = Double.MAX_VALUE;
    private static final double SLACK = 1 + 1e-12;

    private static final Setting<Integer> STEPS = Setting.integer("steps", "T", 18, 2, 10000, "Reverse steps.");
    private static final Setting<Double> SIGMA_MIN =
            Setting.number("sigma-min", "", .002, TINY, HUGE, "The lowest noise level above 0.");
    private static final Setting<Double> SIGMA_MAX =
            Setting.number("sigma-max", "", 80, TINY, HUGE, "The highest noise level.");
    private static final Setting<Double> RHO = Setting.number("rho", "", 7, TINY, HUGE, "How the levels are spaced.");
    private static final Setting<Double> CHURN =
            Setting.number("s-churn", "", 40, 0, HUGE, "How much noise is injected; 0: none.");
    private static final Setting<Double> CHURN_MIN =
            Setting.number("s-min", "", .05, 0, HUGE, "The lowest noise level at which it is.");
    private static final Setting<Double> CHURN_MAX =
            Setting.number("s-max", "", 50, 0, Double.POSITIVE_INFINITY, "The highest noise level at which it is.");
    private static final Setting<Double> CHURN_NOISE =
            Setting.number("s-noise", "", 1.003, 0, HUGE, "The injected noise's scale.");

    static final Kind<Sampler> KIND = Kind.<Sampler, EdmSampler>of(
                    "edm", EdmSampler.class, "Stochastic Heun steps (Karras et al. 2022).")
            .with(STEPS, EdmSampler::steps)
            .with(SIGMA_MIN, EdmSampler::sigmaMin)
            .with(SIGMA_MAX, EdmSampler::sigmaMax)
            .with(RHO, EdmSampler::rho)
            .with(CHURN, EdmSampler::churn)
            .with(CHURN_MIN, EdmSampler::churnMin)
            .with(CHURN_MAX, EdmSampler::churnMax)
            .with(CHURN_NOISE, EdmSampler::churnNoise)
            .make(values -> new EdmSampler(
                    values.get(STEPS),
                    values.get(SIGMA_MIN),
                    values.get(SIGMA_MAX),
                    values.get(RHO),
                    values.get(CHURN),
                    values.get(CHURN_MIN),
                    values.get(CHURN_MAX),
                    values.get(CHURN_NOISE)));

    /** T 18, sigma .002 to 80, rho 7, S_churn 40, S_min .05, S_max 50, S_noise 1.003. */
    public static final EdmSampler DEFAULT = new EdmSampler(18, .002, 80, 7, 40, .05, 50, 1.003);

    public EdmSampler {
        STEPS.checked(steps);
        SIGMA_MIN.checked(sigmaMin);
        SIGMA_MAX.checked(sigmaMax);
        if (sigmaMin >= sigmaMax) {
            throw new IllegalArgumentException("sigma-min must be < sigma-max " + sigmaMax + ": " + sigmaMin);
        }
        RHO.checked(rho);
        CHURN.checked(churn);
        CHURN_MIN.checked(churnMin);
        CHURN_MAX.checked(churnMax);
        CHURN_NOISE.checked(churnNoise);
    }

    /** Starts from {@link #DEFAULT}. */
    public static Builder builder() {
        return DEFAULT.toBuilder();
    }

    /** Starts from this one. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** The same with another number of steps, from 2. */
    public EdmSampler withSteps(int steps) {
        return toBuilder().steps(steps).build();
    }

    /** The same with another S_churn, from 0 (no noise). */
    public EdmSampler withChurn(double churn) {
        return toBuilder().churn(churn).build();
    }

    @Override
    public String name() {
        return KIND.name();
    }

    /** t_i for i in 0..steps; t_steps = 0. */
    double sigma(int i) {
        if (i == steps) {
            return 0;
        }
        double high = Math.pow(sigmaMax, 1 / rho);
        double low = Math.pow(sigmaMin, 1 / rho);
        return Math.pow(high + (double) i / (steps - 1) * (low - high), rho);
    }

    /** The level step i raises its state to before it goes down: t^ = (1 + gamma_i) t_i. */
    private double sigmaHat(int i) {
        double t = sigma(i);
        // Levels are rounded: one that is meant to be a bound is within it.
        boolean churned = churnMin <= t * SLACK && t <= churnMax * SLACK;
        return t * (1 + (churned ? Math.min(churn / steps, Math.sqrt(2) - 1) : 0));
    }

    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        List<Step> table = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            double t = sigma(i);
            double hat = sigmaHat(i);
            double next = sigma(i + 1);
            double gain = Math.sqrt(hat * hat - t * t) * churnNoise;
            Scaling now = parameterisation.at(1, hat);
            Affine clean = new Affine(now.skip(), now.out(), 0, 0);
            Affine here = new Affine(1, 0, 0, 0);
            // d = (x^ - D) / t^
            Affine slope = new Affine(1 / hat, 0, 0, 0).plus(-1 / hat, clean);
            Stage euler = new Stage(now.input(), now.conditioning(), here.plus(next - hat, slope), clean);
            Stage heun = next == 0 ? null : heun(parameterisation.at(1, next), here, slope, next - hat, next);
            table.add(new Step(1, t, gain, NoiseAt.BEFORE, euler, heun));
        }
        return new Schedule(sigma(0), table);
    }

    private static Stage heun(Scaling scaling, Affine here, Affine slope, double change, double next) {
        Affine clean = new Affine(0, 0, scaling.skip(), scaling.out());
        Affine second = new Affine(0, 0, 1 / next, 0).plus(-1 / next, clean);
        return new Stage(
                scaling.input(),
                scaling.conditioning(),
                here.plus(change / 2, slope).plus(change / 2, second),
                clean);
    }

    /** Settings by their names, each another's until it is set. Not thread-safe. */
    public static final class Builder {
        private int steps;
        private double sigmaMin;
        private double sigmaMax;
        private double rho;
        private double churn;
        private double churnMin;
        private double churnMax;
        private double churnNoise;

        private Builder(EdmSampler from) {
            steps = from.steps;
            sigmaMin = from.sigmaMin;
            sigmaMax = from.sigmaMax;
            rho = from.rho;
            churn = from.churn;
            churnMin = from.churnMin;
            churnMax = from.churnMax;
            churnNoise = from.churnNoise;
        }

        /** T, 2 to 10000. */
        public Builder steps(int steps) {
            this.steps = steps;
            return this;
        }

        /** The lowest noise level above 0; below {@link #sigmaMax}. */
        public Builder sigmaMin(double sigmaMin) {
            this.sigmaMin = sigmaMin;
            return this;
        }

        /** The highest noise level, that of the initial state. */
        public Builder sigmaMax(double sigmaMax) {
            this.sigmaMax = sigmaMax;
            return this;
        }

        /** How the levels are spaced: the larger, the more of them are low; above 0. */
        public Builder rho(double rho) {
            this.rho = rho;
            return this;
        }

        /** S_churn, how much noise is injected: from 0 (every step is dead). */
        public Builder churn(double churn) {
            this.churn = churn;
            return this;
        }

        /** S_min, the lowest level at which noise is injected: from 0. */
        public Builder churnMin(double churnMin) {
            this.churnMin = churnMin;
            return this;
        }

        /** S_max, the highest; may be infinite. */
        public Builder churnMax(double churnMax) {
            this.churnMax = churnMax;
            return this;
        }

        /** S_noise, the injected noise's scale: from 0. */
        public Builder churnNoise(double churnNoise) {
            this.churnNoise = churnNoise;
            return this;
        }

        /**
         * The sampler.
         *
         * @throws IllegalArgumentException if a setting is out of its range
         */
        public EdmSampler build() {
            return new EdmSampler(steps, sigmaMin, sigmaMax, rho, churn, churnMin, churnMax, churnNoise);
        }
    }
}
