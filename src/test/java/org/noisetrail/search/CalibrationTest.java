package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.EdmSampler;

class CalibrationTest {
    // Harter 1961, table of expected values of normal order statistics.
    @ParameterizedTest
    @CsvSource({"1,0", "2,0.56419", "3,0.84628", "4,1.02938", "5,1.16296", "10,1.53875", "20,1.86748", "100,2.50759"})
    void theExpectedMaximumOfNormalsIsHarters(int n, double expected) {
        assertThat(NormalMaximum.expected(n)).isCloseTo(expected, within(2e-5));
    }

    private static final List<Double> THREE = levels(3);

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
        Files.writeString(file, "{\"format\":\"noisetrail-rounds\",\"sampler\":{\"name\":\"edm\"}}");
        assertThatThrownBy(() -> RoundSchedule.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("\"rounds\" is missing");
    }

    @Test
    void aRoundsSpreadIsItsSampleDeviation() {
        Calibration.Collector collector = new Calibration.Collector(2);
        collector.round(1, new double[] {1, 3, 5});
        collector.round(1, new double[] {2, 2, 5});
        collector.round(1, new double[] {2, Double.NaN, 5});
        List<Calibration.StepGain> gains = collector.gains();
        assertThat(gains.get(0)).isEqualTo(new Calibration.StepGain(0, 0));
        assertThat(gains.get(1).mean()).isCloseTo(2, within(1e-12));
        assertThat(gains.get(1).deviation()).isCloseTo(Math.sqrt((4 + 3) / 2.0), within(1e-12));
    }
}
