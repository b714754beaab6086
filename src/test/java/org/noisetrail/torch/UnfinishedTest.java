package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.NativeObjects;

class UnfinishedTest {
    private final List<String> closed = new ArrayList<>();

    private AutoCloseable part(String name) {
        return () -> closed.add(name);
    }

    @Test
    void whatWasMadeIsClosedLastFirstWhereTheNextCannotBeMade() {
        assertThatThrownBy(() -> {
                    try (Unfinished parts = new Unfinished()) {
                        parts.add(part("first"));
                        parts.add(part("second"));
                        throw new OutOfMemoryError("third");
                    }
                })
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessage("third")
                .hasNoSuppressedExceptions();
        assertThat(closed).containsExactly("second", "first");
    }

    @Test
    void whatIsFinishedStaysOpen() {
        try (Unfinished parts = new Unfinished()) {
            parts.add(part("first"));
            assertThat(parts.finish("made")).isEqualTo("made");
        }
        assertThat(closed).isEmpty();
    }

    @Test
    void aPartThatCannotBeClosedHidesNeitherTheReasonNorTheOthers() {
        assertThatThrownBy(() -> {
                    try (Unfinished parts = new Unfinished()) {
                        parts.add(part("first"));
                        parts.add(() -> {
                            throw new IllegalStateException("second");
                        });
                        throw new OutOfMemoryError("third");
                    }
                })
                .hasMessage("third")
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("second"));
        assertThat(closed).containsExactly("first");
    }

    @Test
    void allAreClosedInTheirOrderAndTheFirstFailureIsTold() {
        AutoCloseable failing = () -> {
            throw new java.io.IOException("second");
        };
        AutoCloseable unchecked = () -> {
            throw new IllegalArgumentException("third");
        };
        assertThatThrownBy(() -> Unfinished.closeAll(
                        java.util.Arrays.asList(part("first"), failing, null, unchecked, part("last"))))
                .isInstanceOf(IllegalStateException.class)
                .hasRootCauseMessage("second")
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("third"));
        assertThatThrownBy(() -> Unfinished.closeAll(List.of(unchecked, failing)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("third");
        assertThat(closed).containsExactly("first", "last");
    }

    @Test
    void tensorsThatCannotBeFilledAreNotLeftToTheCollector() {
        Tensors.floats(Device.CPU, 1).close();
        long before = NativeObjects.settled();
        assertThatThrownBy(() -> Tensors.of(Device.CPU, new float[3], 2)).isInstanceOf(IllegalArgumentException.class);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
}
