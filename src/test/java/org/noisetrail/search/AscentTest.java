package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Samplers;

class AscentTest {
    /** The last of four steps alone is live: what it chooses is the image. */
    private static final EdmSampler LAST = new EdmSampler(4, .5, 80, 7, 40, 0, .5001, 1);

    private static ExactMixture mixture() {
        return new ExactMixture(new ImageShape(1, 6, 6), false, .3, -.4, .4);
    }

    private static Search.Builder search(ExactMixture mixture, Method method) {
        return Search.builder(mixture).method(method).reward(Rewards.brightness());
    }

    /** 35 + 13 M where candidates are scored at the first evaluation; without, every candidate pays both. */
    @ParameterizedTest
    @CsvSource({"4, true, 87", "8, true, 139", "4, false, 139", "8, false, 243"})
    void itCosts35And13MWhereItScoresAtFirst(int candidates, boolean scoreAtFirst, long expected) {
        for (Ascent.Direction direction : Ascent.Direction.values()) {
            Ascent method = new Ascent(candidates, direction, 4, Ascent.Regress.SCORE, scoreAtFirst);
            ExactMixture mixture = mixture();
            ImageResult image = search(mixture, method)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            assertThat(image.costs().networkEvaluations()).isEqualTo(expected);
            assertThat(mixture.rows.get()).isEqualTo(expected);
            assertThat(image.costs().rewardCalls()).isEqualTo(13L * (candidates + 1) + 1);
            assertThat(method.evaluations(EdmSampler.DEFAULT.schedule(mixture.parameterisation())))
                    .hasValue(expected);
        }
    }

    /** 4 candidates and the one made of them at the first step that injects noise, then each step's own. */
    @Test
    void aTargetThatIsReachedLeavesTheStepsAfterItTheirOwnNoise() {
        Method method = Methods.parse("ascent:candidates=4");
        for (double target : new double[] {0, 2}) {
            ImageResult image = search(mixture(), method)
                    .targetReward(target)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            int steps = target == 0 ? 1 : 13;
            assertThat(image.costs().networkEvaluations()).isEqualTo(35 + 2L * 4 * steps);
            assertThat(image.costs().rewardCalls()).isEqualTo(5L * steps + 1);
        }
    }

    @Test
    void aMethodOfASizeCostsAtMostWhatWasAsked() {
        var schedule = EdmSampler.DEFAULT.schedule(mixture().parameterisation());
        for (long budget : new long[] {61, 87, 88, 99, 100, 139, 1000, 5000}) {
            Ascent sized = (Ascent)
                    new Ascent(4, Ascent.Direction.NOISE, 4, Ascent.Regress.SCORE, true).sized(schedule, budget);
            assertThat(sized.evaluations(schedule).orElseThrow()).isBetween(budget - 12, budget);
        }
    }

    private static void assertWeights(double[] scores, Ascent.Regress regress, double... expected) {
        double[] weights = AscentSearch.weights(scores, regress);
        assertThat(weights).hasSameSizeAs(expected);
        for (int m = 0; m < expected.length; m++) {
            assertThat(weights[m]).isCloseTo(expected[m], within(1e-9));
        }
    }

    @Test
    void weightsAreStandardisedScoresClippedToThree() {
        double one = 1 / Math.sqrt(2.0 / 3);
        assertWeights(new double[] {1, 2, 3}, Ascent.Regress.SCORE, -one, 0, one);
        assertWeights(new double[] {1, 10, 100}, Ascent.Regress.LOG, -one, 0, one);
        assertWeights(new double[] {.1, .5, .9}, Ascent.Regress.LOGIT, -one, 0, one);
        double[] outlier = new double[20];
        outlier[3] = 7;
        // Standardised it would be sqrt(19).
        assertThat(AscentSearch.weights(outlier, Ascent.Regress.SCORE)[3]).isEqualTo(3);
        assertWeights(new double[] {.4, .4}, Ascent.Regress.SCORE, 1, 1);
    }

