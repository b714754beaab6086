package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
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

    @Test
    void settingsSayWhatIsNotTheModelsOwnAndAreReadBack() {
        PipelineOptions asked = PipelineOptions.builder()
                .precision(Precision.BFLOAT16)
                .sizeCondition("512x768+8+16")
                .clipSkip(2)
                .width(640)
                .height(480)
                .guidanceRescale(.7)
                .guidance(6.5)
                .build();
        assertThat(asked.settings())
                .containsExactly(
                        Map.entry("guidance", "6.5"),
                        Map.entry("guidance-rescale", "0.7"),
                        Map.entry("height", "480"),
                        Map.entry("width", "640"),
                        Map.entry("clip-skip", "2"),
                        Map.entry("size-condition", "512x768+8+16"),
                        Map.entry("precision", "bfloat16"));
        assertThat(PipelineOptions.DEFAULT.with(asked.settings()).settings()).isEqualTo(asked.settings());
        assertThat(asked.with(asked.settings()).settings()).isEqualTo(asked.settings());
        assertThat(PipelineOptions.builder()
                        .clipSkip(0)
                        .guidanceRescale(0)
                        .precision(Precision.FLOAT32)
                        .guidance(3.0)
                        .guidance(null)
                        .build()
                        .settings())
                .isEmpty();
    }

    @Test
    void whatWasGivenMustBeWhatItWasDrawnWith() {
        Map<String, String> plain = Map.of();
        refused(
                () -> PipelineOptions.builder().clipSkip(1).build().with(plain),
                "clip-skip must be 0, as it was drawn: 1");
        refused(
                () -> PipelineOptions.builder().guidance(2.0).build().with(plain),
                "guidance must be left out, since it was drawn without: 2.0");
        refused(
                () -> PipelineOptions.builder().width(64).build().with(Map.of("width", "32")),
                "width must be 32, as it was drawn: 64");
        assertThat(PipelineOptions.builder()
                        .guidance(2.0)
                        .guidance(null)
                        .clipSkip(0)
                        .build()
                        .with(plain)
                        .settings())
                .isEmpty();
    }
}
