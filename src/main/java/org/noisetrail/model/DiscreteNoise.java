package org.noisetrail.model;

import java.util.Objects;

/**
 * The noising process a DDPM model (Ho et al. 2020) was trained with, x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) n for t = 0, 1, ..., and what its
 * network predicts there. Immutable.
 */
public final class DiscreteNoise implements Parameterisation {
    /** What the network gives at x_t. */
    public enum Prediction {
        /** The noise n. */
        EPSILON,
        /** sqrt(abar) n - sqrt(1 - abar) x0 (Salimans and Ho 2022). */
        V,
        /** x0. */
        SAMPLE
    }

    private final double[] levels;
    private final double[] alphasCumprod;
    private final Prediction prediction;

    /** @param alphasCumprod abar by timestep, falling, 1 > abar >= 0; as computed in float32, since checkpoints were trained with that */
    public DiscreteNoise(float[] alphasCumprod, Prediction prediction) {
        if (alphasCumprod.length < 2) {
            throw new IllegalArgumentException("timesteps must be >= 2: " + alphasCumprod.length);
        }
        this.prediction = Objects.requireNonNull(prediction, "prediction");
        this.alphasCumprod = new double[alphasCumprod.length];
        levels = new double[alphasCumprod.length];
        double before = 1;
        for (int t = 0; t < alphasCumprod.length; t++) {
            double abar = alphasCumprod[t];
            if (!(abar >= 0 && abar < before)) {
                throw new IllegalArgumentException("alphas_cumprod must fall from below 1 to 0: " + abar + " at " + t);
            }
            before = abar;
            this.alphasCumprod[t] = abar;
            levels[t] = Math.sqrt((1 - abar) / abar);
        }
    }

    /** How many timesteps the model was trained with. */
    public int timesteps() {
        return levels.length;
    }

    /**
     * abar_t.
     *
     * @param timestep 0 to {@link #timesteps} - 1
     */
    public double alphaCumprod(int timestep) {
        if (timestep < 0 || timestep >= alphasCumprod.length) {
            throw new IllegalArgumentException(
                    "timestep must be from 0 to " + (alphasCumprod.length - 1) + ": " + timestep);
        }
        return alphasCumprod[timestep];
    }

    /**
     * The noise level sqrt((1 - abar_t) / abar_t) at a timestep; between timesteps, linear as diffusers' Euler samplers have it; after the last, that of the last.
     *
     * @param timestep at least 0
     */
    public double level(double timestep) {
        if (!(timestep >= 0)) {
            throw new IllegalArgumentException("timestep must be >= 0: " + timestep);
        }
        int below = (int) Math.floor(timestep);
        if (below >= levels.length - 1) {
            return levels[levels.length - 1];
        }
        double share = timestep - below;
        return share == 0 ? levels[below] : levels[below] * (1 - share) + levels[below + 1] * share;
    }

    /** What the network's output stands for. */
    public Prediction prediction() {
        return prediction;
    }

    @Override
    public Scaling at(double signal, double noise) {
        double norm = Math.hypot(signal, noise);
        double timestep = timestep(noise / signal);
        return switch (prediction) {
            case EPSILON -> new Scaling(1 / norm, timestep, 1 / signal, -noise / signal);
            case V -> new Scaling(1 / norm, timestep, signal / (norm * norm), -noise / norm);
            case SAMPLE -> new Scaling(1 / norm, timestep, 0, 1);
        };
    }

    /**
     * The coefficients at a timestep, which the network is told: those of the state sqrt(abar) x0 + sqrt(1 - abar) n.
     *
     * @param timestep 0 to {@link #timesteps} - 1
     */
    public Scaling at(int timestep) {
        double abar = alphaCumprod(timestep);
        return at(Math.sqrt(abar), Math.sqrt(1 - abar)).withConditioning(timestep);
    }

    @Override
    public double noiseLevel(double conditioning) {
        return level(conditioning);
    }

    /** The timestep of a level; between two, linear in the level. */
    private double timestep(double level) {
        int low = 0;
        int high = levels.length - 1;
        if (!(level > levels[0])) {
            return 0;
        }
        if (!(level < levels[high])) {
            return high;
        }
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (levels[middle] <= level) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low + (level - levels[low]) / (levels[high] - levels[low]);
    }
}
