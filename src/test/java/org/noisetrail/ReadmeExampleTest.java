package org.noisetrail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.CostProfile;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.report.CostReport;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

/** The README's Java is what these methods hold. */
class ReadmeExampleTest {
    static void draw(Path folder) throws IOException {
        // spotless:off
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU); Reward reward = Rewards.brightness()) {
            SearchResult result = Search.builder(model)
                    .sampler(EdmSampler.DEFAULT.withSteps(12))
                    .method(LocalSearch.builder().rounds(5).keepPivot(true).build())
                    .reward(reward).seed(7).build()
                    .run(ImageRequest.of(0, 4, 1, 7)); // images 0 to 3, of classes 1 and 7 in turn
            for (ImageResult image : result.images()) {
                ImageIO.write(image.pixels().toBufferedImage(), "png", folder.resolve(image.request().image() + ".png").toFile());
            }
            result.trail().write(folder.resolve("trail.json"));
        }
        // spotless:on
    }

    static void prompt(Path folder) throws IOException {
        // spotless:off
        try (Pipeline model = Pipeline.load("fashion-scenes", Device.CPU);
                Reward reward = RewardText.parse("clip").build(() -> model)) {
            SearchResult result = Search.builder(model) // its own sampler and guidance
                    .method(Methods.parse("best-of-n:candidates=2"))
                    .reward(reward).seed(7).build()
                    .run(ImageRequest.prompts(0, 2, "a red sneaker and a blue bag", "a green coat"));
            for (ImageResult image : result.images()) {
                ImageIO.write(image.pixels().toBufferedImage(), "png", folder.resolve(image.request().image() + ".png").toFile());
            }
        }
        // spotless:on
    }

    static String evaluate(Path folder) {
        StringBuilder out = new StringBuilder();
        // spotless:off
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU); Reward reward = Rewards.brightness()) {
            List<ImageRequest> images = ImageRequest.of(0, 2, 1, 7);
            Comparison comparison = Comparison.builder(model)
                    .methods("naive", "beam", "eps-greedy:keep-pivot").reward("class", "heldout")
                    .images(images).seeds(1).equalNfe(100)
                    .folder(folder).build(); // keeps what is finished, and goes on from there
            new ComparisonFiles(comparison.run(), comparison.settings()).write(folder); // report.html, compare.json, plots

            Method method = LocalSearch.builder().rounds(1).build();
            Search search = Search.builder(model).method(method).reward(reward).build();
            search.calibrate(images).schedule(54).write(folder.resolve("rounds.json")); // 54 rounds, where they pay

            CostProfile profile = CostProfile.of(2, () -> search.run(images));
            out.append(CostReport.text(profile)); // microseconds a network evaluation: forward, noise, update, ...
        }
        // spotless:on
        return out.toString();
    }

    @Test
    void theReadmesExamplesAreTheOnesAbove() throws IOException {
        String source = Files.readString(Path.of("src/test/java/org/noisetrail/ReadmeExampleTest.java"));
        Matcher snippet =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
        int snippets = 0;
        while (snippet.find()) {
            String lines = snippet.group(1).strip().indent(8).replaceAll("(?m)^ +$", "");
            assertThat(source).contains(lines.stripTrailing());
            snippets++;
        }
        assertThat(snippets).isEqualTo(3);
    }

    @Test
    void imagesOfClassesAreDrawn(@TempDir Path folder) throws IOException {
        draw(folder);
        for (int i = 0; i < 4; i++) {
            assertThat(ImageIO.read(folder.resolve(i + ".png").toFile()).getWidth())
                    .isEqualTo(28);
        }
        assertThat(folder.resolve("trail.json")).isNotEmptyFile();
    }

    @Test
    void imagesOfPromptsAreDrawn(@TempDir Path folder) throws IOException {
        prompt(folder);
        for (int i = 0; i < 2; i++) {
            assertThat(ImageIO.read(folder.resolve(i + ".png").toFile()).getWidth())
                    .isEqualTo(64);
        }
    }

    @Test
    void methodsAreComparedCalibratedAndProfiled(@TempDir Path folder) {
        String profile = evaluate(folder);
        assertThat(folder.resolve("report.html")).content().contains("eps-greedy", "fashion-mnist");
        assertThat(folder.resolve("compare.json")).isNotEmptyFile();
        assertThat(folder.resolve("rounds.json")).content().contains("noisetrail-rounds");
        assertThat(profile.toLowerCase(java.util.Locale.ROOT)).contains("forward");
    }
}
