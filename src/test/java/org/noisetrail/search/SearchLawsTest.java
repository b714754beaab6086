package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;

/** What must hold whatever the bits: laws of the sampler and of the methods, on mixtures whose denoiser is exact. */
class SearchLawsTest {
    private static final ImageShape PIXEL = new ImageShape(1, 1, 1);
    private static final ImageShape SMALL = new ImageShape(1, 4, 4);

    /** Brightness of a pixel is linear in its state: (127.5 x + 128, truncated to 8 bits) / 255. */
    private static final double BRIGHTNESS_PER_X = 127.5 / 255;

    /**
     * How much the sampler has stretched a state by its end, and how much variance its noise has brought, where the data are a centred
     * Gaussian: then D(x; sigma) = x s^2 / (s^2 + sigma^2), every step is linear, and the sampler's own error is known exactly.
     */
    private record Linear(double factor, double noiseVariance) {
        static Linear of(EdmSampler sampler, double dataDeviation) {
            double factor = 1;
            double variance = 0;
            Schedule schedule = sampler.schedule(Parameterisation.denoiser());
            for (int i = 0; i < sampler.steps(); i++) {
                double gain = schedule.step(i).gain();
                variance += gain * gain;
                // A network that is the denoiser is told its level as it is.
                double hat = schedule.step(i).first().conditioning();
                double next = i + 1 < sampler.steps() ? schedule.step(i + 1).level() : 0;
                double slope = slope(1, hat, dataDeviation);
                double x = 1 + (next - hat) * slope;
                if (next > 0) {
                    x = 1 + (next - hat) * (slope + slope(x, next, dataDeviation)) / 2;
                }
                factor *= x;
                variance *= x * x;
            }
            return new Linear(factor, variance);
        }

        private static double slope(double x, double sigma, double deviation) {
            return x * sigma / (deviation * deviation + sigma * sigma);
        }

        /** The standard deviation of its final states. */
        double deviation(EdmSampler sampler) {
            double start = factor * sampler.sigmaMax();
            return Math.sqrt(start * start + noiseVariance);
        }
    }

