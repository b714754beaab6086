package org.noisetrail.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;

/**
 * Whatever a program does first, the lock around the loading of natives is passed. Each door is opened in a class loader of its own, as if in a fresh JVM, that has no natives to
 * load (one class loader's would be closed to all others): so most fail, and what matters is which classes they asked for on the way.
 */
class NativeDoorsTest {
    private static final String LOCK = "org.noisetrail.kernels.Natives";
    /** JavaCPP reads what a class needs of natives into one. */
    private static final String LOADING = "org.bytedeco.javacpp.ClassProperties";

    private static final String CACHE = "org.bytedeco.javacpp.cachedir";

    private static final String VERBOSITY = "slf4j.internal.verbosity";

    private static final List<URL> CLASS_PATH = withoutNatives();

    @BeforeAll
    static void doNotMissLogback() {
        System.setProperty(VERBOSITY, "ERROR");
    }

    @AfterAll
    static void tellWhatIsMissing() {
        System.clearProperty(VERBOSITY);
    }

    private static List<URL> withoutNatives() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<URL> urls = new ArrayList<>();
        for (String entry : path.split(File.pathSeparator)) {
            // Without logback, whose start takes longer than everything else.
            if (!entry.contains("linux-x86_64") && !entry.contains("logback")) {
                try {
                    urls.add(new File(entry).toURI().toURL());
                } catch (MalformedURLException e) {
                    throw new IllegalStateException(entry, e);
                }
            }
        }
        return urls;
    }

    private static final class FreshLoader extends URLClassLoader {
        private final List<String> asked = new ArrayList<>();

        FreshLoader() {
            super(CLASS_PATH.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            asked.add(name);
            return super.findClass(name);
        }

        @Override
        public URL findResource(String name) {
            return name.contains(".so") ? null : super.findResource(name);
        }

        @Override
        public Enumeration<URL> findResources(String name) throws IOException {
            return name.contains(".so") ? Collections.emptyEnumeration() : super.findResources(name);
        }

        boolean loads() {
            return asked.contains(LOADING);
        }

        boolean loadsUnderLock() {
            return loads() && asked.contains(LOCK) && asked.indexOf(LOCK) < asked.indexOf(LOADING);
        }
    }

    static Stream<String> doors() {
        return Arrays.stream(NativeDoors.values()).map(Enum::name);
    }

    @ParameterizedTest
    @MethodSource("doors")
    void leadsThroughTheLock(String door) throws Exception {
        try (FreshLoader loader = new FreshLoader()) {
            Class<?> doors = loader.loadClass(NativeDoors.class.getName());
            Object one =
                    Enum.class.getMethod("valueOf", Class.class, String.class).invoke(null, doors, door);
            catchThrowable(((Runnable) one)::run);
            assertThat(loader.loadsUnderLock()).isTrue();
        }
    }

    /** Not the error of a class's initialiser, which comes once and leaves the class of no use. */
    @ParameterizedTest
    @ValueSource(
            strings = {"CLASSES", "PROMPTS", "MODULE", "REWARD", "MIXTURE", "SEARCH", "WORKERS", "COMPARISON", "LANE"})
    void whereThereIsNoFolderForNativesOneLineSaysSoEachTime(String door) throws Exception {
        String before = System.getProperty(CACHE);
        System.setProperty(CACHE, Path.of("pom.xml", "below").toString());
        try (FreshLoader loader = new FreshLoader()) {
            Class<?> doors = loader.loadClass(NativeDoors.class.getName());
            Object one =
                    Enum.class.getMethod("valueOf", Class.class, String.class).invoke(null, doors, door);
            for (int time = 0; time < 2; time++) {
                Throwable thrown = catchThrowable(((Runnable) one)::run);
                assertThat(thrown.getClass().getName()).isEqualTo(NoisetrailException.class.getName());
                assertThat(thrown).hasMessageStartingWith("native libraries cannot be unpacked to pom.xml/below: ");
            }
        } finally {
            if (before == null) {
                System.clearProperty(CACHE);
            } else {
                System.setProperty(CACHE, before);
            }
        }
    }

    @Test
    void aDoorBesideItIsSeen() throws Exception {
        try (FreshLoader loader = new FreshLoader()) {
            catchThrowable(() -> Class.forName("org.bytedeco.pytorch.Tensor", true, loader));
            assertThat(loader.loads()).isTrue();
            assertThat(loader.loadsUnderLock()).isFalse();
        }
    }

    @Test
    void noClassLoadsNativesBesideTheLockWhenItBegins() throws Exception {
        List<String> beside = new ArrayList<>();
        List<String> loading = new ArrayList<>();
        for (String name : classes()) {
            try (FreshLoader loader = new FreshLoader()) {
                Class<?> type = Class.forName(name, false, loader);
                Class<?> above = type.getSuperclass();
                if (above != null && above.getName().startsWith("org.bytedeco.")) {
                    // Made by the class that it is part of.
                    continue;
                }
                catchThrowable(() -> Class.forName(name, true, loader));
                if (loader.loads()) {
                    (loader.loadsUnderLock() ? loading : beside).add(name);
                }
            }
        }
        assertThat(beside).isEmpty();
        assertThat(loading).contains("org.noisetrail.kernels.NativeKernels", "org.noisetrail.torch.Tensors");
    }

    /** Others reach natives by way of these. */
    private static boolean namesJavaCpp(Path file) {
        try {
            return file.toString().endsWith(".class")
                    && Files.readString(file, StandardCharsets.ISO_8859_1).contains("org/bytedeco/");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> classes() throws IOException {
        Path house = Path.of(NoisetrailException.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
        try (Stream<Path> files = Files.walk(house)) {
            return files.filter(NativeDoorsTest::namesJavaCpp)
                    .map(file -> house.relativize(file).toString())
                    .filter(file -> !file.endsWith("-info.class"))
                    .map(file ->
                            file.substring(0, file.length() - ".class".length()).replace('/', '.'))
                    .toList();
        }
    }
}
