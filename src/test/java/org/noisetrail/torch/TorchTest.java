package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;

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
            Torch.threads();
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
    void aProgramWithoutThemIsWarnedOnce(@TempDir Path folder) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Twice.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        builder.environment().remove("OMP_WAIT_POLICY");
        builder.environment().remove("GOMP_SPINCOUNT");
        assertThat(builder.start().waitFor()).isZero();
        assertThat(Files.readString(folder.resolve("log"))).containsOnlyOnce("GOMP_SPINCOUNT not set");
    }
}
