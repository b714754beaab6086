package example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
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

/** The README's ten lines: four images of two classes, and their trail. */
public final class TenLines {
    private TenLines() {}

    /** @param args the folder to write to; {@code drawn} if there is none */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args.length == 0 ? "drawn" : args[0]));
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
}
