package org.noisetrail.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.testing.Noises;

/** EDM's table against Karras et al. 2022, algorithm 2, written out in double. */
class EdmTableTest {
    private interface Network {
        double at(double input, double conditioning);
    }

    /** Anything but linear. */
    private static final Network NETWORK = (input, conditioning) -> Math.sin(1.3 * input + conditioning) + .2 * input;

    private static double denoised(Parameterisation p, double x, double sigma) {
        Parameterisation.Scaling c = p.at(1, sigma);
        return c.skip() * x + c.out() * NETWORK.at(c.input() * x, c.conditioning());
    }

    private static double apply(Affine affine, double x, double f1, double y, double f2) {
        return affine.x() * x + affine.f1() * f1 + affine.y() * y + affine.f2() * f2;
    }

    static List<Parameterisation> parameterisations() {
        return List.of(
                Parameterisation.edm(.5),
                Parameterisation.denoiser(),
                Parameterisation.flow(),
                Noises.stableDiffusion(Prediction.EPSILON),
                Noises.stableDiffusion(Prediction.V));
    }

    private static final List<EdmSampler> SAMPLERS = List.of(
            EdmSampler.DEFAULT,
            EdmSampler.DEFAULT.withSteps(2),
            EdmSampler.DEFAULT.withSteps(7).withChurn(0),
            new EdmSampler(40, .01, 20, 3, 10, 0, Double.POSITIVE_INFINITY, 1.1));

    @ParameterizedTest
    @MethodSource("parameterisations")
    void aTrajectoryIsThatOfAlgorithm2(Parameterisation parameterisation) {
        for (EdmSampler sampler : SAMPLERS) {
            Random random = new Random(3);
            Schedule schedule = sampler.schedule(parameterisation);
            double x = schedule.startScale() * random.nextGaussian();
            double own = x;
            assertThat(schedule.startScale()).isCloseTo(sampler.sigmaMax(), within(1e-12 * sampler.sigmaMax()));
            for (int i = 0; i < sampler.steps(); i++) {
                double z = random.nextGaussian();
                // The table.
                Step step = schedule.step(i);
                double hat = x + step.gain() * z;
                double f1 =
                        NETWORK.at(step.first().inputScale() * hat, step.first().conditioning());
                double next = apply(step.first().next(), hat, f1, 0, 0);
                double clean = apply(step.first().clean(), hat, f1, 0, 0);
                if (step.second() != null) {
                    double f2 = NETWORK.at(
                            step.second().inputScale() * next, step.second().conditioning());
                    clean = apply(step.second().clean(), hat, f1, next, f2);
                    next = apply(step.second().next(), hat, f1, next, f2);
                }
                x = next;
                // Algorithm 2.
                double t = level(sampler, i);
                double after = level(sampler, i + 1);
                double gamma = t >= sampler.churnMin() && t <= sampler.churnMax()
                        ? Math.min(sampler.churn() / sampler.steps(), Math.sqrt(2) - 1)
                        : 0;
                double raised = t + gamma * t;
                double gain = Math.sqrt(raised * raised - t * t) * sampler.churnNoise();
                double xHat = own + gain * z;
                double estimate = denoised(parameterisation, xHat, raised);
                double slope = (xHat - estimate) / raised;
                own = xHat + (after - raised) * slope;
                if (after != 0) {
                    estimate = denoised(parameterisation, own, after);
                    own = xHat + (after - raised) * (slope / 2 + (own - estimate) / after / 2);
                }
                double size = 1 + Math.abs(xHat);
                assertThat(step.level()).isCloseTo(t, within(1e-12 * t));
                assertThat(step.gain()).isCloseTo(gain, within(1e-9 * (1 + gain)));
                assertThat(clean).as("step %d", i).isCloseTo(estimate, within(1e-8 * size));
                assertThat(x).as("step %d", i).isCloseTo(own, within(1e-8 * size));
                assertThat(step.evaluations()).isEqualTo(after == 0 ? 1 : 2);
                // What is left of rounding must not build up.
                own = x;
            }
            assertThat(schedule.evaluations()).isEqualTo(2L * sampler.steps() - 1);
            assertThat(schedule.startEvaluations()).isZero();
            assertThat(schedule.noiseAt()).isEqualTo(NoiseAt.BEFORE);
        }
    }

