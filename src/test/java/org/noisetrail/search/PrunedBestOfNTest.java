package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PrunedBestOfNTest {
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
        Method plain = new BestOfN(1).sized(world.schedule(), cost);
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
