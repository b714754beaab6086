package org.noisetrail.model;

/**
 * How a network F becomes a denoiser: D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), after Karras et al. 2022, equation 7.
 * Kept apart from the network so that the kernels can fuse it with the sampler's updates.
 */
@FunctionalInterface
public interface Preconditioning {
    /** The coefficients at a noise level above 0. */
    Coefficients at(double sigma);

    record Coefficients(double in, double skip, double out, double noise) {}

    /** Karras et al. 2022, table 1, last column. */
    static Preconditioning edm(double sigmaData) {
        return sigma -> {
            double norm = sigma * sigma + sigmaData * sigmaData;
            return new Coefficients(
                    1 / Math.sqrt(norm),
                    sigmaData * sigmaData / norm,
                    sigma * sigmaData / Math.sqrt(norm),
                    Math.log(sigma) / 4);
        };
    }

    /** For a network that already is a denoiser: it gets x and sigma, and gives D. */
    static Preconditioning identity() {
        return sigma -> new Coefficients(1, 0, 1, sigma);
    }
}