    @Test
    void withoutChurnTheSamplerScalesItsInitialNoiseByAKnownFactor() {
        EdmSampler sampler = EdmSampler.DEFAULT.withChurn(0);
        Linear linear = Linear.of(sampler, .2);
        ExactMixture gaussian = new ExactMixture(SMALL, false, .2, 0);
        SearchResult result = Search.builder(gaussian).sampler(sampler).build().run(ImageRequest.of(0, 1));
        float[] x = result.images().get(0).state();
        // Another data deviation, the same noise: both tell the same initial state.
        ExactMixture wider = new ExactMixture(SMALL, false, 1, 0);
        float[] wide = Search.builder(wider)
                .sampler(sampler)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0)
                .state();
        double wideFactor = Linear.of(sampler, 1).factor();
        for (int i = 0; i < x.length; i++) {
            assertThat(x[i] / linear.factor()).isCloseTo(wide[i] / wideFactor, within(80 * 1e-4));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 60})
    void theSamplerHasTheVarianceThatItsEquationsGive(int steps) {
        EdmSampler sampler = EdmSampler.DEFAULT.withSteps(steps);
        int n = 2000;
        float[] x = states(Search.builder(new ExactMixture(SMALL, false, .2, 0))
                .sampler(sampler)
                .maxBatch(1000)
                .build()
                .run(ImageRequest.of(0, n)));
        double expected = Linear.of(sampler, .2).deviation(sampler);
        assertThat(mean(x)).isCloseTo(0, within(4 * expected / Math.sqrt(x.length)));
        assertThat(Math.sqrt(variance(x))).isCloseTo(expected, within(4 * expected / Math.sqrt(2.0 * x.length)));
    }

    @Test
    void theSamplerReproducesTheMomentsOfAMixture() {
        // Two well separated components: mean 0, variance m^2 + s^2, and half of the images on each side. Many steps:
        // the sampler's own
        // error at 18 steps is above the test's.
        EdmSampler fine = new EdmSampler(200, .002, 80, 7, 40, .05, 50, 1);
        ExactMixture mixture = new ExactMixture(PIXEL, false, .15, -.6, .6);
        int n = 4000;
        float[] x = states(Search.builder(mixture)
                .sampler(fine)
                .maxBatch(1000)
                .seed(11)
                .build()
                .run(ImageRequest.of(0, n)));
        double error = 1 / Math.sqrt(n);
        double variance = .6 * .6 + .15 * .15;
        assertThat(mean(x)).isCloseTo(0, within(4 * Math.sqrt(variance) * error));
        assertThat(variance(x)).isCloseTo(variance, within(.015));
        float[] right = keep(x, v -> v > 0);
        assertThat((double) right.length / n).isCloseTo(.5, within(2 * error));
        assertThat(mean(right)).isCloseTo(.6, within(4 * .15 * error * Math.sqrt(2)));
        assertThat(Math.sqrt(variance(right))).isCloseTo(.15, within(4 * .15 * error));
    }

    @Test
    void eachClassHasItsOwnMean() {
        ExactMixture mixture = new ExactMixture(SMALL, true, .1, -.5, 0, .5);
        SearchResult result = Search.builder(mixture).maxBatch(300).build().run(ImageRequest.of(0, 300, 0, 1, 2));
        double deviation = Linear.of(EdmSampler.DEFAULT, .1).deviation(EdmSampler.DEFAULT);
        for (int k = 0; k < 3; k++) {
            int label = k;
            float[] x = join(result.images().stream()
                    .filter(image -> image.request().condition().equals(Condition.label(label)))
                    .map(ImageResult::state)
                    .toList());
            assertThat(mean(x)).isCloseTo(-.5 + .5 * k, within(4 * deviation / Math.sqrt(x.length)));
            assertThat(Math.sqrt(variance(x))).isCloseTo(deviation, within(4 * deviation / Math.sqrt(2.0 * x.length)));
        }
    }

    @Test
    void theMeanRewardOfBestOfNIsTheExpectedMaximum() {
        // One Gaussian, one pixel: rewards are normal, and the expected maximum of N normals is known.
        ExactMixture gaussian = new ExactMixture(PIXEL, false, .2, 0);
        int n = 3000;
        double[] naive = rewards(Search.builder(gaussian)
                .reward(Rewards.brightness())
                .maxBatch(1000)
                .build()
                .run(ImageRequest.of(0, n)));
        double deviation = Linear.of(EdmSampler.DEFAULT, .2).deviation(EdmSampler.DEFAULT) * BRIGHTNESS_PER_X;
        // Truncation to 8 bits takes half a level away.
        double middle = (128 - .5) / 255;
        assertThat(mean(naive)).isCloseTo(middle, within(4 * deviation / Math.sqrt(n)));
        // The expected maximum of 1, 2, 4, 8 standard normals.
        double[] expected = {0, .5641895835, 1.0293753730, 1.4236003060};
        for (int k = 1; k < 4; k++) {
            double[] best = rewards(Search.builder(gaussian)
                    .method(new BestOfN(1 << k))
                    .reward(Rewards.brightness())
                    .maxBatch(1000)
                    .build()
                    .run(ImageRequest.of(0, n)));
            assertThat((mean(best) - middle) / deviation)
                    .as("best of %d", 1 << k)
                    .isCloseTo(expected[k], within(4 / Math.sqrt(n)));
        }
    }

    static List<Method> methods() {
        return List.of(
                new BestOfN(4),
                new BestOfN(4, true),
                new Beam(4, 2),
                new Mcts(3, 6, .1),
                Beam.standard(),
                Mcts.standard(),
                LocalSearch.builder().epsilon(0).rounds(3).build(),
                LocalSearch.builder().epsilon(0).rounds(3).keepPivot(true).build(),
                LocalSearch.builder().rounds(3).build(),
                LocalSearch.builder().rounds(3).keepPivot(true).project(true).build(),
                LocalSearch.builder().epsilon(1).rounds(3).build(),
                LocalSearch.builder().rounds(3).scoreAtFirst(true).build(),
                new Ascent(4),
                new Ascent(4, Ascent.Direction.NOISE, 4, Ascent.Regress.LOGIT, true),
                new Ascent(4, Ascent.Direction.IMAGE, 2, Ascent.Regress.SCORE, true));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void everyMethodBeatsNaive(Method method) {
        ExactMixture mixture = new ExactMixture(SMALL, false, .2, -.4, 0, .4);
        int n = 64;
        Search.Builder search =
                Search.builder(mixture).reward(Rewards.brightness()).maxBatch(256);
        double[] naive = rewards(search.build().run(ImageRequest.of(0, n)));
        double[] searched = rewards(search.method(method).build().run(ImageRequest.of(0, n)));
        double[] gain = new double[n];
        Arrays.setAll(gain, i -> searched[i] - naive[i]);
        // Paired by image, three standard errors.
        assertThat(mean(gain)).isGreaterThan(3 * Math.sqrt(variance(gain) / n));
    }

    /** A sampler whose last step alone injects noise, so that the last step's choice is the image. */
    private static final EdmSampler LAST_STEP_ALONE = new EdmSampler(4, .5, 80, 7, 40, 0, .5001, 1);

    @Test
    void aKeptPivotNeverFallsWithinAStep() {
        ExactMixture mixture = new ExactMixture(SMALL, false, .5, 0);
        boolean fell = false;
        for (boolean keep : new boolean[] {true, false}) {
            double[] before = null;
            for (int rounds = 1; rounds <= 8; rounds++) {
                double[] now = rewards(Search.builder(mixture)
                        .sampler(LAST_STEP_ALONE)
                        .method(LocalSearch.builder()
                                .rounds(rounds)
                                .keepPivot(keep)
                                .build())
                        .reward(Rewards.brightness())
                        .build()
                        .run(ImageRequest.of(0, 12)));
                for (int i = 0; before != null && i < now.length; i++) {
                    if (keep) {
                        assertThat(now[i])
                                .as("image %d after round %d", i, rounds)
                                .isGreaterThanOrEqualTo(before[i]);
                    } else {
                        fell |= now[i] < before[i];
                    }
                }
                before = now;
            }
        }
        assertThat(fell).as("a pivot that is not kept falls somewhere").isTrue();
    }

    @Test
    void aStepEndsWithTheBestOfItsLastRoundOrOfAllItsRounds() {
        ExactMixture mixture = new ExactMixture(SMALL, false, .5, 0);
        for (boolean keep : new boolean[] {true, false}) {
            Recorded reward = new Recorded();
            SearchResult result = Search.builder(mixture)
                    .sampler(LAST_STEP_ALONE)
                    .method(LocalSearch.builder()
                            .candidates(5)
                            .rounds(7)
                            .keepPivot(keep)
                            .build())
                    .reward(reward)
                    .build()
                    .run(ImageRequest.of(3, 1));
            List<double[]> rounds = reward.batches.subList(0, 7);
            double best = rounds.stream()
                    .skip(keep ? 0 : 6)
                    .flatMapToDouble(Arrays::stream)
                    .max()
                    .orElseThrow();
            assertThat(result.images().get(0).reward()).isEqualTo(best);
        }
    }

    @Test
    void nothingInvertsTheOrderOfGoodAndBad() {
        // Searching for darkness is searching for less brightness.
        ExactMixture mixture = new ExactMixture(SMALL, false, .2, -.4, .4);
        Method method = LocalSearch.builder().rounds(3).build();
        Search.Builder search = Search.builder(mixture).method(method);
        double bright = search.reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 16))
                .meanReward();
        Reward dark = Rewards.weighted(List.of(new Rewards.Part(Rewards.brightness(), -1)));
        double darkness =
                search.reward(dark).build().run(ImageRequest.of(0, 16)).meanReward();
        assertThat(bright).isGreaterThan(.6);
        assertThat(-darkness).isLessThan(.4);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, .4, 1})
    void localStepsLeaveTheSphereAndProjectionKeepsThemOnIt(double epsilon) {
        ExactMixture mixture = new ExactMixture(SMALL, false, .3, 0);
        LocalSearch.Builder method =
                LocalSearch.builder().epsilon(epsilon).lambda(.5).rounds(10).keepPivot(false);
        List<ImageResult> free = Search.builder(mixture)
                .method(method.build())
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 8))
                .images();
        List<ImageResult> projected = Search.builder(mixture)
                .method(method.project(true).build())
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 8))
                .images();
        if (epsilon == 0) {
            assertThat(free).allMatch(image -> image.pivotNorm() > 1.3);
            assertThat(projected).allMatch(image -> Math.abs(image.pivotNorm() - 1) < 1e-4);
        }
        assertThat(projected).allMatch(image -> image.pivotNorm() < 2);
    }

    private interface Keep {
        boolean test(float value);
    }

    private static float[] keep(float[] values, Keep keep) {
        float[] kept = new float[values.length];
        int count = 0;
        for (float value : values) {
            if (keep.test(value)) {
                kept[count++] = value;
            }
        }
        return Arrays.copyOf(kept, count);
    }

    private static float[] states(SearchResult result) {
        return join(result.images().stream().map(ImageResult::state).toList());
    }

    private static float[] join(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static double[] rewards(SearchResult result) {
        return result.images().stream().mapToDouble(ImageResult::reward).toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
    }

    private static double mean(float[] values) {
        return mean(doubles(values));
    }

    private static double variance(float[] values) {
        return variance(doubles(values));
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }
}
