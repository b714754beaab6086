package org.noisetrail.evaluation;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.noisetrail.files.Numbers;

/**
 * The mean of some values (or another statistic of them), and where their population's is likely to lie.
 *
 * @param low the 2.5th percentile of the means of resamples (Efron 1979, the percentile bootstrap); NaN where there are fewer than {@value #FEWEST_GROUPS} groups, whose resamples hardly reach beyond their own
 *     lowest and highest
 * @param high the 97.5th, or NaN
 */
public record Interval(double mean, double low, double high) {
    /** Below, no two-sided test by signs comes to 5 %. */
    public static final int FEWEST_GROUPS = 6;

    static final int RESAMPLES = 10_000;
    static final double CONFIDENCE = .95;
    /** Fixed, so that the same values give the same interval. */
    private static final long SEED = 0x6e6f697365L;

    static final ToDoubleFunction<double[]> MEAN =
            values -> Arrays.stream(values).average().orElse(Double.NaN);

    /** NaN throughout. */
    public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN, Double.NaN);

    /** NaN throughout if there are no values or one of them is NaN. */
    public static Interval of(double... values) {
        return of(values, Groups.each(values.length), MEAN);
    }

    /** The mean of values that belong together. */
    static Interval of(double[] values, Groups groups) {
        return of(values, groups, MEAN);
    }

    /** The mean of what each value is above its counterpart, so that what both have in common cancels out. */
    static Interval ofDifferences(double[] values, double[] others, Groups groups) {
        return of(differences(values, others), groups);
    }

    static double[] differences(double[] values, double[] others) {
        double[] differences = new double[values.length];
        Arrays.setAll(differences, i -> values[i] - others[i]);
        return differences;
    }

    /**
     * As {@link #of(double...)}, of values that belong together: whole groups are resampled, as a sample of other groups would bring them (the cluster bootstrap), so that many
     * images of few prompts do not pass for many prompts.
     *
     * @param statistic of values in any order: their mean, or another
     */
    static Interval of(double[] values, Groups groups, ToDoubleFunction<double[]> statistic) {
        double whole = values.length == 0 ? Double.NaN : statistic.applyAsDouble(values);
        if (!Double.isFinite(whole) || Arrays.stream(values).anyMatch(Double::isNaN)) {
            return UNKNOWN;
        }
        if (groups.size() < FEWEST_GROUPS) {
            return new Interval(whole, Double.NaN, Double.NaN);
        }
        SplittableRandom random = new SplittableRandom(SEED);
        double[] resampled = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            resampled[r] = statistic.applyAsDouble(groups.resample(values, random));
        }
        Arrays.sort(resampled);
        double tail = (1 - CONFIDENCE) / 2;
        return new Interval(whole, percentile(resampled, tail), percentile(resampled, 1 - tail));
    }

    private static double percentile(double[] sorted, double share) {
        return sorted[(int) Math.round(share * (sorted.length - 1))];
    }

    /** Whether all of it is above (1) or below (-1) zero; 0 if it is not, or unknown. */
    int sign() {
        return low > 0 ? 1 : high < 0 ? -1 : 0;
    }

    /** {@code 0.6123 [0.5812, 0.6440]}, or the mean alone; a dash if unknown. */
    @Override
    public String toString() {
        String bounds = Double.isNaN(low) ? "" : " [" + Numbers.score(low) + ", " + Numbers.score(high) + "]";
        return Numbers.score(mean) + bounds;
    }
}
