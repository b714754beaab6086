package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Ledger;

/** Beam and tree search against exhaustive search, and against simulations run one by one. */
class TreeSearchTest {
    private static final ImageShape SHAPE = new ImageShape(1, 4, 4);
    private static final long SEED = 99;

    /** Noise at all three steps, the last included. */
    private static final EdmSampler ALL_LIVE = new EdmSampler(3, .3, 20, 3, 10, 0, Double.POSITIVE_INFINITY, 1.003);

    /** The middle two of six steps inject noise. */
    private static final EdmSampler LIVE_WITHIN = new EdmSampler(6, .05, 20, 3, 10, 1, 6, 1.003);

    private static Schedule table(EdmSampler sampler) {
        return sampler.schedule(Parameterisation.denoiser());
    }

    private static int[] liveSteps(EdmSampler sampler) {
        return IntStream.range(0, sampler.steps())
                .filter(i -> table(sampler).step(i).gain() > 0)
                .toArray();
    }

    private static ExactMixture mixture() {
        return new ExactMixture(SHAPE, false, .25, -.5, 0, .4);
    }

    private static SearchResult run(EdmSampler sampler, Method method, int maxBatch, List<ImageRequest> images) {
        return search(mixture(), sampler, method).maxBatch(maxBatch).build().run(images);
    }

    private static Search.Builder search(ExactMixture mixture, EdmSampler sampler, Method method) {
        return Search.builder(mixture)
                .sampler(sampler)
                .method(method)
                .reward(Rewards.brightness())
                .seed(SEED);
    }

    private static Recipe recipe(int... candidates) {
        return Recipe.steps(
                0,
                0,
                Arrays.stream(candidates)
                        .mapToObj(c -> List.of(Draw.global(1, c)))
                        .toList());
    }

    /** The reward of each recipe's image, drawn plainly by replay. */
    private static double[] exhaustive(
            EdmSampler sampler, long image, List<Recipe> recipes, ToDoubleFunction<Image> reward) {
        ExactMixture mixture = mixture();
        List<Trail.Entry> entries = recipes.stream()
                .map(recipe -> new Trail.Entry(new ImageRequest(image, -1), recipe))
                .toList();
        return new Trail(mixture.id(), Map.of(), sampler, SEED, 0, false, entries)
                .replay(mixture, 64, SearchListener.NONE).images().stream()
                        .mapToDouble(result -> reward.applyAsDouble(result.pixels()))
                        .toArray();
    }

    private static double brightness(Image image) {
        double sum = 0;
        for (byte pixel : image.pixels()) {
            sum += pixel & 0xFF;
        }
        return sum / SHAPE.elements() / 255;
    }

    /** It differs more from image to image than brightness does, so that means settle sooner. */
    private static double corner(Image image) {
        return image.at(0, 0, 0) / 255.0;
    }

    @Test
    void everyStepOfTheSamplersIsWhatTheTestsTakeItFor() {
        assertThat(liveSteps(ALL_LIVE)).containsExactly(0, 1, 2);
        assertThat(liveSteps(LIVE_WITHIN)).containsExactly(2, 3);
    }

    @Test
    void treeSearchWithEnoughSimulationsFindsTheBestOfAllNoises() {
        List<Recipe> all = new ArrayList<>();
        for (int i = 0; i < 27; i++) {
            all.add(recipe(i / 9, i / 3 % 3, i % 3));
        }
        SearchResult result = search(mixture(), ALL_LIVE, new Mcts(3, 20000, .7))
                .reward(Reward.of("corner", TreeSearchTest::corner))
                .build()
                .run(ImageRequest.of(0, 12));
        for (ImageResult image : result.images()) {
            double[] exhaustive = exhaustive(ALL_LIVE, image.request().image(), all, TreeSearchTest::corner);
            double best = Arrays.stream(exhaustive).max().orElseThrow();
            assertThat(image.reward()).as("image %d", image.request().image()).isEqualTo(best);
            // All states of the tree, each once: 3 + 9 children, 27 ends, and the rollouts.
            assertThat(image.costs().networkEvaluations()).isLessThanOrEqualTo(3 * 2 + 9 * 2 + 27 + 3 * 3 + 9);
        }
    }

