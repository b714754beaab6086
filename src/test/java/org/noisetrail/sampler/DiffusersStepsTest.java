package org.noisetrail.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.testing.Goldens;
import org.noisetrail.testing.LogLines;

/**
 * Tables against single steps that diffusers 0.40 took, and Flow-GRPO's own code (resources diffusers/schedulers): a table's numbers in double, against their float32. A
 * group's rows have the step, eta, t, the timestep it goes to, the injected deviation, then the state after it and the clean estimate.
 */
class DiffusersStepsTest {
    private static final int FACTS = 5;

    @RegisterExtension
    private final LogLines log = new LogLines(Timesteps.class.getName());

    private static float[] golden(String tensor) {
        return Goldens.resource("/diffusers/schedulers/steps.safetensors", tensor);
    }

    private static final float[] SAMPLE = golden("sample");
    private static final float[] OUTPUT = golden("model_output");
    private static final float[] NOISE = golden("noise");

    private static DiscreteNoise noise(String config) {
        boolean own = config.equals("linear") || config.equals("cosine") || config.equals("zerosnr");
        Prediction prediction = switch (config) {
            case "sd21", "zerosnr" -> Prediction.V;
            case "sample" -> Prediction.SAMPLE;
            default -> Prediction.EPSILON;
        };
        return new DiscreteNoise(golden((own ? config : "sd15") + ".alphas_cumprod"), prediction);
    }

    private static Sampler ddim(String config, String spacing, int steps, double eta) {
        boolean toOne = config.equals("linear") || config.equals("cosine");
        return new DdimSampler(steps, eta, Spacing.valueOf(spacing.toUpperCase(Locale.ROOT)), toOne ? 0 : 1, toOne);
    }

    private static double relative(double[] actual, float[] expected) {
        double difference = 0;
        double norm = 0;
        for (int j = 0; j < actual.length; j++) {
            difference += Math.pow(actual[j] - expected[j], 2);
            norm += Math.pow(expected[j], 2);
        }
        return Math.sqrt(difference / norm);
    }

    private static double[] of(Affine affine, float[] x, float[] f, double gain, float[] z) {
        double[] values = new double[x.length];
        Arrays.setAll(values, j -> affine.x() * x[j] + affine.f1() * f[j] + gain * z[j]);
        return values;
    }

    @ParameterizedTest
    @CsvSource({
        "sd15, leading, 20",
        "sd15, leading, 50",
        "sd15, leading, 7",
        "sd15, trailing, 20",
        "sd15, trailing, 50",
        "sd15, trailing, 7",
        "sd15, linspace, 20",
        "sd15, linspace, 50",
        "sd15, linspace, 7",
        "sd21, leading, 20",
        "sd21, leading, 7",
        "sd21, trailing, 50",
        "sd21, trailing, 7",
        "sd21, linspace, 7",
        "sample, leading, 20",
        "sample, trailing, 20",
        "sample, linspace, 20",
        "linear, leading, 20",
        "linear, trailing, 20",
        "linear, linspace, 20",
        "cosine, leading, 20",
        "cosine, trailing, 20",
        "cosine, linspace, 20",
        "zerosnr, trailing, 20",
        "zerosnr, linspace, 20"
    })
    void aDdimStepIsThatOfDiffusers(String config, String spacing, int steps) {
        float[] rows = golden(config + "." + spacing + "." + steps);
        int width = FACTS + 2 * SAMPLE.length;
        assertThat(rows.length).isGreaterThanOrEqualTo(9 * width);
        for (int at = 0; at < rows.length; at += width) {
            int i = (int) rows[at];
            double eta = rows[at + 1];
            Step step =
                    ddim(config, spacing, steps, eta).schedule(noise(config)).step(i);
            String where = "step " + i + ", eta " + eta;
            assertThat(step.first().conditioning()).as(where).isEqualTo(rows[at + 2]);
            assertThat(step.first().inputScale()).as(where).isCloseTo(1, within(1e-12));
            // Their float32: what is left of 1 - a' over 1 - a, times 1 - a/a'.
            assertThat(step.gain()).as(where).isCloseTo(rows[at + 4], within(1e-6 + 1e-6 * rows[at + 4]));
            // 1 - a' - gain^2 is 0 in exact arithmetic where nothing was left of the signal, and rounding noise in
            // float32; near a clean image much of it is.
            double tolerance = config.equals("zerosnr") && i == 0 ? 1e-3 : config.equals("sample") ? 2e-5 : 1e-6;
            int next = at + FACTS;
            assertThat(relative(
                            of(step.first().next(), SAMPLE, OUTPUT, step.gain(), NOISE),
                            Arrays.copyOfRange(rows, next, next + SAMPLE.length)))
                    .as(where)
                    .isLessThan(tolerance);
            assertThat(relative(
                            of(step.first().clean(), SAMPLE, OUTPUT, 0, NOISE),
                            Arrays.copyOfRange(rows, next + SAMPLE.length, at + width)))
                    .as(where)
                    .isLessThan(tolerance);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"leading", "trailing", "linspace"})
    void timestepsAreThoseOfDiffusers(String spacing) {
        for (int steps : new int[] {1, 4, 7, 10, 18, 20, 30, 50}) {
            float[] expected = golden("ddim.sd15." + spacing + "." + steps + ".timesteps");
            Schedule schedule = ddim("sd15", spacing, steps, 1).schedule(noise("sd15"));
            assertThat(schedule.size()).isEqualTo(expected.length);
            for (int i = 0; i < steps; i++) {
                assertThat(schedule.step(i).first().conditioning())
                        .as("%d steps, step %d", steps, i)
                        .isEqualTo(expected[i]);
            }
        }
    }

