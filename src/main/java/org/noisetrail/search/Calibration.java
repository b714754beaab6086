package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What each step's candidates differ by in reward, measured by a search, and the schedule of rounds that makes most of it.
 *
 * <p>A step whose candidates' rewards have standard deviation s is expected to gain s * e(n) from n of them, e(n) the expected maximum of n standard normals. The
 * rounds of a budget go one by one to the step where the next one adds most to that, which is optimal because e is concave (water-filling over expected maxima).
 *
 * @param levels the noise levels of the steps that were measured
 * @param candidates N, candidates a round
 * @param steps one a step; a step without noise has deviation 0
 */
public record Calibration(List<Double> levels, int candidates, List<StepGain> steps) {
    public Calibration {
        levels = List.copyOf(levels);
        steps = List.copyOf(steps);
        Checks.range("candidates", candidates, 1, 65536);
        if (steps.size() != levels.size()) {
            throw new IllegalArgumentException("steps must be " + levels.size() + ": " + steps.size());
        }
    }

    /**
     * @param mean of what a round's best candidate has above the round's mean
     * @param deviation of the candidates' rewards within a round
     * @param agreement between the ranks of a round's candidates by their rewards after the first of two evaluations and after both: Spearman's correlation, -1 to 1; NaN where there is one evaluation, or nothing to rank
     */
    public record StepGain(double mean, double deviation, double agreement) {
        static final StepGain NONE = new StepGain(0, 0);

        /** Of a step of one evaluation. */
        public StepGain(double mean, double deviation) {
            this(mean, deviation, Double.NaN);
        }
    }

    /**
     * Whether a step's candidates are better judged after the first of its two evaluations. What the second costs pays for as many candidates again: of 2 N judged at first the best is expected to gain agreement * e(2 N)
     * deviations, of N judged after both e(N).
     */
    public boolean atFirst(int step) {
        return steps.get(step).agreement() * NormalMaximum.expected(2L * candidates)
                >= NormalMaximum.expected(candidates);
    }

    /**
     * Shares {@code total} rounds out among the steps.
     *
     * @param total at least 0
     */
    public RoundSchedule schedule(int total) {
        Checks.range("total rounds", total, 0, 0xFFFFL * steps.size());
        int[] rounds = new int[steps.size()];
        double[] next = new double[steps.size()];
        for (int i = 0; i < next.length; i++) {
            next[i] = added(i, 0);
        }
        for (int given = 0; given < total; given++) {
            int most = -1;
            for (int i = 0; i < next.length; i++) {
                if (next[i] > 0 && rounds[i] < 0xFFFF && (most < 0 || next[i] > next[most])) {
                    most = i;
                }
            }
            if (most < 0) {
                break;
            }
            rounds[most]++;
            next[most] = added(most, rounds[most]);
        }
        List<Integer> list = new ArrayList<>();
        for (int number : rounds) {
            list.add(number);
        }
        return new RoundSchedule(
                levels,
                list,
                IntStream.range(0, levels.size()).mapToObj(this::atFirst).toList());
    }

    private double added(int step, int rounds) {
        double now = NormalMaximum.expected((long) candidates * rounds);
        return steps.get(step).deviation() * (NormalMaximum.expected((long) candidates * (rounds + 1)) - now);
    }

    /** Collects the scores of a search's rounds. */
    static final class Collector implements PivotSearch.Observer {
        private final double[] gains;
        private final double[] variances;
        private final long[] rounds;
        /** Of the rounds whose candidates were judged twice. */
        private final double[] agreements;

        private final long[] ranked;
        /** Of a round that is still to be judged after both evaluations, image by image. */
        private final Deque<double[]> firsts = new ArrayDeque<>();

        Collector(int steps) {
            agreements = new double[steps];
            ranked = new long[steps];
            gains = new double[steps];
            variances = new double[steps];
            rounds = new long[steps];
        }

        @Override
        public void first(int step, double[] scores) {
            firsts.add(scores);
        }

        @Override
        public void round(int step, double[] scores) {
            if (!firsts.isEmpty()) {
                double agreement = agreement(firsts.remove(), scores);
                if (Double.isFinite(agreement)) {
                    agreements[step] += agreement;
                    ranked[step]++;
                }
            }
            double mean = 0;
            double best = Double.NEGATIVE_INFINITY;
            for (double score : scores) {
                mean += score / scores.length;
                best = Math.max(best, score);
            }
            double squares = 0;
            for (double score : scores) {
                squares += (score - mean) * (score - mean);
            }
            if (Double.isFinite(squares)) {
                gains[step] += best - mean;
                variances[step] += squares / (scores.length - 1);
                rounds[step]++;
            }
        }

        /** Spearman's rank correlation, equals sharing their ranks; NaN where all are equal. */
        static double agreement(double[] one, double[] other) {
            double[] a = ranks(one);
            double[] b = ranks(other);
            double mean = (a.length - 1) / 2.0;
            double both = 0;
            double aa = 0;
            double bb = 0;
            for (int i = 0; i < a.length; i++) {
                both += (a[i] - mean) * (b[i] - mean);
                aa += (a[i] - mean) * (a[i] - mean);
                bb += (b[i] - mean) * (b[i] - mean);
            }
            return both / Math.sqrt(aa * bb);
        }

        private static double[] ranks(double[] values) {
            double[] ranks = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                for (int j = 0; j < values.length; j++) {
                    int order = Double.compare(Particle.value(values[j]), Particle.value(values[i]));
                    ranks[i] += j == i ? 0 : order < 0 ? 1 : order == 0 ? .5 : 0;
                }
            }
            return ranks;
        }

        List<StepGain> gains() {
            List<StepGain> all = new ArrayList<>();
            for (int i = 0; i < rounds.length; i++) {
                all.add(
                        rounds[i] == 0
                                ? StepGain.NONE
                                : new StepGain(
                                        gains[i] / rounds[i],
                                        Math.sqrt(variances[i] / rounds[i]),
                                        ranked[i] == 0 ? Double.NaN : agreements[i] / ranked[i]));
            }
            return all;
        }
    }
}
