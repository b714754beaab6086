package org.noisetrail.sampler;

import java.util.Locale;

/** How a sampler's timesteps are chosen from those a DDPM model was trained with (Lin et al. 2023, table 2; diffusers' timestep_spacing). */
public enum Spacing {
    /** 0, 1000 // N, 2 (1000 // N), ..., plus an offset. */
    LEADING,
    /** From the last timestep backwards, in steps of 1000 / N. */
    TRAILING,
    /** Evenly from the first to the last. */
    LINSPACE;

    /** As the option has it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The timesteps, falling, from {@code trained} - 1 at most; those of TRAILING and LEADING are whole numbers. At some counts (61, 103, 121, ... of 1000) diffusers' trailing spacing has one more, -1, which is rounding's and no timestep.
     *
     * @param trained how many the model was trained with
     * @param count how many are wanted, at most {@code trained}
     * @param offset added by LEADING
     * @throws IllegalArgumentException if there are not so many
     */
    public double[] timesteps(int trained, int count, int offset) {
        if (count > trained) {
            throw new IllegalArgumentException("steps must be <= " + trained + ", the model's timesteps: " + count);
        }
        double[] timesteps = new double[count];
        // As numpy's arange fills start + i ((start + step) - start): rounding decides where a timestep ends on .5.
        double back = (trained - (double) trained / count) - trained;
        for (int i = 0; i < count; i++) {
            timesteps[i] = switch (this) {
                case LEADING -> (double) (count - 1 - i) * (trained / count) + offset;
                case TRAILING -> Math.rint(trained + i * back) - 1;
                // Of one step it is the first timestep; the last is exact, as numpy's linspace has it.
                case LINSPACE ->
                    count == 1 ? 0 : i == 0 ? trained - 1 : (count - 1 - i) * ((trained - 1.0) / (count - 1));
            };
            if (timesteps[i] > trained - 1) {
                throw new IllegalArgumentException("timesteps must be < " + trained + ": " + timesteps[i] + "; steps "
                        + count + " with steps-offset " + offset + " begin there");
            }
        }
        return timesteps;
    }
}
