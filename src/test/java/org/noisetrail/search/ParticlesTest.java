package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Noises;
import org.noisetrail.testing.Watched;
import org.noisetrail.torch.Tensors;

/** Searches with samplers whose noise comes after the network: a particle carries what the network said of it. */
class ParticlesTest {
    private static final ImageShape SHAPE = new ImageShape(1, 3, 4);
    private static final double GUIDANCE = 3;

    /** A sampler with a network of a parameterisation that it takes. */
    private record Process(Sampler sampler, Parameterisation parameterisation) {
        Denoiser mixture() {
            return GaussianMixture.builder(SHAPE, 0)
                    .component(1, .2, -.5)
                    .component(2, .3, .4)
                    .parameterisation(parameterisation)
                    .build();
        }

        Schedule schedule() {
            return sampler.schedule(parameterisation);
        }

        @Override
        public String toString() {
            return Samplers.registry().text(sampler);
        }
    }

    private static final Process DDIM =
            new Process(Samplers.parse("ddim:steps=6:steps-offset=1"), Noises.stableDiffusion(Prediction.EPSILON));

    static List<Process> processes() {
        return List.of(
                DDIM,
                new Process(
                        Samplers.parse("ddim:steps=7:eta=0.5:timestep-spacing=trailing:set-alpha-to-one"),
                        Noises.stableDiffusion(Prediction.V)),
                new Process(Samplers.parse("euler-ancestral:steps=6"), Noises.stableDiffusion(Prediction.EPSILON)),
                new Process(Samplers.parse("flow-sde:steps=6:flow-shift=3"), Parameterisation.flow()));
    }

    static List<Method> methods() {
        return List.of(
                new Naive(),
                new BestOfN(3),
                new Beam(3, 2),
                new Mcts(2, 5, .3),
                LocalSearch.builder()
                        .epsilon(0)
                        .candidates(3)
                        .rounds(2)
                        .keepPivot(true)
                        .build(),
                LocalSearch.builder().candidates(3).rounds(3).project(true).build(),
                new Ascent(3),
                new Ascent(4, Ascent.Direction.IMAGE, 2, Ascent.Regress.LOGIT, true));
    }

    static List<Arguments> all() {
        return processes().stream()
                .flatMap(process -> methods().stream().map(method -> Arguments.of(process, method)))
                .toList();
    }