    /** np.round(np.arange(1000, 0, -1000 / steps)) - 1, by NumPy 2.4: 936 and the others end on .5 and are rounded from just below it. */
    @Test
    void trailingTimestepsAreNumpysWhereTheyEndOnAHalf() {
        assertThat(Spacing.TRAILING.timesteps(1000, 48, 0))
                .containsExactly(
                        999, 978, 957, 936, 916, 895, 874, 853, 832, 811, 791, 770, 749, 728, 707, 686, 666, 645, 624,
                        603, 582, 561, 541, 520, 499, 478, 457, 436, 416, 395, 374, 353, 332, 311, 291, 270, 249, 228,
                        207, 186, 166, 145, 124, 103, 82, 61, 41, 20);
        double[] more = Spacing.TRAILING.timesteps(1000, 96, 0);
        assertThat(new double[] {more[6], more[18], more[30], more[42], more[54], more[66], more[78], more[90]})
                .containsExactly(937, 812, 687, 562, 437, 312, 187, 62);
        // NumPy's 62nd is 0 - 1.
        assertThat(Spacing.TRAILING.timesteps(1000, 61, 0)).hasSize(61).endsWith(15);
    }

    @Test
    void aStartFarFromTheLastTimestepIsWarnedOfOnce() {
        DiscreteNoise noise = new DiscreteNoise(Arrays.copyOf(golden("sd15.alphas_cumprod"), 998), Prediction.EPSILON);
        for (int again = 0; again < 2; again++) {
            ddim("sd15", "leading", 4, 1).schedule(noise);
            ddim("sd15", "trailing", 4, 1).schedule(noise);
            new EulerAncestralSampler(1, 1, Spacing.LINSPACE, 0).schedule(noise);
            ddim("sd15", "leading", 20, 1).schedule(noise);
        }
        String expected = ", where the network expects less noise than it is given: trailing starts at 997";
        assertThat(log.messages())
                .containsExactly(
                        "with steps 4 and timestep-spacing leading drawing starts at timestep 748 of 998" + expected,
                        "with steps 1 and timestep-spacing linspace drawing starts at timestep 0 of 998" + expected);
    }

