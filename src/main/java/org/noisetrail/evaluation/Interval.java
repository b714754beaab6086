package org.noisetrail.evaluation;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.noisetrail.files.Numbers;

/**
 * The mean of some values, and where their population's mean is likely to lie.
 *
 * @param low the 2.5th percentile of the means of resamples (Efron 1979, the percentile bootstrap)
 * @param high the 97.5th
 */
public record Interval(double mean, double low, double high) {
    static final int RESAMPLES = 10_000;
    static final double CONFIDENCE = .95;
    /** Fixed, so that the same values give the same interval. */
    private static final long SEED = 0x6e6f697365L;

    /** NaN throughout. */
    public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN, Double.NaN);

    /** NaN throughout if there are no values or one of them is NaN. */
    public static Interval of(double... values) {
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        if (!Double.isFinite(mean)) {
            return UNKNOWN;
        }
        SplittableRandom random = new SplittableRandom(SEED);
        double[] means = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            double sum = 0;
            for (int i = 0; i < values.length; i++) {
                sum += values[random.nextInt(values.length)];
            }
            means[r] = sum / values.length;
        }
        Arrays.sort(means);
        double tail = (1 - CONFIDENCE) / 2;
        return new Interval(mean, percentile(means, tail), percentile(means, 1 - tail));
    }

    private static double percentile(double[] sorted, double share) {
        return sorted[(int) Math.round(share * (sorted.length - 1))];
    }

    /** Whether all of it is above (1) or below (-1) zero; 0 if it is not, or unknown. */
    public int sign() {
        return low > 0 ? 1 : high < 0 ? -1 : 0;
    }

    /** {@code 0.6123 [0.5812, 0.6440]}; a dash if unknown. */
    @Override
    public String toString() {
        return Double.isFinite(mean)
                ? Numbers.score(mean) + " [" + Numbers.score(low) + ", " + Numbers.score(high) + "]"
                : "-";
    }
}
