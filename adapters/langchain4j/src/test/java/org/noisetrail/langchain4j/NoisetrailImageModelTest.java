package org.noisetrail.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.output.Response;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.Trail;

/** With a Stable Diffusion in miniature. */
class NoisetrailImageModelTest {
    private static final Pipeline PIPELINE = Pipeline.load("../../src/test/resources/diffusers/sd15", Device.CPU);
    private static final Reward BRIGHTNESS = Rewards.brightness();
    private static final Search SEARCH = Search.builder(PIPELINE)
            .sampler(Samplers.parse("ddim:steps=3"))
            .method(Methods.parse("best-of-n:candidates=2"))
            .reward(BRIGHTNESS)
            .heldOut(BRIGHTNESS)
            .seed(5)
            .build();

    private final NoisetrailImageModel model = new NoisetrailImageModel(SEARCH);

    @AfterAll
    static void close() {
        BRIGHTNESS.close();
        PIPELINE.close();
    }

    private static BufferedImage picture(Image image) throws IOException {
        assertThat(image.mimeType()).isEqualTo("image/png");
        return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(image.base64Data())));
    }

    private static void assertEqual(Image image, ImageResult expected) throws IOException {
        BufferedImage wanted = expected.pixels().toBufferedImage();
        int[] all = wanted.getRaster().getPixels(0, 0, wanted.getWidth(), wanted.getHeight(), (int[]) null);
        assertThat(picture(image).getRaster().getPixels(0, 0, wanted.getWidth(), wanted.getHeight(), (int[]) null))
                .isEqualTo(all);
    }

    @Test
    void imagesAreThoseOfTheSearchNumberedFromCallToCall() throws IOException {
        List<ImageResult> expected =
                SEARCH.run(ImageRequest.prompts(0, 3, "a green coat")).images();
        Response<List<Image>> first = model.generate("a green coat", 2);
        Response<Image> second = model.generate("a green coat");
        assertThat(first.content()).hasSize(2);
        assertEqual(first.content().get(0), expected.get(0));
        assertEqual(first.content().get(1), expected.get(1));
        assertEqual(second.content(), expected.get(2));
        assertThat(second.metadata().get("images"))
                .isEqualTo(List.of(Map.of(
                        "image",
                        2L,
                        "networkEvaluations",
                        expected.get(2).costs().networkEvaluations(),
                        "finite",
                        true,
                        "reward",
                        expected.get(2).reward(),
                        "heldOut",
                        expected.get(2).reward())));
    }

    /** Decodes to NaN. */
    private record Broken(Decoder whole) implements Decoder {
        @Override
        public String id() {
            return "broken";
        }

        @Override
        public ImageShape image() {
            return whole.image();
        }

        @Override
        @SuppressWarnings("CheckReturnValue") // fill_ gives back the tensor that it fills
        public Tensor decode(Tensor states) {
            Tensor images = whole.decode(states);
            try (Scalar nan = new Scalar(Double.NaN)) {
                images.fill_(nan);
            }
            return images;
        }

        @Override
        public void close() {}
    }

    @Test
    void anImageThatIsNotFiniteIsSaidToBeSo() {
        Search broken = Search.builder(PIPELINE)
                .sampler(Samplers.parse("ddim:steps=3"))
                .decoder(new Broken(PIPELINE.decoder()))
                .build();
        assertThat(new NoisetrailImageModel(broken)
                        .generate("a coat")
                        .metadata()
                        .get("images")
                        .toString())
                .contains("finite=false");
    }

    @Test
    void theTrailDrawsThemAgain() throws IOException {
        Response<List<Image>> drawn = model.generate("a green coat", 2);
        Trail trail = Trail.parse("the metadata", (String) drawn.metadata().get("trail"));
        List<ImageResult> again = trail.replay(PIPELINE, 8, SearchListener.NONE).images();
        assertEqual(drawn.content().get(0), again.get(0));
        assertEqual(drawn.content().get(1), again.get(1));
    }

    @Test
    void aCountBelowOneIsRefusedAndTakesNoNumber() {
        assertThatThrownBy(() -> model.generate("a coat", 0)).hasMessage("images must be >= 1: 0");
        assertThatThrownBy(() -> model.generate("a coat", -3)).hasMessage("images must be >= 1: -3");
        assertThat(model.generate("a coat").metadata().get("images").toString()).contains("image=0");
    }
}
