package org.noisetrail.engine;

import java.util.Arrays;

/**
 * What choosing among some of independent normal scores costs against choosing among all.
 *
 * <p>The mean of the {@code kept} best of a set is 1/kept times the integral over x of min(kept, how many of the set are above x), up to a constant that all sets of
 * at least {@code kept} share; its expectation follows from the distribution of that count, a sum of independent coins.
 */
final class ExpectedLoss {
    private static final int POINTS = 256;
    /** Beyond so many deviations a score does not lie. */
    private static final double REACH = 6;

    private ExpectedLoss() {}

    /**
     * @param mean of each score, in the order in which they are taken
     * @param deviation of each, at least 0
     * @param kept how many best go on, 1 to their number
     * @return [m], for m from 0 to their number: what the mean of the best falls by in expectation if only the first m are looked at; infinite below {@code kept}
     */
    static double[] of(double[] mean, double[] deviation, int kept) {
        int count = mean.length;
        double[] loss = new double[count + 1];
        Arrays.fill(loss, 0, kept, Double.POSITIVE_INFINITY);
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < count; c++) {
            if (c < kept) {
                low = Math.min(low, mean[c] - REACH * deviation[c]);
            } else {
                high = Math.max(high, mean[c] + REACH * deviation[c]);
            }
        }
        double width = (high - low) / POINTS;
        if (!(width > 0)) {
            return loss;
        }
        double[] above = new double[count + 1];
        for (int i = 0; i < POINTS; i++) {
            above(low + (i + .5) * width, mean, deviation, kept, above);
            for (int m = kept; m < count; m++) {
                loss[m] += width * (above[count] - above[m]) / kept;
            }
        }
        return loss;
    }

    /** Into [m]: the expectation of min(kept, how many of the first m are above x). */
    private static void above(double x, double[] mean, double[] deviation, int kept, double[] into) {
        // [j]: the probability that j are above, of the last that at least so many are.
        double[] counts = new double[kept + 1];
        counts[0] = 1;
        for (int m = 0; m < mean.length; m++) {
            double p = probabilityAbove(x, mean[m], deviation[m]);
            // min(kept, count) grows by one where the score is above and the count is not full.
            into[m + 1] = into[m] + p * (1 - counts[kept]);
            counts[kept] += p * counts[kept - 1];
            for (int j = kept - 1; j > 0; j--) {
                counts[j] += p * (counts[j - 1] - counts[j]);
            }
            counts[0] *= 1 - p;
        }
    }

    private static double probabilityAbove(double x, double mean, double deviation) {
        if (deviation == 0) {
            return mean > x ? 1 : 0;
        }
        double z = (x - mean) / deviation;
        double tail = upperTail(Math.abs(z));
        return z >= 0 ? tail : 1 - tail;
    }

    /** Of the standard normal at z >= 0, to 7.5e-8 (Abramowitz and Stegun 26.2.17). */
    private static double upperTail(double z) {
        double t = 1 / (1 + .2316419 * z);
        double polynomial =
                t * (.319381530 + t * (-.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * polynomial;
    }
}
