package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;

class OutputFolderTest {
    /** Above every system's largest process number. */
    private static final long NOBODY = 999_999_999_999L;

    @TempDir
    private Path temporary;

    private Path folder;

    @BeforeEach
    void make() throws IOException {
        folder = Files.createDirectories(temporary.resolve("out"));
    }

    private Path leave(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "left");
    }

    private void use() {
        OutputFolder out = OutputFolder.open(folder);
        out.file("result.json");
        out.file("images/000.png");
    }

    @Test
    void whatKilledProcessesLeftIsRemoved() throws IOException {
        Path top = leave(".result.json." + AtomicFiles.HOST + "." + NOBODY + "-1.tmp");
        Path inner = leave("images/.000.png." + AtomicFiles.HOST + "." + NOBODY + "-27.tmp");
        Path probe = leave(".probe." + AtomicFiles.HOST + "." + NOBODY + "-1.tmp");
        use();
        assertThat(List.of(top, inner, probe)).noneMatch(Files::exists);
    }

    @Test
    void whatARunningProcessWritesStays() throws IOException {
        Path file = leave("images/.000.png." + AtomicFiles.HOST + "."
                + ProcessHandle.current().pid() + "-1.tmp");
        use();
        assertThat(file).exists();
    }

    @Test
    void aProcessThatIsYoungerThanTheFileHasNotWrittenIt() throws IOException {
        Path file = leave("images/.000.png." + AtomicFiles.HOST + "."
                + ProcessHandle.current().pid() + "-1.tmp");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(1_000_000)));
        use();
        assertThat(file).doesNotExist();
    }

    @Test
    void filesOfOthersStay() throws IOException {
        List<Path> others = List.of(
                leave("a." + AtomicFiles.HOST + "." + NOBODY + "-1.tmp"),
                leave(".a.tmp"),
                leave(".a." + AtomicFiles.HOST + "." + NOBODY + "-1.tmp~"),
                leave(".a." + AtomicFiles.HOST + "." + NOBODY + ".tmp"),
                leave(".a.another-machine." + NOBODY + "-1.tmp"),
                leave("elsewhere/.a." + AtomicFiles.HOST + "." + NOBODY + "-1.tmp"));
        use();
        assertThat(others).allMatch(Files::exists);
    }

    @Test
    void linksWithinAreNotFollowed() throws IOException {
        Path mine = Files.writeString(temporary.resolve("mine.json"), "mine");
        Path elsewhere = Files.createDirectories(temporary.resolve("elsewhere"));
        Files.createSymbolicLink(folder.resolve("result.json"), mine);
        Files.createSymbolicLink(folder.resolve("images"), elsewhere);
        Files.createSymbolicLink(folder.resolve("nowhere"), temporary.resolve("none"));
        OutputFolder out = OutputFolder.open(folder);
        for (String name : List.of("result.json", "images/000.png", "nowhere")) {
            assertThatThrownBy(() -> out.file(name))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("cannot write " + folder.resolve(name) + ": "
                            + folder.resolve(name.replaceFirst("/.*", "")) + " is a link");
        }
        assertThat(out.has("nowhere")).isTrue();
        assertThat(out.names("images")).isEmpty();
        out.remove("result.json");
        assertThat(mine).hasContent("mine");
        assertThat(folder.resolve("result.json")).doesNotExist();
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void theFolderItselfMayBeALink() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
        AtomicFiles.write(OutputFolder.open(link).file("a.txt"), new byte[] {'x'});
        assertThat(folder.resolve("a.txt")).hasContent("x");
    }

    @Test
    void aFolderIsOneClaimersAtATime() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder);
        try (FolderClaim first = OutputFolder.open(folder).claim()) {
            for (Path same : List.of(folder, link)) {
                assertThatThrownBy(OutputFolder.open(same)::claim)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage(
                                same
                                        + " is being written to by another run: wait until it has ended, or give another --out");
            }
            OutputFolder.open(temporary.resolve("other")).claim().close();
        }
        assertThat(folder).isEmptyDirectory();
        OutputFolder.open(folder).claim().close();
    }

    @Test
    void writersWhoShareAFolderKeepOutOnlyWhoWantsItAlone() throws IOException {
        OutputFolder out = OutputFolder.open(folder);
        FolderClaim first = out.shared();
        FolderClaim second = out.shared();
        assertThatThrownBy(out::claim).hasMessageContaining("is being written to by another run");
        first.close();
        first.close();
        assertThatThrownBy(out::claim).as("one is left").hasMessageContaining("by another run");
        second.close();
        assertThat(folder).isEmptyDirectory();
        try (FolderClaim alone = out.claim()) {
            assertThatThrownBy(out::shared).hasMessageContaining("by another run");
        }
        assertThat(folder).isEmptyDirectory();
    }

    /** A program: claims a folder, says how that went, and waits. */
    static final class Claimer {
        public static void main(String[] arguments) throws IOException {
            try (FolderClaim claim = OutputFolder.open(Path.of(arguments[0])).claim()) {
                System.out.println("has it");
                System.in.read();
            } catch (IllegalArgumentException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private Process claimer() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Claimer.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    @Timeout(120)
    void anotherProcessHasAFolderUntilItEndsHoweverItDoes() throws Exception {
        Process other = claimer();
        assertThat(other.inputReader().readLine()).isEqualTo("has it");
        assertThatThrownBy(OutputFolder.open(folder)::claim).hasMessageContaining("by another run");
        other.destroyForcibly().waitFor();
        assertThat(folder).as("what a killed one leaves").isNotEmptyDirectory();
        try (FolderClaim shared = OutputFolder.open(folder).shared()) {
            Process late = claimer();
            assertThat(late.inputReader().readLine()).contains("is being written to by another run");
            late.waitFor();
        }
        assertThat(folder).isEmptyDirectory();
        try (FolderClaim own = OutputFolder.open(folder).claim()) {
            // To be refused in this process lets go of nothing.
            assertThatThrownBy(OutputFolder.open(folder)::claim).hasMessageContaining("by another run");
            Process late = claimer();
            assertThat(late.inputReader().readLine()).contains("is being written to by another run");
            late.waitFor();
        }
        assertThat(folder).isEmptyDirectory();
    }

    /** On a file system that locks nothing, or where another user was killed. */
    @Test
    void whereNothingCanBeLockedNobodyIsKeptOut() throws IOException {
        Files.createDirectory(folder.resolve(".claim.tmp"));
        OutputFolder.open(folder).claim().close();
        assertThat(folder.resolve(".claim.tmp")).isDirectory();
    }

    @Test
    void whatIsInAFilesWayIsNamed() throws IOException {
        Files.createDirectories(folder.resolve("result.json"));
        leave("file");
        Files.createSymbolicLink(folder.resolve("link"), temporary);
        OutputFolder out = OutputFolder.open(folder);
        for (boolean removed : new boolean[] {false, true}) {
            out.check("none/000.png", removed);
            out.check("file", removed);
            assertThatThrownBy(() -> out.check("result.json", removed))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("cannot write " + folder.resolve("result.json") + ": " + folder.resolve("result.json")
                            + " is a folder");
            assertThatThrownBy(() -> out.check("file/000.png", removed))
                    .hasMessageEndingWith(folder.resolve("file") + " is a file");
            assertThatThrownBy(() -> out.check("link/000.png", removed))
                    .hasMessageEndingWith(folder.resolve("link") + " is a link");
        }
        out.check("link", true);
        assertThatThrownBy(() -> out.check("link", false)).hasMessageEndingWith(" is a link");
    }

    @Test
    void namesAreSortedAndThoseOfNoFolderAreNone() throws IOException {
        leave("images/002.png");
        leave("images/001.png");
        OutputFolder out = OutputFolder.open(folder);
        assertThat(out.names("images")).containsExactly("001.png", "002.png");
        assertThat(out.names("")).containsExactly("images");
        assertThat(out.names("none")).isEmpty();
    }
}
