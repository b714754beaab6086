package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Step;

class PrunedBestOfNTest {
    @Test
    void noisesAreTriedAfterTheLastPruningOnly() {
        // The last pruning of a linear funnel is before the last step, which injects no noise here.
        SmallWorld world = SmallWorld.edm();
        SearchResult own =
                world.search(new PrunedBestOfN(4, Funnel.LINEAR)).build().run(ImageRequest.of(0, 3));
        SearchResult more =
                world.search(new PrunedBestOfN(4, Funnel.LINEAR, 3)).build().run(ImageRequest.of(0, 3));
        for (int i = 0; i < 3; i++) {
            assertThat(more.images().get(i).recipe())
                    .isEqualTo(own.images().get(i).recipe());
            assertThat(more.images().get(i).costs())
                    .isEqualTo(own.images().get(i).costs());
        }
    }

    @Test
    void whereNothingIsPrunedItIsBestOfN() {
        for (SmallWorld world : new SmallWorld[] {SmallWorld.edm(), SmallWorld.ddim()}) {
            SearchResult plain = world.search(new BestOfN(7)).build().run(ImageRequest.of(0, 6));
            SearchResult pruned =
                    world.search(new PrunedBestOfN(7, Funnel.NONE)).build().run(ImageRequest.of(0, 6));
            for (int i = 0; i < 6; i++) {
                assertThat(pruned.images().get(i).recipe())
                        .isEqualTo(plain.images().get(i).recipe());
                assertThat(pruned.images().get(i).state())
                        .isEqualTo(plain.images().get(i).state());
                assertThat(pruned.images().get(i).reward())
                        .isEqualTo(plain.images().get(i).reward());
                assertThat(pruned.images().get(i).costs())
                        .isEqualTo(plain.images().get(i).costs());
                assertThat(pruned.images().get(i).pivotNorm())
                        .isEqualTo(plain.images().get(i).pivotNorm());
            }
        }
    }

    @Test
    void atEqualCostItBeatsBestOfNWhereEstimatesTellTheEnd() {
        SmallWorld world = SmallWorld.ddim(0, .3, -.4, .4);
        Method pruned = new PrunedBestOfN(24, Funnel.parse("8@1,3@3"));
        long cost = pruned.evaluations(world.schedule()).orElseThrow();
        Method plain = BestOfN.costing(world.schedule(), cost);
        int n = 48;
        double[] gain = SmallWorld.minus(
                SmallWorld.rewards(world.search(pruned).build().run(ImageRequest.of(0, n))),
                SmallWorld.rewards(world.search(plain).build().run(ImageRequest.of(0, n))));
        assertThat(SmallWorld.mean(gain)).isGreaterThan(3 * SmallWorld.error(gain));
    }

    @Test
    void survivorsThatChooseTheirNoiseEndHigherThanThoseThatTakeTheirOwn() {
        SmallWorld world = SmallWorld.ddim();
        int n = 32;
        double[] own = SmallWorld.rewards(
                world.search(new PrunedBestOfN(6, Funnel.parse("2@2"))).build().run(ImageRequest.of(0, n)));
        double[] chosen = SmallWorld.rewards(world.search(new PrunedBestOfN(6, Funnel.parse("2@2"), 4))
                .build()
                .run(ImageRequest.of(0, n)));
        double[] gain = SmallWorld.minus(chosen, own);
        assertThat(SmallWorld.mean(gain)).isGreaterThan(3 * SmallWorld.error(gain));
    }

    @Test
    void eachSurvivorTakesTheBestOfItsOwnNoiseAndOthersThatNoOtherTries() {
        // Of three steps the last alone injects noise.
        SmallWorld world = SmallWorld.edm(new EdmSampler(3, .3, 20, 3, 10, 0, .5, 1.003), .25, -.5, 0, .4);
        assertThat(world.schedule().steps().stream().map(Step::isDead)).containsExactly(true, true, false);
        int n = 6;
        SearchResult result =
                world.search(new PrunedBestOfN(3, Funnel.NONE, 4)).build().run(ImageRequest.of(0, n));
        for (int image = 0; image < n; image++) {
            List<Recipe> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                for (int m = 0; m < 4; m++) {
                    List<Draw> noise = m == 0 ? List.of() : List.of(Draw.global(1, 4 * i + m));
                    all.add(Recipe.steps(i, m == 0 ? i : 0, List.of(List.of(), List.of(), noise)));
                }
            }
            double[] rewards = world.replay(image, all).stream()
                    .mapToDouble(end -> SmallWorld.brightness(end.pixels()))
                    .toArray();
            int best = Particle.ranking(rewards)[0];
            ImageResult found = result.images().get(image);
            assertThat(found.reward()).isCloseTo(rewards[best], within(1e-12));
            assertThat(found.recipe()).as("image %d", image).isEqualTo(all.get(best));
            // The two dead steps once each, of two evaluations; the last of one.
            assertThat(found.costs().networkEvaluations()).isEqualTo(3 * 2 * 2 + 3 * 4);
        }
    }

    @Test
    void aFunnelFalls() {
        Funnel funnel = Funnel.parse("6@2,2@6");
        assertThat(funnel.width(1, 16, 20)).isEqualTo(16);
        assertThat(funnel.width(2, 16, 20)).isEqualTo(6);
        assertThat(funnel.width(19, 16, 20)).isEqualTo(2);
        assertThat(Funnel.LINEAR.width(0, 9, 5)).isEqualTo(9);
        assertThat(Funnel.LINEAR.width(1, 9, 5)).isEqualTo(7);
        assertThat(Funnel.LINEAR.width(4, 9, 5)).isEqualTo(1);
        assertThat(funnel.scaled(2)).hasToString("12@2,4@6");
        assertThatThrownBy(() -> Funnel.parse("2@6,6@2")).hasMessageContaining("keep must fall");
        assertThatThrownBy(() -> Funnel.parse("2-6")).hasMessageContaining("keep must be like 6@2,2@6");
    }
}
