package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;

class CalibrationTest {
    // Harter 1961, table of expected values of normal order statistics.
    @ParameterizedTest
    @CsvSource({"1,0", "2,0.56419", "3,0.84628", "4,1.02938", "5,1.16296", "10,1.53875", "20,1.86748", "100,2.50759"})
    void theExpectedMaximumOfNormalsIsHarters(int n, double expected) {
        assertThat(NormalMaximum.expected(n)).isCloseTo(expected, within(2e-5));
    }

    private static final List<Double> THREE = levels(3);
    private static final ImageRequest IMAGE = new ImageRequest(0, -1);

    private static List<Double> levels(int steps) {
        return RoundSchedule.levelsOf(EdmSampler.DEFAULT.withSteps(steps).schedule(Parameterisation.denoiser()));
    }

    private static Calibration of(double... deviations) {
        List<Calibration.StepGain> steps = new ArrayList<>();
        for (double deviation : deviations) {
            steps.add(new Calibration.StepGain(0, deviation));
        }
        return new Calibration(THREE, 4, steps);
    }

    private static double value(List<Integer> rounds, double... deviations) {
        double sum = 0;
        for (int i = 0; i < deviations.length; i++) {
            sum += deviations[i] * NormalMaximum.expected(4L * rounds.get(i));
        }
        return sum;
    }

    @Test
    void noOtherScheduleOfTheSameTotalIsExpectedToGainMore() {
        double[] deviations = {.3, 1, .1};
        RoundSchedule schedule = of(deviations).schedule(9);
        assertThat(schedule.total()).isEqualTo(9);
        double best = value(schedule.rounds(), deviations);
        for (int a = 0; a <= 9; a++) {
            for (int b = 0; a + b <= 9; b++) {
                assertThat(value(List.of(a, b, 9 - a - b), deviations)).isLessThanOrEqualTo(best + 1e-12);
            }
        }
    }

    @Test
    void stepsThatDifferInNothingShareAlike() {
        assertThat(of(.2, .2, .2).schedule(12).rounds()).containsExactly(4, 4, 4);
        assertThat(of(.2, .2, .2).schedule(13).rounds())
                .as("the earlier of equals")
                .containsExactly(5, 4, 4);
    }

    @Test
    void aStepWithoutSpreadGetsNoRound() {
        assertThat(of(0, 0, 0).schedule(5).rounds()).containsExactly(0, 0, 0);
        assertThat(of(0, 1, 0).schedule(5).rounds()).containsExactly(0, 5, 0);
    }

    @Test
    void theFileGivesTheScheduleBack(@TempDir Path folder) {
        RoundSchedule schedule = of(1, .5, 0).schedule(20);
        schedule.write(folder.resolve("rounds.json"));
        assertThat(RoundSchedule.read(folder.resolve("rounds.json"))).isEqualTo(schedule);
    }

