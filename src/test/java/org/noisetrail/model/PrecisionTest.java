package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.kernels.Device;

class PrecisionTest {
    @Test
    void aPipelinesSettingsSayItWhereItIsNotFloat32() {
        PipelineOptions rounded =
                PipelineOptions.builder().precision(Precision.BFLOAT16).build();
        assertThat(rounded.settings()).isEqualTo(Map.of("precision", "bfloat16"));
        assertThat(PipelineOptions.DEFAULT.with(rounded.settings()).precision()).isEqualTo(Precision.BFLOAT16);
        assertThat(PipelineOptions.DEFAULT.settings()).isEmpty();
    }

    /** What trails of earlier versions hold is read, and goes on being written. */
    @ParameterizedTest
    @CsvSource({"fp32, float32", "tf32, tf32", "bf16, bfloat16", "fp16, float16"})
    void eachHasAShortWordAndTheOneThatTrailsWrite(String shorter, String word) {
        assertThat(Precision.parse(shorter)).isSameAs(Precision.parse(word));
        assertThat(Precision.parse(shorter).word()).isEqualTo(word);
    }

    @Test
    void otherWordsAreRefused() {
        assertThatThrownBy(() -> Precision.parse("half"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("precision must be one of fp32, tf32, bf16, fp16: half");
    }

    @Test
    void whatOnlyACardComputesWithIsRefusedOnTheCpu() {
        for (Precision precision : Precision.values()) {
            precision.require(new Device(0));
        }
        Precision.FLOAT32.require(Device.CPU);
        Precision.BFLOAT16.require(Device.CPU);
        assertThatThrownBy(() -> Precision.TF32.require(Device.CPU))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("precision tf32 is a card's: on the CPU it must be float32 or bfloat16");
        assertThatThrownBy(() -> Precision.FLOAT16.require(Device.CPU))
                .hasMessage("precision float16 is a card's: on the CPU it must be float32 or bfloat16");
    }
}
