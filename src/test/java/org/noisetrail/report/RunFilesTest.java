package org.noisetrail.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

class RunFilesTest {
    private static final SearchResult RUN = Search.builder(
                    new ExactMixture(new ImageShape(1, 4, 4), false, .2, -.4, .4))
            .sampler(EdmSampler.DEFAULT.withSteps(2))
            .build()
            .run(ImageRequest.of(0, 12));

    @TempDir
    private Path folder;

    private RunFiles files(boolean overwrite) {
        return new RunFiles(
                OutputFolder.open(folder),
                RUN.images().stream().map(ImageResult::request).toList(),
                RUN.trail().with(List.of()),
                overwrite);
    }

    private void write(boolean overwrite, int from, int to, boolean saveTensors) {
        RunFiles files = files(overwrite);
        files.onImages(RUN.images().subList(from, to));
        files.finish(new Report(Map.of(), files.finished(), true, Duration.ofSeconds(1)), 2, saveTensors);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return new ArrayList<>(new TreeSet<>(all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .toList()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "result.json",
                "trail.json",
                "grid.png",
                "final.safetensors",
                "images/007.png",
                "images/4294967295.png"
            })
    void anythingOfAnEarlierRunIsRefusedBeforeAFileIsWritten(String name) throws IOException {
        Files.createDirectories(folder.resolve("images"));
        Files.writeString(folder.resolve(name), "old");
        assertThatThrownBy(() -> files(false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(folder + " holds an earlier run's " + name + ": give another --out, or --overwrite");
        assertThat(names()).containsExactly(name);
        assertThat(folder.resolve(name)).hasContent("old");
    }

    @Test
    void otherFilesAreNobodysBusiness() throws IOException {
        Files.createDirectories(folder.resolve("images"));
        Files.writeString(folder.resolve("notes.txt"), "mine");
        Files.writeString(folder.resolve("images/cat.png"), "mine");
        write(true, 0, 1, false);
        assertThat(names()).contains("notes.txt", "images/cat.png", "images/000.png");
    }

    @Test
    void nothingOfAnEarlierRunStaysBesideThisOne() throws IOException {
        write(false, 0, 12, true);
        write(true, 4, 6, false);
        assertThat(names())
                .containsExactly("grid.png", "images/004.png", "images/005.png", "result.json", "trail.json");
    }

    @Test
    void theEarlierRunStaysWholeUntilTheFirstFile() throws IOException {
        write(false, 0, 2, false);
        List<String> before = names();
        RunFiles files = files(true);
        assertThat(names()).isEqualTo(before);
        files.onImages(RUN.images().subList(5, 6));
        // Killed here, the run leaves no result that speaks of other pictures.
        assertThat(names()).containsExactly("images/005.png");
    }

    @Test
    void aLinkOfAnEarlierNameIsRefusedAndNeverFollowed(@TempDir Path elsewhere) throws IOException {
        Path mine = Files.writeString(elsewhere.resolve("mine"), "mine");
        Files.createSymbolicLink(folder.resolve("result.json"), mine);
        assertThatThrownBy(() -> files(false)).hasMessageContaining("holds an earlier run's result.json");
        write(true, 0, 1, false);
        assertThat(mine).hasContent("mine");
        assertThat(Files.isSymbolicLink(folder.resolve("result.json"))).isFalse();
    }
}
