package org.noisetrail.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.LoraWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SchedulerConfig;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.report.TrailFiles;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.search.Trail;

class FuzzTest {
    @TempDir
    Path folder;

    private static PrintStream quiet() {
        return new PrintStream(new ByteArrayOutputStream(), true, UTF_8);
    }

    @Test
    void everySoundInputIsRead() throws Exception {
        for (Target target : Targets.all(folder)) {
            for (byte[] seed : target.seeds()) {
                target.reader().read(seed.clone());
            }
        }
    }

    /** Those whose seeds are JSON objects. */
    private List<Target> jsonReaders() throws IOException {
        List<Target> readers = Targets.all(folder).stream()
                .filter(target -> target.seeds().get(0)[0] == '{')
                .toList();
        assertThat(readers).hasSizeGreaterThan(8);
        return readers;
    }

    private static byte[] with(String before, byte[] seed, int from, String after) {
        return (before + new String(seed, from, seed.length - from, UTF_8) + after).getBytes(UTF_8);
    }

    @Test
    void everyReaderOfJsonLetsAByteOrderMarkPass() throws Exception {
        for (Target target : jsonReaders()) {
            target.reader().read(with("\uFEFF", target.seeds().get(0), 0, ""));
        }
    }

    @Test
    void everyReaderOfJsonRefusesTheSame() throws IOException {
        for (Target target : jsonReaders()) {
            byte[] seed = target.seeds().get(0);
            refused(target, with("{\"x\":1,\"x\":2,", seed, 1, ""), "Duplicate field 'x'");
            refused(target, with("{\"x\":" + "[".repeat(100_000), seed, 1, ""), "nesting depth (65) exceeds");
            refused(target, with("", seed, 0, "{}"), "something follows its end");
            refused(target, with("{\"\u001b[2J\":,", seed, 1, ""), "not sound JSON");
            refused(target, new byte[0], "it is empty");
            refused(target, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, "not UTF-8");
        }
    }

    private static void refused(Target target, byte[] input, String message) {
        assertThatThrownBy(() -> target.reader().read(input))
                .as(target.name())
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\u001b");
    }

    @Test
    void everyReaderOfFilesRefusesWhatHasNoEnd() {
        assumeTrue(Files.exists(Path.of("/dev/zero")));
        Path zero = Path.of("/dev/zero");
        for (ThrowingCallable reader : List.<ThrowingCallable>of(
                () -> Safetensors.open(zero),
                () -> JsonFiles.read(zero),
                () -> Trail.read(zero),
                () -> RoundSchedule.read(zero),
                () -> TrailFiles.read(zero),
                () -> SchedulerConfig.read(endless(), true),
                () -> LoraWeights.requireNetworks(Set.of(), List.of("/dev/zero")))) {
            assertThatThrownBy(reader)
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("zero")
                    .message()
                    .containsAnyOf("must be <= ", "a folder or a device");
        }
    }

    private ModelFiles endless() throws IOException {
        Files.createDirectories(folder.resolve("scheduler"));
        Files.createSymbolicLink(folder.resolve("scheduler/scheduler_config.json"), Path.of("/dev/zero"));
        return ModelFiles.folder(Files.move(
                        folder.resolve("scheduler"),
                        Files.createDirectories(folder.resolve("zero")).resolve("scheduler"))
                .getParent());
    }

    @Test
    void aLongRewardTextIsOneLine() {
        String text = "compressibility:" + "a-".repeat(6000) + "a";
        assertThatThrownBy(() -> RewardText.parse(text).build(Device.CPU)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyParserRefusesDamageInItsOwnWords() throws IOException, InterruptedException {
        Fuzz fuzz = new Fuzz(Targets.all(folder), 7);
        fuzz.run(Duration.ofSeconds(4), quiet());
        assertThat(fuzz.faults()).isEmpty();
        assertThat(fuzz.tallies()).allSatisfy(tally -> {
            assertThat(tally.inputs()).isPositive();
            assertThat(tally.accepted()).isLessThan(tally.inputs());
        });
    }

    @Test
    void faultsAreFound() throws InterruptedException {
        Target careless = new Target("careless", List.of(new byte[100]), input -> {
            if (input[0] != 0) {
                throw new ArrayIndexOutOfBoundsException("7");
            }
        });
        Fuzz fuzz = new Fuzz(List.of(careless), 1);
        fuzz.run(Duration.ofSeconds(4), quiet());
        assertThat(fuzz.faults())
                .hasSizeGreaterThanOrEqualTo(20)
                .first()
                .asString()
                .startsWith("careless: java.lang.ArrayIndex");
    }
}
