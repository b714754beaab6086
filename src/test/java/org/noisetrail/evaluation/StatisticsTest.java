package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.search.ImageRequest;

/** Against scipy 1.17.1 (trim_mean, mannwhitneyu), closed forms, and cases small enough to count. */
class StatisticsTest {
    private static final double[] X = {.31, .9, .05, .77, .31, .62, .48, .99, .12, .55, .4};
    private static final double[] Y = {.3, .9, .1, .5, .31, .7, .2, .99, .11, .6, .45};
    /** Of 4, 3 and 4 images. */
    private static final Groups THREE = groups(0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2);

    private static Groups groups(int... classes) {
        return Groups.of(IntStream.range(0, classes.length)
                .mapToObj(i -> new ImageRequest(i, classes[i]))
                .toList());
    }

    @Test
    void theInterquartileMeanIsScipysTrimmedMean() {
        assertThat(Statistics.interquartileMean(X)).isCloseTo(.49142857142857144, within(1e-15));
        assertThat(Statistics.interquartileMean(Y)).isCloseTo(.4371428571428571, within(1e-15));
        assertThat(Statistics.interquartileMean(Arrays.copyOf(X, 3))).isCloseTo(.42, within(1e-15));
        assertThat(Statistics.interquartileMean(Arrays.copyOf(X, 4))).isCloseTo(.54, within(1e-15));
        assertThat(Statistics.interquartileMean(new double[] {7})).isEqualTo(7);
        assertThat(Statistics.interquartileMean(new double[0])).isNaN();
    }

    @Test
    void theProbabilityOfImprovementIsTheMeanOfMannAndWhitneys() {
        // scipy: U / (n m) is .53125, .61111 and .46875.
        assertThat(Statistics.probabilityOfImprovement(X, Y, THREE).mean()).isCloseTo(.5370370370370371, within(1e-15));
        double back = Statistics.probabilityOfImprovement(Y, X, THREE).mean();
        assertThat(back).isCloseTo(1 - .5370370370370371, within(1e-15));
        assertThat(Statistics.probabilityOfImprovement(X, X, THREE))
                .isEqualTo(new Interval(.5, Double.NaN, Double.NaN));
        double[] lower = Arrays.stream(X).map(x -> x - 1).toArray();
        assertThat(Statistics.probabilityOfImprovement(X, lower, THREE))
                .isEqualTo(new Interval(1, Double.NaN, Double.NaN));
        assertThat(Statistics.probabilityOfImprovement(new double[] {Double.NaN}, new double[] {1}, groups(0)))
                .isEqualTo(Interval.UNKNOWN);
    }

    @Test
    void ofOneConditionAnyImageStandsBesideAny() {
        Groups one = groups(new int[X.length]);
        // scipy: U is 66 of 121 pairs.
        Interval better = Statistics.probabilityOfImprovement(X, Y, one);
        assertThat(better.mean()).isCloseTo(66 / 121.0, within(1e-15));
        assertThat(better.low()).isBetween(.2, .5);
        assertThat(better.high()).isBetween(.55, .9);
        // Image by image, each of these beats its counterpart; of two drawn apart, hardly more than half do.
        double[] values = IntStream.range(0, 10).asDoubleStream().toArray();
        double[] lower = Arrays.stream(values).map(x -> x - .5).toArray();
        assertThat(Statistics.probabilityOfImprovement(values, lower, groups(new int[10]))
                        .mean())
                .isEqualTo(.55);
        // Two seeds of one image go together: 0 and 0, or 1 and 1, of either method.
        Groups twice = Groups.of(
                IntStream.range(0, 12).mapToObj(i -> new ImageRequest(i % 6, 3)).toList());
        double[] ofNumber =
                IntStream.range(0, 12).mapToDouble(i -> i % 6 < 3 ? 0 : 1).toArray();
        // A resample of six numbers has binomial(6, 1/2) ones, half of which is added to 1/2: P(S <= 0) = .016, P(S <=
        // 1) = .109.
        assertThat(Statistics.probabilityOfImprovement(ofNumber, new double[12], twice))
                .isEqualTo(new Interval(.75, .5 + 1 / 12.0, 1 - 1 / 12.0));
    }

    @Test
    void theSignFlipTestIsThatOfAllSigns() {
        // scipy.stats.permutation_test((d,), np.sum, permutation_type='samples'), two-sided.
        Groups six = Groups.each(6);
        assertThat(Statistics.signFlip(new double[] {1, 2, 3, 4, 5, 6}, six)).isEqualTo(2 / 64.0);
        assertThat(Statistics.signFlip(new double[] {-1, 2, 3, 4, 5, 6}, six)).isEqualTo(4 / 64.0);
        assertThat(Statistics.signFlip(new double[] {0, 2, 3, 4, 5, 6}, six)).isEqualTo(4 / 64.0);
        assertThat(Statistics.signFlip(new double[6], six)).isEqualTo(1);
        // Of twenty-four the share of random signs: the exact one of 24 ones is 2 / 2^24, of 17 ones and 7 opposites
        // .0639.
        double[] many = new double[24];
        Arrays.fill(many, 1);
        assertThat(Statistics.signFlip(many, Groups.each(24))).isEqualTo(1 / 10_000.0);
        Arrays.fill(many, 0, 7, -1);
        assertThat(Statistics.signFlip(many, Groups.each(24))).isCloseTo(.0639, within(.01));
    }

