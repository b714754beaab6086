package org.noisetrail.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.torch.Tensors;

/** A text's row is its length and how often texts were asked for. */
class TextRowsTest {
    private final List<List<String>> made = new ArrayList<>();
    private boolean unsettled;

    private Tensor make(List<String> texts) {
        made.add(List.copyOf(texts));
        float[] rows = new float[2 * texts.size()];
        for (int i = 0; i < texts.size(); i++) {
            rows[2 * i] = texts.get(i).length();
            rows[2 * i + 1] = made.size();
        }
        return Tensors.of(Device.CPU, rows, texts.size(), 2);
    }

    private void settle() {
        if (unsettled) {
            throw new NoisetrailException("cannot wait");
        }
    }

    private TextRows rows(int most) {
        return new TextRows(most, 2, this::make, this::settle);
    }

    private static float[] of(TextRows rows, String... texts) {
        try (Tensor result = rows.of(List.of(texts))) {
            return Tensors.toFloats(result);
        }
    }

    @Test
    void whatIsKeptStaysAndTheRestIsMadeInEveryCall() {
        try (TextRows rows = rows(3)) {
            assertThat(of(rows, "a", "bb", "a")).containsExactly(1, 1, 2, 1, 1, 1);
            assertThat(of(rows, "eeeee", "bb", "dddd", "ccc")).containsExactly(5, 2, 2, 1, 4, 2, 3, 3);
            assertThat(of(rows, "dddd", "a", "eeeee")).containsExactly(4, 4, 1, 1, 5, 2);
            assertThat(made)
                    .containsExactly(List.of("a", "bb"), List.of("eeeee", "dddd"), List.of("ccc"), List.of("dddd"));
        }
    }

    /** While a lane is recorded nothing can be waited for, and what was told to be made is not there. */
    @Test
    void whatCouldNotBeWaitedForIsNotKept() {
        try (TextRows rows = rows(3)) {
            unsettled = true;
            assertThatThrownBy(() -> of(rows, "a")).hasMessage("cannot wait");
            unsettled = false;
            assertThat(of(rows, "a")).containsExactly(1, 2);
        }
    }

    @Test
    void nothingIsLeftBehind() {
        use();
        long before = NativeObjects.settled();
        use();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private void use() {
        try (TextRows rows = rows(2)) {
            of(rows, "a", "bb", "ccc", "dddd", "eeeee");
        }
    }
}
