package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativesTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    private Path folder;

    /** Writes when it begins and when it ends, some time later. */
    public static final class Turn implements Runnable {
        private final Path log;

        public Turn(Path log) {
            this.log = log;
        }

        public static void main(String[] args) {
            Path folder = Path.of(args[0]);
            Natives.alone(folder.resolve("lock"), LONG, new Turn(folder.resolve("log")));
        }

        @Override
        public void run() {
            try {
                write("begin\n");
                Thread.sleep(100);
                write("end\n");
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private void write(String line) throws IOException {
            Files.writeString(log, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    @Test
    void aLibraryThatAnotherNeedsIsNamed() {
        UnsatisfiedLinkError linker = new UnsatisfiedLinkError(
                "/cache/a.jar/linux-x86_64-gpu/libjnitorch.so: libcupti.so.13: cannot open shared object file: No such file or directory");
        UnsatisfiedLinkError loader = new UnsatisfiedLinkError("no jnitorch in java.library.path: /lib");
        loader.initCause(linker);
        assertThat(Natives.explained(loader))
                .hasMessage(
                        "libjnitorch.so needs libcupti.so.13, which is not found: LD_LIBRARY_PATH must name the folders of all that it needs")
                .hasNoCause()
                .hasSuppressedException(loader);
        UnsatisfiedLinkError other = new UnsatisfiedLinkError("no jnitorch in java.library.path: /lib");
        assertThat(Natives.explained(other)).isSameAs(other);
        assertThat(Natives.explained(new UnsatisfiedLinkError())).hasMessage(null);
    }

    @Test
    void theLinkerIsAskedForALibrary() {
        assertThat(Natives.isFound("libm.so.6")).isTrue();
        assertThat(Natives.isFound("libnoisetrail-has-none-such.so.7")).isFalse();
    }

    private List<String> log() throws IOException {
        return Files.readAllLines(folder.resolve("log"));
    }

    private static List<String> turns(int count) {
        return Collections.nCopies(count, List.of("begin", "end")).stream()
                .flatMap(List::stream)
                .toList();
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    @Test
    void processesTakeTurns() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            classPath(),
                            Turn.class.getName(),
                            folder.toString())
                    .inheritIO()
                    .start());
        }
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }
        assertThat(log()).isEqualTo(turns(3));
    }

    @Test
    void threadsAndClassLoadersOfAProcessTakeTurns() throws Exception {
        List<URLClassLoader> loaders = new ArrayList<>();
        List<FutureTask<Object>> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            List<URL> urls = new ArrayList<>();
            for (String entry : classPath().split(File.pathSeparator)) {
                urls.add(new File(entry).toURI().toURL());
            }
            // Two of them on two threads each.
            if (i % 2 == 0) {
                loaders.add(new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()));
            }
            Class<?> turn = loaders.get(i / 2).loadClass(Turn.class.getName());
            Object args = new String[] {folder.toString()};
            tasks.add(new FutureTask<>(
                    () -> turn.getMethod("main", String[].class).invoke(null, args)));
        }
        tasks.forEach(task -> new Thread(task).start());
        for (FutureTask<Object> task : tasks) {
            task.get();
        }
        for (URLClassLoader loader : loaders) {
            loader.close();
        }
        assertThat(log()).isEqualTo(turns(4));
    }

    @Test
    void anInterruptedThreadWaitsAndStaysInterrupted() throws Exception {
        Path file = folder.resolve("lock");
        boolean[] interrupted = new boolean[1];
        Thread waiting;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            waiting = new Thread(() -> {
                Thread.currentThread().interrupt();
                Natives.alone(
                        file,
                        LONG,
                        () -> interrupted[0] = Thread.currentThread().isInterrupted());
            });
            waiting.start();
            waiting.join(100);
            assertThat(waiting.isAlive()).isTrue();
            assertThat(held.isValid()).isTrue();
        }
        waiting.join();
        assertThat(interrupted[0]).isTrue();
    }

    @Test
    void whereNothingCanBeLockedTheWorkIsDone() throws IOException {
        Path file = folder.resolve("lock");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            assertThat(held.isValid()).isTrue();
            Natives.alone(file, Duration.ZERO, new Turn(folder.resolve("log")));
        }
        Path missing = folder.resolve("none");
        Natives.alone(missing.resolve("lock"), LONG, new Turn(folder.resolve("log")));
        Path directory = Files.createDirectory(folder.resolve("directory"));
        Natives.alone(directory, LONG, new Turn(folder.resolve("log")));
        assertThat(log()).isEqualTo(turns(3));
    }

    @Test
    void theLockIsLetGoWhenTheWorkFails() throws IOException {
        Path file = folder.resolve("lock");
        assertThatThrownBy(() -> Natives.alone(file, LONG, () -> {
                    throw new UnsatisfiedLinkError("no");
                }))
                .isInstanceOf(UnsatisfiedLinkError.class);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock free = channel.tryLock()) {
            assertThat(free).isNotNull();
        }
    }
}
