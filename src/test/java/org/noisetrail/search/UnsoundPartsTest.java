package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.testing.Noises;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;

/** Users' denoisers, decoders and rewards that break their promise: one line, or the worst score; never a crash. */
class UnsoundPartsTest {
    private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
    private static final Sampler DDIM = Samplers.parse("ddim:steps=5:steps-offset=1");
    private static final Sampler EDM = Samplers.parse("edm:steps=5");

    private static Denoiser mixture(Parameterisation parameterisation) {
        return GaussianMixture.builder(SHAPE, 0)
                .component(1, .3, -.5)
                .component(1, .3, .5)
                .parameterisation(parameterisation)
                .build();
    }

    private static Denoiser mixture() {
        return mixture(Noises.stableDiffusion(Prediction.EPSILON));
    }

    /** States as images, but for some that have a NaN or an infinity; which, their first element tells. */
    private record Breaking(float from, float bad) implements Decoder {
        @Override
        public String id() {
            return "breaking";
        }

        @Override
        public ImageShape image() {
            return SHAPE;
        }

        @Override
        public Tensor decode(Tensor states) {
            float[] x = Tensors.toFloats(states);
            int d = SHAPE.elements();
            for (int at = 0; at < x.length; at += d) {
                if (x[at] >= from) {
                    Arrays.fill(x, at, at + d, 0);
                    x[at + d - 1] = bad;
                }
            }
            return Tensors.of(Device.CPU, x, x.length / d, SHAPE.channels(), SHAPE.height(), SHAPE.width());
        }

        @Override
        public void close() {}
    }

    static List<Method> methods() {
        return List.of(
                new Naive(),
                new BestOfN(12),
                new Beam(4, 3),
                new Mcts(4, 24, 1),
                LocalSearch.builder().candidates(6).rounds(2).keepPivot(true).build(),
                LocalSearch.builder().epsilon(1).candidates(8).rounds(1).build(),
                new Ascent(6),
                new Ascent(6, Ascent.Direction.IMAGE, 2, Ascent.Regress.LOG, false));
    }

    private static List<ImageResult> run(Method method, Decoder decoder, Reward reward) {
        return Search.builder(mixture())
                .sampler(DDIM)
                .decoder(decoder)
                .method(method)
                .reward(reward)
                .heldOut(Rewards.compressibility(0))
                .build()
                .run(ImageRequest.of(0, 12))
                .images();
    }

