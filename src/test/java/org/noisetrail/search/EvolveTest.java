package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.Spacing;
import org.noisetrail.trace.Ledger;

/** Generations of children, each against the trajectory that its name says. */
class EvolveTest {
    private static final int CANDIDATES = 5;
    private static final int CHILDREN = 4;

    /** What trajectories are worth, one after the other; the elite are the second and the fourth. */
    private static final double[] FIRST = {.3, .6, .1, .5, .2};

    /** Nothing at a step that injects none. */
    private static List<Draw> noise(SmallWorld world, int step, Draw... draws) {
        return world.schedule().isDead(step) ? List.of() : List.of(draws);
    }

    /**
     * The better of two whom a child's coins name.
     *
     * @param number of the child over all generations
     * @param values of the population, whose order is that of its births
     */
    private static int parent(SmallWorld world, int step, int number, double... values) {
        try (StepEngine engine = StepEngine.builder(world.denoiser(), world.schedule())
                .seed(SmallWorld.SEED)
                .images(new long[] {0}, List.of(Condition.NONE), new Ledger(1))
                .build()) {
            double[] coins = engine.coins(engine.draws(step - 1, 2)
                    .add(0, 0xFFFF, 2 * number, 0, NoiseKind.NONE)
                    .add(0, 0xFFFF, 2 * number + 1, 0, NoiseKind.NONE));
            int one = (int) (coins[0] * values.length);
            int other = (int) (coins[1] * values.length);
            return values[one] >= values[other] ? one : other;
        }
    }

    /** The way of one of the first population up to a step, its noise mixed there with the child's, the child's own from there on. */
    private static Recipe child(SmallWorld world, int generation, int step, int parent, int child, double share) {
        Draw own = Draw.global(0, parent);
        // All of it is fresh noise in place of the parent's.
        Draw mutation = share == 1 ? Draw.global(generation, child) : new Draw.Mixed(generation, child, share);
        List<List<Draw>> draws = new ArrayList<>();
        for (int at = 0; at < world.schedule().size(); at++) {
            draws.add(
                    at < step
                            ? noise(world, at, own)
                            : at == step && step > 0
                                    ? noise(world, at, own, mutation)
                                    : noise(world, at, Draw.global(generation, child)));
        }
        Recipe recipe = Recipe.steps(parent, 0, draws);
        return step > 0 ? recipe : new Recipe(List.of(own, mutation), 0, recipe.moves());
    }

    /** An image whose best is a child. */
    private static ImageResult run(SmallWorld world, int step, int child, double share) {
        int[] calls = {0};
        Reward script = Reward.of("script", image -> {
            int call = calls[0]++;
            return call < CANDIDATES ? FIRST[call] : call == CANDIDATES + child ? 1 : 0;
        });
        SearchResult result = world.search(new Evolve(CANDIDATES, List.of(new Mark(CHILDREN, step)), 2, share))
                .reward(script)
                .decodeBatch(1)
                .build()
                .run(ImageRequest.of(0, 1));
        assertThat(calls).containsExactly(CANDIDATES + CHILDREN);
        return result.images().get(0);
    }

