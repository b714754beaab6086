package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaTest {
    @Test
    void whatTheKernelsWriteIsRead() {
        List<String> written = List.of(
                "driver=13010\nruntime=13000\nleast=80\ndevices=2\nerror=\n",
                "name=NVIDIA A = B\ncapability=8.0\nmemory=85899345920\n",
                "name=NVIDIA H200\ncapability=9.0\nmemory=150754820096\n");
        assertThat(Cuda.read(true, device -> written.get(device + 1)))
                .isEqualTo(new Cuda(
                        true,
                        13010,
                        13000,
                        80,
                        List.of(
                                new Cuda.Card("NVIDIA A = B", "8.0", 85899345920L),
                                new Cuda.Card("NVIDIA H200", "9.0", 150754820096L)),
                        ""));
        assertThat(Cuda.read(true, device -> "driver=0\nruntime=13000\ndevices=0\nerror=too old, or none\n"))
                .isEqualTo(new Cuda(true, 0, 13000, 0, List.of(), "too old, or none"));
        assertThat(Cuda.read(false, device -> "")).isEqualTo(new Cuda(false, 0, 0, 0, List.of(), ""));
    }

    @ParameterizedTest
    @CsvSource({"7.5, false", "8.0, true", "8.9, true", "9.0, true", "10.0, true", "12.1, true", "'', true"})
    void codeIsForItsCapabilityAndLaterOnes(String capability, boolean runs) {
        Cuda cuda = new Cuda(true, 13000, 13000, 80, List.of(), "");
        assertThat(cuda.runs(new Cuda.Card("a card", capability, 0))).isEqualTo(runs);
    }

    @Test
    void theKernelsDescribeThisMachine() {
        Cuda found = Cuda.ask();
        assertThat(found.compiled()).isEqualTo(Kernels.cudaCompiled());
        assertThat(found.cards()).hasSize(Kernels.cudaDevices());
        // The runtime is a part of the kernels.
        assertThat(found.runtime() > 0).isEqualTo(found.compiled());
    }

    @Test
    void aVersionIsWrittenAsPeopleDo() {
        assertThat(Cuda.version(13000)).isEqualTo("13.0");
        assertThat(Cuda.version(12040)).isEqualTo("12.4");
        assertThat(Cuda.version(11080)).isEqualTo("11.8");
    }
}
