package org.noisetrail.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
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
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;

/** With a Stable Diffusion in miniature. */
class NoisetrailImageModelTest {
    private static final Pipeline PIPELINE = Pipeline.load("../../src/test/resources/diffusers/sd15", Device.CPU);
    private static final Reward BRIGHTNESS = Rewards.brightness();
    private static final Search SEARCH = Search.builder(PIPELINE)
            .sampler(Samplers.parse("ddim:steps=3"))
            .method(Methods.parse("best-of-n:candidates=2"))
            .reward(BRIGHTNESS)
            .seed(5)
            .build();

    private record Options(Integer getN, Integer getWidth, String getResponseFormat, String getStyle)
            implements ImageOptions {
        @Override
        public String getModel() {
            return "whatever";
        }

        @Override
        public Integer getHeight() {
            return null;
        }
    }

    private final NoisetrailImageModel model = new NoisetrailImageModel(SEARCH);

    @AfterAll
    static void close() {
        BRIGHTNESS.close();
        PIPELINE.close();
    }

    private static byte[] pixels(ImageGeneration generation) throws IOException {
        byte[] png = Base64.getDecoder().decode(generation.getOutput().getB64Json());
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
        byte[] pixels = new byte[3 * picture.getWidth() * picture.getHeight()];
        int[] all = picture.getRaster().getPixels(0, 0, picture.getWidth(), picture.getHeight(), (int[]) null);
        int size = pixels.length / 3;
        for (int i = 0; i < size; i++) {
            for (int c = 0; c < 3; c++) {
                pixels[c * size + i] = (byte) all[3 * i + c];
            }
        }
        return pixels;
    }

    @Test
    void imagesAreThoseOfTheSearchNumberedFromCallToCall() throws IOException {
        List<ImageResult> expected =
                SEARCH.run(ImageRequest.prompts(0, 3, "a green coat")).images();
        ImageResponse first = model.call(new ImagePrompt("a green coat", new Options(2, null, null, null)));
        ImageResponse second = model.call(new ImagePrompt("a green coat"));
        assertThat(first.getResults()).hasSize(2);
        assertThat(second.getResults()).hasSize(1);
        List<ImageGeneration> drawn =
                List.of(first.getResults().get(0), first.getResults().get(1), second.getResult());
        for (int i = 0; i < 3; i++) {
            assertThat(pixels(drawn.get(i))).isEqualTo(expected.get(i).pixels().pixels());
            NoisetrailImageMetadata said =
                    (NoisetrailImageMetadata) drawn.get(i).getMetadata();
            assertThat(said.image()).isEqualTo(i);
            assertThat(said.reward()).isEqualTo(expected.get(i).reward());
            assertThat(said.finite()).isTrue();
            assertThat(said.networkEvaluations())
                    .isEqualTo(expected.get(i).costs().networkEvaluations());
        }
        assertThat(Arrays.equals(pixels(drawn.get(0)), pixels(drawn.get(1)))).isFalse();
    }

    @Test
    void itsTrailDrawsAnImageAgain() throws IOException {
        ImageGeneration drawn =
                model.call(new ImagePrompt("ein gruener Mantel")).getResult();
        String trail = ((NoisetrailImageMetadata) drawn.getMetadata()).trail();
        ImageResult again = Trail.parse("the metadata", trail)
                .replay(PIPELINE, 8, SearchListener.NONE)
                .images()
                .get(0);
        assertThat(again.pixels().pixels()).isEqualTo(pixels(drawn));
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
        ImageGeneration drawn =
                new NoisetrailImageModel(broken).call(new ImagePrompt("a coat")).getResult();
        assertThat(((NoisetrailImageMetadata) drawn.getMetadata()).finite()).isFalse();
    }

    @Test
    void messagesOfNegativeWeightAreTheNegativePrompt() throws IOException {
        ImageResult expected = SEARCH.run(List.of(new ImageRequest(0, new Condition.Prompt("a coat, a hat", "blue"))))
                .images()
                .get(0);
        ImageGeneration drawn = model.call(new ImagePrompt(List.of(
                        new ImageMessage("a coat", 1f), new ImageMessage("blue", -1f), new ImageMessage("a hat"))))
                .getResult();
        assertThat(pixels(drawn)).isEqualTo(expected.pixels().pixels());
        assertThatThrownBy(() -> model.call(new ImagePrompt(List.of(new ImageMessage("blue", -1f)))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("messages of weight >= 0 must be >= 1: 0");
    }

    @Test
    void whatTheModelCannotDoIsRefused() {
        int own = SEARCH.image().width();
        assertThat(model.call(new ImagePrompt("a coat", new Options(null, own, "b64_json", null)))
                        .getResults())
                .hasSize(1);
        assertThatThrownBy(() -> model.call(new ImagePrompt("a coat", new Options(null, own + 8, null, null))))
                .hasMessage("width must be " + own + ", as the model was loaded: " + (own + 8));
        assertThatThrownBy(() -> model.call(new ImagePrompt("a coat", new Options(null, null, "url", null))))
                .hasMessage("response format must be b64_json: url");
        assertThatThrownBy(() -> model.call(new ImagePrompt("a coat", new Options(null, null, null, "vivid"))))
                .hasMessageContaining("no styles");
        assertThatThrownBy(() -> model.call(new ImagePrompt("a coat", new Options(0, null, null, null))))
                .hasMessage("images must be >= 1: 0");
    }
}
