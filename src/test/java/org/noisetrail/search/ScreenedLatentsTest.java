package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screened;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.testing.Blocks;

/** Laws of speculative search where a decoder makes images of states, and a look at them is cheaper than its own. */
class ScreenedLatentsTest {
    private static final int IMAGES = 3;
    private static final ImageShape STATE = new ImageShape(2, 4, 4);
    /** The states that a linear look is found by: 0, and 1 and -1 in each channel. */
    private static final int FLAT = 5;

    private static final SmallWorld EDM =
            new SmallWorld("edm", mixture(Parameterisation.denoiser()), new EdmSampler(6, .02, 80, 7, 40, .05, 50, 1));
    /** Also its last step injects noise. */
    private static final SmallWorld DDIM =
            new SmallWorld("ddim", mixture(SmallWorld.noise()), Samplers.parse("ddim:steps=5:steps-offset=1"));

    private static Denoiser mixture(Parameterisation parameterisation) {
        return SmallWorld.mixture(STATE, parameterisation, .3, -.4, .4);
    }

    /** Of as many rounds whatever goes on. */
    static List<String> methods() {
        return List.of(
                "zero-order:candidates=5:rounds=3",
                "beam:candidates=4:beams=2",
                "svdd:proposals=5",
                "pruned-best-of-n:candidates=5:keep=2@1:noises=5",
                "ascent:candidates=6");
    }

    static Stream<Arguments> cases() {
        return methods().stream()
                .flatMap(method -> Stream.of(
                        Arguments.of(method, "half", DDIM),
                        Arguments.of(method, "linear", DDIM),
                        Arguments.of(method, "preview", DDIM),
                        Arguments.of(method, "first+half", EDM),
                        Arguments.of(method, "first+linear", EDM),
                        Arguments.of(method, "first+preview", EDM)));
    }

    private static SearchResult run(SmallWorld world, String method, Decoder decoder) {
        return world.search(Methods.parse(method)).decoder(decoder).build().run(ImageRequest.of(0, IMAGES));
    }

    /** @param preview where the screen is one */
    private static SearchResult run(
            SmallWorld world, String method, Decoder decoder, String screen, String bound, Decoder preview) {
        return world.search(Methods.parse(method))
                .decoder(decoder)
                .preview(screen.endsWith("preview") ? preview : null)
                .screening(Screening.parse(screen, LossBound.parse(bound), .1))
                .build()
                .run(ImageRequest.of(0, IMAGES));
    }

    private static Screened screened(SearchResult result) {
        return result.images().stream()
                .map(image -> Objects.requireNonNull(image.screened()))
                .reduce(Screened.NONE, Screened::plus);
    }

    private static long sum(SearchResult result, ToLongFunction<ImageResult> value) {
        return result.images().stream().mapToLong(value).sum();
    }

    private static long decodes(SearchResult result) {
        return sum(result, image -> image.costs().decoderCalls());
    }

    private static void same(SearchResult expected, SearchResult actual) {
        for (int i = 0; i < IMAGES; i++) {
            ImageResult image = actual.images().get(i);
            assertThat(image.state()).isEqualTo(expected.images().get(i).state());
            assertThat(image.recipe()).isEqualTo(expected.images().get(i).recipe());
            assertThat(image.reward()).isEqualTo(expected.images().get(i).reward());
            assertThat(image.costs()).isEqualTo(expected.images().get(i).costs());
        }
    }

    /** Also by a preview whose bright is the decoder's dark. */
    @ParameterizedTest
    @MethodSource("cases")
    void whereAllAreVerifiedNoLookChangesAnything(String method, String screen, SmallWorld world) {
        SearchResult full = run(world, method, Blocks.of(STATE));
        SearchResult all = run(world, method, Blocks.of(STATE), screen, "0", Blocks.inverted(STATE));
        same(full, all);
        assertThat(screened(all).verified())
                .isEqualTo(screened(all).candidates())
                .isPositive();
        assertThat(screened(all).savedDecodes()).isZero();
    }

    /** A look that says the opposite is found out, and asked in vain. */
    @ParameterizedTest
    @MethodSource("methods")
    void aPreviewThatInvertsHasAllVerified(String method) {
        SearchResult full = run(DDIM, method, Blocks.of(STATE));
        SearchResult all = run(DDIM, method, Blocks.of(STATE), "preview", "20%", Blocks.inverted(STATE));
        same(full, all);
        assertThat(screened(all).verified()).isEqualTo(screened(all).candidates());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theLedgerCountsWhatTheTrueDecoderDecodesAndTheScreenTheRest(String method, String screen, SmallWorld world) {
        Blocks decoder = Blocks.of(STATE);
        Blocks preview = Blocks.of(STATE);
        SearchResult result = run(world, method, decoder, screen, "20%", preview);
        Screened screened = screened(result);
        assertThat(Blocks.sum(decoder.calls)).isEqualTo(decodes(result));
        assertThat(screened.screenDecodes()).isEqualTo(screened.candidates()).isPositive();
        if (screen.endsWith("half")) {
            assertThat(Blocks.sum(decoder.others)).isEqualTo(screened.screenDecodes());
        } else if (screen.endsWith("preview")) {
            assertThat(Blocks.sum(preview.calls)).isEqualTo(screened.screenDecodes());
        } else {
            assertThat(decoder.others).isNotEmpty().containsOnly(FLAT);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsSavedIsWhatTheUnscreenedSearchDecodesMore(String method, String screen, SmallWorld world) {
        SearchResult full = run(world, method, Blocks.of(STATE));
        SearchResult result = run(world, method, Blocks.of(STATE), screen, "20%", Blocks.of(STATE));
        Screened screened = screened(result);
        assertThat(screened.savedDecodes())
                .isEqualTo(decodes(full) - decodes(result))
                .isPositive();
        assertThat(screened.savedEvaluations())
                .isEqualTo(sum(full, image -> image.costs().networkEvaluations())
                        - sum(result, image -> image.costs().networkEvaluations()));
    }
}
