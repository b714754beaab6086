package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
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

    @Test
    void otherWordsAndOtherDevicesAreRefused() {
        assertThatThrownBy(() -> Precision.parse("half"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("precision must be one of float32, bfloat16: half");
        assertThatThrownBy(() -> Precision.BFLOAT16.require(new Device(0)))
                .hasMessage("precision must be float32 on a card, so far: bfloat16");
        Precision.BFLOAT16.require(Device.CPU);
        Precision.FLOAT32.require(new Device(0));
    }
}
