package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.testing.LogLines;

class SchedulerConfigTest {
    @RegisterExtension
    private final LogLines log = new LogLines(ConfigFile.class.getName());

    private static final String SD15 = """
            {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
             "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
             "steps_offset": 1, "trained_betas": null, "clip_sample": false}""";

    private static final String DDIM = "{\"_class_name\": \"DDIMScheduler\", \"clip_sample\": false%s}";

    private static SchedulerConfig config(String json) {
        return config(json, true);
    }

    private static SchedulerConfig config(String json, boolean xl) {
        return SchedulerConfig.parse("s.json", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), xl);
    }

    private static SchedulerConfig ddim(String keys) {
        return config(DDIM.formatted(keys.isEmpty() ? "" : ", " + keys));
    }

    @Test
    void theFileOfStableDiffusion1IsReadWithDefaultsForWhatItOmits() {
        assertThat(config(SD15))
                .isEqualTo(new SchedulerConfig(
                        "PNDMScheduler",
                        1000,
                        SchedulerConfig.BetaSchedule.SCALED_LINEAR,
                        0.00085,
                        0.012,
                        java.util.List.of(),
                        "epsilon",
                        "",
                        1,
                        false,
                        false));
    }

    /** diffusers' lambda_min_clipped = -float("inf"), by Python's json.dumps; from_config carries it into the files of other classes. */
    @ParameterizedTest
    @ValueSource(strings = {"DPMSolverMultistepScheduler", "EulerAncestralDiscreteScheduler"})
    void aFileThatDiffusersWroteMayHaveANumberThatJsonHasNot(String className) {
        SchedulerConfig read = config("""
                {
                  "_class_name": "%s",
                  "_diffusers_version": "0.35.1",
                  "algorithm_type": "dpmsolver++",
                  "beta_end": 0.012,
                  "beta_schedule": "scaled_linear",
                  "beta_start": 0.00085,
                  "dynamic_thresholding_ratio": 0.995,
                  "euler_at_final": false,
                  "final_sigmas_type": "zero",
                  "lambda_min_clipped": -Infinity,
                  "lower_order_final": true,
                  "num_train_timesteps": 1000,
                  "prediction_type": "epsilon",
                  "sample_max_value": 1.0,
                  "solver_order": 2,
                  "solver_type": "midpoint",
                  "steps_offset": 1,
                  "thresholding": false,
                  "timestep_spacing": "trailing",
                  "trained_betas": null,
                  "use_karras_sigmas": true,
                  "variance_type": null
                }
                """.formatted(className));
        assertThat(read.timestepSpacing()).isEqualTo("trailing");
        assertThat(read.alphasCumprod()).containsExactly(config(SD15).alphasCumprod());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "linear | ''",
                "sd15 | 'beta_schedule': 'scaled_linear', 'beta_start': 0.00085, 'beta_end': 0.012",
                "zerosnr | 'beta_schedule': 'scaled_linear', 'beta_start': 0.00085, 'beta_end': 0.012,"
                        + " 'rescale_betas_zero_snr': true",
                "cosine | 'beta_schedule': 'squaredcos_cap_v2'"
            },
            quoteCharacter = '"')
    void alphasAreThoseOfDiffusers(String name, String keys) throws IOException {
        float[] alphas = ddim(keys.equals("''") ? "" : keys).alphasCumprod();
        JsonNode golden = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/diffusers/schedulers/alphas_cumprod.json")
                        .toFile());
        assertThat(alphas).hasSize(1000);
        for (int i = 0; i < golden.get("timesteps").size(); i++) {
            float wanted = golden.get(name).get(i).floatValue();
            assertThat(alphas[golden.get("timesteps").get(i).intValue()])
                    .as("t = " + golden.get("timesteps").get(i))
                    .isCloseTo(wanted, within(1e-6f * wanted));
        }
    }

    /** The checksums are of diffusers' alphas_cumprod, 1000 float32 in little endian. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "f89c76d9 | 'beta_schedule': 'scaled_linear', 'beta_start': 0.00085, 'beta_end': 0.012",
                "cea302c5 | 'beta_schedule': 'linear'",
                "eb7f089e | 'beta_schedule': 'squaredcos_cap_v2'"
            },
            quoteCharacter = '"')
    void alphasHaveTheBitsOfDiffusers(String checksum, String keys) {
        ByteBuffer bytes = ByteBuffer.allocate(4000).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(ddim(keys).alphasCumprod());
        CRC32 all = new CRC32();
        all.update(bytes);
        assertThat(Long.toHexString(all.getValue())).isEqualTo(checksum);
    }

    @Test
    void trainedBetasComeBeforeASchedule() {
        float[] alphas = ddim("'num_train_timesteps': 3, 'trained_betas': [0.5, 0.25, 0.5]")
                .alphasCumprod();
        assertThat(alphas).containsExactly(0.5f, 0.375f, 0.1875f);
    }

    @Test
    void everyOptionThatMattersIsRead() {
        SchedulerConfig read = ddim("'prediction_type': 'v_prediction', 'timestep_spacing': 'trailing',"
                + " 'steps_offset': 3, 'set_alpha_to_one': true, 'sample_max_value': 1.0");
        assertThat(read.prediction()).isEqualTo("v_prediction");
        assertThat(read.timestepSpacing()).isEqualTo("trailing");
        assertThat(read.stepsOffset()).isEqualTo(3);
        assertThat(read.setAlphaToOne()).isTrue();
        assertThat(ddim("'prediction_type': 'sample'").prediction()).isEqualTo("sample");
    }

    @Test
    void whatOnlyAClassWithoutClippingIsToldDoesNotMatter() {
        assertThat(config("{\"_class_name\": \"EulerDiscreteScheduler\", \"clip_sample\": true}")
                        .className())
                .isEqualTo("EulerDiscreteScheduler");
    }

    /** As diffusers corrects what it loads as a StableDiffusionPipeline. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'_class_name': 'PNDMScheduler'} | steps_offset is taken as 1 | absent",
                "{'_class_name': 'PNDMScheduler', 'steps_offset': 0} | steps_offset is taken as 1 | 0",
                "{'_class_name': 'PNDMScheduler', 'steps_offset': 3} | steps_offset is taken as 1 | 3",
                "{'_class_name': 'DDIMScheduler', 'steps_offset': 1} | clip_sample is taken as false | absent",
                "{'_class_name': 'DDPMScheduler', 'steps_offset': 1, 'clip_sample': true} | clip_sample is taken as false | true",
                "{'_class_name': 'LCMScheduler', 'steps_offset': 1, 'clip_sample': true} | clip_sample is taken as false | true"
            },
            quoteCharacter = '`')
    void outdatedFilesAreCorrectedUnlessTheyAreXls(String json, String taken, String said) {
        assertThat(config(json, false).stepsOffset()).isEqualTo(1);
        assertThat(log.messages())
                .containsExactly("s.json: " + taken
                        + ", as diffusers takes it in outdated files of Stable Diffusion 1.x and 2.x: " + said);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | {'_class_name': 'PNDMScheduler', 'steps_offset': 1}",
                "1 | {'_class_name': 'EulerDiscreteScheduler', 'steps_offset': 1, 'clip_sample': true}",
                "0 | {'_class_name': 'PNDMScheduler', 'timestep_spacing': 'trailing'}",
                "0 | {'_class_name': 'DPMSolverSinglestepScheduler'}"
            },
            quoteCharacter = '`')
    void whatIsNotOutdatedStays(int offset, String json) {
        assertThat(config(json, false).stepsOffset()).isEqualTo(offset);
        assertThat(log.messages()).isEmpty();
    }

    @Test
    void nothingOfXlsIsCorrected() {
        assertThat(config("{'_class_name': 'PNDMScheduler', 'steps_offset': 3}", true)
                        .stepsOffset())
                .isEqualTo(3);
        assertThat(config("{'_class_name': 'PNDMScheduler'}", true).stepsOffset())
                .isZero();
        assertThat(log.messages()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DDIMParallelScheduler",
                "DDPMParallelScheduler",
                "DPMSolverSDEScheduler",
                "LCMScheduler",
                "TCDScheduler"
            })
    void schedulersWithTheSameBetasAreRead(String name) {
        SchedulerConfig read = config(SD15.replace("PNDMScheduler", name));
        assertThat(read.className()).isEqualTo(name);
        assertThat(read.alphasCumprod()).containsExactly(config(SD15).alphasCumprod());
    }

    /** Their set_timesteps does not look at timestep_spacing. */
    @ParameterizedTest
    @ValueSource(strings = {"LCMScheduler", "TCDScheduler"})
    void theSchedulersOfFewStepsStartAtTheLastTimestepWhateverTheirFileSays(String name) {
        for (String said : new String[] {"", ", 'timestep_spacing': 'leading'", ", 'timestep_spacing': 'linspace'"}) {
            SchedulerConfig read = config("{'_class_name': '" + name + "'" + said + "}", false);
            assertThat(read.timestepSpacing()).isEqualTo("trailing");
            assertThat(read.stepsOffset()).isZero();
        }
        assertThatThrownBy(() -> config("{'_class_name': '" + name + "', 'timestep_spacing': 'odd'}"))
                .hasMessageContaining("timestep_spacing must be leading or");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | s.json: _class_name must be there: ",
                "{'_class_name': 'FlowMatchEulerDiscreteScheduler'} | s.json: _class_name must be DDIMScheduler or",
                "{'_class_name': 'DDIMScheduler'} | s.json: clip_sample must be false",
                "{'_class_name': 'DDIMParallelScheduler'} | s.json: clip_sample must be false (absent, it is true for DDIMPar",
                "{'_class_name': 'LCMScheduler', 'clip_sample': true} | s.json: clip_sample must be false: true",
                "{'_class_name': 'DDPMScheduler', 'clip_sample': true} | s.json: clip_sample must be false",
                "{'_class_name': 'PNDMScheduler', 'thresholding': true} | s.json: thresholding must be false: true",
                "{'_class_name': 'EulerDiscreteScheduler', 'timestep_type': 'continuous'} | s.json: timestep_type must be `discrete`: `continuous`",
                "{'_class_name': 'PNDMScheduler', 'num_train_timesteps': 1} | num_train_timesteps must be an integer from 2",
                "{'_class_name': 'PNDMScheduler', 'num_train_timesteps': 1e9} | num_train_timesteps must be an integer",
                "{'_class_name': 'PNDMScheduler', 'beta_schedule': 'sigmoid'} | beta_schedule must be linear or",
                "{'_class_name': 'PNDMScheduler', 'beta_start': 0.5} | beta_start must be <= beta_end (0.02): 0.5",
                "{'_class_name': 'PNDMScheduler', 'beta_start': 1e-30} | products of 1 - beta fall from below 1 in float32: 1.0",
                "{'_class_name': 'PNDMScheduler', 'beta_end': 1} | beta_end must be < 1: 1",
                "{'_class_name': 'PNDMScheduler', 'beta_start': -1} | beta_start must be a number > 0: -1",
                "{'_class_name': 'PNDMScheduler', 'beta_start': NaN} | beta_start must be a number > 0: ",
                "{'_class_name': 'PNDMScheduler', 'beta_end': Infinity} | beta_end must be a number > 0: ",
                "{'_class_name': 'PNDMScheduler', 'num_train_timesteps': Infinity} | num_train_timesteps must be an integer from 2",
                "{'_class_name': 'PNDMScheduler', 'num_train_timesteps': 2, 'trained_betas': [0.5, NaN]} | trained_betas must be a list of 2 numbers",
                "{'_class_name': 'PNDMScheduler', 'set_alpha_to_one': NaN} | set_alpha_to_one must be true or false: ",
                "{'_class_name': -Infinity} | _class_name must be DDIMScheduler or",
                "{'_class_name': 'PNDMScheduler', 'steps_offset': 1000} | steps_offset must be an integer from 0 to 999",
                "{'_class_name': 'PNDMScheduler', 'prediction_type': 'flow_prediction'} | prediction_type must be epsilon or",
                "{'_class_name': 'PNDMScheduler', 'timestep_spacing': 'logarithmic'} | timestep_spacing must be leading or",
                "{'_class_name': 'PNDMScheduler', 'trained_betas': [0.1]} | trained_betas must be a list of 1000 numbers",
                "{'_class_name': 'PNDMScheduler', 'set_alpha_to_one': 1} | set_alpha_to_one must be true or false: 1"
            })
    void whatIsNotSupportedIsOneLine(String json, String message) {
        assertThatThrownBy(() -> config(json))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message.replace('`', '"'))
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'num_train_timesteps': 2, 'trained_betas': [1e-30, 1e-30]",
                "'num_train_timesteps': 2, 'trained_betas': [1e-30, 1e-30], 'rescale_betas_zero_snr': true",
                "'num_train_timesteps': 100000"
            })
    void betasWhoseProductsDoNotFallAreRefused(String keys) {
        assertThatThrownBy(() -> ddim(keys))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(
                        "s.json: betas must be such that the products of 1 - beta fall from below 1 in float32: ");
    }

    @Test
    void betasThatCannotBeAreRefused() {
        String betas = IntStream.range(0, 1000).mapToObj(i -> "2").collect(Collectors.joining(","));
        assertThatThrownBy(() -> ddim("'trained_betas': [" + betas + "]"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("between 0 and 1");
    }
}