    @Test
    void whatIsNoNumberCountsAsTheLeast() {
        double[] scores = {Double.NaN, Double.NEGATIVE_INFINITY, 1, 2, 1, 1};
        double[] plain = {1, 1, 1, 2, 1, 1};
        assertThat(AscentSearch.weights(scores, Ascent.Regress.SCORE))
                .isEqualTo(AscentSearch.weights(plain, Ascent.Regress.SCORE));
        assertWeights(new double[] {-1, .5, Math.E}, Ascent.Regress.LOG, weights(Math.log(.5), Math.log(.5), 1));
        assertWeights(new double[] {Double.NaN, Double.NaN}, Ascent.Regress.SCORE, 1, 1);
    }

    private static double[] weights(double... values) {
        return AscentSearch.weights(values, Ascent.Regress.SCORE);
    }

    @Test
    void aStepsNoiseIsTheBestOfAllThatWereTried() {
        int sums = 0;
        for (int image = 0; image < 30; image++) {
            List<ImageRequest> request = ImageRequest.of(image, 1);
            ImageResult result = search(mixture(), new Ascent(4))
                    .sampler(LAST)
                    .build()
                    .run(request)
                    .images()
                    .get(0);
            // Best-of-one-step over the same fresh noises: a beam of one tries round 1, candidates 0 to 3.
            ImageResult beam = search(mixture(), new Beam(4, 1))
                    .sampler(LAST)
                    .build()
                    .run(request)
                    .images()
                    .get(0);
            List<Draw> draws = result.recipe().moves().get(3).draws();
            assertThat(draws).hasSize(1);
            if (draws.get(0) instanceof Draw.Combined sum) {
                assertThat(sum.weights()).hasSize(4);
                assertThat(result.reward()).isGreaterThan(beam.reward());
                sums++;
            } else {
                assertThat(result.reward()).isEqualTo(beam.reward());
                assertThat(draws).isEqualTo(beam.recipe().moves().get(3).draws());
            }
        }
        assertThat(sums).as("how often what was made of all is the best of all").isGreaterThan(15);
    }

