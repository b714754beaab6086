package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchTest {
    /** A program that uses LibTorch twice. */
    static final class Twice {
        public static void main(String[] args) {
            Torch.threads();
            System.out.println("threads " + Torch.threads());
        }
    }

    @Test
    void whatTheLauncherSetsIsAskedFor() {
        assertThat(Torch.unset(Map.of("OMP_WAIT_POLICY", "passive", "GOMP_SPINCOUNT", "1000")))
                .isEmpty();
        assertThat(Torch.unset(Map.of("OMP_WAIT_POLICY", "active"))).startsWith("GOMP_SPINCOUNT not set");
        assertThat(Torch.unset(Map.of()))
                .startsWith("OMP_WAIT_POLICY and GOMP_SPINCOUNT not set")
                .endsWith("start Java with OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=1000");
    }

    @Test
    void moreThreadsThanAnyMachineHasAreRefused() {
        assertThatThrownBy(() -> Torch.setThreads(100_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads must be from 1 to 4096: 100000");
    }

    @Test
    void aProgramWithoutThemIsWarnedOnceAndHasAThreadAProcessorThatItMayUse(@TempDir Path folder) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:ActiveProcessorCount=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Twice.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().remove("OMP_WAIT_POLICY");
        builder.environment().remove("GOMP_SPINCOUNT");
        builder.environment().remove("OMP_NUM_THREADS");
        assertThat(builder.start().waitFor()).isZero();
        assertThat(Files.readString(folder.resolve("log")))
                .containsOnlyOnce("GOMP_SPINCOUNT not set")
                .contains("threads 1\n");
    }
}
