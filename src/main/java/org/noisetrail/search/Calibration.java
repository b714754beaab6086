package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.reward.Reward;

/**
 * What each step's candidates differ by in reward, measured by a search, and the schedule of rounds that makes most of it.
 *
 * <p>A step whose candidates' rewards have standard deviation s is expected to gain s * e(n) from n of them, e(n) the expected maximum of n standard normals. The
 * rounds of a budget go one by one to the step where the next one adds most to that, which is optimal because e is concave (water-filling over expected maxima).
 * Where a held-out reward looked on, s is what that gains by a round's choice, a unit of e(N): rounds go where the choice is good for it too, and to no step where it was not told
 * apart from none.
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
     * @param agreement between the ranks of a round's candidates by their rewards after the first of two evaluations and after both
     * @param heldOut null where no held-out reward looked on
     */
    public record StepGain(
            double mean,
            double deviation,
            RankAgreement agreement,
            @Nullable HeldOutGain heldOut) {
        /** Of a step of one evaluation, without a held-out reward. */
        public StepGain(double mean, double deviation) {
            this(mean, deviation, RankAgreement.NONE, null);
        }

        /** What the schedule takes the step's candidates to differ by. */
        private double spread(int candidates) {
            return heldOut == null
                    ? deviation
                    : heldOut.isTold() ? heldOut.mean() / NormalMaximum.expected(candidates) : 0;
        }
    }

    /**
     * What the held-out reward of the candidate that the searched reward likes best has above the round's mean.
     *
     * <p>The rounds of an image's step share its state and nearly its pivot: they are one sample, and so are images of one condition, where there are several conditions.
     *
     * @param mean over conditions (over images where all have the same) of the mean of their rounds; NaN where nothing was measured
     * @param error the mean's standard error, as conditions (images) differ; NaN of fewer than two
     */
    public record HeldOutGain(double mean, double error) {
        private static final double TWO_SIDED_95 = 1.959964;

        /** Whether the 95 % interval lies above 0. */
        public boolean isTold() {
            return mean > TWO_SIDED_95 * error;
        }
    }

    /**
     * Whether a step's candidates are better judged after the first of its two evaluations. What the second costs pays for as many candidates again: of 2 N judged at first the best is expected to gain agreement * e(2 N)
     * deviations, of N judged after both e(N).
     */
    public boolean atFirst(int step) {
        return steps.get(step).agreement().correlation() * NormalMaximum.expected(2L * candidates)
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
                IntStream.range(0, levels.size()).mapToObj(this::atFirst).toList(),
                steps.stream().map(StepGain::agreement).toList());
    }

    private double added(int step, int rounds) {
        double now = NormalMaximum.expected((long) candidates * rounds);
        return steps.get(step).spread(candidates) * (NormalMaximum.expected((long) candidates * (rounds + 1)) - now);
    }

    /** Collects the scores of a search's rounds. */
    static final class Collector implements PivotSearch.Observer {
        private final List<Reward> others;
        /** Whether there were any. */
        private boolean rounds;

        private final Mean[] gains;
        private final Mean[] variances;
        /** Of the rounds whose candidates were judged twice. */
        private final Mean[] agreements;

        /** By image, of its rounds. */
        private final List<Map<ImageRequest, Mean>> heldOut;

        /** @param heldOut looks on, if there is one */
        Collector(int steps, @Nullable Reward heldOut) {
            others = heldOut == null ? List.of() : List.of(heldOut);
            gains = means(steps);
            variances = means(steps);
            agreements = means(steps);
            this.heldOut = Stream.generate(() -> (Map<ImageRequest, Mean>) new LinkedHashMap<ImageRequest, Mean>())
                    .limit(steps)
                    .toList();
        }

        private static Mean[] means(int steps) {
            return Stream.generate(Mean::new).limit(steps).toArray(Mean[]::new);
        }

        @Override
        public List<Reward> others() {
            return others;
        }

        @Override
        public void round(int step, ImageRequest image, double[][] scores, double @Nullable [] first) {
            rounds = true;
            double[] searched = scores[0];
            if (first != null) {
                agreements[step].add(agreement(first, searched));
            }
            double mean = mean(searched);
            int best = 0;
            double squares = 0;
            for (int c = 0; c < searched.length; c++) {
                best = Particle.value(searched[c]) > Particle.value(searched[best]) ? c : best;
                squares += (searched[c] - mean) * (searched[c] - mean);
            }
            if (Double.isFinite(squares)) {
                gains[step].add(searched[best] - mean);
                variances[step].add(squares / (searched.length - 1));
            }
            if (!others.isEmpty()) {
                heldOut.get(step).computeIfAbsent(image, each -> new Mean()).add(scores[1][best] - mean(scores[1]));
            }
        }

        private static double mean(double[] scores) {
            return Arrays.stream(scores).sum() / scores.length;
        }

        /** Of what is finite. */
        private static final class Mean {
            private long count;
            private double sum;
            private double squares;

            void add(double value) {
                if (Double.isFinite(value)) {
                    count++;
                    sum += value;
                    squares += value * value;
                }
            }

            /** NaN of nothing. */
            double value() {
                return sum / count;
            }

            /** The standard error; NaN of fewer than two. */
            double error() {
                double mean = value();
                return Math.sqrt(Math.max(0, squares / count - mean * mean) / (count - 1));
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

        /** Whether there were rounds, and no number in all of them to go by. */
        boolean isBlind() {
            return rounds && Arrays.stream(gains).allMatch(gain -> gain.count == 0);
        }

        List<StepGain> gains() {
            return IntStream.range(0, gains.length).mapToObj(this::gain).toList();
        }

        /** Of images' means, those of one condition together where there are several. */
        private static Mean ofSamples(Map<ImageRequest, Mean> images) {
            boolean alike = images.keySet().stream()
                            .map(ImageRequest::condition)
                            .distinct()
                            .count()
                    < 2;
            Map<Object, Mean> samples = new LinkedHashMap<>();
            images.forEach((image, rounds) -> samples.computeIfAbsent(
                            alike ? image.image() : image.condition(), each -> new Mean())
                    .add(rounds.value()));
            Mean all = new Mean();
            samples.values().forEach(sample -> all.add(sample.value()));
            return all;
        }

        private StepGain gain(int step) {
            Mean samples = ofSamples(heldOut.get(step));
            HeldOutGain judged = others.isEmpty() ? null : new HeldOutGain(samples.value(), samples.error());
            boolean measured = gains[step].count > 0;
            return new StepGain(
                    measured ? gains[step].value() : 0,
                    measured ? Math.sqrt(variances[step].value()) : 0,
                    new RankAgreement(agreements[step].value(), agreements[step].count),
                    judged);
        }
    }
}
