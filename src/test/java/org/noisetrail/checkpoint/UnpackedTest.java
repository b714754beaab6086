package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library's classes again, with a model that lies in a jar. */
class UnpackedTest {
    @Test
    void aModelInAJarIsUnpackedOnceHoweverOftenItIsLoaded(@TempDir Path folder) throws Exception {
        Path jar = folder.resolve("model.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry("org/noisetrail/model/inner/net.safetensors"));
            zip.write(new byte[] {1, 2, 3});
        }
        URL classes = ModelFiles.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {jar.toUri().toURL(), classes}, ClassLoader.getPlatformClassLoader())) {
            Class<?> again = loader.loadClass(ModelFiles.class.getName());
            assertThat(again).isNotSameAs(ModelFiles.class);
            Path first = local(again);
            assertThat(Files.readAllBytes(first)).containsExactly(1, 2, 3);
            assertThat(local(again)).isEqualTo(first);
            // As a machine's own cleaning does.
            Files.delete(first);
            Path second = local(again);
            assertThat(Files.readAllBytes(second)).containsExactly(1, 2, 3);
            Files.delete(second);
        }
    }

    /** Where the library is a named module, its own resources are all that its classes find. */
    @Test
    void aModelInAnotherModuleIsFound(@TempDir Path folder) throws Exception {
        Path classes = Path.of(ModelFiles.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (ZipOutputStream zip = module(folder, "house");
                Stream<Path> files = Files.walk(classes.resolve("org/noisetrail"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".class"))
                    .filter(file -> file.toString().matches(".*/noisetrail/((checkpoint|files)/)?[^/]+"))
                    .toList()) {
                zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                Files.copy(file, zip);
            }
        }
        try (ZipOutputStream zip = module(folder, "scenes")) {
            zip.putNextEntry(new ZipEntry("org/noisetrail/model/inner/net.safetensors"));
            zip.write(new byte[] {1, 2, 3});
        }
        ModuleLayer boot = ModuleLayer.boot();
        Class<?> again = boot.defineModulesWithOneLoader(
                        boot.configuration()
                                .resolve(ModuleFinder.of(folder), ModuleFinder.of(), List.of("house", "scenes")),
                        ClassLoader.getSystemClassLoader())
                .findLoader("house")
                .loadClass(ModelFiles.class.getName());
        assertThat(again.getModule().getName()).isEqualTo("house");
        Object model = again.getMethod("embedded", String.class).invoke(null, "inner");
        assertThat(again.getMethod("has", String.class).invoke(model, "net.safetensors"))
                .isEqualTo(true);
        try (InputStream in =
                (InputStream) again.getMethod("open", String.class).invoke(model, "net.safetensors")) {
            assertThat(in.readAllBytes()).containsExactly(1, 2, 3);
        }
        Path copy = local(again);
        assertThat(Files.readAllBytes(copy)).containsExactly(1, 2, 3);
        Files.delete(copy);
    }

    private static ZipOutputStream module(Path folder, String name) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Automatic-Module-Name", name);
        return new JarOutputStream(Files.newOutputStream(folder.resolve(name + ".jar")), manifest);
    }

    private static Path local(Class<?> files) throws ReflectiveOperationException, IOException {
        Object model = files.getMethod("embedded", String.class).invoke(null, "inner");
        Method local = files.getMethod("local", String.class);
        return (Path) local.invoke(model, "net.safetensors");
    }
}
