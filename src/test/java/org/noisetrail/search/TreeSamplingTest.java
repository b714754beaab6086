package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.trace.Ledger;

/** Trees against ones that are grown one iteration after the other, from the definition: no state is shared, each end is a whole trajectory of its own. */
class TreeSamplingTest {
    private static final int IMAGES = 3;
    private static final int ITERATIONS = 24;

    /** How many there were before it at its step is its name. */
    private static final class Node {
        final List<Node> children = new ArrayList<>();
        final int name;
        int visits;
        double value;

        Node(int name) {
            this.name = name;
        }
    }

    /** One image's tree. */
    private static final class OneByOne implements AutoCloseable {
        private final SmallWorld world;
        private final TreeSampling method;
        private final long image;
        private final Schedule schedule;
        private final StepEngine engine;
        private final int[] named;
        private final Node root = new Node(0);
        long evaluations;
        double best = Double.NEGATIVE_INFINITY;
        Recipe bestWay;

        OneByOne(SmallWorld world, TreeSampling method, long image) {
            this.world = world;
            this.method = method;
            this.image = image;
            schedule = world.schedule();
            named = new int[schedule.size() + 1];
            engine = StepEngine.builder(world.denoiser(), schedule)
                    .seed(SmallWorld.SEED)
                    .images(new long[] {image}, List.of(Condition.NONE), new Ledger(1))
                    .build();
        }

        void grow(int iteration) {
            List<Node> way = new ArrayList<>(List.of(root));
            while (way.size() <= schedule.size() + 1 && !due(way)) {
                way.add(next(way, iteration));
            }
            if (way.size() == 1) {
                evaluations += schedule.startEvaluations();
            }
            while (way.size() <= schedule.size() + 1) {
                int stage = way.size() - 1;
                Node child = new Node(named[stage]++);
                way.get(stage).children.add(child);
                way.add(child);
                evaluations += stage == 0 ? 0 : schedule.evaluations(stage - 1);
            }
            Recipe recipe = recipe(way);
            double reward = SmallWorld.brightness(
                    world.replay(image, List.of(recipe)).get(0).pixels());
            if (reward > best) {
                best = reward;
                bestWay = recipe;
            }
            for (int i = way.size() - 1; i >= 0; i--) {
                Node node = way.get(i);
                node.visits++;
                double lambda = method.lambda();
                node.value = node.children.isEmpty()
                        ? reward
                        : Math.log(node.children.stream()
                                        .mapToDouble(child -> Math.exp(lambda * child.value))
                                        .average()
                                        .orElseThrow())
                                / lambda;
            }
        }

        /** The step that the children of the way's last node take; -1 for initial states. */
        private static int step(List<Node> way) {
            return way.size() - 2;
        }

        private boolean due(List<Node> way) {
            Node node = way.get(way.size() - 1);
            boolean dead = step(way) >= 0 && schedule.isDead(step(way));
            double most = method.branching() * Math.pow(node.visits, method.exponent());
            return node.children.size() < Math.max(1, dead ? 1 : most);
        }

        private Node next(List<Node> way, int iteration) {
            Node node = way.get(way.size() - 1);
            List<Node> children = node.children;
            if (method.variant() == TreeSampling.Variant.SEARCH) {
                Node best = children.get(0);
                for (Node child : children) {
                    best = bound(node, child) > bound(node, best) ? child : best;
                }
                return best;
            }
            double uniform = engine.coins(engine.draws(step(way), 1).add(0, 0xFFFF, iteration, 0, NoiseKind.NONE))[0];
            double all = children.stream()
                    .mapToDouble(child -> Math.exp(method.lambda() * child.value))
                    .sum();
            double sum = 0;
            for (Node child : children) {
                sum += Math.exp(method.lambda() * child.value) / all;
                if (uniform < sum) {
                    return child;
                }
            }
            return children.get(children.size() - 1);
        }

        private double bound(Node node, Node child) {
            return child.value + method.exploration() * Math.sqrt(Math.log(node.visits) / child.visits);
        }

        /** Down to an end that is drawn by value. */
        Recipe drawn() {
            List<Node> way = new ArrayList<>(List.of(root));
            while (way.size() <= schedule.size() + 1) {
                way.add(next(way, 0xFFFF));
            }
            return recipe(way);
        }

        private Recipe recipe(List<Node> way) {
            List<List<Draw>> draws = new ArrayList<>();
            for (int step = 0; step < schedule.size(); step++) {
                draws.add(schedule.isDead(step) ? List.of() : List.of(Draw.global(0, way.get(step + 2).name)));
            }
            return Recipe.steps(way.get(1).name, 0, draws);
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    static Stream<Arguments> cases() {
        return Stream.of(SmallWorld.ddim(), SmallWorld.edm())
                .flatMap(world -> Stream.of(
                                "dts",
                                "dts:lambda=40:exploration=0.1",
                                "dts:branching=2:exponent=0.3:exploration=0.02",
                                "dts:variant=sampling",
                                "dts:variant=sampling:lambda=40:branching=1.5")
                        .map(text -> Arguments.of(text, world)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void itsImageIsThatOfATreeGrownOneByOne(String text, SmallWorld world) {
        TreeSampling method = (TreeSampling) Methods.parse(text + ":iterations=" + ITERATIONS);
        SearchResult result = world.search(method).build().run(ImageRequest.of(0, IMAGES));
        for (int i = 0; i < IMAGES; i++) {
            ImageResult image = result.images().get(i);
            try (OneByOne tree = new OneByOne(world, method, i)) {
                for (int k = 0; k < ITERATIONS; k++) {
                    tree.grow(k);
                }
                Recipe expected = method.variant() == TreeSampling.Variant.SEARCH ? tree.bestWay : tree.drawn();
                assertThat(image.state())
                        .as("image %d", i)
                        .isEqualTo(world.replay(i, List.of(expected)).get(0).state());
                assertThat(image.costs().networkEvaluations()).isEqualTo(tree.evaluations);
            }
        }
    }
}
