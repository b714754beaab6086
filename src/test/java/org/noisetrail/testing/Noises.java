package org.noisetrail.testing;

import org.noisetrail.model.DiscreteNoise;

/** Noising processes that tests share. */
public final class Noises {
    private Noises() {}

    /** Stable Diffusion's: 1000 timesteps, the roots of beta even from .00085 to .012. */
    public static DiscreteNoise stableDiffusion(DiscreteNoise.Prediction prediction) {
        return scaledLinear(1000, .00085, .012, prediction);
    }

    /** A process that ends where nothing is left of the signal, so that a sampler's start from noise alone is no error. */
    public static DiscreteNoise toPureNoise(DiscreteNoise.Prediction prediction) {
        return scaledLinear(1000, .00085, .05, prediction);
    }

    private static DiscreteNoise scaledLinear(
            int timesteps, double first, double last, DiscreteNoise.Prediction prediction) {
        float[] alphas = new float[timesteps];
        double product = 1;
        for (int t = 0; t < timesteps; t++) {
            double root = Math.sqrt(first) + t * (Math.sqrt(last) - Math.sqrt(first)) / (timesteps - 1);
            product *= 1 - root * root;
            alphas[t] = (float) product;
        }
        return new DiscreteNoise(alphas, prediction);
    }
}
