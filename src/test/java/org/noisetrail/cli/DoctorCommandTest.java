package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Cuda;

class DoctorCommandTest {
    @Test
    void aCardIsToldByNameCapabilityAndMemory() {
        Cuda cuda = new Cuda(
                true,
                13010,
                13000,
                80,
                List.of(
                        new Cuda.Card("NVIDIA A100", "8.0", 42949672960L),
                        new Cuda.Card("NVIDIA H200", "9.0", 1L << 37)),
                "");
        assertThat(DoctorCommand.cards(cuda))
                .extracting(DoctorCommand::words)
                .containsExactly(
                        "device cuda:0, name NVIDIA A100, computeCapability 8.0, memoryMiB 40960",
                        "device cuda:1, name NVIDIA H200, computeCapability 9.0, memoryMiB 131072");
    }
}
