package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a process of its own leaves behind. */
@Timeout(120)
class ProcessEndTest {
    @TempDir
    private Path folder;

    /** Holds a temporary file when it is told to end, and has work to finish that needs it. */
    static final class Ends {
        private Ends() {}

        public static void main(String[] args) throws Exception {
            Path folder = Path.of(args[0]);
            for (int i = 0; i < 100; i++) {
                AtomicFiles.write(folder.resolve(i + ".txt"), new byte[] {'x'});
            }
            Path kept = AtomicFiles.temporary(folder.resolve("kept.txt"));
            Files.writeString(kept, "some");
            Path discarded = AtomicFiles.temporary(folder.resolve("discarded.txt"));
            Files.writeString(discarded, "some");
            AtomicFiles.discard(discarded);
            String known = AtomicFiles.TEMPORARY.size() + " of ours, " + ofJava() + " of Java's";
            ProcessEnd.finish(() -> {
                try {
                    // Longer than what runs at once with it.
                    Thread.sleep(500);
                    Files.writeString(folder.resolve("said.txt"), known + ", there: " + Files.exists(kept));
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Runnable forgotten = () -> folder.resolve("said.txt").toFile().delete();
            ProcessEnd.finish(forgotten);
            ProcessEnd.forget(forgotten);
            System.exit(3);
        }

        private static int ofJava() throws ReflectiveOperationException {
            Field files = Class.forName("java.io.DeleteOnExitHook").getDeclaredField("files");
            files.setAccessible(true);
            return ((Collection<?>) files.get(null)).size();
        }
    }

    @Test
    void workIsFinishedThenTemporaryFilesGoAndNoneIsRememberedForEver() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/java.io=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Ends.class.getName(),
                        folder.toString()))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        assertThat(folder.resolve("log")).hasContent("");
        assertThat(process.exitValue()).isEqualTo(3);
        assertThat(folder.resolve("said.txt")).hasContent("1 of ours, 0 of Java's, there: true");
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".tmp")))
                    .isEmpty();
        }
    }
}
