package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private static Path local(Class<?> files) throws ReflectiveOperationException, IOException {
        Object model = files.getMethod("embedded", String.class).invoke(null, "inner");
        Method local = files.getMethod("local", String.class);
        return (Path) local.invoke(model, "net.safetensors");
    }
}
