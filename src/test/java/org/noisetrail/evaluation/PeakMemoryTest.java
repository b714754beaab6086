package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;

@EnabledOnOs(OS.LINUX)
class PeakMemoryTest {
    private static final int MIB = 1 << 20;
    /** What else the process may take or give back meanwhile. */
    private static final double SLACK = 48. * MIB;

    private static double peakOf(Runnable work) {
        PeakMemory memory = PeakMemory.start();
        work.run();
        return memory.bytes();
    }

    private static void touch(int mebibytes) {
        try (Tensor touched = Tensors.bytes(Device.CPU, mebibytes, MIB)) {
            Tensors.fill(touched, 1);
        }
    }

    /** Memory that is held no more when it is asked for, and that is not Java's. */
    @Test
    void itIsTheMostThatWasHeldMeanwhile() {
        touch(1); // what LibTorch takes when it is first asked for something
        double before = peakOf(() -> {});
        assumeThat(before).as("a system that tells").isNotNaN();
        double with = peakOf(() -> touch(256));
        double after = peakOf(() -> {});
        assertThat(with - before).isBetween(256. * MIB - SLACK, 256. * MIB + SLACK);
        assertThat(after).as("begins anew").isLessThan(with - 256. * MIB + 2 * SLACK);
    }
}
