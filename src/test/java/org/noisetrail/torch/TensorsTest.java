package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.NativeObjects;

class TensorsTest {
    @Test
    void whatIsCopiedInComesOutOfEveryType() {
        try (Tensor floats = Tensors.floats(Device.CPU, 2, 3);
                Tensor doubles = Tensors.doubles(Device.CPU, 2);
                Tensor ints = Tensors.ints(Device.CPU, 2);
                Tensor longs = Tensors.longs(Device.CPU, 2);
                Tensor bytes = Tensors.bytes(Device.CPU, 3)) {
            Tensors.copy(new float[] {1, 2, 3, 4, 5, 6}, floats);
            Tensors.copy(new double[] {Math.PI, -1}, doubles);
            Tensors.copy(new int[] {7, Integer.MIN_VALUE}, ints);
            Tensors.copy(new long[] {Long.MAX_VALUE, 0}, longs);
            Tensors.copy(new byte[] {0, -1, 127}, bytes);
            assertThat(Tensors.toFloats(floats)).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(Tensors.toDoubles(doubles)).containsExactly(Math.PI, -1);
            assertThat(Tensors.toInts(ints)).containsExactly(7, Integer.MIN_VALUE);
            assertThat(Tensors.toLongs(longs)).containsExactly(Long.MAX_VALUE, 0);
            assertThat(Tensors.toBytes(bytes)).containsExactly(0, -1, 127);
            assertThat(Tensors.shape(floats)).containsExactly(2, 3);
        }
    }

    /** JavaCPP's flag nopointergc would keep the count at 0, and no test would see what is left behind. */
    @Test
    void whatIsOpenIsCounted() {
        // What LibTorch keeps for good is made by the first.
        Tensors.floats(Device.CPU, 1).close();
        long before = NativeObjects.settled();
        try (Tensor open = Tensors.floats(Device.CPU, 1)) {
            assertThat(Pointer.totalCount()).isGreaterThan(before);
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void rowsAreAViewThatOutlivesItsTensor() {
        Tensor whole = Tensors.of(Device.CPU, new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
        try (Tensor rows = Tensors.rows(whole, 1, 2)) {
            assertThat(Tensors.pointer(rows).address())
                    .isEqualTo(Tensors.pointer(whole).address() + 8);
            whole.close();
            assertThat(Tensors.toFloats(rows)).containsExactly(3, 4, 5, 6);
        }
    }

    @Test
    void anImpossibleUseIsRefusedInOneLine() {
        try (Tensor t = Tensors.floats(Device.CPU, 2, 2);
                Tensor turned = t.t()) {
            assertThatThrownBy(() -> Tensors.copy(new float[5], t))
                    .hasMessage("values must be <= 4 (the tensor's elements): 5");
            assertThatThrownBy(() -> Tensors.copy(new int[1], t)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Tensors.pointer(turned)).hasMessage("tensor must be contiguous");
            assertThatThrownBy(() -> Tensors.rows(t, 1, 2))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageStartingWith("LibTorch: ")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void closingFreesWhatWasMade() {
        use();
        long before = NativeObjects.settled();
        for (int i = 0; i < 100; i++) {
            use();
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void use() {
        try (Tensor t = Tensors.of(Device.CPU, new float[] {1, 2, 3, 4}, 2, 2);
                Tensor row = Tensors.rows(t, 1, 1)) {
            Tensors.toFloats(row);
        }
    }

    /** A card is not to be had here; "meta" is another device that has no memory. */
    @Test
    void whatIsOnOneDeviceIsNotOnAnother() {
        try (Tensor cpu = Tensors.floats(Device.CPU, 2);
                Tensor same = Tensors.floats(Device.CPU, 3);
                var meta = new org.bytedeco.pytorch.Device("meta");
                Tensor other = cpu.to(meta, ScalarType.Float)) {
            assertThat(Tensors.isOn(cpu, Device.CPU)).isTrue();
            assertThat(Tensors.isOn(cpu, new Device(0))).isFalse();
            assertThat(Tensors.isOn(other, Device.CPU)).isFalse();
            assertThat(Tensors.isOn(other, new Device(0))).isFalse();
            assertThat(Tensors.areTogether(cpu, same)).isTrue();
            assertThat(Tensors.areTogether(cpu, other)).isFalse();
        }
    }
}
