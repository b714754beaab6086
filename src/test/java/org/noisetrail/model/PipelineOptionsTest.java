package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class PipelineOptionsTest {
    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void whatIsOutOfItsRangeIsRefusedWhereItIsGiven() {
        PipelineOptions.Builder builder = PipelineOptions.builder();
        refused(() -> builder.guidance(-5.0), "guidance must be from 0 to 10000: -5.0");
        refused(() -> builder.guidance(10001.0), "guidance must be from 0 to 10000: 10001.0");
        refused(() -> builder.guidance(Double.NaN), "guidance must be from 0 to 10000: NaN");
        refused(() -> builder.guidanceRescale(3), "guidance-rescale must be from 0 to 1: 3.0");
        refused(() -> builder.guidanceRescale(Double.NaN), "guidance-rescale must be from 0 to 1: NaN");
        refused(() -> builder.height(0), "height must be from 1 to 16384: 0");
        refused(() -> builder.width(16385), "width must be from 1 to 16384: 16385");
        refused(() -> builder.clipSkip(-1), "clip-skip must be >= 0: -1");
    }

    @Test
    void theEndsOfTheRangesAreTaken() {
        PipelineOptions least = PipelineOptions.builder()
                .guidance(0.0)
                .guidanceRescale(0)
                .height(1)
                .build();
        PipelineOptions most = PipelineOptions.builder()
                .guidance(1e4)
                .guidanceRescale(1)
                .width(16384)
                .build();
        assertThat(least.guidance()).isZero();
        assertThat(most.guidanceRescale()).isEqualTo(1);
        assertThat(PipelineOptions.builder()
                        .guidance(1.0)
                        .guidance(null)
                        .build()
                        .guidance())
                .isNull();
    }
}
