package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SvddTest {
    @Test
    void withAlphaZeroItIsABeamOfOneAndASmallAlphaComesToIt() {
        for (SmallWorld world : new SmallWorld[] {SmallWorld.edm(), SmallWorld.ddim()}) {
            SearchResult beam = world.search(new Beam(5, 1)).build().run(ImageRequest.of(0, 5));
            SearchResult argmax = world.search(new Svdd(5, 0)).build().run(ImageRequest.of(0, 5));
            SearchResult cold = world.search(new Svdd(5, 1e-9)).build().run(ImageRequest.of(0, 5));
            for (int i = 0; i < 5; i++) {
                assertThat(argmax.images().get(i).state()).isEqualTo(beam.images().get(i).state());
                assertThat(argmax.images().get(i).costs()).isEqualTo(beam.images().get(i).costs());
                assertThat(argmax.images().get(i).recipe()).isEqualTo(beam.images().get(i).recipe());
            }
            // Ties in 8 bits are drawn, not broken by place: rewards are what is equal.
            assertThat(SmallWorld.mean(SmallWorld.rewards(cold)))
                    .isGreaterThan(SmallWorld.mean(SmallWorld.rewards(argmax)) - .02);
        }
    }
}