    @Test
    void aScheduleForAnotherSamplerIsRefused() {
        RoundSchedule schedule = of(1, .5, 0).schedule(20);
        assertThat(schedule.at(1, THREE.get(1))).isEqualTo(schedule.rounds().get(1));
        assertThatThrownBy(() -> schedule.at(1, levels(18).get(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another sampler");
    }

    @Test
    void aBrokenFileIsRefused(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("rounds.json");
        Files.writeString(file, "{\"format\":\"noisetrail-rounds\",\"version\":2,\"sampler\":{\"name\":\"edm\"}}");
        assertThatThrownBy(() -> RoundSchedule.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("\"rounds\" is missing");
    }

    @Test
    void aRoundsSpreadIsItsSampleDeviation() {
        Calibration.Collector collector = new Calibration.Collector(2, null);
        collector.round(1, IMAGE, new double[][] {{1, 3, 5}}, null);
        collector.round(1, IMAGE, new double[][] {{2, 2, 5}}, null);
        collector.round(1, IMAGE, new double[][] {{2, Double.NaN, 5}}, null);
        List<Calibration.StepGain> gains = collector.gains();
        assertThat(gains.get(0)).isEqualTo(new Calibration.StepGain(0, 0));
        assertThat(gains.get(1).mean()).isCloseTo(2, within(1e-12));
        assertThat(gains.get(1).deviation()).isCloseTo(Math.sqrt((4 + 3) / 2.0), within(1e-12));
    }

    @Test
    void ranksAgreeAsSpearmanHasIt() {
        // scipy.stats.spearmanr of these: 0.4, -1, 0.8207826816681233.
        assertThat(Calibration.Collector.agreement(new double[] {1, 2, 3, 4}, new double[] {3, 1, 2, 4}))
                .isCloseTo(.4, within(1e-12));
        assertThat(Calibration.Collector.agreement(new double[] {1, 2, 9}, new double[] {3, 2, 1}))
                .isCloseTo(-1, within(1e-12));
        assertThat(Calibration.Collector.agreement(new double[] {1, 2, 2, 4, 7}, new double[] {0, 5, 3, 4, 8}))
                .isCloseTo(0.8207826816681233, within(1e-12));
        assertThat(Calibration.Collector.agreement(new double[] {1, 1}, new double[] {1, 2}))
                .isNaN();
    }

    @Test
    void stepsAreScoredAtFirstWhereThatKeepsMoreThanItCosts() {
        // The expected maxima of 4 and of 8 normals are 1.02938 and 1.42360: the ratio is .72308.
        List<Calibration.StepGain> steps = List.of(
                new Calibration.StepGain(0, 1, new RankAgreement(.7230, 9), null),
                new Calibration.StepGain(0, 1, new RankAgreement(.7232, 7), null),
                new Calibration.StepGain(0, 1, RankAgreement.NONE, null));
        RoundSchedule schedule = new Calibration(THREE, 4, steps).schedule(6);
        assertThat(schedule.first()).containsExactly(false, true, false);
        assertThat(schedule.toString()).isEqualTo("[2 2f 2]");
    }

    /** What a round's candidates scored first, and then: two rounds agree as -1 and .4, one ranks nothing. */
    @Test
    void anAgreementIsTheMeanOverTheRoundsThatRankSomething() {
        Calibration.Collector collector = new Calibration.Collector(1, null);
        collector.round(0, IMAGE, new double[][] {{3, 1, 2, 4}}, new double[] {1, 2, 3, 4});
        collector.round(0, IMAGE, new double[][] {{1, 2, 3, 4}}, new double[] {5, 5, 5, 5});
        collector.round(0, IMAGE, new double[][] {{1, 2, 3, 4}}, new double[] {4, 3, 2, 1});
        RankAgreement agreement = collector.gains().get(0).agreement();
        assertThat(agreement.correlation()).isCloseTo(-.3, within(1e-12));
        assertThat(agreement.rounds()).isEqualTo(2);
    }

    @Test
    void theFileHoldsWhatTheChoiceFollowsFrom(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("rounds.json");
        List<Calibration.StepGain> steps = List.of(
                new Calibration.StepGain(0, 1, new RankAgreement(.5, 9), null),
                new Calibration.StepGain(0, 1, new RankAgreement(.75, 7), null),
                new Calibration.StepGain(0, 1));
        RoundSchedule schedule = new Calibration(THREE, 4, steps).schedule(6);
        schedule.write(file);
        assertThat(RoundSchedule.read(file)).isEqualTo(schedule);
        JsonNode table = new ObjectMapper().readTree(file.toFile()).get("agreement");
        for (int step = 0; step < 3; step++) {
            assertThat(table.get(step).get("step").asInt()).isEqualTo(step);
            assertThat(table.get(step).get("sigma").asDouble()).isEqualTo(THREE.get(step));
        }
        assertThat(table.findValuesAsText("agreement")).containsExactly("0.5", "0.75", "null");
        assertThat(table.findValuesAsText("rounds")).containsExactly("9", "7", "0");
        assertThat(table.findValuesAsText("scoreAtFirst")).containsExactly("false", "true", "false");
        Files.writeString(file, Files.readString(file).replace("0.75", "1.75"));
        assertThatThrownBy(() -> RoundSchedule.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageEndingWith("agreement must be from -1 to 1: 1.75");
    }

    @Test
    void aScheduleThatScoresAtFirstSearchesAsTheFlagDoes(@TempDir Path folder) {
        SmallWorld world = SmallWorld.edm();
        List<Double> levels = RoundSchedule.levelsOf(world.schedule());
        List<ImageRequest> images = ImageRequest.of(0, 3);
        for (boolean first : new boolean[] {false, true}) {
            List<Integer> two = java.util.Collections.nCopies(levels.size(), 2);
            new RoundSchedule(levels, two, java.util.Collections.nCopies(levels.size(), first))
                    .write(folder.resolve("rounds.json"));
            LocalSearch scheduled = LocalSearch.builder()
                    .rounds(RoundSchedule.read(folder.resolve("rounds.json")))
                    .build();
            LocalSearch flagged =
                    LocalSearch.builder().rounds(2).scoreAtFirst(first).build();
            SearchResult result = world.search(scheduled).build().run(images);
            SearchResult expected = world.search(flagged).build().run(images);
            for (int i = 0; i < 3; i++) {
                assertThat(result.images().get(i).state())
                        .isEqualTo(expected.images().get(i).state());
                assertThat(result.images().get(i).costs().networkEvaluations())
                        .isEqualTo(scheduled.evaluations(world.schedule()).orElseThrow())
                        .isEqualTo(flagged.evaluations(world.schedule()).orElseThrow());
            }
            LocalSearch sized = (LocalSearch) scheduled.sized(world.schedule(), 60);
            assertThat(((RoundSchedule) sized.rounds()).first().contains(true)).isEqualTo(first);
        }
    }

    @Test
    void agreementIsMeasuredAtStepsOfTwoEvaluationsAndChangesNoGain() {
        SmallWorld world = SmallWorld.edm();
        LocalSearch search = LocalSearch.builder().rounds(3).build();
        Calibration calibration = world.search(search).build().calibrate(ImageRequest.of(0, 4));
        for (int step = 0; step < world.schedule().size(); step++) {
            RankAgreement agreement = calibration.steps().get(step).agreement();
            if (world.schedule().screens(step) && !world.schedule().isDead(step)) {
                assertThat(agreement.correlation()).isBetween(-1.0, 1.0);
                assertThat(agreement.rounds())
                        .as("3 rounds of each of 4 images, less those that rank nothing")
                        .isBetween(1L, 12L);
            } else {
                assertThat(agreement).isEqualTo(RankAgreement.NONE);
            }
        }
        // Noise this small moves the mixture's estimate in one direction alone: the first evaluation tells the order.
        int last = world.schedule().lastLive();
        assertThat(calibration.steps().get(last).agreement().correlation()).isGreaterThan(.9);
        assertThat(calibration.atFirst(last)).isTrue();
    }

    @Test
    void theHeldOutGainIsThatOfTheCandidateThatTheSearchedRewardLikesBest() {
        Calibration.Collector collector = new Calibration.Collector(1, Rewards.brightness());
        collector.round(0, IMAGE, new double[][] {{1, 3, 2}, {6, 0, 3}}, null);
        collector.round(0, new ImageRequest(1, -1), new double[][] {{Double.NaN, 1, 5}, {1, 1, 7}}, null);
        Calibration.HeldOutGain gain =
                Objects.requireNonNull(collector.gains().get(0).heldOut());
        // -3 and 4: the mean is .5, their sample deviation 7 / sqrt(2), of two.
        assertThat(gain.mean()).isCloseTo(.5, within(1e-12));
        assertThat(gain.error()).isCloseTo(3.5, within(1e-12));
        assertThat(gain.isTold()).isFalse();
    }

    private static Calibration.HeldOutGain gain(int rounds, List<ImageRequest> images, double... gains) {
        Calibration.Collector collector = new Calibration.Collector(1, Rewards.brightness());
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < gains.length; i++) {
                collector.round(0, images.get(i), new double[][] {{0, 1}, {0, 2 * gains[i]}}, null);
            }
        }
        return Objects.requireNonNull(collector.gains().get(0).heldOut());
    }

    /** Rounds of one image that say the same say it once: the error is that of four images, however many rounds they had. */
    @ParameterizedTest
    @CsvSource({"1", "5", "100"})
    void roundsOfOneImageAreOneSample(int rounds) {
        Calibration.HeldOutGain gain = gain(rounds, ImageRequest.of(0, 4), 1, 2, 3, 6);
        assertThat(gain.mean()).isCloseTo(3, within(1e-9));
        // Squares of -2, -1, 0 and 3: 14, by 3 and by 4.
        assertThat(gain.error()).isCloseTo(Math.sqrt(14 / 12.0), within(1e-9));
        Calibration.HeldOutGain ofTwo = gain(rounds, ImageRequest.of(0, 4, 3, 5), 1, 2, 3, 6);
        assertThat(ofTwo.mean()).isCloseTo(3, within(1e-9));
        assertThat(ofTwo.error()).as("of 2 and 4, the means of two classes").isCloseTo(1, within(1e-9));
        Calibration.HeldOutGain ofOne = gain(rounds, ImageRequest.of(0, 1), 2);
        assertThat(ofOne.error()).isNaN();
        assertThat(ofOne.isTold()).isFalse();
    }

    @Test
    void theErrorIsThatOfWhatImagesGainAlone() {
        SmallWorld world = SmallWorld.edm();
        Search search = world.search(LocalSearch.builder().rounds(3).build())
                .heldOut(Reward.of("other", image -> Math.sin(9 * SmallWorld.brightness(image))))
                .build();
        List<ImageRequest> images = ImageRequest.of(0, 3);
        Calibration together = search.calibrate(images);
        List<Calibration> alone =
                images.stream().map(image -> search.calibrate(List.of(image))).toList();
        int seen = 0;
        for (int step = 0; step < world.schedule().size(); step++) {
            int at = step;
            double[] means = alone.stream()
                    .mapToDouble(
                            each -> Objects.requireNonNull(each.steps().get(at).heldOut())
                                    .mean())
                    .toArray();
            double mean = (means[0] + means[1] + means[2]) / 3;
            double squares = 0;
            for (double each : means) {
                squares += (each - mean) * (each - mean);
            }
            Calibration.HeldOutGain gain =
                    Objects.requireNonNull(together.steps().get(step).heldOut());
            if (Double.isFinite(mean)) {
                assertThat(gain.mean()).isCloseTo(mean, within(1e-9));
                assertThat(gain.error()).isCloseTo(Math.sqrt(squares / 6), within(1e-9));
                seen++;
            }
        }
        assertThat(seen).isPositive();
    }

    private static Calibration.StepGain held(double deviation, double mean, double error) {
        return new Calibration.StepGain(1, deviation, RankAgreement.NONE, new Calibration.HeldOutGain(mean, error));
    }

    @Test
    void roundsGoWhereTheHeldOutRewardGainsAndNowhereElse() {
        List<Calibration.StepGain> steps = List.of(held(9, -.5, .1), held(1, .3, .1), held(5, .3, .16));
        assertThat(new Calibration(THREE, 4, steps).schedule(6).rounds())
                .as("1.96 errors above 0")
                .containsExactly(0, 6, 0);
        steps = List.of(held(9, .2, .1), held(1, .2, .1), held(5, Double.NaN, Double.NaN));
        assertThat(new Calibration(THREE, 4, steps).schedule(6).rounds())
                .as("whatever the searched reward's deviation is")
                .containsExactly(3, 3, 0);
    }

    /** A candidate's brightness, times a sign, is what the held-out reward sees. */
    @ParameterizedTest
    @CsvSource({"1", "-1"})
    void aRewardHeldOutOfItselfGainsAsItDoesAndItsOppositeLosesAsMuch(int sign) {
        SmallWorld world = SmallWorld.edm();
        Calibration calibration = world.search(LocalSearch.builder().rounds(3).build())
                .heldOut(Reward.of("same", image -> sign * SmallWorld.brightness(image)))
                .build()
                .calibrate(ImageRequest.of(0, 4));
        int told = 0;
        for (int step = 0; step < world.schedule().size(); step++) {
            Calibration.StepGain gain = calibration.steps().get(step);
            if (gain.deviation() > 0) {
                Calibration.HeldOutGain heldOut = Objects.requireNonNull(gain.heldOut());
                assertThat(heldOut.mean()).isCloseTo(sign * gain.mean(), within(1e-9));
                told += heldOut.isTold() ? 1 : 0;
            }
        }
        assertThat(told > 0).isEqualTo(sign > 0);
        assertThat(calibration.schedule(9).total()).isEqualTo(sign > 0 ? 9 : 0);
    }

    @Test
    void whereNoRoundHasFiniteScoresThereIsNoSchedule() {
        int[] calls = {0};
        for (double once : new double[] {Double.NaN, .25}) {
            Reward reward = Reward.of("once", image -> calls[0]++ < 6 ? once : Double.NaN);
            Search search = SmallWorld.edm()
                    .search(LocalSearch.builder().candidates(2).rounds(3).build())
                    .reward(reward)
                    .build();
            if (Double.isNaN(once)) {
                assertThatThrownBy(() -> search.calibrate(ImageRequest.of(0, 1)))
                        .isInstanceOf(NoisetrailException.class)
                        .hasMessageContaining("no round of any step had finite scores by reward once: ");
                calls[0] = 0;
            } else {
                assertThat(search.calibrate(ImageRequest.of(0, 1)).steps())
                        .as("a round without differences is one")
                        .allMatch(step -> step.deviation() == 0);
            }
        }
    }

    /** A round whose candidates are looked at after the first evaluation, too, costs N calls more. */
    @ParameterizedTest
    @CsvSource({"16", "30", "41", "100", "1000"})
    void aCalibrationKeepsItsBudget(long budget) {
        SmallWorld world = SmallWorld.edm();
        List<Long> costs = new ArrayList<>();
        world.search(LocalSearch.builder().rounds(3).build())
                .budget(budget)
                .listener(new SearchListener() {
                    @Override
                    public void onImages(List<ImageResult> images) {
                        images.forEach(image -> costs.add(image.costs().networkEvaluations()));
                    }
                })
                .build()
                .calibrate(ImageRequest.of(0, 2));
        assertThat(costs).hasSize(2).allMatch(cost -> cost <= budget);
    }
}