    static Stream<Arguments> cases() {
        SmallWorld ddim = SmallWorld.ddim();
        SmallWorld edm = SmallWorld.edm();
        return Stream.of(
                        Arguments.of(ddim, 0),
                        Arguments.of(ddim, 2),
                        Arguments.of(ddim, ddim.schedule().lastLive()),
                        Arguments.of(edm, 0),
                        Arguments.of(edm, 1),
                        Arguments.of(edm, 4),
                        Arguments.of(edm, edm.schedule().lastLive()))
                .flatMap(one -> Stream.of(.2, 1.0).map(share -> Arguments.of(one.get()[0], one.get()[1], share)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aChildIsItsParentsWayWithTheNoiseOfTheStepMixedAndItsOwnFromThereOn(SmallWorld world, int step, double share) {
        for (int child = 0; child < CHILDREN; child++) {
            ImageResult image = run(world, step, child, share);
            Recipe expected = child(world, 1, step, parent(world, step, child, FIRST), child, share);
            assertThat(image.state())
                    .as("child %d", child)
                    .isEqualTo(world.replay(0, List.of(expected)).get(0).state());
            assertThat(image.costs().networkEvaluations())
                    .isEqualTo(CANDIDATES * world.schedule().evaluations()
                            + CHILDREN * Evolve.price(new Mark(CHILDREN, step), world.schedule()));
        }
    }

    /** An image whose best is the last child of the second generation; all other children are worth the same. */
    private static ImageResult secondGeneration(SmallWorld world, int first, int second, double worth) {
        int[] calls = {0};
        Reward script = Reward.of("script", image -> {
            int call = calls[0]++;
            return call < CANDIDATES ? FIRST[call] : call == CANDIDATES + 3 + CHILDREN - 1 ? 1 : worth;
        });
        return world.search(new Evolve(CANDIDATES, List.of(new Mark(3, first), new Mark(CHILDREN, second)), 2, .3))
                .reward(script)
                .decodeBatch(1)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
    }

    /** DDIM's last step injects noise here, and takes no evaluation: children of it are free, and are had. */
    @Test
    void aGenerationAtALastStepThatCostsNothingIsBorn() {
        SmallWorld world =
                new SmallWorld("ddim", SmallWorld.ddim().denoiser(), new DdimSampler(6, 1, Spacing.LEADING, 1, false));
        ImageResult image = world.search(Methods.parse("evolve:candidates=3:generations=4@5:elites=1"))
                .budget(3 * world.schedule().evaluations())
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(image.costs().networkEvaluations())
                .isEqualTo(3 * world.schedule().evaluations());
        assertThat(image.costs().rewardCalls()).isEqualTo(3 + 4);
    }

    @Test
    void aLaterGenerationMayBranchOffBeforeTheStepOfItsParents() {
        SmallWorld world = SmallWorld.ddim();
        // The first generation's three children are the best there are, until the last of the second.
        ImageResult image = secondGeneration(world, 3, 2, .9);
        int parent = parent(world, 2, 3 + CHILDREN - 1, .6, .5, .9, .9, .9);
        assertThat(parent).as("one of the children").isGreaterThanOrEqualTo(2);
        int grandparent = parent(world, 3, parent - 2, FIRST);
        Recipe expected = child(world, 2, 2, grandparent, CHILDREN - 1, .3);
        assertThat(image.state())
                .isEqualTo(world.replay(0, List.of(expected)).get(0).state());
    }

    @Test
    void aLaterGenerationHasCoinsAndNoisesOfItsOwn() {
        SmallWorld world = SmallWorld.ddim();
        double[] elites = {.6, .5};
        int[] names = {1, 3};
        // The first generation's three children are worth less than the two elites, the last of the second is best.
        ImageResult image = secondGeneration(world, 1, 3, 0);
        int parent = parent(world, 3, 3 + CHILDREN - 1, elites[0], elites[1], 0, 0, 0);
        assertThat(parent).isLessThan(2);
        Recipe expected = child(world, 2, 3, names[parent], CHILDREN - 1, .3);
        assertThat(image.state())
                .isEqualTo(world.replay(0, List.of(expected)).get(0).state());
    }

    @Test
    void aMutationOfNothingAtTheLastLiveStepLeavesAChildWhereItsParentCame() {
        SmallWorld world = SmallWorld.ddim();
        int last = world.schedule().lastLive();
        for (int child = 0; child < CHILDREN; child++) {
            int parent = parent(world, last, child, FIRST);
            Recipe plain = Recipe.steps(
                    parent, parent, Collections.nCopies(world.schedule().size(), List.of()));
            float[] expected = world.replay(0, List.of(plain)).get(0).state();
            assertThat(run(world, last, child, 1e-9).state())
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(expected);
            assertThat(run(world, last, child, .2).state()).isNotEqualTo(expected);
        }
    }
}
