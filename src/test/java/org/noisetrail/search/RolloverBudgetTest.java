package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Spacing;

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
        assertThat(spent)
                .as("the last searched step uses up what the others saved")
                .containsOnly(most);
        long[] reached = costs(
                world.search(new RolloverBudget(3, 4)).targetReward(0).build().run(ImageRequest.of(0, 32)));
        assertThat(Arrays.stream(reached).max().orElseThrow()).isLessThan(most);
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
    void whereNoProposalBeatsTheMarkTheBestOfThemGoesOnAndTheMarkStays() {
        PrimitiveIterator.OfDouble script = SmallWorld.script(new double[][] {
            // The start's, which is the mark; step 1: its second goes on.
            {.5}, {.2, .4, .3, .1},
            // Step 2: all are tried, since level with the mark is not above it; step 3: taken at once.
            {.45, .5, .5, .48}, {.6},
            // Step 4 tries what step 3 has saved, too; the last step injects nothing.
            {0, 0, 0, 0, 0, 0, 0}, {.7}
        });
        SmallWorld world = SmallWorld.ddim();
        SearchResult result = world.search(new RolloverBudget(1, 4))
                .reward(Reward.of("script", image -> script.next()))
                .build()
                .run(ImageRequest.of(0, 1));
        assertThat(script.hasNext()).isFalse();
        assertThat(costs(result)).containsExactly(2 + 4 + 4 + 1 + 7);
        ImageResult image = result.images().get(0);
        assertThat(image.reward()).isEqualTo(.7);
        Recipe expected = Recipe.steps(
                0,
                0,
                List.of(
                        List.of(),
                        List.of(Draw.global(1, 1)),
                        List.of(Draw.global(1, 1)),
                        List.of(Draw.global(1, 0)),
                        List.of(Draw.global(1, 0)),
                        List.of()));
        assertThat(image.recipe()).isEqualTo(expected);
        assertThat(image.state())
                .isEqualTo(world.replay(0, List.of(expected)).get(0).state());
    }

    @Test
    void theLastSearchedStepTriesAllThatIsLeftAndItsBestGoesOn() {
        PrimitiveIterator.OfDouble script = SmallWorld.script(new double[][] {
            // The start's; steps 1 to 3: the first beats the mark, and three are saved each time.
            {.1},
            {.2},
            {.3},
            {.4},
            // Step 4: the second is above the mark, the tenth above that; all of 4 + 9 are tried; then the image.
            {.1, .5, .2, .2, .2, .2, .2, .2, .2, .6, .2, .2, .2},
            {.7}
        });
        SearchResult result = SmallWorld.ddim()
                .search(new RolloverBudget(1, 4))
                .reward(Reward.of("script", image -> script.next()))
                .build()
                .run(ImageRequest.of(0, 1));
        assertThat(script.hasNext()).isFalse();
        assertThat(costs(result)).containsExactly(2 + 1 + 1 + 1 + 13);
        assertThat(result.images().get(0).recipe().moves().get(4).draws()).containsExactly(Draw.global(1, 9));
    }

    /** DDIM's last step injects noise here, and takes no evaluation. */
    @Test
    void whatIsSavedIsSpentWhereItBuysEvaluations() {
        SmallWorld world =
                new SmallWorld("ddim", SmallWorld.ddim().denoiser(), new DdimSampler(6, 1, Spacing.LEADING, 1, false));
        Schedule schedule = world.schedule();
        assertThat(schedule.lastLive()).isEqualTo(5);
        assertThat(schedule.evaluations(5)).isZero();
        AtomicInteger calls = new AtomicInteger();
        ImageResult image = world.search(new RolloverBudget(1, 4))
                .reward(Reward.of("rising", each -> calls.incrementAndGet() / 1000.0))
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        // F at the start and after the first step; one proposal at each of steps 1 to 3, the rest of their quota at
        // step 4.
        assertThat(image.costs().networkEvaluations()).isEqualTo(2 + 4 * 4);
        // Every proposal beats the mark: of the free one there is one.
        assertThat(image.costs().rewardCalls()).isEqualTo(1 + 4 * 4 + 1);
        assertThat(image.recipe().moves().get(5).draws()).containsExactly(Draw.global(1, 0));
        // Where the budget ends step 4 after five proposals, the free step has its quota, and not what was left.
        AtomicInteger few = new AtomicInteger();
        ImageResult cut = world.search(new RolloverBudget(1, 4))
                .reward(Reward.of("risen", each -> few.incrementAndGet() < 10 ? few.get() / 1000.0 : 0))
                .budget(2 + 3 + 5)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(cut.costs().networkEvaluations()).isEqualTo(2 + 3 + 5);
        assertThat(cut.costs().rewardCalls()).isEqualTo(1 + 3 + 5 + 4);
    }

    @Test
    void itBeatsBestOfNAtItsLargestCost() {
        SmallWorld world = SmallWorld.ddim(1, .25, 0);
        Method method = new RolloverBudget(4, 4);
        SearchResult searched = world.search(method).build().run(ImageRequest.of(0, 64));
        long most = Arrays.stream(costs(searched)).max().orElseThrow();
        SearchResult plain = world.search(BestOfN.costing(world.schedule(), most))
                .reward(Rewards.brightness())
                .build()
                .run(ImageRequest.of(0, 64));
        double[] gain = SmallWorld.minus(SmallWorld.rewards(searched), SmallWorld.rewards(plain));
        assertThat(SmallWorld.mean(gain)).isGreaterThan(3 * SmallWorld.error(gain));
    }
}