    private static int verdict(double[] differences, Groups groups) {
        return Statistics.verdict(Interval.of(differences, groups), differences, groups);
    }

    /** Three images of each condition, whose means have a spread of their own: as often as a test at 5 % may, a verdict is wrong. */
    @ParameterizedTest
    @CsvSource({"2,0", "3,0", "5,0", "6,.08", "10,.08", "24,.08"})
    void whereThereIsNoEffectVerdictsAreSeldom(int count, double most) {
        SplittableRandom random = new SplittableRandom(12 + count);
        Groups groups = groups(IntStream.range(0, 3 * count).map(i -> i / 3).toArray());
        int trials = 400;
        int told = 0;
        for (int trial = 0; trial < trials; trial++) {
            double[] differences = new double[3 * count];
            double level = 0;
            for (int i = 0; i < differences.length; i++) {
                level = i % 3 == 0 ? random.nextGaussian() : level;
                differences[i] = level + .5 * random.nextGaussian();
            }
            told += Math.abs(verdict(differences, groups));
        }
        assertThat(told).isLessThanOrEqualTo((int) (most * trials));
        // And one that is there is seen.
        double[] clear = IntStream.range(0, 3 * count)
                .mapToDouble(i -> -2 - .1 * (i % 5))
                .toArray();
        assertThat(verdict(clear, groups)).isEqualTo(most == 0 ? 0 : -1);
    }

    @Test
    void tiesAreToldApart() {
        assertThat(Statistics.Tally.of(X, Y)).isEqualTo(new Statistics.Tally(4, 3, 4));
        double[] one = {1, 2, 3};
        assertThat(Statistics.Tally.of(one, new double[] {0, 1, 3})).isEqualTo(new Statistics.Tally(2, 1, 0));
        assertThat(Statistics.Tally.of(new double[] {Double.NaN}, new double[] {0}))
                .isEqualTo(new Statistics.Tally(0, 0, 0));
    }

    @Test
    void manyImagesOfFewPromptsAreFewSamples() {
        // Six groups that are 0 or 1 throughout: a resample's ones are binomial(6, 1/2), however many images they have.
        double[] values = new double[60];
        Arrays.fill(values, 30, 60, 1);
        int[] classes = IntStream.range(0, 60).map(i -> i / 10).toArray();
        assertThat(Interval.of(values, groups(classes), Interval.MEAN)).isEqualTo(new Interval(.5, 1 / 6.0, 5 / 6.0));
        assertThat(Interval.of(values).low()).isGreaterThan(.35);
    }

    @Test
    void aClustersIntervalIsTheNormalOneOfItsMeans() {
        int count = 400;
        double[] values = new double[5 * count];
        int[] classes = new int[values.length];
        double[] means = new double[count];
        java.util.SplittableRandom random = new java.util.SplittableRandom(3);
        for (int g = 0; g < count; g++) {
            double level = random.nextDouble();
            for (int i = 5 * g; i < 5 * g + 5; i++) {
                classes[i] = g;
                values[i] = level + .1 * random.nextDouble();
                means[g] += values[i] / 5;
            }
        }
        double mean = Arrays.stream(means).average().orElseThrow();
        double deviation =
                Math.sqrt(Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum() / count);
        double half = 1.95996 * deviation / Math.sqrt(count);
        Interval interval = Interval.of(values, groups(classes), Interval.MEAN);
        assertThat(interval.mean()).isCloseTo(mean, within(1e-12));
        assertThat(interval.low()).isCloseTo(mean - half, within(.06 * half));
        assertThat(interval.high()).isCloseTo(mean + half, within(.06 * half));
    }

    @Test
    void imagesOfOneConditionAreGroupedByTheirNumber() {
        List<ImageRequest> twice =
                List.of(new ImageRequest(4, 1), new ImageRequest(5, 1), new ImageRequest(4, 1), new ImageRequest(5, 1));
        Groups groups = Groups.of(twice);
        assertThat(groups.size()).isEqualTo(2);
        assertThat(groups.of(1, new double[] {1, 2, 3, 4})).containsExactly(2, 4);
        assertThat(groups.odd()).containsExactly(false, true, false, true);
        assertThat(THREE.size()).isEqualTo(3);
        assertThat(THREE.of(1, X)).containsExactly(.31, .62, .48);
    }
}
