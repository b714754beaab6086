package org.noisetrail.evaluation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What is told of a method's scores beside their mean (Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", arXiv 2108.13264). */
final class Statistics {
    /** Fixed, so that the same values give the same verdict. */
    private static final long SEED = 0x7369676eL;

    private static final int MOST_SIGNS = 14;
    private static final int FLIPS = 9_999;
    /** Sums of the same numbers in other orders are equal. */
    private static final double ROUNDING = 1e-9;

    private Statistics() {}

    /**
     * Whether differences of this interval are told apart from none: 1 above, -1 below, 0 not. Their interval must leave out 0, and a sign-flip test (Fisher 1935) of the groups come to 5 %: of few groups the bootstrap's intervals are too short
     * (of six groups' they miss the mean 13 times in 100), and the test is exact for any number, if each group's difference is as likely to be its opposite where there is no effect.
     */
    static int verdict(Interval interval, double[] differences, Groups groups) {
        int sign = interval.sign();
        return sign != 0 && signFlip(differences, groups) <= 1 - Interval.CONFIDENCE + ROUNDING ? sign : 0;
    }

    /** The share of all ways to give the groups' sums signs, or of {@value #FLIPS} random ones and their own, whose total is as far from 0. */
    static double signFlip(double[] differences, Groups groups) {
        double[] sums = IntStream.range(0, groups.size())
                .mapToDouble(g -> Arrays.stream(groups.of(g, differences)).sum())
                .toArray();
        double reached = Math.abs(Arrays.stream(sums).sum())
                - ROUNDING * Arrays.stream(sums).map(Math::abs).sum();
        if (sums.length <= MOST_SIGNS) {
            int all = 1 << sums.length;
            return (double) IntStream.range(0, all)
                            .filter(signs -> total(sums, signs) >= reached)
                            .count()
                    / all;
        }
        SplittableRandom random = new SplittableRandom(SEED);
        int as = 1;
        for (int flip = 0; flip < FLIPS; flip++) {
            double total = 0;
            for (double sum : sums) {
                total += random.nextBoolean() ? sum : -sum;
            }
            as += Math.abs(total) >= reached ? 1 : 0;
        }
        return as / (FLIPS + 1.0);
    }

    private static double total(double[] sums, int signs) {
        double total = 0;
        for (int g = 0; g < sums.length; g++) {
            total += (signs >> g & 1) == 0 ? sums[g] : -sums[g];
        }
        return Math.abs(total);
    }

    /** The interquartile mean: that of the values that are left when the lowest and the highest quarter (rounded down) are gone. NaN for none. */
    static double interquartileMean(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int cut = sorted.length / 4;
        return Arrays.stream(sorted, cut, sorted.length - cut).average().orElse(Double.NaN);
    }

    /**
     * How likely an image of one method is better than one of another that was asked to be the same: P(X > Y) + P(X = Y) / 2 over all pairs of such (Mann and Whitney's U), averaged
     * over what was asked; resampled over the groups. 1/2: neither is better.
     */
    static Interval probabilityOfImprovement(double[] own, double[] others, Groups groups) {
        if (groups.alike()) {
            double[] places = IntStream.range(0, own.length).asDoubleStream().toArray();
            return Interval.of(places, groups, new Pairs(own, others)::probability);
        }
        double[] each = new double[groups.size()];
        for (int g = 0; g < each.length; g++) {
            double[] few = groups.of(g, own);
            double[] places = IntStream.range(0, few.length).asDoubleStream().toArray();
            each[g] = new Pairs(few, groups.of(g, others)).probability(places);
        }
        return Interval.of(each);
    }

    /** Values in order once, so that each of thousands of resamples needs one pass. */
    private static final class Pairs {
        private final double[] own;
        private final double[] others;
        private final int[] ownOrder;
        private final int[] otherOrder;
        /** One that is NaN is beside all others. */
        private final boolean known;

        Pairs(double[] own, double[] others) {
            this.own = own;
            this.others = others;
            ownOrder = order(own);
            otherOrder = order(others);
            known = DoubleStream.concat(Arrays.stream(own), Arrays.stream(others))
                    .noneMatch(Double::isNaN);
        }

        private static int[] order(double[] values) {
            return IntStream.range(0, values.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> values[i]))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }

        /** @param places of both methods' values, each as often as it is drawn */
        double probability(double[] places) {
            if (!known) {
                return Double.NaN;
            }
            long[] times = new long[own.length];
            for (double place : places) {
                times[(int) place]++;
            }
            double twice = 0;
            long lower = 0;
            long notHigher = 0;
            int toLower = 0;
            int toNotHigher = 0;
            for (int i : ownOrder) {
                while (toLower < otherOrder.length && others[otherOrder[toLower]] < own[i]) {
                    lower += times[otherOrder[toLower++]];
                }
                while (toNotHigher < otherOrder.length && others[otherOrder[toNotHigher]] <= own[i]) {
                    notHigher += times[otherOrder[toNotHigher++]];
                }
                twice += (double) times[i] * (lower + notHigher);
            }
            return twice / 2 / ((double) places.length * places.length);
        }
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
