package org.noisetrail.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.testing.LogLines;

/** Of a service that the test's own class path provides. */
class ProvidersTest {
    /** The service. */
    public interface Animal {
        String name();
    }

    public static final class Cat implements Animal {
        @Override
        public String name() {
            return "cat";
        }
    }

    public static final class OtherCat implements Animal {
        @Override
        public String name() {
            return "cat";
        }
    }

    public static final class Dog implements Animal {
        @Override
        public String name() {
            return "dog";
        }
    }

    /** Named by another class path alone. */
    public static final class Bird implements Animal {
        @Override
        public String name() {
            return "bird";
        }
    }

    public static final class Unborn implements Animal {
        public Unborn() {
            throw new IllegalStateException("unborn");
        }

        @Override
        public String name() {
            return "unborn";
        }
    }

    @RegisterExtension
    private final LogLines log = new LogLines(Providers.class.getName());

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();
    private final List<String> names = new ArrayList<>();

    @AfterEach
    void findAsBefore() {
        Thread.currentThread().setContextClassLoader(before);
    }

    private void add(Animal animal) {
        if (names.contains(animal.name())) {
            throw new IllegalArgumentException("there is a " + animal.name() + " already");
        }
        names.add(animal.name());
    }

    @Test
    void aProviderWhoseNameIsTakenIsLeftOutInALine() {
        Providers.each(Animal.class, this::add);
        assertThat(names).containsExactly("cat", "dog");
        assertThat(log.messages()).contains(OtherCat.class.getName() + " is left out: there is a cat already");
    }

    @Test
    void aProviderThatCannotBeMadeHidesNoOther() {
        Providers.each(Animal.class, this::add);
        assertThat(log.messages())
                .anyMatch(line -> line.startsWith("a provider is left out: ") && line.contains("$Unborn"))
                .anyMatch(line -> line.startsWith("a provider is left out: ") && line.contains("$Missing"))
                .noneMatch(line -> line.contains("\n"))
                .doesNotHaveDuplicates();
    }

    @Test
    void whatTheThreadsClassLoaderDoesNotFindTheServicesOwnDoes() {
        Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
        Providers.each(Animal.class, this::add);
        assertThat(names).containsExactly("cat", "dog");
        names.clear();
        Thread.currentThread().setContextClassLoader(null);
        Providers.each(Animal.class, this::add);
        assertThat(names).containsExactly("cat", "dog");
    }

    @Test
    void bothClassLoadersAreAskedAndEachProviderIsAddedOnce(@TempDir Path folder) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Animal.class.getName()), Bird.class.getName() + "\n" + Dog.class.getName());
        try (URLClassLoader more = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(more);
            Providers.each(Animal.class, this::add);
        }
        assertThat(names).containsExactlyInAnyOrder("cat", "dog", "bird");
        assertThat(log.messages())
                .filteredOn(line -> line.contains("there is a"))
                .hasSize(1);
    }
}
