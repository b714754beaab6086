package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;

class NativeCacheTest {
    @TempDir
    private Path folder;

    private Path home;
    private Path shared;

    @BeforeEach
    void makeFolders() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
        shared = Files.createDirectory(folder.resolve("tmp"));
    }

    private Path own() throws IOException {
        return shared.resolve("noisetrail-" + Files.getAttribute(home, "unix:uid"));
    }

    private static void mode(Path file, String permissions) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    @Test
    void itIsInTheHomeFolder() {
        Path cache = home.resolve(".javacpp/cache");
        assertThat(NativeCache.choose(home.toString(), null, shared)).isEqualTo(cache);
        assertThat(cache).isDirectory();
    }

    @Test
    void whoHasNoHomeAsJavaKnowsItHasOneByTheVariable() {
        assertThat(NativeCache.choose("?", home.toString(), shared)).isEqualTo(home.resolve(".javacpp/cache"));
    }

    @Test
    void whoHasNoHomeGetsAFolderOfTheirOwnAmongTemporaryFiles() throws IOException {
        assertThat(NativeCache.choose("?", null, shared)).isEqualTo(own());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own())))
                .isEqualTo("rwx------");
        assertThat(NativeCache.choose(folder.resolve("none").toString(), "relative", shared))
                .as("found again")
                .isEqualTo(own());
        assertThat(Path.of("?")).doesNotExist();
    }

    @Test
    void aHomeThatCannotHoldItIsPassedOver() throws IOException {
        Files.createFile(home.resolve(".javacpp"));
        assertThat(NativeCache.choose(home.toString(), home.toString(), shared)).isEqualTo(own());
    }

    @Test
    void aFolderThatOthersMayWriteToIsNotTrusted() throws IOException {
        Files.createDirectory(own());
        for (String permissions : new String[] {"rwx-w----", "rwx----w-"}) {
            mode(own(), permissions);
            assertThatThrownBy(() -> NativeCache.choose("?", null, shared))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining(own() + ": others may write to it, " + permissions)
                    .hasMessageContaining("-Dorg.bytedeco.javacpp.cachedir=FOLDER");
        }
        mode(own(), "rwxr-xr-x");
        assertThat(NativeCache.choose("?", null, shared)).isEqualTo(own());
    }

    @Test
    void aLinkOrAFileInItsPlaceIsNotTrusted() throws IOException {
        Files.createSymbolicLink(own(), home);
        assertThatThrownBy(() -> NativeCache.choose("?", null, shared)).hasMessageContaining("it is no folder");
        Files.delete(own());
        Files.createFile(own());
        assertThatThrownBy(() -> NativeCache.choose("?", null, shared)).hasMessageContaining("it is no folder");
    }

    /** JavaCPP's own library stands for all: it is the smallest. */
    @Test
    void whatLiesWholeInTheFolderIsUnpacked() throws IOException {
        Path real = Path.of(Loader.load(Pointer.class));
        Path cache = Loader.getCacheDir().getCanonicalFile().toPath();
        assertThat(NativeCache.isUnpacked(Pointer.class, cache)).isTrue();

        assertThat(NativeCache.isUnpacked(Pointer.class, folder)).isFalse();
        Path copy = folder.resolve(cache.relativize(real));
        Files.createDirectories(copy.getParent());
        Files.copy(real, copy);
        assertThat(NativeCache.isUnpacked(Pointer.class, folder))
                .as("its time is set when it is whole")
                .isFalse();
        FileTime time = Files.getLastModifiedTime(real);
        Files.setLastModifiedTime(copy, time);
        assertThat(NativeCache.isUnpacked(Pointer.class, folder)).isTrue();
        Files.write(copy, new byte[1000]);
        Files.setLastModifiedTime(copy, time);
        assertThat(NativeCache.isUnpacked(Pointer.class, folder)).isFalse();
    }
}
