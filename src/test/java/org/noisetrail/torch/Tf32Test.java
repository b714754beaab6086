package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Float32MatmulPrecision;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;

class Tf32Test {
    private static void expect(boolean rounded) {
        Torch.load();
        Context context = torch.globalContext();
        assertThat(context.allowTF32CuDNN()).isEqualTo(rounded);
        assertThat(context.allowTF32CuBLAS()).isEqualTo(rounded);
        assertThat(context.float32MatmulPrecision().intern())
                .isEqualTo(rounded ? Float32MatmulPrecision.HIGH : Float32MatmulPrecision.HIGHEST);
    }

    @Test
    void productsAreNotRoundedUnlessAModelHoldsItSo() {
        expect(false);
        try (Tf32 first = Tf32.hold(true)) {
            expect(true);
            Tf32 second = Tf32.hold(true);
            first.close();
            first.close();
            expect(true);
            second.close();
            expect(false);
        }
        try (Tf32 exact = Tf32.hold(false)) {
            assertThat(exact).isNotNull();
            expect(false);
        }
    }

    @Test
    void whoWantsItOtherwiseIsRefusedUntilTheOthersAreClosed() {
        try (Tf32 exact = Tf32.hold(false)) {
            assertThatThrownBy(() -> Tf32.hold(true))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage(
                            "precision tf32 is for all models on cards of a process or for none: others are open without it");
            assertThat(exact).isNotNull();
            expect(false);
        }
        try (Tf32 rounded = Tf32.hold(true)) {
            assertThatThrownBy(() -> Tf32.hold(false))
                    .hasMessage(
                            "precision tf32 is for all models on cards of a process or for none: others are open with it");
            assertThat(rounded).isNotNull();
            expect(true);
        }
        expect(false);
    }
}
