package org.noisetrail.model;

/**
 * How a network F becomes a denoiser, for any noising process x = signal x0 + noise n: D(x) = skip x + out F(input x; conditioning). EDM's
 * preconditioning (Karras et al. 2022, equation 7), the predictions of DDPM models (epsilon, v, sample) and flow velocities are of this form, so a sampler
 * asks every network in the same way; which it cannot ask, it refuses. Kept apart from the network so that one table holds what a step multiplies with.
 */
public interface Parameterisation {
    /**
     * The coefficients at a level.
     *
     * @param signal at least 0
     * @param noise above 0
     */
    Scaling at(double signal, double noise);

    /**
     * The noise level sigma of x0 + sigma n that the network takes a conditioning input for: the inverse of {@link Scaling#conditioning}.
     */
    double noiseLevel(double conditioning);

    /**
     * @param input what x is multiplied with before the network sees it
     * @param conditioning what the network is told of the level: c_noise, or a timestep
     * @param skip of D = skip x + out F
     * @param out likewise
     */
    record Scaling(double input, double conditioning, double skip, double out) {
        /** The same with another conditioning: that of a sampler which knows its timestep. */
        public Scaling withConditioning(double conditioning) {
            return new Scaling(input, conditioning, skip, out);
        }
    }

    /**
     * EDM's F: Karras et al. 2022, table 1, last column.
     *
     * @param sigmaData standard deviation of the data, above 0
     */
    static Parameterisation edm(double sigmaData) {
        return new Parameterisation() {
            @Override
            public Scaling at(double signal, double noise) {
                double sigma = noise / signal;
                double norm = sigma * sigma + sigmaData * sigmaData;
                return new Scaling(
                        1 / Math.sqrt(norm) / signal,
                        Math.log(sigma) / 4,
                        sigmaData * sigmaData / norm / signal,
                        sigma * sigmaData / Math.sqrt(norm));
            }

            @Override
            public double noiseLevel(double conditioning) {
                return Math.exp(4 * conditioning);
            }
        };
    }

    /** A network that is a denoiser as it stands: it gets x0 + sigma n and sigma, and gives D. */
    static Parameterisation denoiser() {
        return new Parameterisation() {
            @Override
            public Scaling at(double signal, double noise) {
                return new Scaling(1 / signal, noise / signal, 0, 1);
            }

            @Override
            public double noiseLevel(double conditioning) {
                return conditioning;
            }
        };
    }

    /** A flow velocity n - x0 at x = (1 - s) x0 + s n (Lipman et al. 2022); the network is told 1000 s, as diffusers' models are. */
    static Parameterisation flow() {
        return new Parameterisation() {
            @Override
            public Scaling at(double signal, double noise) {
                double s = noise / (signal + noise);
                return new Scaling(1 / (signal + noise), 1000 * s, 1 / (signal + noise), -s);
            }

            @Override
            public double noiseLevel(double conditioning) {
                double s = conditioning / 1000;
                return s / (1 - s);
            }
        };
    }
}