    /** README of the goldens: SD1.5's gains at 50 steps and eta 1. */
    @Test
    void noStepOfStableDiffusionIsDeadUnlessTheLastGoesToACleanImage() {
        Schedule schedule = ddim("sd15", "leading", 50, 1).schedule(noise("sd15"));
        double[] gains = {.4545, .4483};
        for (int i = 0; i < 2; i++) {
            assertThat(schedule.step(i).gain()).isCloseTo(gains[i], within(5e-5));
        }
        assertThat(schedule.step(24).gain()).isCloseTo(.2948, within(5e-5));
        assertThat(schedule.step(48).gain()).isCloseTo(.0395, within(5e-5));
        assertThat(schedule.step(49).gain()).isCloseTo(.0206, within(5e-5));
        assertThat(schedule.steps()).noneMatch(Step::isDead);
        Schedule toOne = new DdimSampler(50, 1, Spacing.LEADING, 1, true).schedule(noise("sd15"));
        assertThat(toOne.isDead(49)).isTrue();
        assertThat(toOne.steps().subList(0, 49)).noneMatch(Step::isDead);
    }

    /** A step goes to t - 1000 // N, but what follows is asked for at the next entry of the timesteps. */
    @ParameterizedTest
    @CsvSource({"leading, 20", "trailing, 7", "linspace, 7"})
    void theSecondEvaluationIsTheNextStepsFirst(String spacing, int steps) {
        for (Sampler sampler : new Sampler[] {
            ddim("sd15", spacing, steps, 1),
            new EulerAncestralSampler(steps, 1, Spacing.valueOf(spacing.toUpperCase(Locale.ROOT)), 1)
        }) {
            for (String config : new String[] {"sd15", "sd21"}) {
                Schedule schedule = sampler.schedule(noise(config));
                for (int i = 0; i < steps - 1; i++) {
                    Stage second = schedule.step(i).second();
                    Stage next = schedule.step(i + 1).first();
                    assertThat(second.inputScale()).isEqualTo(next.inputScale());
                    assertThat(second.conditioning()).isEqualTo(next.conditioning());
                    assertThat(second.clean())
                            .isEqualTo(new Affine(
                                    0, 0, next.clean().x(), next.clean().f1()));
                    assertThat(schedule.step(i).evaluations()).isEqualTo(1);
                }
                assertThat(schedule.step(steps - 1).second()).isNull();
                assertThat(schedule.step(steps - 1).evaluations()).isZero();
                assertThat(schedule.startEvaluations()).isEqualTo(1);
                assertThat(schedule.evaluations()).isEqualTo(steps);
                assertThat(schedule.evaluationsFrom(steps - 2)).isEqualTo(1);
            }
        }
    }