    private static double level(EdmSampler s, int i) {
        return i == s.steps()
                ? 0
                : Math.pow(
                        Math.pow(s.sigmaMax(), 1 / s.rho())
                                + (double) i
                                        / (s.steps() - 1)
                                        * (Math.pow(s.sigmaMin(), 1 / s.rho()) - Math.pow(s.sigmaMax(), 1 / s.rho())),
                        s.rho());
    }

    @Test
    void withTheDefaultsSteps0And1And15To17AreDead() {
        Schedule schedule = EdmSampler.DEFAULT.schedule(Parameterisation.denoiser());
        for (int i = 0; i < 18; i++) {
            assertThat(schedule.isDead(i)).as("step %d", i).isEqualTo(i < 2 || i > 14);
        }
        assertThat(schedule.lastLive()).isEqualTo(14);
        Schedule ode = new EdmSampler(3, 1, 4, 1, 0, 1, 4, 1).schedule(Parameterisation.denoiser());
        assertThat(ode.steps()).allMatch(Step::isDead);
        assertThat(ode.lastLive()).isEqualTo(-1);
    }

    /** S_min and S_max themselves are levels at which noise is injected. */
    @Test
    void theLevelsOfTheChurnsEdgesAreChurned() {
        EdmSampler sampler = new EdmSampler(3, 1, 4, 1, 40, 1, 4, 1);
        assertThat(sampler.schedule(Parameterisation.denoiser()).steps()).noneMatch(Step::isDead);
        EdmSampler within = new EdmSampler(3, 1, 4, 1, 40, 1 + 1e-9, 4 - 1e-9, 1);
        Schedule schedule = within.schedule(Parameterisation.denoiser());
        assertThat(schedule.isDead(0)).isTrue();
        assertThat(schedule.isDead(1)).isFalse();
        assertThat(schedule.isDead(2)).isTrue();
    }

    /** The table as kernels get it: all of a step's numbers, in their order. */
    @ParameterizedTest
    @ValueSource(strings = {"edm:steps=3", "ddim:steps=3:steps-offset=1"})
    void theKernelsTableHasEveryNumber(String text) {
        Schedule schedule = Samplers.parse(text).schedule(Noises.stableDiffusion(Prediction.V));
        float[] table = schedule.table();
        assertThat(table).hasSize(3 * Schedule.FLOATS);
        for (int i = 0; i < 3; i++) {
            Step step = schedule.step(i);
            int at = i * Schedule.FLOATS;
            boolean after = step.at() == NoiseAt.AFTER;
            assertThat(table[at]).isEqualTo((float) step.gain());
            assertThat(table[at + 1])
                    .isEqualTo(after ? (float) step.first().next().x() : 1);
            assertThat(table[at + 2])
                    .isEqualTo(after ? (float) step.first().next().f1() : 0);
            assertStage(table, at + 4, step.first());
            assertStage(table, at + 14, step.second());
        }
    }

    private static void assertStage(float[] table, int at, Stage stage) {
        float[] expected = new float[10];
        if (stage != null) {
            double[] numbers = {
                stage.inputScale(),
                stage.conditioning(),
                stage.next().x(),
                stage.next().f1(),
                stage.next().y(),
                stage.next().f2(),
                stage.clean().x(),
                stage.clean().f1(),
                stage.clean().y(),
                stage.clean().f2()
            };
            for (int k = 0; k < 10; k++) {
                expected[k] = (float) numbers[k];
            }
        }
        assertThat(java.util.Arrays.copyOfRange(table, at, at + 10)).isEqualTo(expected);
    }