    private static StepEngine engine(EdmSampler sampler, int maxBatch, long image) {
        return StepEngine.builder(mixture(), table(sampler))
                .seed(SEED)
                .maxBatch(maxBatch)
                .images(new long[] {image}, List.of(Condition.NONE), new Ledger(1))
                .build();
    }

    private static int[] ranks(double[] scores) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void beamsForAllNoisesFindTheBestOfThem(long image) {
        Recorded reward = new Recorded();
        ImageResult result = search(mixture(), ALL_LIVE, new Beam(3, 27))
                .reward(reward)
                .maxBatch(81)
                .build()
                .run(ImageRequest.of(image, 1))
                .images()
                .get(0);
        // No beam is ever cut; the scores tell only which beam tries which noise.
        int[] first = ranks(reward.batches.get(0));
        int[] second = ranks(reward.batches.get(1));
        List<Recipe> all = new ArrayList<>();
        for (int c = 0; c < 27; c++) {
            int parent = second[c / 3];
            all.add(recipe(first[parent / 3], parent, c));
        }
        double[] exhaustive = exhaustive(ALL_LIVE, image, all, TreeSearchTest::brightness);
        int best = ranks(exhaustive)[0];
        assertThat(result.reward()).isEqualTo(exhaustive[best]);
        assertThat(result.recipe()).isEqualTo(all.get(best));
        assertThat(result.costs().networkEvaluations()).isEqualTo(3 * 2 + 9 * 2 + 27);
        assertThat(result.costs().rewardCalls()).isEqualTo(3 + 9 + 27);
    }

    /** Simulations one by one, from the definition: no state is shared, each reward comes from a whole trajectory of its own. */
    private static final class OneByOne implements AutoCloseable {
        private static final int NO_NOISE = -1;
        private final Schedule sampler;
        private final Mcts method;
        private final StepEngine engine;
        private final Map<List<Integer>, Double> ends = new HashMap<>();
        private final Map<List<Integer>, Integer> visits = new HashMap<>();
        private final Map<List<Integer>, Double> totals = new HashMap<>();
        private final Set<List<Integer>> expanded = new HashSet<>();

        OneByOne(EdmSampler sampler, Mcts method, long image) {
            this.sampler = table(sampler);
            this.method = method;
            engine = engine(sampler, 1, image);
        }

        List<Integer> choices() {
            List<Integer> root = List.of();
            for (int step = 0; step < sampler.size(); step++) {
                if (sampler.isDead(step)) {
                    root = with(root, NO_NOISE);
                    continue;
                }
                for (int s = 0; s < method.simulations(); s++) {
                    simulate(root, step, s);
                }
                List<Integer> from = root;
                root = null;
                for (List<Integer> child : children(from)) {
                    if (visits.containsKey(child) && (root == null || mean(child) > mean(root))) {
                        root = child;
                    }
                }
            }
            return root;
        }

        private static List<Integer> with(List<Integer> path, int choice) {
            List<Integer> longer = new ArrayList<>(path);
            longer.add(choice);
            return longer;
        }

        private List<List<Integer>> children(List<Integer> path) {
            if (sampler.isDead(path.size())) {
                return List.of(with(path, NO_NOISE));
            }
            return IntStream.range(0, method.candidates())
                    .mapToObj(n -> with(path, n))
                    .toList();
        }

        private void simulate(List<Integer> root, int step, int number) {
            List<Integer> node = root;
            while (expanded.contains(node)) {
                node = select(node);
            }
            if (node.size() < sampler.size()) {
                expanded.add(node);
                List<List<Integer>> children = children(node);
                node = children.get((int) (coin(step, number) * children.size()));
            }
            double reward = end(node);
            for (int length = root.size(); length <= node.size(); length++) {
                visits.merge(List.copyOf(node.subList(0, length)), 1, Integer::sum);
                totals.merge(List.copyOf(node.subList(0, length)), reward, Double::sum);
            }
        }

        private List<Integer> select(List<Integer> node) {
            List<Integer> best = null;
            double highest = 0;
            for (List<Integer> child : children(node)) {
                if (!visits.containsKey(child)) {
                    return child;
                }
                double bound =
                        mean(child) + method.exploration() * Math.sqrt(Math.log(visits.get(node)) / visits.get(child));
                if (best == null || bound > highest) {
                    best = child;
                    highest = bound;
                }
            }
            return best;
        }

        private double mean(List<Integer> node) {
            return totals.get(node) / visits.get(node);
        }

