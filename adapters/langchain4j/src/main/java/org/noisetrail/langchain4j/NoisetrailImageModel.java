package org.noisetrail.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.noisetrail.report.Png;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

/**
 * A search as a LangChain4j model: each image it is asked for is searched for, and comes as a PNG in base 64. The response's metadata holds {@code
 * trail}, the names of the images' noise as JSON ({@code Trail.parse} reads it, and draws them again), and {@code images}, for each {@code image} (its
 * number), {@code networkEvaluations}, {@code finite} (false where the image had a NaN or an infinity before 8 bits, and shows nothing), {@code reward} and {@code heldOut}, the last two
 * where there are such.
 *
 * <p>Images are numbered from the first call on, so that equal prompts give other images; what a process draws depends on the search's seed and on the
 * order of its calls. Thread-safe if the search's reward and listener are. Owns nothing: close the pipeline and the reward after it. Editing is not
 * offered.
 */
public final class NoisetrailImageModel implements ImageModel {
    private final Search search;
    private final AtomicLong drawn;

    /** Images are numbered from 0. */
    public NoisetrailImageModel(Search search) {
        this(search, 0);
    }

    /**
     * @param search of a pipeline that draws prompts
     * @param first the first image's number, 0 to 2^32 - 1: with the seed it names all its noise
     */
    public NoisetrailImageModel(Search search, long first) {
        this.search = search;
        drawn = new AtomicLong(first);
    }

    /** @throws org.noisetrail.search.SearchCancelledException if the thread is interrupted */
    @Override
    public Response<Image> generate(String prompt) {
        Response<List<Image>> all = generate(prompt, 1);
        return Response.from(all.content().get(0), null, null, all.metadata());
    }

    /**
     * @throws IllegalArgumentException if {@code n} is below 1
     * @throws org.noisetrail.search.SearchCancelledException if the thread is interrupted
     */
    @Override
    public Response<List<Image>> generate(String prompt, int n) {
        // Refused before numbers are taken.
        ImageRequest.prompts(0, n, prompt);
        SearchResult result = search.run(ImageRequest.prompts(drawn.getAndAdd(n), n, prompt));
        List<Image> images = new ArrayList<>();
        List<Map<String, Object>> said = new ArrayList<>();
        for (ImageResult image : result.images()) {
            byte[] png = Png.encode(image.pixels().toBufferedImage(), Map.of());
            images.add(Image.builder()
                    .base64Data(Base64.getEncoder().encodeToString(png))
                    .mimeType("image/png")
                    .build());
            said.add(metadata(image));
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("images", said);
        metadata.put("trail", result.trail().toJson());
        return Response.from(images, null, null, metadata);
    }

    private static Map<String, Object> metadata(ImageResult image) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("image", image.request().image());
        metadata.put("networkEvaluations", image.costs().networkEvaluations());
        metadata.put("finite", image.finite());
        if (!Double.isNaN(image.reward())) {
            metadata.put("reward", image.reward());
        }
        image.heldOut().ifPresent(value -> metadata.put("heldOut", value));
        return metadata;
    }
}
