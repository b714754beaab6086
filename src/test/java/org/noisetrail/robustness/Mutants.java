package org.noisetrail.robustness;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherExecutionRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Compiles each {@link Mutant} of the list and runs its tests, which must fail: {@code src/test/attack.sh mutants} runs it. Classes are loaded anew for each, but for those that hold native
 * libraries, so that LibTorch is loaded once. Without any mutant the tests must pass.
 */
public final class Mutants {
    private static final long LONGEST = TimeUnit.MINUTES.toMillis(10);

    private Mutants() {}

    /** Argument: which ones, by what their lines hold or by number; all by default. Ends with 1 if one survives. */
    public static void main(String[] arguments) throws Exception {
        List<Mutant> all = Mutant.all();
        List<Integer> chosen = new ArrayList<>();
        Set<String> tests = new LinkedHashSet<>();
        for (int i = 0; i < all.size(); i++) {
            if (arguments.length == 0
                    || arguments[0].equals(String.valueOf(i + 1))
                    || all.get(i).toString().contains(arguments[0])) {
                chosen.add(i);
                tests.addAll(all.get(i).tests());
            }
        }
        Path scratch = Files.createTempDirectory("noisetrail-mutants-");
        String failing = failure(List.of(), List.copyOf(tests), 0);
        if (failing != null) {
            System.out.println("the tests must pass as they are: " + failing);
            System.exit(1);
        }
        int killed = 0;
        for (int i : chosen) {
            Mutant mutant = all.get(i);
            Path classes = Files.createDirectories(scratch.resolve(String.valueOf(i)));
            compile(mutant, classes);
            String by = failure(List.of(classes), mutant.tests(), LONGEST);
            killed += by == null ? 0 : 1;
            System.out.printf(
                    Locale.ROOT, "%3d %s %s%n", i + 1, by == null ? "SURVIVED" : "killed by " + by + ":", mutant);
        }
        System.out.printf(
                Locale.ROOT, "%d of %d killed, %.1f %%%n", killed, chosen.size(), 100.0 * killed / chosen.size());
        System.exit(killed == chosen.size() ? 0 : 1);
    }

    private static void compile(Mutant mutant, Path classes) throws IOException {
        String text = mutant.source();
        SimpleJavaFileObject source =
                new SimpleJavaFileObject(
                        URI.create("string:///" + mutant.className().replace('.', '/') + ".java"),
                        SimpleJavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return text;
                    }
                };
        StringWriter log = new StringWriter();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> options = List.of(
                "-proc:none",
                "-nowarn",
                "-parameters",
                "-d",
                classes.toString(),
                "-cp",
                System.getProperty("java.class.path"));
        if (!compiler.getTask(log, null, null, options, null, List.of(source)).call()) {
            throw new IllegalStateException(mutant + " does not compile: " + log);
        }
    }

    /**
     * The first test that fails, or null; nothing after it is run.
     *
     * @param longest milliseconds after which they have failed; 0 for none
     */
    private static @Nullable String failure(List<Path> first, List<String> tests, long longest) throws Exception {
        AtomicReference<String> failed = new AtomicReference<>();
        AtomicReference<Throwable> broken = new AtomicReference<>();
        try (Anew loader = new Anew(first)) {
            Thread thread = new Thread(() -> {
                try {
                    run(loader, tests, failed);
                } catch (Throwable t) {
                    broken.set(t);
                }
            });
            thread.setContextClassLoader(loader);
            thread.setDaemon(true);
            thread.start();
            thread.join(longest);
            if (thread.isAlive()) {
                thread.interrupt();
                return "the clock";
            }
        }
        if (broken.get() != null) {
            throw new IllegalStateException(broken.get());
        }
        return failed.get();
    }

    private static void run(ClassLoader loader, List<String> tests, AtomicReference<String> failed) throws Exception {
        LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
        for (String test : tests) {
            request.selectors(DiscoverySelectors.selectClass(Class.forName(test.split("#")[0], false, loader)));
        }
        request.filters((PostDiscoveryFilter) test -> FilterResult.includedIf(isAsked(test, tests)));
        CancellationToken enough = CancellationToken.create();
        TestExecutionListener listener = new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                    String where = test.getSource().map(Object::toString).orElse("");
                    failed.compareAndSet(
                            null,
                            where.replaceAll(".*methodName = '(\\w+)'.*", "$1")
                                    .replaceAll(".*className = '[\\w.]*?(\\w+)'.*", "$1"));
                    enough.cancel();
                }
            }
        };
        LauncherFactory.create()
                .execute(LauncherExecutionRequestBuilder.request(request.build())
                        .listeners(listener)
                        .cancellationToken(enough)
                        .build());
    }

    private static boolean isAsked(TestDescriptor test, List<String> tests) {
        return !(test.getSource().orElse(null) instanceof MethodSource method)
                || tests.contains(method.getClassName())
                || tests.contains(method.getClassName() + "#" + method.getMethodName());
    }

    /** Loads the product's classes and the tests' itself; those of rooms that hold native libraries, and all others, are shared. */
    private static final class Anew extends URLClassLoader {
        private static final Set<String> SHARED = Set.of("org.noisetrail.kernels", "org.noisetrail.torch");

        Anew(List<Path> first) throws IOException {
            super(urls(first), Mutants.class.getClassLoader());
        }

        private static URL[] urls(List<Path> first) throws IOException {
            List<URL> urls = new ArrayList<>();
            for (Path folder : first) {
                urls.add(folder.toUri().toURL());
            }
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                if (Files.isDirectory(Path.of(entry))) {
                    urls.add(Path.of(entry).toUri().toURL());
                }
            }
            return urls.toArray(new URL[0]);
        }

        private static boolean isShared(String name) {
            return !name.startsWith("org.noisetrail.")
                    || name.equals("org.noisetrail.NoisetrailException")
                    || SHARED.contains(name.substring(0, name.lastIndexOf('.')));
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (isShared(name)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }

        @Override
        public @Nullable URL getResource(String name) {
            URL own = findResource(name);
            return own == null ? super.getResource(name) : own;
        }
    }
}