        private double coin(int step, int number) {
            return engine.coins(engine.draws(step, 1).add(0, 0xFFFF, number, 0, NoiseKind.NONE))[0];
        }

        /** The reward of a path that goes on without noise. */
        private double end(List<Integer> path) {
            return ends.computeIfAbsent(path, p -> {
                Particles x;
                try (Draws start =
                        engine.draws(-1, 1).add(0, 0, 0, 0, NoiseKind.GLOBAL).build()) {
                    x = engine.start(start);
                }
                try (Candidates candidates = engine.candidates(1)) {
                    for (int step = 0; step < sampler.size(); step++) {
                        int choice = step < p.size() ? p.get(step) : NO_NOISE;
                        NoiseKind kind = choice == NO_NOISE ? NoiseKind.NONE : NoiseKind.GLOBAL;
                        try (Draws draws = engine.draws(step, 1)
                                .add(0, 1, Math.max(0, choice), 0, kind)
                                .build()) {
                            engine.advance(candidates, x, null, draws, 0, Locality.NONE);
                            x = candidates.exchangeNext(x);
                        }
                    }
                    try (Draws draws =
                            engine.draws(0, 1).add(0, 0, 0, 0, NoiseKind.NONE).build()) {
                        return engine.judge(x.x(), draws, Rewards.brightness())[0];
                    }
                } finally {
                    x.close();
                }
            });
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 4, 1.4",
        "2, 1, 1.4",
        "2, 7, .3",
        "3, 2, 1.4",
        "3, 30, .1",
        "3, 30, 1.4",
        "4, 8, 1.4142",
        "5, 11, 0",
        "4, 300, .05"
    })
    void choicesAreThoseOfSimulationsRunOneByOneWhateverTheBatch(int candidates, int simulations, double exploration) {
        Mcts method = new Mcts(candidates, simulations, exploration);
        for (EdmSampler sampler : List.of(ALL_LIVE, LIVE_WITHIN, EdmSampler.DEFAULT.withSteps(7))) {
            List<List<Integer>> expected = new ArrayList<>();
            for (int image = 0; image < 6; image++) {
                try (OneByOne reference = new OneByOne(sampler, method, image)) {
                    expected.add(reference.choices());
                }
            }
            List<ImageResult> first =
                    run(sampler, method, 64, ImageRequest.of(0, 6)).images();
            for (int i = 0; i < 6; i++) {
                assertThat(choices(sampler, first.get(i).recipe()))
                        .as("image %d", i)
                        .isEqualTo(expected.get(i));
            }
            for (int maxBatch : new int[] {1, 2, 5, 1000}) {
                List<ImageResult> images =
                        run(sampler, method, maxBatch, ImageRequest.of(0, 6)).images();
                for (int i = 0; i < 6; i++) {
                    assertThat(images.get(i).recipe()).isEqualTo(first.get(i).recipe());
                    assertThat(images.get(i).state()).isEqualTo(first.get(i).state());
                    assertThat(images.get(i).costs()).isEqualTo(first.get(i).costs());
                }
            }
        }
    }

    private static List<Integer> choices(EdmSampler sampler, Recipe recipe) {
        List<Integer> choices = new ArrayList<>();
        for (int step = 0; step < sampler.steps(); step++) {
            List<Draw> draws = recipe.moves().get(step).draws();
            choices.add(draws.isEmpty() ? OneByOne.NO_NOISE : ((Draw.Named) draws.get(0)).candidate());
        }
        return choices;
    }

    @Test
    void simulationsThatNoRewardCanChangeShareTheirNetworkCalls() {
        // At the first root the first N simulations are known at once; one by one each would sweep the steps anew.
        Mcts method = new Mcts(4, 4, 1.4);
        ExactMixture alone = mixture();
        search(alone, ALL_LIVE, method).maxBatch(1).build().run(ImageRequest.of(0, 1));
        ExactMixture together = mixture();
        search(together, ALL_LIVE, method).maxBatch(64).build().run(ImageRequest.of(0, 1));
        assertThat(together.rows.get()).isEqualTo(alone.rows.get());
        // The first root's sweep is one call a step's evaluation.
        assertThat(together.calls.get()).isLessThan(alone.calls.get() / 3);
    }