    /** Images that can be told by their prompts, and those by what guidance moves away from. */
    private static List<ImageRequest> requests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new ImageRequest(7L + i, new Condition.Prompt("image " + i, "not image " + i)))
                .toList();
    }

    private static boolean isOf(int image, Condition condition) {
        return condition instanceof Condition.Prompt prompt
                ? prompt.text().equals("image " + image)
                : ((Condition.Negative) condition).text().equals("not image " + image);
    }

    private static Search.Builder search(Denoiser denoiser, Process process, Method method) {
        return Search.builder(denoiser)
                .sampler(process.sampler())
                .method(method)
                .reward(Rewards.brightness())
                .seed(99);
    }

    @ParameterizedTest
    @MethodSource("all")
    void noStateIsEvaluatedTwiceAndTheLedgerCountsEachEvaluation(Process process, Method method) {
        for (double guidance : new double[] {1, GUIDANCE}) {
            Watched network = new Watched(process.mixture());
            Denoiser guided = Guided.of(network, guidance, 0);
            List<ImageResult> images = search(guided, process, method)
                    .maxBatch(7)
                    .build()
                    .run(requests(4))
                    .images();
            assertThat(network.repeated()).isEmpty();
            for (int i = 0; i < images.size(); i++) {
                int image = i;
                assertThat(images.get(i).costs().networkEvaluations())
                        .isEqualTo(network.count(condition -> isOf(image, condition)))
                        .isPositive();
                method.evaluations(process.schedule())
                        .ifPresent(calls -> assertThat(images.get(image).costs().networkEvaluations())
                                .isEqualTo(calls * guided.evaluations()));
            }
        }
    }

    /** Two for the first state, then two a candidate; those of the last step cost nothing. */
    @Test
    void epsGreedyOfThreeByTwoCosts86WithGuidanceAndEightSteps() {
        Watched network = new Watched(DDIM.mixture());
        Method method = LocalSearch.builder().candidates(3).rounds(2).build();
        SearchResult result = Search.builder(Guided.of(network, 7.5, 0))
                .sampler(Samplers.parse("ddim:steps=8:steps-offset=1"))
                .method(method)
                .reward(Rewards.brightness())
                .build()
                .run(requests(1));
        assertThat(result.images().get(0).costs().networkEvaluations())
                .isEqualTo(2 + 7 * 6 * 2)
                .isEqualTo(86);
        assertThat(network.rows).hasSize(86);
        assertThat(result.images().get(0).costs().transitions()).isEqualTo(8 * 6);
        assertThat(result.images().get(0).costs().rewardCalls()).isEqualTo(8 * 6 + 1);
    }

    @ParameterizedTest
    @MethodSource("all")
    void noMethodPassesItsBudgetAndItsResultIsWhole(Process process, Method method) {
        long plain = 2 * process.schedule().evaluations();
        for (long budget : new long[] {plain, plain + 1, plain + 5, 2 * plain, 3 * plain + 3, 1000}) {
            Denoiser guided = Guided.of(process.mixture(), GUIDANCE, 0);
            SearchResult result =
                    search(guided, process, method).budget(budget).build().run(requests(3));
            for (ImageResult image : result.images()) {
                assertThat(image.costs().networkEvaluations()).isBetween(plain, budget);
                assertThat(image.reward()).isBetween(0.0, 1.0);
                assertThat(image.finite()).isTrue();
            }
            assertReplays(result, guided, process);
        }
    }

    @Test
    void aBudgetBelowOneGuidedTrajectoryIsRefused() {
        Denoiser guided = Guided.of(DDIM.mixture(), GUIDANCE, 0);
        assertThatThrownBy(() -> search(guided, DDIM, new Naive()).budget(11).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("budget must be >= 12: 11");
    }

    /** A plain trajectory's, and once more the candidates that tell a direction of images. */
    private static long replayCost(Recipe recipe, Schedule schedule) {
        long cost = schedule.evaluations();
        for (int step = 0; step < schedule.size(); step++) {
            for (Draw draw : recipe.moves().get(step).draws()) {
                cost += draw instanceof Draw.Shifted shifted
                        ? (long) shifted.weights().size() * schedule.evaluations(step)
                        : 0;
            }
        }
        return cost;
    }

    private static void assertReplays(SearchResult result, Denoiser denoiser, Process process) {
        Trail read = Trail.parse("test", result.trail().toJson());
        assertThat(read).isEqualTo(result.trail());
        for (int batch : new int[] {1, 64}) {
            List<ImageResult> again =
                    read.replay(denoiser, batch, SearchListener.NONE).images();
            for (int i = 0; i < again.size(); i++) {
                ImageResult expected = result.images().get(i);
                assertThat(again.get(i).state()).isEqualTo(expected.state());
                assertThat(again.get(i).pivotNorm()).isEqualTo(expected.pivotNorm());
                assertThat(again.get(i).costs().networkEvaluations())
                        .isEqualTo(replayCost(expected.recipe(), process.schedule()) * denoiser.evaluations());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aTrailReplaysBitForBitAloneAndTogether(Process process, Method method) {
        Denoiser guided = Guided.of(process.mixture(), GUIDANCE, .7);
        assertReplays(search(guided, process, method).build().run(requests(5)), guided, process);
    }

    /** An image of twice the height and width, in other numbers of rows at once than it is asked for. */
    private static final class Doubling implements Decoder {
        long rows;

        @Override
        public String id() {
            return "doubling";
        }

        @Override
        public ImageShape image() {
            return new ImageShape(1, 2 * SHAPE.height(), 2 * SHAPE.width());
        }

        @Override
        public Tensor decode(Tensor states) {
            rows += states.size(0);
            float[] x = Tensors.toFloats(states);
            int width = SHAPE.width();
            float[] image = new float[4 * x.length];
            for (int i = 0; i < image.length; i++) {
                int y = i / (2 * width);
                image[i] = x[y / 2 * width + i % (2 * width) / 2];
            }
            ImageShape shape = image();
            return Tensors.of(
                    org.noisetrail.kernels.Device.CPU,
                    image,
                    states.size(0),
                    shape.channels(),
                    shape.height(),
                    shape.width());
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @MethodSource("all")
    void resultsDoNotDependOnTheBatches(Process process, Method method) {
        List<ImageResult> expected = null;
        for (int[] batches : new int[][] {{64, 64}, {1, 1}, {2, 5}, {5, 2}, {13, 3}, {1000, 1000}}) {
            Denoiser guided = Guided.of(process.mixture(), GUIDANCE, 0);
            List<ImageResult> images = search(guided, process, method)
                    .decoder(new Doubling())
                    .maxBatch(batches[0])
                    .decodeBatch(batches[1])
                    .build()
                    .run(requests(4))
                    .images();
            for (int i = 0; expected != null && i < images.size(); i++) {
                assertThat(images.get(i).recipe()).isEqualTo(expected.get(i).recipe());
                assertThat(images.get(i).state()).isEqualTo(expected.get(i).state());
                assertThat(images.get(i).pixels().pixels())
                        .isEqualTo(expected.get(i).pixels().pixels());
                assertThat(images.get(i).reward()).isEqualTo(expected.get(i).reward());
                assertThat(images.get(i).pivotNorm()).isEqualTo(expected.get(i).pivotNorm());
                assertThat(images.get(i).costs()).isEqualTo(expected.get(i).costs());
            }
            expected = images;
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyDecodedImageIsCounted(Process process, Method method) {
        Doubling decoder = new Doubling();
        Doubling preview = new Doubling();
        List<ImageResult> images = search(process.mixture(), process, method)
                .decoder(decoder)
                .preview(preview)
                .heldOut(Rewards.compressibility(0))
                .build()
                .run(requests(3))
                .images();
        assertThat(images.stream()
                        .mapToLong(image -> image.costs().decoderCalls())
                        .sum())
                .isEqualTo(decoder.rows + preview.rows);
        // Each to its own image: what is judged was decoded, and the final image is, judged or not.
        assertThat(images)
                .extracting(
                        image -> image.costs().decoderCalls() - image.costs().rewardCalls())
                .containsOnly(images.get(0).costs().decoderCalls()
                        - images.get(0).costs().rewardCalls())
                .allMatch(unjudged -> unjudged == 0 || unjudged == 1);
        assertThat(decoder.rows).isPositive();
        assertThat(preview.rows > 0)
                .as("candidates on the way are judged by the preview")
                .isEqualTo(method.needsReward() && method.choosesOnTheWay() && !(method instanceof Mcts));
    }

    /** A preview that sees nothing but white: no candidate on the way is the better, but final rewards are the true images'. */
    @Test
    void finalRewardsAreTheTrueDecodersWhateverThePreviewSays() {
        Decoder white = new Decoder() {
            @Override
            public String id() {
                return "white";
            }

            @Override
            public ImageShape image() {
                return SHAPE;
            }

            @Override
            public Tensor decode(Tensor states) {
                float[] ones = new float[(int) states.numel()];
                java.util.Arrays.fill(ones, 1);
                return Tensors.of(
                        org.noisetrail.kernels.Device.CPU,
                        ones,
                        states.size(0),
                        SHAPE.channels(),
                        SHAPE.height(),
                        SHAPE.width());
            }

            @Override
            public void close() {}
        };
        for (Method method : methods()) {
            for (ImageResult image : search(DDIM.mixture(), DDIM, method)
                    .preview(white)
                    .build()
                    .run(requests(2))
                    .images()) {
                double brightness = 0;
                for (byte pixel : image.pixels().pixels()) {
                    brightness += (pixel & 255) / 255.0 / SHAPE.elements();
                }
                assertThat(image.reward()).isCloseTo(brightness, org.assertj.core.api.Assertions.within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, GUIDANCE})
    void searchesLeaveNoNativeObjectsBehind(double guidance) {
        for (Method method : methods()) {
            Search search = search(Guided.of(DDIM.mixture(), guidance, .5), DDIM, method)
                    .decoder(new Doubling())
                    .maxBatch(5)
                    .build();
            search.run(requests(3));
            long before = NativeObjects.settled();
            search.run(requests(3));
            search.run(requests(3));
            assertThat(Pointer.totalCount()).as(method.name()).isLessThanOrEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void searchFindsMoreThanItsNaiveTrajectory(Process process, Method method) {
        int n = 150;
        double[] naive = rewards(process, new Naive(), n);
        double[] searched = rewards(process, method, n);
        double mean = 0;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            mean += (searched[i] - naive[i]) / n;
            squares += Math.pow(searched[i] - naive[i], 2) / n;
        }
        if (method instanceof Naive) {
            assertThat(mean).isZero();
        } else {
            assertThat(mean).isGreaterThan(3 * Math.sqrt((squares - mean * mean) / n));
        }
    }

    private static double[] rewards(Process process, Method method, int count) {
        return search(process.mixture(), process, method).maxBatch(256).build().run(requests(count)).images().stream()
                .mapToDouble(ImageResult::reward)
                .toArray();
    }

    @Test
    void aSamplerThatCannotRunWithTheNetworkIsRefusedBeforeAnyWork() {
        Process edm = new Process(EdmSampler.DEFAULT, Parameterisation.denoiser());
        Reward reward = Rewards.brightness();
        assertThatThrownBy(() -> Search.builder(edm.mixture())
                        .sampler(Samplers.parse("ddim"))
                        .reward(reward)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sampler ddim needs a model that was trained with discrete timesteps");
    }
}
