package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;

class ThresholdTest {
    private static final int ROUNDS = 4;

    private static long cost(SmallWorld world, Reward reward) {
        Method method =
                LocalSearch.builder().candidates(2).rounds(ROUNDS).threshold(.5).build();
        return world.search(method)
                .reward(reward)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0)
                .costs()
                .networkEvaluations();
    }

    @Test
    void aStepIsLeftAtTheMarkAndWhatIsSavedIsSpentLater() {
        // Six steps; F at the start; the last step's candidates cost nothing.
        SmallWorld world = SmallWorld.ddim();
        assertThat(cost(world, Reward.of("above", image -> .6))).isEqualTo(1 + 5 * 2);
        assertThat(cost(world, Reward.of("at it", image -> .5))).isEqualTo(1 + 5 * 2);
        assertThat(cost(world, Reward.of("below", image -> .4))).isEqualTo(1 + 5 * ROUNDS * 2);
        // The first step comes to the mark with its first round: the others spend what it saved, so that all is spent.
        int[] calls = {0};
        Reward early = Reward.of("early", image -> calls[0]++ < 2 ? .6 : .4);
        assertThat(cost(world, early)).isEqualTo(1 + 5 * ROUNDS * 2);
    }

    @Test
    void aMarkThatNothingReachesSpendsNoRoundsThatPatienceSaves() {
        SmallWorld world = SmallWorld.edm();
        List<Long> costs = Stream.of("", ":threshold=1000000", ":roll-over", ":threshold=1000000:roll-over")
                .map(more -> world
                        .search(Methods.parse("zero-order:candidates=2:rounds=4:patience=1:0.01" + more))
                        .reward(Rewards.brightness())
                        .build()
                        .run(ImageRequest.of(0, 8))
                        .images()
                        .stream()
                        .mapToLong(image -> image.costs().networkEvaluations())
                        .sum())
                .toList();
        assertThat(costs.get(1)).isEqualTo(costs.get(0)).isLessThan(costs.get(2));
        assertThat(costs.get(3)).isEqualTo(costs.get(2));
    }

    @Test
    void itsTextIsReadAndItsCostIsNotKnownBefore() {
        Method method = Methods.parse("eps-greedy:rounds=3:threshold=0.5");
        assertThat(method)
                .isEqualTo(LocalSearch.builder().rounds(3).threshold(.5).build());
        assertThat(Methods.registry().text(method)).isEqualTo("eps-greedy:rounds=3:threshold=0.5");
        assertThat(method.evaluations(SmallWorld.edm().schedule())).isEmpty();
    }

    /** A schedule's 0 means that the step is not searched, whatever was saved before. */
    @Test
    void whatIsSavedIsNotSpentWhereAStepHasNoRounds() {
        SmallWorld world = SmallWorld.ddim();
        List<Double> levels = RoundSchedule.levelsOf(world.schedule());
        int[] calls = {0};
        LocalSearch method = LocalSearch.builder()
                .candidates(2)
                .rounds(new RoundSchedule(levels, List.of(3, 0, 3, 0, 0, 0)))
                .threshold(.5)
                .build();
        ImageResult image = world.search(method)
                .reward(Reward.of("early", ignored -> calls[0]++ < 2 ? .6 : .4))
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        // One round of the first step, and of the third its own three and the two that were saved.
        assertThat(image.costs().networkEvaluations()).isEqualTo(1 + 2 + 1 + 5 * 2 + 1 + 1);
        assertThat(image.recipe().moves().get(1).draws()).isEmpty();
    }
}
