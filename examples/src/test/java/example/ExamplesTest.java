package example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.cli.Main;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Pipeline;
import org.noisetrail.noise.Move;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Progress;

class ExamplesTest {
    private static final EdmSampler SAMPLER = EdmSampler.DEFAULT.withSteps(8);

    private static Search search(Pipeline pipeline, Method method, Reward reward) {
        return Search.builder(pipeline)
                .sampler(SAMPLER)
                .method(method)
                .reward(reward)
                .seed(3)
                .build();
    }

    @Test
    void tenLinesDrawImages(@TempDir Path folder) throws IOException {
        TenLines.main(new String[] {folder.toString()});
        for (int i = 0; i < 4; i++) {
            assertThat(ImageIO.read(folder.resolve(i + ".png").toFile()).getWidth())
                    .isEqualTo(28);
        }
        assertThat(folder.resolve("trail.json")).isNotEmptyFile();
    }

    @Test
    void aSearchFromAPromptIsWatched() throws Exception {
        List<String> said = Collections.synchronizedList(new ArrayList<>());
        PromptSearch search = new PromptSearch(said::add);
        SearchResult result = search.drawWithin(600, "fashion-scenes", "a red sneaker and a blue bag", 1);
        assertThat(result.images()).hasSize(1);
        assertThat(said).anyMatch(line -> line.startsWith("20 of 20 steps, "));
        assertThat(said).contains("image 0: " + result.images().get(0).reward());
        assertThat(search.preview().getWidth()).isEqualTo(64);
    }

    @Test
    void aSearchThatTakesTooLongIsGivenUp() {
        PromptSearch search = new PromptSearch(line -> {});
        assertThatThrownBy(() -> search.drawWithin(0, "fashion-scenes", "a green coat", 1000))
                .isInstanceOf(TimeoutException.class);
    }

    @Test
    void whatIsOnesOwnHasAName() {
        assertThat(Methods.parse("greedy:candidates=3")).isEqualTo(new Greedy(3));
        assertThat(Samplers.parse("churned-euler:steps=12:churn=0.1")).isEqualTo(new ChurnedEuler(12, .1));
        assertThat(Samplers.parse("ddpm:steps=5")).isEqualTo(new Ddpm(5));
        assertThat(RewardText.parse("0.5*contrast+brightness").toString()).contains("contrast");
        assertThatThrownBy(() -> Methods.parse("greedy:candidates=0")).hasMessageContaining("candidates");
    }

    @Test
    void whatIsOnesOwnIsInTheHelp() {
        StringWriter help = new StringWriter();
        assertThat(Main.run(new PrintWriter(help), new PrintWriter(help), "generate", "--help"))
                .isZero();
        assertThat(help.toString())
                .contains("  contrast                       how far an image's values lie apart, 0 to 1")
                .contains(", greedy.")
                .contains("--churn=X");
    }

    @Test
    void contrastIsNothingWhereAllIsEvenAndOneBetweenBlackAndWhite() {
        ImageShape shape = new ImageShape(1, 2, 2);
        byte white = (byte) 255;
        assertThat(Contrast.of(new Image(shape, new byte[] {90, 90, 90, 90}, Condition.NONE)))
                .isZero();
        assertThat(Contrast.of(new Image(shape, new byte[] {0, white, white, 0}, Condition.NONE)))
                .isCloseTo(1, within(1e-12));
        // deviation of 0, 0, 0, 255: 255 sqrt(3) / 4
        assertThat(Contrast.of(new Image(shape, new byte[] {0, 0, 0, white}, Condition.NONE)))
                .isCloseTo(Math.sqrt(3) / 2, within(1e-12));
    }

    @Test
    void greedyOfOneNoiseIsThePlainSamplerAndOfMoreItFindsMoreAtItsPrice() {
        List<ImageRequest> asked = ImageRequest.of(0, 3, 1, 7);
        try (Pipeline pipeline = Pipeline.load("fashion-mnist", Device.CPU);
                Reward reward = Rewards.brightness()) {
            SearchResult naive = search(pipeline, new Naive(), reward).run(asked);
            SearchResult one = search(pipeline, new Greedy(1), reward).run(asked);
            Search four = search(pipeline, new Greedy(4), reward);
            SearchResult found = four.run(asked);
            assertThat(pixels(one)).isEqualTo(pixels(naive));
            assertThat(found.meanReward()).isGreaterThan(naive.meanReward() + .05);
            long price = new Greedy(4).evaluations(four.schedule()).orElseThrow();
            assertThat(found.images())
                    .allSatisfy(image ->
                            assertThat(image.costs().networkEvaluations()).isEqualTo(price));
            SearchResult again = found.trail().replay(pipeline, 64, SearchListener.NONE);
            assertThat(pixels(again)).isEqualTo(pixels(found));
        }
    }

