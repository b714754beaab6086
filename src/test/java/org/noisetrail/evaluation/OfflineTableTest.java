package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.Funnel;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.PrunedBestOfN;
import org.noisetrail.search.Search;
import org.noisetrail.testing.Noises;

class OfflineTableTest {
    private static final EdmSampler SAMPLER = EdmSampler.DEFAULT.withSteps(6);
    private static final Schedule SCHEDULE = SAMPLER.schedule(Parameterisation.denoiser());
    private static final List<ImageRequest> IMAGES = ImageRequest.of(2, 5, 0, 1, 2);
    private static final List<Contender> CONTENDERS = List.of(
            contender("naive"),
            contender("best-of-n:candidates=3"),
            contender("pruned-best-of-n:candidates=9:keep=4@2,2@4"),
            contender("pruned-best-of-n:candidates=6:keep=linear"));
    private static final OfflineTable.Rule RULE = new OfflineTable.Rule(0, Double.POSITIVE_INFINITY);

    private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

    /** What is drawn with, and how. */
    private record World(String name, Denoiser denoiser, Sampler sampler) {
        static World edm() {
            return new World("edm", new ExactMixture(SHAPE, true, .2, -.4, 0, .4), SAMPLER);
        }

        /** Noise after the network: one evaluation at the start, none in the last step. */
        static World ddim() {
            return new World(
                    "ddim",
                    mixture(Noises.toPureNoise(DiscreteNoise.Prediction.EPSILON)),
                    Samplers.parse("ddim:steps=6:steps-offset=1"));
        }