    @Test
    void aDeadStepHasOneChildAndNoStateIsRolledOutTwice() {
        // One step alone is live: plain steps before it, its N children, and from each one way to its end.
        EdmSampler one = new EdmSampler(6, .05, 20, 3, 10, 1.8, 5, 1.003);
        assertThat(liveSteps(one)).hasSize(1);
        int live = liveSteps(one)[0];
        long before = 2L * live;
        long rest = table(one).evaluations() - before - 2;
        for (int simulations : new int[] {1, 2, 5, 8, 200}) {
            ImageResult image = run(one, new Mcts(5, simulations, 1.4), 64, ImageRequest.of(4, 1))
                    .images()
                    .get(0);
            long rollouts = Math.min(5, simulations);
            assertThat(image.costs().networkEvaluations()).isEqualTo(before + 5 * 2 + rollouts * rest);
            assertThat(image.costs().rewardCalls()).isEqualTo(rollouts);
        }
    }

    @Test
    void whereNoStepInjectsNoiseThereIsNothingToSearch() {
        EdmSampler dead = EdmSampler.DEFAULT.withChurn(0);
        float[] plain = run(dead, new Naive(), 64, ImageRequest.of(7, 1))
                .images()
                .get(0)
                .state();
        for (Method method : List.of(Mcts.standard(), Beam.standard())) {
            ImageResult image =
                    run(dead, method, 64, ImageRequest.of(7, 1)).images().get(0);
            assertThat(image.state()).isEqualTo(plain);
            assertThat(image.costs().networkEvaluations()).isEqualTo(35);
            assertThat(image.costs().rewardCalls()).isEqualTo(1);
            assertThat(image.recipe().moves()).allMatch(move -> move.draws().isEmpty());
        }
    }

    @Test
    void aBeamCosts214NetworkEvaluationsAndTriesNoNoiseAtDeadSteps() {
        ImageResult image = run(EdmSampler.DEFAULT, Beam.standard(), 64, ImageRequest.of(0, 1))
                .images()
                .get(0);
        // Two steps of one beam, one of 4 candidates, 12 of 8, two of 2 beams, and the last of 2.
        assertThat(image.costs().networkEvaluations()).isEqualTo(2 * 2 + 4 * 2 + 12 * 8 * 2 + 2 * 2 * 2 + 2);
        assertThat(image.costs().transitions()).isEqualTo(2 + 4 + 12 * 8 + 2 * 2 + 2);
        assertThat(image.costs().rewardCalls()).isEqualTo(4 + 12 * 8 + 2);
        for (int step = 0; step < 18; step++) {
            assertThat(image.recipe().moves().get(step).draws()).hasSize(step < 2 || step > 14 ? 0 : 1);
        }
    }

    @Test
    void aBudgetThatPaysForAllChangesNothingAndOneEvaluationLessIsKept() {
        for (Method method : List.of(new Beam(3, 4), new Mcts(3, 6, 1))) {
            SearchResult free = run(LIVE_WITHIN, method, 64, ImageRequest.of(0, 4));
            for (int i = 0; i < 4; i++) {
                ImageResult image = free.images().get(i);
                long cost = image.costs().networkEvaluations();
                ImageResult same = search(mixture(), LIVE_WITHIN, method)
                        .budget(cost)
                        .build()
                        .run(ImageRequest.of(i, 1))
                        .images()
                        .get(0);
                assertThat(same.state()).isEqualTo(image.state());
                assertThat(same.costs()).isEqualTo(image.costs());
                ImageResult less = search(mixture(), LIVE_WITHIN, method)
                        .budget(cost - 1)
                        .build()
                        .run(ImageRequest.of(i, 1))
                        .images()
                        .get(0);
                assertThat(less.costs().networkEvaluations()).isLessThan(cost);
            }
        }
    }

    /** The steps with a chosen noise, and what it all cost. */
    private static List<Integer> searchedSteps(Method method, long budget, long expectedCost) {
        ImageResult image = search(mixture(), LIVE_WITHIN, method)
                .budget(budget)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(image.costs().networkEvaluations()).isEqualTo(expectedCost);
        return IntStream.range(0, LIVE_WITHIN.steps())
                .filter(step -> !image.recipe().moves().get(step).draws().isEmpty())
                .boxed()
                .toList();
    }