    private static double[] standardised(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values).map(v -> v * v).average().orElseThrow();
        return Arrays.stream(values)
                .map(v -> (v - mean) / Math.sqrt(squares - mean * mean))
                .toArray();
    }

    @ParameterizedTest
    @EnumSource(Ascent.Regress.class)
    void whatIsRegressedOnIsWhatWasAskedFor(Ascent.Regress regress) {
        DoubleUnaryOperator transform = Map.<Ascent.Regress, DoubleUnaryOperator>of(
                        Ascent.Regress.SCORE, r -> r,
                        Ascent.Regress.LOG, Math::log,
                        Ascent.Regress.LOGIT, r -> Math.log(r / (1 - r)))
                .get(regress);
        int sums = 0;
        for (int image = 0; image < 12; image++) {
            Recorded reward = new Recorded();
            ImageResult result = search(mixture(), Methods.parse("ascent:regress=" + regress))
                    .sampler(LAST)
                    .reward(reward)
                    .build()
                    .run(ImageRequest.of(image, 1))
                    .images()
                    .get(0);
            // Four noises, what was made of them, and the image.
            double[] said =
                    reward.batches.stream().flatMapToDouble(Arrays::stream).toArray();
            assertThat(said).hasSize(6);
            double[] scores = Arrays.copyOf(said, 4);
            double[] expected =
                    standardised(Arrays.stream(scores).map(transform).toArray());
            if (result.recipe().moves().get(3).draws().get(0) instanceof Draw.Combined sum) {
                double apart = 0;
                for (int m = 0; m < 4; m++) {
                    assertThat(sum.weights().get(m)).isCloseTo(expected[m], within(1e-9));
                    apart = Math.max(apart, Math.abs(expected[m] - standardised(scores)[m]));
                }
                assertThat(apart > 1e-6).as("told from the scores").isEqualTo(regress != Ascent.Regress.SCORE);
                sums++;
            }
        }
        assertThat(sums).as("how often what was made of all is the best of all").isGreaterThan(5);
    }

    @Test
    void learningFromLosersBeatsTheBestOfAsManyNoises() {
        int n = 100;
        double[] ascent = rewards(new Ascent(4), n);
        double[] argmax =
                rewards(LocalSearch.builder().epsilon(1).candidates(5).rounds(1).build(), n);
        double mean = 0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            mean += (ascent[i] - argmax[i]) / n;
            squares += Math.pow(ascent[i] - argmax[i], 2) / n;
        }
        assertThat(mean).isGreaterThan(3 * Math.sqrt((squares - mean * mean) / n));
    }

    private static double[] rewards(Method method, int count) {
        return search(mixture(), method)
                .sampler(EdmSampler.DEFAULT)
                .maxBatch(500)
                .build()
                .run(ImageRequest.of(0, count))
                .images()
                .stream()
                .mapToDouble(ImageResult::reward)
                .toArray();
    }

    /** Directions of images are for high noise; below sigma 1 noises are combined. */
    @Test
    void directionsOfImagesAreUsedWhereNoiseIsHigh() {
        var schedule = EdmSampler.DEFAULT.schedule(mixture().parameterisation());
        boolean[] shifted = new boolean[18];
        for (ImageResult image : search(mixture(), new Ascent(4, Ascent.Direction.IMAGE, 4, Ascent.Regress.SCORE, true))
                .build()
                .run(ImageRequest.of(0, 20))
                .images()) {
            for (int step = 0; step < 18; step++) {
                for (Draw draw : image.recipe().moves().get(step).draws()) {
                    if (draw instanceof Draw.Shifted) {
                        assertThat(schedule.step(step).level()).isGreaterThanOrEqualTo(1);
                        shifted[step] = true;
                    } else if (draw instanceof Draw.Combined) {
                        assertThat(schedule.step(step).level()).isLessThan(1);
                    }
                }
            }
            assertThat(image.pivotNorm()).isBetween(.5, 1.8);
        }
        assertThat(shifted).as("steps of some image").contains(true);
    }

    /** Of flow-sde's two steps the last starts at level 1 and adds noise: its images are the states, of which nothing else is known. */
    @Test
    void directionsOfImagesAtTheLastStepReplay() {
        ImageShape shape = new ImageShape(1, 6, 6);
        try (Denoiser mixture = SmallWorld.mixture(shape, Parameterisation.flow(), .3, -.4, .4)) {
            SearchResult drawn = Search.builder(mixture)
                    .sampler(Samplers.parse("flow-sde:steps=2"))
                    .method(new Ascent(4, Ascent.Direction.IMAGE, 4, Ascent.Regress.SCORE, false))
                    .reward(Rewards.brightness())
                    .build()
                    .run(ImageRequest.of(0, 20));
            assertThat(drawn.images())
                    .anyMatch(image -> image.recipe().moves().get(1).draws().get(0) instanceof Draw.Shifted);
            SearchResult again = drawn.trail().replay(mixture, 2, SearchListener.NONE);
            for (int i = 0; i < 20; i++) {
                assertThat(again.images().get(i).state())
                        .containsExactly(drawn.images().get(i).state());
            }
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new Ascent(1)).hasMessage("candidates must be >= 2: 1");
        assertThatThrownBy(() -> Methods.parse("ascent:direction=up"))
                .hasMessage("direction must be one of [noise, image]: up");
        assertThatThrownBy(() -> Methods.parse("ascent:regress=square"))
                .hasMessage("regress must be one of [score, log, logit]: square");
    }

    @Test
    void anInfiniteScoreCountsAsTheMostOfTheOthers() {
        assertThat(AscentSearch.weights(new double[] {Double.POSITIVE_INFINITY, 1, 2}, Ascent.Regress.SCORE))
                .isEqualTo(AscentSearch.weights(new double[] {2, 1, 2}, Ascent.Regress.SCORE));
    }

    /** Standardised scores have no unit: not even one in which their squares overflow, or vanish. */
    @Test
    void weightsDependOnNoUnit() {
        for (double unit : new double[] {1e-200, 1e-155, 1, 1e155, 1e307}) {
            assertWeights(
                    new double[] {unit, 2 * unit, 3 * unit}, Ascent.Regress.SCORE, -Math.sqrt(1.5), 0, Math.sqrt(1.5));
        }
        double huge = Double.MAX_VALUE;
        assertWeights(new double[] {huge, -huge, huge, -huge}, Ascent.Regress.SCORE, 1, -1, 1, -1);
    }
}