    @Test
    void greedyKeepsItsBudgetAndIsFinishedFromWhereItStandsWhenTimeIsUp() {
        try (Pipeline pipeline = Pipeline.load("fashion-mnist", Device.CPU);
                Reward reward = Rewards.brightness()) {
            Search.Builder builder = Search.builder(pipeline)
                    .sampler(SAMPLER)
                    .method(new Greedy(4))
                    .reward(reward)
                    .seed(3);
            // 15 plain evaluations; 6 more for each of the two steps that can be paid for.
            SearchResult cheap = builder.budget(15 + 12 + 5).build().run(ImageRequest.of(0, 2, 1, 7));
            assertThat(cheap.images())
                    .allSatisfy(image ->
                            assertThat(image.costs().networkEvaluations()).isEqualTo(27));
            Duration limit = Duration.ofSeconds(6);
            long start = System.nanoTime();
            SearchListener slow = new SearchListener() {
                @Override
                public void onProgress(Progress progress) {
                    if (progress.imageSteps() == 2 * 4) {
                        try {
                            Thread.sleep(Math.max(1, limit.toMillis() + 100 - (System.nanoTime() - start) / 1_000_000));
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                }
            };
            SearchResult late = builder.budget(Long.MAX_VALUE)
                    .timeLimit(limit)
                    .listener(slow)
                    .build()
                    .run(ImageRequest.of(0, 2, 1, 7));
            SearchResult whole = search(pipeline, new Greedy(4), reward).run(ImageRequest.of(0, 2, 1, 7));
            for (int image = 0; image < 2; image++) {
                List<Move> moves = whole.trail().images().get(image).recipe().moves();
                assertThat(late.trail().images().get(image).recipe().moves())
                        .startsWith(moves.subList(0, 4).toArray(new Move[0]))
                        .endsWith(Collections.nCopies(4, Move.down(List.of())).toArray(new Move[0]));
            }
        }
    }

    private static List<String> pixels(SearchResult result) {
        return result.images().stream()
                .map(image -> Arrays.toString(image.pixels().pixels()))
                .toList();
    }

    @Test
    void churnedEulerDrawsAGaussianFromAGaussian() {
        try (Denoiser denoiser = GaussianMixture.builder(new ImageShape(1, 1, 1), 0)
                .component(1, .5, .3)
                .build()) {
            double[] drawn = Search.builder(denoiser)
                    .sampler(new ChurnedEuler(60, .05))
                    .seed(2)
                    .maxBatch(4096)
                    .build()
                    .run(ImageRequest.of(0, 4000))
                    .images()
                    .stream()
                    .map(ImageResult::state)
                    .mapToDouble(state -> state[0])
                    .toArray();
            double mean = Arrays.stream(drawn).average().orElseThrow();
            double variance = Arrays.stream(drawn)
                    .map(x -> (x - mean) * (x - mean))
                    .average()
                    .orElseThrow();
            // Four standard errors of 4000 draws, and Euler's own error.
            assertThat(mean).isCloseTo(.3, within(.032));
            assertThat(Math.sqrt(variance)).isCloseTo(.5, within(.04));
        }
    }

    /** DDIM with eta 1 is DDPM (Song et al. 2021, section 4.1). */
    @Test
    void ddpmIsDdimOfEtaOne() {
        try (Pipeline pipeline = Pipeline.load("fashion-scenes", Device.CPU)) {
            Parameterisation noise = pipeline.networks().denoiser().parameterisation();
            float[] table = new Ddpm(8).schedule(noise).table();
            float[] expected = Samplers.parse("ddim:steps=8:timestep-spacing=trailing:set-alpha-to-one")
                    .schedule(noise)
                    .table();
            for (int i = 0; i < table.length; i++) {
                assertThat(table[i]).isCloseTo(expected[i], within(1e-5f * (1 + Math.abs(expected[i]))));
            }
        }
        assertThatThrownBy(() -> new Ddpm(8).schedule(Parameterisation.denoiser()))
                .hasMessage("sampler ddpm needs a model that was trained with discrete timesteps");
    }

    @Test
    void aNetworkOfOnesOwnDrawsWhatTheExactOneDraws() {
        ImageShape shape = new ImageShape(1, 4, 4);
        try (Denoiser network = new GaussianClasses(shape, .3, -.5f, .5f);
                Reward reward = Rewards.brightness()) {
            SearchResult result = Search.builder(network)
                    .method(Methods.parse("ascent"))
                    .reward(reward)
                    .build()
                    .run(ImageRequest.of(0, 4, 0, 1));
            try (Denoiser mixture = GaussianMixture.builder(shape, 2)
                    .classComponent(0, 1, .3, -.5)
                    .classComponent(1, 1, .3, .5)
                    .build()) {
                SearchResult exact = Search.builder(mixture)
                        .method(Methods.parse("ascent"))
                        .reward(reward)
                        .build()
                        .run(ImageRequest.of(0, 4, 0, 1));
                for (int image = 0; image < 4; image++) {
                    assertThat(result.images().get(image).state())
                            .containsExactly(exact.images().get(image).state(), within(1e-4f));
                }
            }
            SearchResult alone = Search.builder(network)
                    .method(Methods.parse("ascent"))
                    .reward(reward)
                    .maxBatch(1)
                    .build()
                    .run(ImageRequest.of(0, 4, 0, 1));
            assertThat(pixels(alone)).isEqualTo(pixels(result));
        }
    }

    @Test
    void churnIsTheNoiseThatIsSearched() {
        try (Denoiser denoiser = GaussianMixture.builder(new ImageShape(1, 1, 1), 0)
                .component(1, .5, .3)
                .build()) {
            Schedule schedule = new ChurnedEuler(10, 0).schedule(denoiser.parameterisation());
            assertThat(IntStream.range(0, 10).allMatch(schedule::isDead)).isTrue();
            Schedule noisy = new ChurnedEuler(10, .2).schedule(denoiser.parameterisation());
            assertThat(noisy.lastLive()).isEqualTo(8);
        }
    }
}
