package org.noisetrail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

class ReadmeExampleTest {
    static void draw(Path folder) throws IOException {
        // spotless:off
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU); Reward reward = Rewards.brightness()) {
            SearchResult result = Search.builder(model.denoiser())
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

    @Test
    void theReadmesExampleIsTheOneAbove() throws IOException {
        String source = Files.readString(Path.of("src/test/java/org/noisetrail/ReadmeExampleTest.java"));
        Matcher snippet =
                Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
        assertThat(snippet.find()).isTrue();
        assertThat(source).contains(snippet.group(1).strip().indent(8).stripTrailing());
    }

    @Test
    void itDrawsWhatItSays(@TempDir Path folder) throws IOException {
        draw(folder);
        for (int i = 0; i < 4; i++) {
            assertThat(ImageIO.read(folder.resolve(i + ".png").toFile()).getWidth())
                    .isEqualTo(28);
        }
        assertThat(folder.resolve("trail.json")).isNotEmptyFile();
    }
}
