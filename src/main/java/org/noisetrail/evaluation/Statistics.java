package org.noisetrail.evaluation;

import java.util.Arrays;

/** What is told of a method's scores beside their mean (Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", arXiv 2108.13264). */
final class Statistics {
    private Statistics() {}

    /** The interquartile mean: that of the values that are left when the lowest and the highest quarter (rounded down) are gone. NaN for none. */
    static double interquartileMean(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int cut = sorted.length / 4;
        return Arrays.stream(sorted, cut, sorted.length - cut).average().orElse(Double.NaN);
    }

    /**
     * How likely an image of one method is better than one of another that was asked to be the same: P(X > Y) + P(X = Y) / 2 of each group (Mann and Whitney's U), averaged over the
     * groups; resampled over the groups. 1/2: neither is better.
     */
    static Interval probabilityOfImprovement(double[] own, double[] others, Groups groups) {
        double[] each = new double[groups.size()];
        for (int g = 0; g < each.length; g++) {
            each[g] = probability(groups.of(g, own), groups.of(g, others));
        }
        return Interval.of(each);
    }

    private static double probability(double[] own, double[] others) {
        double better = 0;
        for (double one : own) {
            for (double other : others) {
                better +=
                        Double.isNaN(one) || Double.isNaN(other) ? Double.NaN : one > other ? 1 : one == other ? .5 : 0;
            }
        }
        return better / ((double) own.length * others.length);
    }

    /**
     * Image by image: the same number, condition and seed.
     *
     * @param won how many are better than the other method's
     * @param tied how many are exactly as good
     */
    record Tally(int won, int tied, int lost) {
        static Tally of(double[] own, double[] others) {
            int won = 0;
            int tied = 0;
            int lost = 0;
            for (int i = 0; i < own.length; i++) {
                won += own[i] > others[i] ? 1 : 0;
                tied += own[i] == others[i] ? 1 : 0;
                lost += own[i] < others[i] ? 1 : 0;
            }
            return new Tally(won, tied, lost);
        }
    }
}
