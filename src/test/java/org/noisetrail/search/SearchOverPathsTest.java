package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.PrimitiveIterator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.EdmSampler;

class SearchOverPathsTest {
    private static String text(Recipe recipe) {
        return recipe.start() + " " + recipe.chain() + " "
                + recipe.moves().stream().map(Move::toString).toList();
    }

    @Test
    void turnsAreNamedByTheirNumber() {
        SmallWorld world = SmallWorld.ddim();
        ImageResult image = world.search(new SearchOverPaths(1, 1, 3, 3, 4))
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        // The last step injects no noise.
        assertThat(text(image.recipe()))
                .isEqualTo("[g0.0] 0 [, , , ^0 g2.0, g1.0, g1.0, g1.0, g1.0, ^1 g4.0, g3.0, g3.0, g3.0, g3.0, ^2 g6.0,"
                        + " g5.0, g5.0, g5.0, ]");
        assertThat(image.state())
                .isEqualTo(world.replay(0, List.of(image.recipe())).get(0).state());
    }

    @Test
    void theBestWaysOfATurnGoOnEachByAllItsWays() {
        PrimitiveIterator.OfDouble script = SmallWorld.script(new double[][] {
            // Turn 1: particle 0's second way and particle 1's third go on.
            {.1, .8, .2}, {.3, .4, .9},
            // Turn 2, to the end: the second's second way.
            {.1, .2, .3}, {.4, .7, .6}
        });
        SmallWorld world = SmallWorld.ddim();
        ImageResult image = world.search(new SearchOverPaths(2, 3, 2, 1, 4))
                .reward(Reward.of("script", any -> script.next()))
                .decodeBatch(1)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(script.hasNext()).isFalse();
        assertThat(image.reward()).isEqualTo(.7);
        assertThat(text(image.recipe())).isEqualTo("[g0.1] 1 [, , ^1 g2.5, g1.5, g1.5, g1.5, g1.5, ^4 g4.4, g3.4, ]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sop:candidates=1:renoisings=1:start=3:up=3:down=4",
                "sop:candidates=3:renoisings=4:start=2:up=1:down=3",
                "sop:candidates=2:renoisings=3:start=4:up=2:down=3"
            })
    void noNoiseIsTakenTwiceOnAWay(String text) {
        for (SmallWorld world : new SmallWorld[] {SmallWorld.edm(), SmallWorld.ddim()}) {
            SearchResult result = world.search(Methods.parse(text)).build().run(ImageRequest.of(0, 6));
            for (ImageResult image : result.images()) {
                Recipe recipe = image.recipe();
                assertThat(recipe.moves().stream().filter(Move::isUp).count()).isGreaterThan(1);
                assertThat(IntStream.range(0, recipe.moves().size())
                                .filter(m -> !recipe.moves().get(m).draws().isEmpty())
                                .mapToObj(m -> recipe.position(m) + " "
                                        + recipe.moves().get(m).draws())
                                .toList())
                        .doesNotHaveDuplicates();
            }
        }
    }

    private static double[] elements(Search.Builder search, Method method) {
        return search
                .method(method)
                .reward(Rewards.brightness())
                .maxBatch(1024)
                .build()
                .run(ImageRequest.of(0, 300))
                .images()
                .stream()
                .flatMapToDouble(
                        image -> IntStream.range(0, image.state().length).mapToDouble(j -> image.state()[j]))
                .toArray();
    }

    private static void isDistributedAsNaive(Search.Builder search) {
        double[] plain = elements(search, new Naive());
        double[] turned = elements(search, Methods.parse("sop:candidates=1:renoisings=1:start=1:up=1:down=2"));
        double error = Math.hypot(SmallWorld.error(plain), SmallWorld.error(turned));
        assertThat(SmallWorld.mean(turned)).isCloseTo(SmallWorld.mean(plain), within(4 * error));
        // A normal's variance is known to 2 / n of its square.
        assertThat(SmallWorld.variance(turned) / SmallWorld.variance(plain))
                .isCloseTo(1, within(4 * Math.sqrt(4.0 / plain.length)));
    }

    /** With one particle and one way nothing is chosen; turns as short as can be would tell if the noises up and down were one. */
    @Test
    void withoutAChoiceItDrawsWhatTheModelSays() {
        ImageShape shape = new ImageShape(1, 4, 4);
        Denoiser discrete = SmallWorld.mixture(shape, SmallWorld.noise(), .3, .2);
        isDistributedAsNaive(Search.builder(discrete)
                .sampler(DdimSampler.DEFAULT.withSteps(48))
                .seed(4));
        Denoiser continuous = SmallWorld.mixture(shape, Parameterisation.denoiser(), .3, .2);
        isDistributedAsNaive(Search.builder(continuous)
                .sampler(new EdmSampler(24, .02, 20, 7, 40, 0, Double.POSITIVE_INFINITY, 1))
                .seed(4));
    }
}