    /** A flat grey image is what compressibility likes best. */
    @ParameterizedTest
    @MethodSource("methods")
    void anImageThatIsNotFiniteCannotWinWithCompressibility(Method method) {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            List<ImageResult> images = run(method, new Breaking(0, bad), Rewards.compressibility(0));
            for (ImageResult image : images) {
                boolean broken = image.state()[0] >= 0;
                assertThat(image.finite()).isEqualTo(!broken);
                if (broken) {
                    assertThat(image.reward()).isEqualTo(Double.NEGATIVE_INFINITY);
                    assertThat(image.heldOut()).hasValue(Double.NEGATIVE_INFINITY);
                } else {
                    assertThat(image.reward()).isBetween(0.0, 1.0);
                    assertThat(image.heldOut()).hasValue(image.reward());
                }
            }
            if (method instanceof Naive) {
                assertThat(images).anyMatch(image -> !image.finite());
            } else if (method instanceof BestOfN) {
                assertThat(images).allMatch(ImageResult::finite);
            }
        }
    }

    /** Where all are equally bad, the first of them is the result: whole, and named by a trail. */
    @ParameterizedTest
    @MethodSource("methods")
    void whereNoImageIsFiniteTheResultSaysSo(Method method) {
        Breaking all = new Breaking(Float.NEGATIVE_INFINITY, Float.NaN);
        List<ImageResult> images = run(method, all, Rewards.brightness());
        for (ImageResult image : images) {
            assertThat(image.finite()).isFalse();
            assertThat(image.reward()).isEqualTo(Double.NEGATIVE_INFINITY);
            assertThat(image.nanScores()).isZero();
        }
        if (method instanceof BestOfN) {
            List<ImageResult> naive = run(new Naive(), all, Rewards.brightness());
            for (int i = 0; i < images.size(); i++) {
                assertThat(images.get(i).state()).isEqualTo(naive.get(i).state());
            }
        }
    }

    /** A sum that overflows is no better than others: it would win all. */
    @ParameterizedTest
    @MethodSource("methods")
    void anInfinitelyGoodScoreIsTheWorst(Method method) {
        Reward overflows = Reward.of("overflows", image -> image.at(0, 0, 0) < 128 ? Double.POSITIVE_INFINITY : .5);
        Reward none = Reward.of("none", image -> image.at(0, 0, 0) < 128 ? Double.NaN : .5);
        List<ImageResult> images = run(method, Decoder.identity(SHAPE), overflows);
        List<ImageResult> same = run(method, Decoder.identity(SHAPE), none);
        for (int i = 0; i < images.size(); i++) {
            assertThat(List.of(.5, Double.NaN)).contains(images.get(i).reward());
            assertThat(Double.valueOf(images.get(i).reward()))
                    .isEqualTo(Double.valueOf(same.get(i).reward()));
            assertThat(images.get(i).state()).isEqualTo(same.get(i).state());
            assertThat(images.get(i).nanScores()).isEqualTo(same.get(i).nanScores());
        }
        if (method instanceof BestOfN) {
            assertThat(images).allMatch(image -> image.reward() == .5);
        }
    }

    @Test
    void aStateThatIsNotFiniteNeedsNoDecoderToBeSeen() {
        Denoiser broken = new Broken(mixture(), output -> {
            float[] nan = new float[(int) output.numel()];
            Arrays.fill(nan, Float.NaN);
            return Tensors.of(Device.CPU, nan, Tensors.shape(output));
        });
        for (Method method : methods()) {
            ImageResult image = Search.builder(broken)
                    .sampler(DDIM)
                    .method(method)
                    .reward(Rewards.compressibility(0))
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            assertThat(image.finite()).isFalse();
            assertThat(image.reward()).isEqualTo(Double.NEGATIVE_INFINITY);
        }
    }

    /** Gives what another denoiser gives, changed. */
    private static final class Broken extends Wrapped {
        private final Function<Tensor, @Nullable Tensor> change;

        Broken(Denoiser inner, Function<Tensor, @Nullable Tensor> change) {
            super(inner);
            this.change = change;
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            return change.apply(input);
        }
    }

    /** By what the message says: what may come out where a float32 tensor of the input's shape should. */
    private static Map<String, Function<Tensor, @Nullable Tensor>> wrongs() {
        Map<String, Function<Tensor, @Nullable Tensor>> wrongs = new LinkedHashMap<>();
        wrongs.put("null", input -> null);
        wrongs.put("a null pointer", input -> new Tensor((Pointer) null));
        wrongs.put("its input", input -> input);
        wrongs.put("a view of its input", input -> Tensors.rows(input, 0, input.size(0)));
        wrongs.put("float64", input -> input.to(ScalarType.Double));
        wrongs.put("float16", input -> input.to(ScalarType.Half));
        wrongs.put("int32", input -> input.to(ScalarType.Int));
        wrongs.put("on another device", input -> {
            try (var other = new org.bytedeco.pytorch.Device("meta")) {
                return input.to(other, ScalarType.Float);
            }
        });
        wrongs.put("fewer rows", input -> Tensors.floats(Device.CPU, input.size(0) - 1, 1, 8, 8));
        wrongs.put("more rows", input -> Tensors.floats(Device.CPU, input.size(0) + 1, 1, 8, 8));
        wrongs.put("flat", input -> Tensors.floats(Device.CPU, input.size(0), 64));
        wrongs.put("another shape of as many elements", input -> Tensors.floats(Device.CPU, input.size(0), 1, 4, 16));
        wrongs.put("more channels", input -> Tensors.floats(Device.CPU, input.size(0), 2, 8, 8));
        wrongs.put("a number", input -> Tensors.floats(Device.CPU));
        wrongs.put("nothing", input -> Tensors.floats(Device.CPU, 0));
        wrongs.put("not contiguous", input -> {
            try (Tensor wide = Tensors.floats(Device.CPU, input.size(0), 1, 8, 16)) {
                return wide.slice(
                        3, new org.bytedeco.pytorch.LongOptional(0), new org.bytedeco.pytorch.LongOptional(16), 2);
            }
        });
        return wrongs;
    }

    static Stream<Arguments> wrongOutputs() {
        return wrongs().keySet().stream()
                .flatMap(wrong -> Stream.of("edm", "ddim", "ddim, guided").map(how -> Arguments.of(wrong, how)));
    }

    private static void assertOneLine(String who, Search search) {
        assertThatThrownBy(() -> search.run(ImageRequest.of(0, 3)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(who + " must give a tensor")
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @MethodSource("wrongOutputs")
    void aDenoiserThatGivesAnotherTensorIsOneLine(String wrong, String how) {
        boolean edm = how.equals("edm");
        Denoiser broken = new Broken(edm ? mixture(Parameterisation.denoiser()) : mixture(), wrongs().get(wrong));
        assertOneLine(
                "the denoiser",
                Search.builder(how.endsWith("guided") ? Guided.of(broken, 3, 0) : broken)
                        .sampler(edm ? EDM : DDIM)
                        .method(new BestOfN(2))
                        .reward(Rewards.brightness())
                        .build());
    }

    /** A decoder that says that images are its states may give these, and nothing else. */
    static Stream<Arguments> wrongImages() {
        return wrongs().keySet().stream()
                .flatMap(wrong -> Stream.of(false, true)
                        .filter(identity -> !identity || !wrong.endsWith("its input"))
                        .map(identity -> Arguments.of(wrong, identity)));
    }

    @ParameterizedTest
    @MethodSource("wrongImages")
    void aDecoderThatGivesAnotherTensorIsOneLine(String wrong, boolean identity) {
        Decoder broken = new Decoder() {
            @Override
            public String id() {
                return "broken";
            }

            @Override
            public ImageShape image() {
                return SHAPE;
            }

            @Override
            public boolean isIdentity() {
                return identity;
            }

            @Override
            public Tensor decode(Tensor states) {
                return wrongs().get(wrong).apply(states);
            }

            @Override
            public void close() {}
        };
        for (Method method :
                List.of(new Naive(), LocalSearch.builder().rounds(1).build())) {
            assertOneLine(
                    "the decoder",
                    Search.builder(mixture())
                            .sampler(DDIM)
                            .decoder(broken)
                            .method(method)
                            .reward(Rewards.brightness())
                            .build());
        }
    }

    private record Lazy() implements Reward {
        @Override
        public String name() {
            return "lazy";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {}
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aRewardThatFillsNothingLeavesNan(Method method) {
        for (ImageResult image : run(method, Decoder.identity(SHAPE), new Lazy())) {
            assertThat(image.reward()).isNaN();
            assertThat(image.finite()).isTrue();
            if (!(method instanceof Naive)) {
                assertThat(image.nanScores()).isPositive();
            }
        }
    }

    @Test
    void aPartOfASumThatFillsNothingMakesItNan() {
        Reward sum =
                Rewards.weighted(List.of(new Rewards.Part(Rewards.brightness(), 1), new Rewards.Part(new Lazy(), 1)));
        for (ImageResult image : run(new Naive(), Decoder.identity(SHAPE), sum)) {
            assertThat(image.reward()).isNaN();
        }
    }

    @Test
    void aPreviewOfAnotherSizeIsRefused() {
        Search search = Search.builder(mixture())
                .sampler(DDIM)
                .preview(Decoder.identity(new ImageShape(1, 4, 4)))
                .build();
        assertThatThrownBy(() -> search.run(ImageRequest.of(0, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the preview decoder's images must be 1x8x8: 1x4x4");
    }
}
