package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;

class RolloverBudgetTest {
    private static long[] costs(SearchResult result) {
        return result.images().stream()
                .mapToLong(image -> image.costs().networkEvaluations())
                .toArray();
    }

    @Test
    void itNeverSpendsMoreThanItsQuotaAndAllOfItWhereNothingBeatsTheMark() {
        SmallWorld world = SmallWorld.ddim();
        int steps = world.schedule().size();
        // 3 starts: F at the start and after the first step; then 4 proposals a step, the last of which costs nothing.
        long most = 3 * 2 + 4L * (steps - 2);
        SearchResult flat = world.search(new RolloverBudget(3, 4))
                .reward(Reward.of("flat", image -> .5))
                .build()
                .run(ImageRequest.of(0, 3));
        assertThat(costs(flat)).containsOnly(most);
        long[] spent = costs(world.search(new RolloverBudget(3, 4)).build().run(ImageRequest.of(0, 32)));
        assertThat(Arrays.stream(spent).max().orElseThrow()).isLessThanOrEqualTo(most);
        assertThat(Arrays.stream(spent).min().orElseThrow()).isLessThan(most);
    }

    @Test
    void whatItSavesMovesOn() {
        // Each of the first two proposals beats the mark, nothing after: their quota is all spent later, or at the end,
        // never twice.
        SmallWorld world = SmallWorld.ddim();
        int[] calls = {0};
        Reward rising = Reward.of("rising", image -> calls[0]++ < 3 ? calls[0] / 100.0 : 0);
        SearchResult result =
                world.search(new RolloverBudget(1, 4)).reward(rising).build().run(ImageRequest.of(0, 1));
        int steps = world.schedule().size();
        // Steps 1 and 2 take one proposal each and save 6, which step 3 spends with its own 4.
        long expected = 2 + 1 + 1 + (4 + 6) + 4L * (steps - 5);
        assertThat(costs(result)).containsExactly(expected);
    }

    @Test
    void itBeatsBestOfNAtItsLargestCost() {
        SmallWorld world = SmallWorld.ddim(1, .25, 0);
        Method method = new RolloverBudget(4, 4);
        SearchResult searched = world.search(method).build().run(ImageRequest.of(0, 64));
        long most = Arrays.stream(costs(searched)).max().orElseThrow();
        SearchResult plain = world.search(new BestOfN(1).sized(world.schedule(), most))
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 64));
        double[] gain = SmallWorld.minus(SmallWorld.rewards(searched), SmallWorld.rewards(plain));
        assertThat(SmallWorld.mean(gain)).isGreaterThan(3 * SmallWorld.error(gain));
    }
}