    /** sigma_t^2 <= 1 - abar_to, by equation 12 of Song et al.: what is left beside the injected noise is the direction to x_t. */
    @Test
    void noStepInjectsMoreNoiseThanItLeaves() {
        DiscreteNoise noise = noise("sd15");
        double[] most = new double[20];
        for (int i = 0; i < 20; i++) {
            double a = noise.alphaCumprod(951 - 50 * i);
            double to = noise.alphaCumprod(i < 19 ? 901 - 50 * i : 0);
            double variance = (1 - to) / (1 - a) * (1 - a / to);
            most[i] = Math.sqrt((1 - to) / variance);
        }
        double least = Arrays.stream(most).min().orElseThrow();
        assertThat(least).isBetween(1.001, 1.1);
        int step =
                IntStream.range(0, 20).filter(i -> most[i] == least).findFirst().orElseThrow();
        assertThat(ddim("sd15", "leading", 20, least * (1 - 1e-7))
                        .schedule(noise)
                        .size())
                .isEqualTo(20);
        String words = ", which leaves no more noise than that: ";
        double more = least * (1 + 1e-5);
        assertThatThrownBy(() -> ddim("sd15", "leading", 20, more).schedule(noise))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("eta must be <= " + (float) least + " for step " + step + words + more);
        assertThatThrownBy(() -> ddim("sd15", "leading", 20, 5).schedule(noise))
                .hasMessage("eta must be <= " + (float) most[0] + " for step 0" + words + "5.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"leading", "trailing", "linspace"})
    void theScaleOfDdpmHasRoomInEveryStep(String spacing) {
        for (int steps : new int[] {1, 2, 3, 7, 20, 50, 999, 1000}) {
            for (String config : List.of("sd15", "linear", "cosine", "zerosnr")) {
                // Above 1 by less than rounding may be, too: as close to the bound as can be.
                for (double eta : new double[] {1, 1 + 1e-9}) {
                    Sampler ddim = new DdimSampler(
                            steps, eta, Spacing.valueOf(spacing.toUpperCase(Locale.ROOT)), 0, steps % 2 == 0);
                    assertThat(ddim.schedule(noise(config)).size()).isEqualTo(steps);
                }
            }
        }
    }

    @Test
    void aTimestepThatIsNotThereHasNoLevel() {
        DiscreteNoise noise = noise("sd15");
        assertThatThrownBy(() -> noise.level(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timestep must be >= 0: -1.0");
        assertThatThrownBy(() -> noise.level(Double.NaN)).hasMessage("timestep must be >= 0: NaN");
        assertThat(noise.level(5000)).isEqualTo(noise.level(999));
        for (int timestep : new int[] {-1, 1000}) {
            assertThatThrownBy(() -> noise.alphaCumprod(timestep))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("timestep must be from 0 to 999: " + timestep);
        }
    }

    @Test
    void moreStepsThanTheModelWasTrainedWithAreRefused() {
        assertThatThrownBy(() -> ddim("sd15", "leading", 1001, 1).schedule(noise("sd15")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("steps must be <= 1000, the model's timesteps: 1001");
        assertThatThrownBy(() -> new DdimSampler(1000, 1, Spacing.LEADING, 1, false).schedule(noise("sd15")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("timesteps must be < 1000: 1000.0");
        assertThat(new DdimSampler(1000, 1, Spacing.TRAILING, 1, false)
                        .schedule(noise("sd15"))
                        .step(0)
                        .first()
                        .conditioning())
                .isEqualTo(999);
    }

    /** Rows: the step, t, sigma, the next sigma, sigma_up, sigma_down; then the state, the network's input, the state after it, the clean estimate. */
    @ParameterizedTest
    @ValueSource(strings = {"euler_a", "euler_a_v"})
    void anAncestralEulerStepIsThatOfDiffusers(String group) {
        float[] rows = golden(group);
        int d = SAMPLE.length;
        int width = 6 + 4 * d;
        DiscreteNoise noise = noise(group.endsWith("v") ? "sd21" : "sd15");
        Schedule schedule = new EulerAncestralSampler(20, 1, Spacing.LEADING, 1).schedule(noise);
        assertThat(rows).hasSize(5 * width);
        for (int at = 0; at < rows.length; at += width) {
            int i = (int) rows[at];
            Step step = schedule.step(i);
            String where = "step " + i;
            assertThat(step.first().conditioning()).as(where).isEqualTo(rows[at + 1]);
            assertThat(step.level()).as(where).isCloseTo(rows[at + 2], within(2e-6 * rows[at + 2]));
            assertThat(step.gain()).as(where).isCloseTo(rows[at + 4], within(2e-6 * rows[at + 2]));
            float[] x = Arrays.copyOfRange(rows, at + 6, at + 6 + d);
            assertThat(relative(
                            of(new Affine(step.first().inputScale(), 0, 0, 0), x, OUTPUT, 0, NOISE),
                            Arrays.copyOfRange(rows, at + 6 + d, at + 6 + 2 * d)))
                    .as(where)
                    .isLessThan(1e-6);
            assertThat(relative(
                            of(step.first().next(), x, OUTPUT, step.gain(), NOISE),
                            Arrays.copyOfRange(rows, at + 6 + 2 * d, at + 6 + 3 * d)))
                    .as(where)
                    .isLessThan(1e-6);
            assertThat(relative(
                            of(step.first().clean(), x, OUTPUT, 0, NOISE),
                            Arrays.copyOfRange(rows, at + 6 + 3 * d, at + 6 + 4 * d)))
                    .as(where)
                    .isLessThan(1e-6);
        }
        assertThat(schedule.isDead(19)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"leading", "trailing", "linspace"})
    void ancestralLevelsAreThoseOfDiffusers(String spacing) {
        for (int steps : new int[] {7, 20}) {
            String group = "euler_a.sd15." + spacing + "." + steps;
            float[] timesteps = golden(group + ".timesteps");
            float[] sigmas = golden(group + ".sigmas");
            Schedule schedule = new EulerAncestralSampler(
                            steps, 1, Spacing.valueOf(spacing.toUpperCase(Locale.ROOT)), 1)
                    .schedule(noise("sd15"));
            for (int i = 0; i < steps; i++) {
                assertThat(schedule.step(i).first().conditioning())
                        .isCloseTo(timesteps[i], within(1e-6 * timesteps[i]));
                assertThat(schedule.step(i).level()).isCloseTo(sigmas[i], within(2e-6 * sigmas[i]));
            }
            float start = golden(group + ".init_noise_sigma")[0];
            assertThat(schedule.startScale()).isCloseTo(start, within(2e-6 * start));
        }
    }

    /** diffusers' EulerAncestralDiscreteScheduler of v predictions, where rescale_betas_zero_snr has put 2^-24 in the place of the last abar, 0. */
    @ParameterizedTest
    @ValueSource(strings = {"trailing", "linspace"})
    void anAncestralEulerStepFromNoiseAloneBeginsAtAFiniteLevel(String spacing) {
        DiscreteNoise noise = noise("zerosnr");
        assertThat(noise.alphaCumprod(999)).isZero();
        Schedule schedule =
                new EulerAncestralSampler(4, 1, Spacing.valueOf(spacing.toUpperCase(Locale.ROOT)), 0).schedule(noise);
        double sigma = 4095.9998779296856;
        double abar = golden("zerosnr.alphas_cumprod")[spacing.equals("trailing") ? 749 : 666];
        double next = Math.sqrt((1 - abar) / abar);
        double up = Math.sqrt(next * next * (sigma * sigma - next * next) / (sigma * sigma));
        double down = Math.sqrt(next * next - up * up);
        double x = 1234.5;
        double v = .3;
        double clean = v * (-sigma / Math.sqrt(sigma * sigma + 1)) + x / (sigma * sigma + 1);
        double after = x + (x - clean) / sigma * (down - sigma);
        Step step = schedule.step(0);
        assertThat(schedule.startScale()).isCloseTo(sigma, within(1e-9));
        assertThat(step.level()).isCloseTo(sigma, within(1e-9));
        assertThat(step.first().conditioning()).isEqualTo(999);
        assertThat(step.first().inputScale()).isCloseTo(1 / Math.sqrt(sigma * sigma + 1), within(1e-15));
        assertThat(step.gain()).isCloseTo(up, within(1e-9 * up));
        assertThat(step.first().next().x() * x + step.first().next().f1() * v)
                .isCloseTo(after, within(1e-9 * Math.abs(after)));
        assertThat(step.first().clean().x() * x + step.first().clean().f1() * v).isCloseTo(clean, within(1e-9));
    }

    /** k-diffusion's get_ancestral_step: what is injected grows with eta, and down^2 + up^2 is the next level's square. */
    @ParameterizedTest
    @ValueSource(doubles = {0, .25, .5, .9})
    void aShareOfTheAncestralNoiseLeavesTheNextLevelWhatItIs(double eta) {
        DiscreteNoise noise = noise("sd15");
        Schedule whole = new EulerAncestralSampler(20, 1, Spacing.LEADING, 1).schedule(noise);
        Schedule schedule = new EulerAncestralSampler(20, eta, Spacing.LEADING, 1).schedule(noise);
        for (int i = 0; i < 19; i++) {
            Step step = schedule.step(i);
            double next = schedule.step(i + 1).level();
            assertThat(step.gain())
                    .as("step %d", i)
                    .isCloseTo(eta * whole.step(i).gain(), within(1e-12));
            assertThat(whole.step(i).gain()).isPositive();
            // x' = x + (down - sigma) eps
            assertThat(step.first().next().x()).isCloseTo(1, within(1e-12));
            double down = step.level() + step.first().next().f1();
            assertThat(down * down + step.gain() * step.gain())
                    .as("step %d", i)
                    .isCloseTo(next * next, within(1e-9 * next * next));
        }
        assertThat(schedule.isDead(19)).isTrue();
    }

    private static Schedule flow(float[] sigmas) {
        double[] levels = new double[sigmas.length];
        Arrays.setAll(levels, i -> sigmas[i]);
        return FlowSdeSampler.DEFAULT.schedule(Parameterisation.flow(), levels);
    }

    /** The whole of a trajectory with SD3's network, from state to state. */
    @Test
    void aFlowStepIsThatOfFlowGrpo() {
        float[] sigmas = golden("flow-grpo.sigmas");
        float[] gains = golden("flow-grpo.gain");
        float[] velocity = golden("flow-grpo.velocity");
        float[] noise = golden("flow-grpo.noise");
        float[] after = golden("flow-grpo.x_after_step");
        float[] clean = golden("flow-grpo.clean_estimate");
        int d = after.length / 10;
        Schedule schedule = flow(sigmas);
        float[] x = golden("flow-grpo.x_T");
        assertThat(schedule.startScale()).isEqualTo(1);
        for (int i = 0; i < 10; i++) {
            Step step = schedule.step(i);
            float[] v = Arrays.copyOfRange(velocity, i * d, (i + 1) * d);
            float[] expected = Arrays.copyOfRange(after, i * d, (i + 1) * d);
            assertThat(step.first().inputScale()).isCloseTo(1, within(1e-12));
            assertThat(step.first().conditioning()).isCloseTo(1000 * sigmas[i], within(1e-3));
            assertThat(step.gain()).as("step %d", i).isCloseTo(gains[i], within(2e-6 * gains[i]));
            assertThat(relative(
                            of(step.first().next(), x, v, step.gain(), Arrays.copyOfRange(noise, i * d, (i + 1) * d)),
                            expected))
                    .as("step %d", i)
                    .isLessThan(1e-6);
            assertThat(relative(of(step.first().clean(), x, v, 0, v), Arrays.copyOfRange(clean, i * d, (i + 1) * d)))
                    .as("step %d", i)
                    .isLessThan(1e-6);
            x = expected;
        }
    }

    /** README of the goldens: s .6, s_next .5, x 1, v .5, z 1 give 1.147609. */
    @Test
    void oneFlowStepByHand() {
        Step step = FlowSdeSampler.DEFAULT
                .schedule(Parameterisation.flow(), new double[] {.6, .5, 0})
                .step(0);
        assertThat(step.gain()).isCloseTo(.857321 * .316228, within(1e-6));
        assertThat(step.first().next().x() + .5 * step.first().next().f1()).isCloseTo(.8765, within(1e-9));
        assertThat(step.first().next().x() + .5 * step.first().next().f1() + step.gain())
                .isCloseTo(1.147609, within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void flowLevelsAreThoseOfDiffusersForEvenSigmas(int shift) {
        for (int steps : new int[] {4, 10, 20, 28}) {
            float[] sigmas = golden("flow.shift" + shift + "." + steps + ".sigmas");
            Schedule schedule = new FlowSdeSampler(steps, .7, shift).schedule(Parameterisation.flow());
            for (int i = 0; i < steps; i++) {
                assertThat(schedule.step(i).first().conditioning() / 1000).isCloseTo(sigmas[i], within(2e-7));
            }
        }
    }

    /** Without noise it is Euler's method on the flow: x' = x + (s' - s) v. */
    @Test
    void withoutNoiseAFlowStepIsEulers() {
        Schedule schedule = new FlowSdeSampler(7, 0, 3).schedule(Parameterisation.flow());
        for (int i = 0; i < 7; i++) {
            Step step = schedule.step(i);
            double s = step.first().conditioning() / 1000;
            double next = i < 6 ? schedule.step(i + 1).first().conditioning() / 1000 : 0;
            assertThat(step.isDead()).isTrue();
            assertThat(step.first().next().x()).isCloseTo(1, within(1e-12));
            assertThat(step.first().next().f1()).isCloseTo(next - s, within(1e-12));
        }
    }
}