    @Test
    void aBudgetThatDoesNotPayForAllBeamsNarrowsThem() {
        // Plain: 4, 2, 2, 3. A search of step 2 costs 8 in place of 2; a second beam from there on 5 more.
        Method method = Beam.standard();
        assertThat(searchedSteps(method, 11, 11)).isEmpty();
        // A search of step 2 or of step 3 costs 6 more.
        assertThat(searchedSteps(method, 16, 11)).isEmpty();
        assertThat(searchedSteps(method, 17, 17)).containsExactly(2);
        // Two beams leave step 2; step 3 is plain for both.
        assertThat(searchedSteps(method, 22, 22)).containsExactly(2);
        assertThat(searchedSteps(method, 4 + 8 + 16 + 2 * 3, 34)).containsExactly(2, 3);
    }

    @Test
    void aBudgetEndsTheSimulationsAndTheRootGoesOnPlainly() {
        // A first simulation at step 2 costs 4 x 2 + 5, and 5 must be left to go on from step 3; at step 3 it costs 4 x
        // 2 + 3.
        Method method = new Mcts(4, 1, 1);
        assertThat(searchedSteps(method, 16, 11)).isEmpty();
        // What does not pay for a simulation at step 2 may pay for one at step 3: 4 + 2 + 8 + 3.
        assertThat(searchedSteps(method, 17, 17)).containsExactly(3);
        assertThat(searchedSteps(method, 21, 17)).containsExactly(3);
        assertThat(searchedSteps(method, 22, 22)).containsExactly(2);
        assertThat(searchedSteps(method, 4 + 8 + 5 + 8 + 3, 28)).containsExactly(2, 3);
    }

    @Test
    void aTargetThatIsMetAtOnceLeavesTheLeastOfASearch() {
        // Beam: one search of 4 candidates at step 2, then one beam, judged at step 3 and at its end.
        ImageResult beam = search(mixture(), LIVE_WITHIN, Beam.standard())
                .targetReward(0)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(beam.costs().networkEvaluations()).isEqualTo(11 + 3 * 2);
        assertThat(beam.costs().rewardCalls()).isEqualTo(4 + 1 + 1);
        // Tree: one simulation at step 2 (4 children, a rollout of 5), one at step 3 (4 children, and 3 to the end).
        ImageResult tree = search(mixture(), LIVE_WITHIN, Mcts.standard())
                .targetReward(0)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(tree.costs().networkEvaluations()).isEqualTo(4 + 8 + 5 + 8 + 3);
        assertThat(tree.costs().rewardCalls()).isEqualTo(2);
    }