    @Test
    void aTableThatCannotBeComputedIsRefused() {
        assertThatThrownBy(() -> new EdmSampler(3, 1e-300, 80, 7, 40, 0, 50, 1).schedule(Parameterisation.edm(.5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must give finite float32 numbers: step");
        assertThatThrownBy(() -> new EdmSampler(3, 1, 1e300, 7, 0, 0, 50, 1).schedule(Parameterisation.denoiser()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must give finite float32 numbers: start");
        assertThatThrownBy(() -> new Schedule(1, List.of())).hasMessage("steps must be from 1 to 10000: 0");
        Schedule edm = EdmSampler.DEFAULT.schedule(Parameterisation.denoiser());
        Schedule ddim = DdimSampler.DEFAULT.schedule(Noises.stableDiffusion(Prediction.V));
        assertThatThrownBy(() -> new Schedule(1, List.of(edm.step(0), ddim.step(0))))
                .hasMessage("all steps must inject their noise at the same place");
    }

    @ParameterizedTest
    @ValueSource(doubles = {7, 10, 15, 80, 157.4})
    void theHighestAndTheLowestLevelAreChurnedHoweverTheyAreRounded(double max) {
        for (double min : new double[] {.002, .003, .03}) {
            Schedule schedule = new EdmSampler(9, min, max, 7, 40, min, max, 1).schedule(Parameterisation.denoiser());
            assertThat(schedule.steps()).noneMatch(Step::isDead);
        }
    }

    @Test
    void aStepFromWhichTheNextCannotStartIsRefused() {
        Schedule ddim = DdimSampler.DEFAULT.withSteps(3).schedule(Noises.stableDiffusion(Prediction.V));
        Step alone = new Step(1, 1, .5, NoiseAt.AFTER, ddim.step(1).first(), null);
        assertThat(new Schedule(1, List.of(ddim.step(0), alone)).size()).isEqualTo(2);
        assertThatThrownBy(() -> new Schedule(1, List.of(alone, ddim.step(2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "step 0 must have a second stage, whose output the next step starts from: its noise comes after the network");
        Stage first = ddim.step(0).first();
        assertThatThrownBy(() -> new Schedule(1, List.of(new Step(1, Double.NaN, .5, NoiseAt.AFTER, first, null))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("step 0 must start from a finite signal and a level: signal 1.0, level NaN");
        assertThatThrownBy(() -> new Schedule(1, List.of(new Step(Double.NaN, 1, .5, NoiseAt.AFTER, first, null))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("step 0 must start from a finite signal and a level: signal NaN, level 1.0");
        // A flow's first step has nothing left of x0.
        new Schedule(1, List.of(new Step(0, Double.POSITIVE_INFINITY, .5, NoiseAt.AFTER, first, null)));
    }

    @Test
    void numbersThatNoStepWouldBeTakenByAreRefused() {
        Schedule edm = EdmSampler.DEFAULT.withSteps(3).schedule(Parameterisation.denoiser());
        Step whole = edm.step(0);
        Stage first = whole.first();
        for (Affine late : List.of(new Affine(1, 0, .5, 0), new Affine(1, 0, 0, -.5))) {
            for (Stage wrong : List.of(
                    new Stage(first.inputScale(), first.conditioning(), late, first.clean()),
                    new Stage(first.inputScale(), first.conditioning(), first.next(), late))) {
                Step step = new Step(1, whole.level(), whole.gain(), NoiseAt.BEFORE, wrong, whole.second());
                refused(
                        List.of(step, edm.step(1), edm.step(2)),
                        "step 0 must multiply y and f2, which the second evaluation gives, with 0 in its first stage");
            }
        }
        Schedule ddim = DdimSampler.DEFAULT.withSteps(3).schedule(Noises.stableDiffusion(Prediction.V));
        Stage second = java.util.Objects.requireNonNull(ddim.step(0).second());
        Stage early = new Stage(second.inputScale(), second.conditioning(), Affine.NONE, new Affine(.5, 0, 1, 0));
        refused(
                List.of(with(ddim.step(0), early), ddim.step(1), ddim.step(2)),
                "step 0 must multiply x and f1 with 0 in the clean estimate of its second stage: its noise comes after the network");
        Stage other = new Stage(second.inputScale(), 5, Affine.NONE, second.clean());
        refused(
                List.of(with(ddim.step(0), other), ddim.step(1), ddim.step(2)),
                "step 0 must ask the network in its second stage as the next step does in its first: input scale 1.0 and 1.0, conditioning 5.0 and "
                        + ddim.step(1).first().conditioning());
        Stage larger = new Stage(2, second.conditioning(), Affine.NONE, second.clean());
        assertThatThrownBy(() -> new Schedule(1, List.of(with(ddim.step(0), larger), ddim.step(1), ddim.step(2))))
                .hasMessageContaining("input scale 2.0 and 1.0");
    }

    private static Step with(Step step, Stage second) {
        return new Step(step.signal(), step.level(), step.gain(), step.at(), step.first(), second);
    }

    private static void refused(List<Step> steps, String message) {
        assertThatThrownBy(() -> new Schedule(1, steps))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