        long plain() {
            return sampler.schedule(denoiser.parameterisation()).evaluations() * denoiser.evaluations();
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Denoiser mixture(Parameterisation parameterisation) {
        return GaussianMixture.builder(SHAPE, 0)
                .parameterisation(parameterisation)
                .component(1, .2, -.4)
                .component(1, .2, .4)
                .build();
    }

    static List<World> worlds() {
        World ddim = World.ddim();
        return List.of(
                World.edm(),
                ddim,
                // Its first step has no signal: the level is infinite.
                new World("flow-sde", mixture(Parameterisation.flow()), Samplers.parse("flow-sde:steps=6")),
                new World("guided", Guided.of(ddim.denoiser(), 3, 0), ddim.sampler()));
    }

    private static Contender contender(String text) {
        return Contender.parse(text, Map.of());
    }

    private static RewardTensor recorded() {
        return recorded(World.edm());
    }

    private static RewardTensor recorded(World world) {
        Map<String, Reward> judges = new LinkedHashMap<>();
        judges.put("brightness", Rewards.brightness());
        judges.put("compressibility:max-bytes=700", Rewards.compressibility(700));
        return new Recording(
                        world.denoiser(),
                        seed -> Search.builder(world.denoiser())
                                .sampler(world.sampler())
                                .reward(Rewards.brightness())
                                .seed(seed)
                                .build(),
                        IMAGES,
                        List.of(7L, -8L),
                        9,
                        judges)
                .run(Map.of("model", "mixture"));
    }

    private static RewardText text(String text) {
        return RewardText.parse(text);
    }

    private static RewardTensor stored(World world, Path folder) {
        Path file = folder.resolve("scores.safetensors");
        recorded(world).write(file);
        return RewardTensor.read(file);
    }

    @ParameterizedTest
    @MethodSource("worlds")
    void itSaysOfStoredTrajectoriesWhatAComparisonSaysOfDrawnOnes(World world, @TempDir Path folder) {
        RewardTensor read = stored(world, folder);
        assertThat(read.settings()).containsEntry("model", "mixture");
        assertThat(read.plain()).isEqualTo(world.plain());
        Schedule schedule = world.sampler().schedule(world.denoiser().parameterisation());
        assertThat(read.schedule().steps())
                .extracting(Step::level, Step::gain, Step::evaluations)
                .isEqualTo(schedule.steps().stream()
                        .map(step -> tuple(step.level(), step.gain(), step.evaluations()))
                        .toList());
        OfflineTable offline = OfflineTable.of(read, CONTENDERS, List.of(), RULE);
        Comparison.Builder builder = Comparison.builder(world.denoiser())
                .images(IMAGES)
                .seeds(7, -8)
                .sampler(world.sampler())
                .reward(text("brightness"), text("compressibility:max-bytes=700"));
        CONTENDERS.forEach(builder::contender);
        List<ComparisonTable.Row> drawn = builder.build().run().get(0).rows();
        for (int i = 0; i < CONTENDERS.size(); i++) {
            OfflineTable.Row row = offline.rows().get(i);
            ComparisonTable.Row expected = drawn.get(i);
            assertThat(row.scores()).containsExactly(expected.reward(), expected.heldOut());
            assertThat(row.networkEvaluations()).isEqualTo(expected.networkEvaluations());
            assertThat(row.rewardCalls()).isEqualTo(expected.rewardCalls());
            ComparisonTable.Difference difference = expected.difference();
            OfflineTable.Against against = row.against();
            if (difference == null) {
                assertThat(against).isNull();
            } else {
                assertThat(against)
                        .isEqualTo(new OfflineTable.Against(
                                difference.label(), List.of(difference.reward(), difference.heldOut())));
            }
        }
    }

    /** Found in different places by each method and image: after the first trajectory, on the way, or nowhere. */
    @ParameterizedTest
    @MethodSource("worlds")
    void aTargetEndsAStoredSearchWhereItEndsADrawnOne(World world, @TempDir Path folder) {
        RewardTensor read = stored(world, folder);
        double target = median(read.scores()[0]);
        OfflineTable whole = OfflineTable.of(read, CONTENDERS, List.of(), RULE);
        OfflineTable aimed = OfflineTable.of(read, CONTENDERS, List.of(), new OfflineTable.Rule(0, target));
        for (int i = 1; i < CONTENDERS.size(); i++) {
            List<ImageResult> drawn = new ArrayList<>();
            for (long seed : new long[] {7, -8}) {
                drawn.addAll(Search.builder(world.denoiser())
                        .sampler(world.sampler())
                        .method(CONTENDERS.get(i).method())
                        .reward(Rewards.brightness())
                        .targetReward(target)
                        .seed(seed)
                        .build()
                        .run(IMAGES)
                        .images());
            }
            OfflineTable.Row row = aimed.rows().get(i);
            assertThat(row.networkEvaluations())
                    .isEqualTo(mean(drawn, image -> image.costs().networkEvaluations()))
                    .isLessThan(whole.rows().get(i).networkEvaluations());
            assertThat(row.rewardCalls())
                    .isEqualTo(mean(drawn, image -> image.costs().rewardCalls()));
            assertThat(row.scores().get(0).mean()).isCloseTo(mean(drawn, ImageResult::reward), within(1e-12));
            OfflineTable.Against against = row.against();
            if (against != null) {
                // What it is set beside is best-of-n as it is, at what the aimed search costs.
                Contender partner =
                        contender("best-of-n:candidates=" + against.label().replaceAll("\\D", ""));
                OfflineTable.Row best = OfflineTable.of(read, List.of(partner), List.of(), RULE)
                        .rows()
                        .get(0);
                assertThat(best.networkEvaluations()).isCloseTo(row.networkEvaluations(), within(world.plain() / 2.));
                assertThat(against.scores().get(0).mean())
                        .isCloseTo(
                                row.scores().get(0).mean()
                                        - best.scores().get(0).mean(),
                                within(1e-12));
            }
        }
    }

    /** Of the best of each image's trajectories. */
    private static double median(double[][][] runs) {
        double[] best = Arrays.stream(runs)
                .mapToDouble(run -> Arrays.stream(run)
                        .mapToDouble(scores -> scores[scores.length - 1])
                        .sorted()
                        .skip(run.length / 2)
                        .findFirst()
                        .orElseThrow())
                .sorted()
                .toArray();
        return best[best.length / 2];
    }

    private static double mean(List<ImageResult> images, ToDoubleFunction<ImageResult> value) {
        return images.stream().mapToDouble(value).average().orElseThrow();
    }

    /** Of two evaluations a call. */
    @Test
    void guidanceCountsInABudget() {
        World guided = worlds().get(3);
        assertThat(guided.plain()).isEqualTo(12);
        RewardTensor tensor = recorded(guided);
        OfflineTable table = OfflineTable.of(
                tensor, List.of(contender("best-of-n"), contender("pruned-best-of-n:keep=2@2")), List.of(60L), RULE);
        assertThat(table.rows().get(0).networkEvaluations()).isEqualTo(60);
        assertThat(table.rows().get(1).networkEvaluations()).isBetween(50., 60.);
        assertThat(table.rows().get(1).against().label()).isEqualTo("best-of-5");
        assertThatThrownBy(() -> OfflineTable.of(tensor, CONTENDERS, List.of(11L), RULE))
                .hasMessage("network evaluations must be >= 12, one plain trajectory's: 11");
    }

    @Test
    void budgetsSizeMethodsAsAComparisonDoes() {
        OfflineTable table = OfflineTable.of(
                recorded(), List.of(contender("best-of-n"), contender("naive")), List.of(33L, 66L), RULE);
        assertThat(table.rows().stream().map(OfflineTable.Row::label))
                .containsExactly("best-of-n at 33", "best-of-n at 66", "naive at 33");
        assertThat(table.rows().stream().map(OfflineTable.Row::networkEvaluations))
                .containsExactly(33.0, 66.0, 11.0);
    }

    @Test
    void whatCannotBeAnsweredIsSaid() {
        RewardTensor tensor = recorded();
        assertThatThrownBy(() -> OfflineTable.of(tensor, List.of(contender("beam")), List.of(), RULE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("only methods that choose among whole trajectories")
                .hasMessageEndingWith(": beam");
        assertThatThrownBy(
                        () -> OfflineTable.of(tensor, List.of(contender("best-of-n:candidates=10")), List.of(), RULE))
                .hasMessage("best-of-n:candidates=10: trajectories must be <= 9, as many as are stored: 10");
        assertThatThrownBy(() -> OfflineTable.of(tensor, CONTENDERS, List.of(5L), RULE))
                .hasMessage("network evaluations must be >= 11, one plain trajectory's: 5");
        assertThatThrownBy(() -> tensor.index("class")).hasMessageContaining("brightness, compressibility");
    }

    @Test
    void whatAFileCannotHoldIsRefusedBeforeItIsDrawn() {
        RewardTensor tensor = recorded();
        assertThatThrownBy(() -> RewardTensor.requireStorable(
                        Map.of(), tensor.rewards(), tensor.runs(), 65536 * 64, tensor.schedule(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("scores to store must be <= 268435454: 503316480, of 2 rewards, 10 images, 4194304"
                        + " trajectories each and 6 steps; fewer seeds a file are less");
        List<RewardTensor.Run> many = Collections.nCopies(
                200_000,
                new RewardTensor.Run(
                        7, new ImageRequest(0, Condition.prompt("a red sneaker and a blue bag ".repeat(3)))));
        assertThatThrownBy(
                        () -> RewardTensor.requireStorable(Map.of(), tensor.rewards(), many, 9, tensor.schedule(), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("what a file says of itself (noisetrail-rewards) must be <= 16777216 bytes: ");
    }

    @Test
    void brokenFilesAreOneLine(@TempDir Path folder) throws Exception {
        Path other = folder.resolve("other.safetensors");
        Safetensors.writer().put("scores", new double[] {1}, 1, 1, 1, 1).write(other);
        assertThatThrownBy(() -> RewardTensor.read(other))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("holds no rewards of trajectories");
        Path file = folder.resolve("scores.safetensors");
        recorded().write(file);
        String header = Safetensors.open(file).metadata().get("noisetrail-rewards");
        Map<String, String> changes = Map.of(
                "\"version\":1", "\"version\":9",
                "\"evaluationsPerCall\":1", "\"evaluationsPerCall\":0",
                "\"evaluations\":2", "\"evaluations\":5",
                "\"noiseAt\":\"BEFORE\"", "\"noiseAt\":\"NEVER\"",
                "\"rewards\":[\"brightness\",", "\"rewards\":[",
                "\"seed\":\"7\"", "\"seed\":\"seven\"");
        changes.forEach((from, to) -> {
            assertThat(header).contains(from);
            Path broken = folder.resolve("broken.safetensors");
            Safetensors.writer()
                    .metadata("noisetrail-rewards", header.replace(from, to))
                    .put("scores", new double[2 * 10 * 9 * 6], 2, 10, 9, 6)
                    .write(broken);
            assertThatThrownBy(() -> RewardTensor.read(broken)).as(to).isInstanceOf(NoisetrailException.class);
        });
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 200));
        assertThatThrownBy(() -> RewardTensor.read(file)).isInstanceOf(NoisetrailException.class);
    }

    /** Of four classes, twice: estimates say the opposite of the end after one step, nothing after two, all of it after three. */
    private static RewardTensor telling(int factor) {
        int trajectories = 8;
        List<RewardTensor.Run> runs = new ArrayList<>();
        double[][][][] scores = new double[2][8][trajectories][SCHEDULE.size()];
        for (int run = 0; run < 8; run++) {
            runs.add(new RewardTensor.Run(run / 4, new ImageRequest(run, run % 4)));
            for (int t = 0; t < trajectories; t++) {
                double end = (5 * t + run) % trajectories;
                int steps = SCHEDULE.size();
                scores[0][run][t][0] = -end;
                for (int step = 1; step < steps; step++) {
                    scores[0][run][t][step] = step < 2 ? 0 : end;
                }
                scores[1][run][t][steps - 1] = 100 * (run % 4) + end;
            }
        }
        return new RewardTensor(Map.of(), List.of("searched", "other"), runs, SCHEDULE, factor, scores);
    }

    @Test
    void theBestFunnelPrunesWhereTheEndIsTold() {
        // 8 starts cost 8 x 6 evaluations over three steps; the one that is left 5 more, of 11 a trajectory.
        List<Funnels.Tried> best = Funnels.best(telling(1), 53, 0, RULE, 3);
        assertThat(best.get(0).method()).isEqualTo(new PrunedBestOfN(8, Funnel.parse("1@3")));
        assertThat(best.get(0).networkEvaluations()).isEqualTo(53);
        assertThat(best.get(0).chosenOn()).isEqualTo(7);
        assertThat(best.get(1).chosenOn()).isLessThan(7);
        assertThat(Funnels.best(telling(1), 40, 0, RULE, 50))
                .allSatisfy(tried -> assertThat(tried.networkEvaluations()).isLessThanOrEqualTo(40));
    }

    @Test
    void aGuidedFunnelCostsTwice() {
        Funnels.Tried best = Funnels.best(telling(2), 106, 0, RULE, 1).get(0);
        assertThat(best.method()).isEqualTo(new PrunedBestOfN(8, Funnel.parse("1@3")));
        assertThat(best.networkEvaluations()).isEqualTo(106);
        assertThat(Funnels.best(telling(2), 105, 0, RULE, 50))
                .isNotEmpty()
                .allSatisfy(tried -> assertThat(tried.networkEvaluations()).isLessThanOrEqualTo(105));
    }

    @Test
    void whatIsToldOfAFunnelIsOfTheClassesItWasNotChosenOn() {
        Funnels.Tried best = Funnels.best(telling(1), 53, 1, RULE, 1).get(0);
        // Chosen on classes 0 and 2, whose scores begin at 0 and 200; told of 1 and 3.
        assertThat(best.chosenOn()).isEqualTo(107);
        assertThat(best.scores().get(1).mean()).isCloseTo(207, within(1e-9));
    }
}
