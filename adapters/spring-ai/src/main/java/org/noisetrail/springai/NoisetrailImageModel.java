package org.noisetrail.springai;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.report.Png;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Search;
import org.springframework.ai.image.Image;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;

/**
 * A search as a Spring AI model: each image it is asked for is searched for, and comes as a PNG in base 64 with {@link NoisetrailImageMetadata}.
 * One that was not finite comes all the same and shows nothing: {@code finite} of its metadata is false.
 *
 * <p>Images are numbered from the first call on, so that equal prompts give other images; what a process draws depends on the search's seed and on the
 * order of its calls. Thread-safe if the search's reward and listener are. Owns nothing: close the pipeline and the reward after it.
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

    /**
     * Draws what is asked. Messages of negative weight say what guidance moves away from; the others are the prompt, joined by commas.
     *
     * @throws IllegalArgumentException if there is no text, if a size is not the model's own, or if another form than {@code b64_json} or a style is
     *     asked for. {@code model} is not looked at: there is one
     * @throws org.noisetrail.search.SearchCancelledException if the thread is interrupted
     */
    @Override
    public ImageResponse call(ImagePrompt prompt) {
        int count = count(prompt.getOptions());
        Condition condition = condition(prompt.getInstructions());
        List<ImageRequest> requests = ImageRequest.of(drawn.getAndAdd(count), count, List.of(condition));
        List<ImageGeneration> generations = new ArrayList<>();
        for (ImageResult image : search.run(requests).images()) {
            byte[] png = Png.encode(image.pixels().toBufferedImage(), Map.of());
            generations.add(
                    new ImageGeneration(new Image(null, Base64.getEncoder().encodeToString(png)), metadata(image)));
        }
        return new ImageResponse(generations);
    }

    private NoisetrailImageMetadata metadata(ImageResult image) {
        return new NoisetrailImageMetadata(
                image.request().image(),
                image.reward(),
                image.heldOut(),
                image.costs().networkEvaluations(),
                image.finite(),
                search.trail(List.of(image)).toJson());
    }

    private static Condition condition(List<ImageMessage> messages) {
        List<String> wanted = new ArrayList<>();
        List<String> unwanted = new ArrayList<>();
        for (ImageMessage message : messages) {
            Float weight = message.getWeight();
            (weight != null && weight < 0 ? unwanted : wanted).add(message.getText());
        }
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("messages of weight >= 0 must be >= 1: 0");
        }
        return new Condition.Prompt(String.join(", ", wanted), unwanted.isEmpty() ? null : String.join(", ", unwanted));
    }

    private int count(@Nullable ImageOptions options) {
        if (options == null) {
            return 1;
        }
        ImageShape shape = search.image();
        own("width", options.getWidth(), shape.width());
        own("height", options.getHeight(), shape.height());
        String form = options.getResponseFormat();
        if (form != null && !form.equals("b64_json")) {
            throw new IllegalArgumentException("response format must be b64_json: " + form);
        }
        String style = options.getStyle();
        if (style != null && !style.isEmpty()) {
            throw new IllegalArgumentException("the model has no styles, put it into the prompt: " + style);
        }
        Integer count = options.getN();
        ImageRequest.of(0, count == null ? 1 : count); // refused before numbers are taken
        return count == null ? 1 : count;
    }

    private static void own(String side, @Nullable Integer asked, int own) {
        if (asked != null && asked != own) {
            throw new IllegalArgumentException(side + " must be " + own + ", as the model was loaded: " + asked);
        }
    }
}