    @Test
    void aBeamThatFallsBelowTheTargetIsSearchedAgain() {
        // Brightness alternates from call to call: the best of step 2 meets the target, the plain step 3 does not.
        EdmSampler three = new EdmSampler(6, .05, 20, 3, 10, .3, 6, 1.003);
        int[] calls = {0};
        Reward falling = new Reward() {
            @Override
            public String name() {
                return "falling";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                double[] values = new double[images.rows()];
                Arrays.fill(values, calls[0]++ == 1 ? 0 : 1);
                Tensors.copy(values, scores);
            }
        };
        int first = liveSteps(three)[0];
        assertThat(liveSteps(three)).hasSize(3);
        Recipe recipe = search(mixture(), three, new Beam(4, 2))
                .reward(falling)
                .targetReward(1)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0)
                .recipe();
        assertThat(recipe.moves().get(first).draws()).hasSize(1);
        assertThat(recipe.moves().get(first + 1).draws()).isEmpty();
        assertThat(recipe.moves().get(first + 2).draws()).hasSize(1);
    }

    @Test
    void nanRewardsLoseAndAreCounted() {
        Reward odd = Reward.of("odd", image -> image.at(0, 0, 0) % 2 == 1 ? Double.NaN : image.at(0, 0, 0));
        for (Method method : List.of(new Beam(8, 4), new Mcts(8, 24, 50))) {
            SearchResult result =
                    search(mixture(), LIVE_WITHIN, method).reward(odd).build().run(ImageRequest.of(0, 6));
            assertThat(result.images()).allMatch(image -> image.nanScores() > 0);
            assertThat(result.images()).allMatch(image -> image.pixels().at(0, 0, 0) % 2 == 0);
        }
    }

    @Test
    void searchesLeaveNoNativeObjectsBehind() {
        for (Method method : List.of(new Beam(3, 4), new Mcts(4, 12, 1))) {
            Search search = search(mixture(), LIVE_WITHIN, method).maxBatch(7).build();
            search.run(ImageRequest.of(0, 5));
            long pointers = NativeObjects.settled();
            for (int i = 0; i < 20; i++) {
                search.run(ImageRequest.of(0, 5));
            }
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        }
    }

    @Test
    void statesThatWereGivenBackAreUsedAgainAndTheRestSurviveGrowth() {
        try (StepEngine engine = engine(ALL_LIVE, 4, 0);
                StatePool pool = new StatePool(engine, 2);
                Draws draws = engine.draws(-1, 2)
                        .add(0, 0, 0, 0, NoiseKind.GLOBAL)
                        .add(0, 0, 1, 0, NoiseKind.GLOBAL)
                        .build();
                Particles states = engine.start(draws)) {
            int first = pool.take();
            int second = pool.take();
            engine.put(states, new int[] {first, second}, pool.rows());
            pool.release(first);
            assertThat(pool.take()).isEqualTo(first);
            Set<Integer> taken = new HashSet<>(List.of(first, second));
            for (int i = 0; i < 9; i++) {
                assertThat(taken.add(pool.take())).isTrue();
            }
            assertThat(pool.rows().rows()).isEqualTo(16);
            float[] now = pool.rows().x().toFloats();
            float[] then = states.x().toFloats();
            assertThat(Arrays.copyOfRange(now, second * 16, (second + 1) * 16))
                    .isEqualTo(Arrays.copyOfRange(then, 16, 32));
        }
    }

    @Test
    void settingsOutOfRangeAreRefusedByName() {
        assertThatThrownBy(() -> new Beam(0, 1)).hasMessage("candidates must be >= 1: 0");
        assertThatThrownBy(() -> new Beam(4, 0)).hasMessage("beams must be >= 1: 0");
        assertThatThrownBy(() -> new Beam(257, 256)).hasMessage("candidates x beams must be <= 65536: 65792");
        assertThatThrownBy(() -> new Mcts(4, 0, 1)).hasMessage("simulations must be >= 1: 0");
        assertThatThrownBy(() -> new Mcts(4, 1, Double.NaN)).hasMessage("exploration must be >= 0: NaN");
    }

    /** A sampler one of whose steps injects no noise, between others that do. */
    private record Interrupted(Sampler inner, int dead) implements Sampler {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public int steps() {
            return inner.steps();
        }

        @Override
        public Schedule schedule(Parameterisation parameterisation) {
            Schedule whole = inner.schedule(parameterisation);
            List<Step> steps = new ArrayList<>(whole.steps());
            Step step = steps.get(dead);
            steps.set(dead, new Step(step.signal(), step.level(), 0, step.at(), step.first(), step.second()));
            return new Schedule(whole.startScale(), steps);
        }
    }

    /** How many of a call's rows are like another of it, over a whole search. */
    private static final class Doubles extends Wrapped {
        int rows;

        Doubles(Denoiser inner) {
            super(inner);
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            float[] x = Tensors.toFloats(input);
            int d = shape().elements();
            Set<FloatBuffer> different = new HashSet<>();
            for (int at = 0; at < x.length; at += d) {
                rows += different.add(FloatBuffer.wrap(Arrays.copyOfRange(x, at, at + d))) ? 0 : 1;
            }
            return super.network(input, level, conditions, entries);
        }
    }

    @Test
    void aDeadStepBetweenLiveOnesHasOneChildToo() {
        SmallWorld world = SmallWorld.ddim();
        Sampler sampler = new Interrupted(world.sampler(), 2);
        for (double target : new double[] {2, Double.POSITIVE_INFINITY}) {
            Doubles doubles = new Doubles(world.denoiser());
            SearchResult result = Search.builder(doubles)
                    .sampler(sampler)
                    .method(new Mcts(3, 8, .1))
                    .reward(Rewards.brightness())
                    .targetReward(target)
                    .build()
                    .run(ImageRequest.of(0, 1));
            assertThat(doubles.rows).isZero();
            ImageResult replayed = result.trail()
                    .replay(world.denoiser(), 64, SearchListener.NONE)
                    .images()
                    .get(0);
            assertThat(replayed.state()).isEqualTo(result.images().get(0).state());
            assertThat(result.images().get(0).recipe().moves().get(2).draws()).isEmpty();
        }
    }
}
