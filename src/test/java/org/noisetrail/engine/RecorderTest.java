package org.noisetrail.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecorderTest {
    /** Made by {@code cmake/test.sh}, which Maven runs before the tests. */
    private static final Path EMULATED = Path.of("target", "native", "emulated");

    @TempDir
    private Path folder;

    @Test
    void recordedRoundsAreTheRoundsThatCallsMakeOneByOneAndThoseOfTheCpu() throws Exception {
        assertThat(EMULATED).isDirectory();
        List<String> lines = run(EmulatedCard.class);
        assertThat(lines).hasSize(17);
        for (int at = 0; at < 8; at += 4) {
            String cpu = after("cpu ", lines.get(at));
            assertThat(after("calls ", lines.get(at + 1))).isEqualTo(cpu);
            // Six steps of six rounds, of three kinds: to and fro between two places, and the last step. Two of each
            // kind go call by call before the third is recorded.
            assertThat(after("rounds ", lines.get(at + 2))).isEqualTo(cpu + " launches 30");
            assertThat(after("waiting ", lines.get(at + 3))).isEqualTo(cpu + " launches 0");
        }
        assertThat(after("full ", lines.get(8))).isEqualTo(after("cpu ", lines.get(4)) + " launches 0");
        assertThat(lines.get(9))
                .startsWith("counting a recorded round must score as its calls do one by one, and did not");
        // Three steps have launched all but two rounds of two kinds each; what the fourth launches calls the network,
        // too.
        assertThat(lines.get(10)).isEqualTo("closed the model was closed after 14");
        // What a launched round has written is read, in whichever block of the exchange it lies.
        assertThat(after("apart rounds ", lines.get(14)))
                .isEqualTo(after("apart calls ", lines.get(11)) + " launches 30");
        // Rounds of some of the images are not recorded.
        assertThat(after("some rounds ", lines.get(15))).isEqualTo(after("some calls ", lines.get(12)) + " launches 0");
        // Three tables of other sizes a step: of the nine kinds of rounds the first eight are recorded, all but one of
        // the last step. 8 x 4 launches when they are recorded, 3 x 3 x 6 in the three steps of known kinds.
        assertThat(after("many rounds ", lines.get(16)))
                .isEqualTo(after("many calls ", lines.get(13)) + " launches 86");
        assertThat(Files.readString(folder.resolve("err")))
                .containsOnlyOnce(
                        "rounds are given to cuda:0 call by call: stream_synchronize: operation not permitted when stream is capturing")
                .containsOnlyOnce(
                        "rounds are given to cuda:0 call by call: LibTorch: CUDA out of memory. Tried to allocate 2.00 GiB")
                // Calls outside of recordings have memory: they keep their rows.
                .doesNotContain("going on with");
    }

    private static String after(String start, String line) {
        assertThat(line).startsWith(start);
        return line.substring(start.length());
    }

    private List<String> run(Class<?> main) throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Path out = folder.resolve("out");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "-cp",
                        EMULATED.toAbsolutePath() + File.pathSeparator + classPath,
                        main.getName())
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
        assertThat(process.waitFor()).isZero();
        return Files.readAllLines(out, StandardCharsets.UTF_8);
    }
}
