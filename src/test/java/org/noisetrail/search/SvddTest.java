package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;

class SvddTest {
    /** At temperature 1/2 rewards of half the weights' logarithms weigh as much; the uniform of a step is candidate 0 of round 65535 in its stage. */
    @Test
    void whatGoesOnIsReckonedFromTheStepsCoins() {
        double[][] weights = {{1, 5, 2, 3}, {4, 1, 6, 1}, {2, 3, 1, 4}, {5, 2, 4, 3}, {1, 2, 3, 4}};
        double[][] said = new double[6][];
        Arrays.setAll(
                said,
                step -> step == 5
                        ? new double[1]
                        : Arrays.stream(weights[step]).map(w -> Math.log(w) / 2).toArray());
        Set<Integer> all = new HashSet<>();
        for (long image = 0; image < 8; image++) {
            Reward reward = SmallWorld.scripted(said);
            List<Draw> expected = new ArrayList<>();
            for (int step = 0; step < 5; step++) {
                int chosen = Weights.draw(weights[step], SmallWorld.ddim().coin(image, step, 0));
                expected.add(Draw.global(1, chosen));
                all.add(chosen);
            }
            ImageResult result = SmallWorld.ddim()
                    .search(Methods.parse("svdd:proposals=4:alpha=0.5"))
                    .reward(reward)
                    .build()
                    .run(ImageRequest.of(image, 1))
                    .images()
                    .get(0);
            assertThat(result.recipe().moves().subList(0, 5).stream().flatMap(move -> move.draws().stream()))
                    .containsExactlyElementsOf(expected);
        }
        assertThat(all).hasSize(4);
    }
}
