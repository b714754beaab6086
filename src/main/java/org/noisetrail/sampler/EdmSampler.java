package org.noisetrail.sampler;

import org.noisetrail.model.Preconditioning;

/**
 * The stochastic Heun sampler of Karras et al. 2022, algorithm 2, as settings: immutable, safe to share.
 *
 * @param steps T, 2 to 10000
 * @param sigmaMin the lowest noise level above 0
 * @param sigmaMax the highest, that of the initial state
 * @param rho how the levels are spaced
 * @param churn S_churn, how much noise is injected; 0 makes every step dead
 * @param churnMin S_min, the lowest level at which noise is injected
 * @param churnMax S_max, the highest
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
        double churnNoise) {
    /** T 18, sigma .002 to 80, rho 7, S_churn 40, S_min .05, S_max 50, S_noise 1.003. */
    public static final EdmSampler DEFAULT = new EdmSampler(18, .002, 80, 7, 40, .05, 50, 1.003);

    public EdmSampler {
        if (steps < 2 || steps > 10000) {
            throw new IllegalArgumentException("steps must be from 2 to 10000: " + steps);
        }
        positive("sigma-min", sigmaMin);
        positive("sigma-max", sigmaMax);
        if (sigmaMin >= sigmaMax) {
            throw new IllegalArgumentException("sigma-min must be < sigma-max " + sigmaMax + ": " + sigmaMin);
        }
        positive("rho", rho);
        notNegative("s-churn", churn);
        notNegative("s-min", churnMin);
        notNegative("s-max", churnMax);
        notNegative("s-noise", churnNoise);
    }

    private static void positive(String what, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(what + " must be > 0: " + value);
        }
    }

    private static void notNegative(String what, double value) {
        // S_max may be infinite: noise at every level.
        if (!(value >= 0)) {
            throw new IllegalArgumentException(what + " must be >= 0: " + value);
        }
    }

    public EdmSampler withSteps(int steps) {
        return new EdmSampler(steps, sigmaMin, sigmaMax, rho, churn, churnMin, churnMax, churnNoise);
    }

    public EdmSampler withChurn(double churn) {
        return new EdmSampler(steps, sigmaMin, sigmaMax, rho, churn, churnMin, churnMax, churnNoise);
    }

    /** t_i for i in 0..steps; t_steps = 0. */
    public double sigma(int i) {
        if (i == steps) {
            return 0;
        }
        double high = Math.pow(sigmaMax, 1 / rho);
        double low = Math.pow(sigmaMin, 1 / rho);
        return Math.pow(high + (double) i / (steps - 1) * (low - high), rho);
    }

    /** The level step i raises its state to before it goes down: t^ = (1 + gamma_i) t_i. */
    public double sigmaHat(int i) {
        double t = sigma(i);
        boolean churned = churnMin <= t && t <= churnMax;
        return t * (1 + (churned ? Math.min(churn / steps, Math.sqrt(2) - 1) : 0));
    }

    /** The standard deviation of the noise step i injects; 0 = a dead step. */
    public double gain(int i) {
        double t = sigma(i);
        double hat = sigmaHat(i);
        return Math.sqrt(hat * hat - t * t) * churnNoise;
    }

    /** Network evaluations of step i: 2, or 1 for the last. */
    public int evaluations(int i) {
        return i == steps - 1 ? 1 : 2;
    }

    /** Network evaluations of one plain trajectory: 2 steps - 1. */
    public int evaluations() {
        return 2 * steps - 1;
    }

    /** The kernels' table of steps (nt_step), 12 floats a step. */
    public float[] table(Preconditioning preconditioning) {
        float[] table = new float[12 * steps];
        for (int i = 0; i < steps; i++) {
            Preconditioning.Coefficients now = preconditioning.at(sigmaHat(i));
            boolean last = i == steps - 1;
            Preconditioning.Coefficients next =
                    last ? new Preconditioning.Coefficients(0, 0, 0, 0) : preconditioning.at(sigma(i + 1));
            double[] entry = {
                gain(i),
                sigmaHat(i),
                now.in(),
                now.skip(),
                now.out(),
                now.noise(),
                sigma(i + 1),
                next.in(),
                next.skip(),
                next.out(),
                next.noise(),
                0
            };
            for (int k = 0; k < 12; k++) {
                table[12 * i + k] = (float) entry[k];
            }
        }
        return table;
    }
}
