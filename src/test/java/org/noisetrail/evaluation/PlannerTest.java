package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;
import org.noisetrail.testing.Blocks;
import org.noisetrail.testing.Noises;
import org.noisetrail.testing.Wrapped;

/** Plans fit, grow with their limits, and say what the search then costs. */
class PlannerTest {
    private static final EdmSampler SAMPLER = new EdmSampler(8, .02, 80, 7, 40, .05, 50, 1);
    private static final int IMAGES = 5;

    private static Denoiser mixture() {
        return mixture(new ImageShape(1, 2, 3));
    }

    private static Denoiser mixture(ImageShape shape) {
        return GaussianMixture.builder(shape, 0)
                .parameterisation(Parameterisation.denoiser())
                .component(1, .3, -.4)
                .component(1, .3, .4)
                .build();
    }

    private static Setup setup() {
        return Setup.of(mixture(), SAMPLER, Rewards.brightness());
    }

    /** Ten milliseconds a call and one a row of the network, two a row of the reward, all made up. */
    private static MachineProfile profile(Path folder, Setup setup) throws java.io.IOException {
        Path file = folder.resolve("profile.json");
        MachineProfile.measure(setup, 1, 1).write(file);
        String text = Files.readString(file)
                .replaceAll("(?s)\"network\" : \\{.*?\\}", "\"network\":{\"rows\":[1,64],\"seconds\":[0.011,0.074]}")
                .replaceAll("(?s)\"overhead\" : \\{.*?\\}", "\"overhead\":{\"rows\":[1],\"seconds\":[0]}")
                .replaceAll("(?s)\"reward\" : \\{.*?\\}", "\"reward\":{\"rows\":[1,64],\"seconds\":[0.002,0.128]}");
        Files.writeString(file, text);
        return MachineProfile.read(file);
    }

    /** A profile whose parts have the curves that are given, {@code rows: milliseconds} each. */
    private static MachineProfile profile(Path folder, Setup setup, Map<String, Map<Integer, Integer>> curves)
            throws java.io.IOException {
        Path file = folder.resolve("profile.json");
        MachineProfile.measure(setup, 1, 1).write(file);
        String text = Files.readString(file);
        for (Map.Entry<String, Map<Integer, Integer>> part : curves.entrySet()) {
            Map<Integer, Integer> curve = new TreeMap<>(part.getValue());
            List<Double> seconds =
                    curve.values().stream().map(millis -> millis / 1e3).toList();
            text = text.replaceAll(
                    "(?s)\"" + part.getKey() + "\" : \\{.*?\\}",
                    "\"" + part.getKey() + "\":{\"rows\":" + curve.keySet() + ",\"seconds\":" + seconds + "}");
        }
        Files.writeString(file, text);
        return MachineProfile.read(file);
    }

    private static void assertBatches(Planner planner, int maxBatch, int decodeBatch) {
        for (Plan plan : List.of(planner.seconds(100), planner.seconds(Methods.parse("beam"), 100))) {
            assertThat(plan.maxBatch()).isEqualTo(maxBatch);
            assertThat(plan.decodeBatch()).isEqualTo(decodeBatch);
        }
    }

    /** A row of the network costs least in calls of 8, of the decoder in calls of 4, of the reward in calls of 2. */
    @Test
    void batchesAreThoseWhoseRowsCostLeast(@TempDir Path folder) throws Exception {
        ImageShape latent = new ImageShape(2, 2, 3);
        Map<Integer, Integer> network = Map.of(1, 10, 4, 24, 8, 40, 16, 96, 64, 640);
        Map<Integer, Integer> reward = Map.of(1, 3, 2, 4, 4, 10, 8, 24, 64, 200);
        Map<Integer, Integer> decoder = Map.of(1, 20, 4, 40, 8, 100, 64, 1000);
        for (boolean decodes : new boolean[] {true, false}) {
            Setup setup = decodes
                    ? new Setup(
                            new Networks(mixture(latent), Blocks.of(latent), null),
                            SAMPLER,
                            Rewards.brightness(),
                            null,
                            List.of(Condition.NONE))
                    : setup();
            Map<String, Map<Integer, Integer>> curves = decodes
                    ? Map.of("network", network, "decoder", decoder, "reward", reward)
                    : Map.of("network", network, "reward", reward);
            MachineProfile profile = profile(folder, setup, curves);
            int judged = decodes ? 4 : 2;
            assertBatches(Planner.of(setup, IMAGES, 64, 64).with(profile).inFastestBatches(), 8, judged);
            // Up to the batches that were given; what is judged together was made together.
            assertBatches(Planner.of(setup, IMAGES, 7, 64).with(profile).inFastestBatches(), 4, judged);
            assertBatches(Planner.of(setup, IMAGES, 64, 1).with(profile).inFastestBatches(), 8, 1);
            assertBatches(Planner.of(setup, IMAGES, 1, 64).with(profile).inFastestBatches(), 1, 1);
            assertBatches(Planner.of(setup, IMAGES, 64, 32).with(profile), 64, 32);
        }
    }

    private static SearchResult run(Setup setup, Plan plan) {
        return plan.apply(Search.builder(setup.networks().denoiser())
                        .sampler(SAMPLER)
                        .reward(setup.reward()))
                .build()
                .run(ImageRequest.of(0, IMAGES));
    }

    @Test
    void aPlanFitsItsLimitAndALargerOneIsNoSmaller(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner =
                Planner.of(setup, IMAGES, 64, 64).with(profile(folder, setup)).inFastestBatches();
        long before = 0;
        List<Long> sizes = new ArrayList<>();
        for (double limit = .3; limit < 40; limit *= 1.13) {
            Plan plan = planner.seconds(limit);
            assertThat(plan.seconds()).isLessThanOrEqualTo(limit);
            assertThat(plan.networkEvaluations()).isGreaterThanOrEqualTo(before);
            before = plan.networkEvaluations();
            sizes.add(before);
        }
        assertThat(sizes.get(sizes.size() - 1)).isGreaterThan(20 * sizes.get(0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"best-of-n", "beam", "mcts", "zero-order", "smc", "evolve", "pruned-best-of-n", "dts", "x-t"})
    void anyMethodIsSizedForSeconds(String text, @TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner =
                Planner.of(setup, IMAGES, 64, 64).with(profile(folder, setup)).inFastestBatches();
        long before = 0;
        for (double limit : new double[] {6, 9, 13, 20}) {
            Plan plan = planner.seconds(Methods.parse(text), limit);
            assertThat(plan.method().name()).isEqualTo(text);
            assertThat(plan.seconds()).isLessThanOrEqualTo(limit);
            assertThat(plan.networkEvaluations()).isGreaterThanOrEqualTo(before);
            before = plan.networkEvaluations();
        }
    }

    @Test
    void whatAPlanSaysItCostsIsWhatTheLedgerHas(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner =
                Planner.of(setup, IMAGES, 64, 64).with(profile(folder, setup)).inFastestBatches();
        List<Plan> plans = new ArrayList<>();
        for (String text : List.of("best-of-n", "beam", "ascent:score-at-first", "eps-greedy", "smc", "sop")) {
            plans.add(planner.seconds(Methods.parse(text), 10));
        }
        plans.add(planner.seconds(3));
        plans.add(Planner.of(setup, IMAGES, 64, 64).budget(100));
        for (Plan plan : plans) {
            for (ImageResult image : run(setup, plan).images()) {
                assertThat(image.costs().networkEvaluations()).isEqualTo(plan.networkEvaluations());
                assertThat(image.costs().rewardCalls()).isEqualTo(plan.rewardCalls());
            }
        }
    }

    /** A reward that writes down how many rows each call has. */
    private static final class Counting implements Reward {
        final List<Integer> rows = new ArrayList<>();

        @Override
        public String name() {
            return "counting";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            rows.add(images.rows());
            Rewards.brightness().score(images, scores);
        }
    }

    /** A network that writes down how many rows each call has. */
    private static final class CountingNetwork extends Wrapped {
        final List<Integer> rows = new ArrayList<>();

        CountingNetwork(Denoiser inner) {
            super(inner);
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            rows.add((int) input.size(0));
            return super.network(input, level, conditions, entries);
        }
    }

    private static Map<Integer, Long> calls(List<Integer> rows) {
        return rows.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    }

    static List<String> sized() {
        return List.of(
                "best-of-n:candidates=7", "beam", "eps-greedy:rounds=2", "pruned-best-of-n", "ascent", "evolve", "smc");
    }

    /** Of latents, which are looked at by a preview or by the decoder itself, or of images; by as many waves as there may be, the last not full. */
    @ParameterizedTest
    @MethodSource("sized")
    void aRehearsalAsksForTheCallsThatTheSearchMakes(String text) {
        Method method = Methods.parse(text);
        ImageShape latent = new ImageShape(2, 2, 3);
        for (String parts : List.of("decoder and preview", "decoder", "images")) {
            CountingNetwork network = new CountingNetwork(mixture(latent));
            Blocks decoder = Blocks.of(latent);
            Blocks preview = Blocks.inverted(latent);
            Counting reward = new Counting();
            Counting heldOut = new Counting();
            boolean latents = !parts.equals("images");
            Setup setup = new Setup(
                    new Networks(
                            network,
                            latents ? decoder : Decoder.identity(latent),
                            parts.endsWith("preview") ? preview : null),
                    SAMPLER,
                    reward,
                    parts.equals("decoder") ? null : heldOut,
                    List.of(Condition.NONE));
            Rehearsal.Counted counted = Rehearsal.small(setup, 16, 12).count(method, IMAGES);
            SearchResult result = Search.builder(network)
                    .decoder(setup.networks().decoder())
                    .preview(setup.networks().preview())
                    .sampler(SAMPLER)
                    .method(method)
                    .reward(reward)
                    .heldOut(setup.heldOut())
                    .maxBatch(16)
                    .decodeBatch(12)
                    .build()
                    .run(ImageRequest.of(0, IMAGES));
            Map<Workload.Part, List<Integer>> made = Map.of(
                    Workload.Part.NETWORK, network.rows,
                    Workload.Part.OVERHEAD, network.rows,
                    Workload.Part.DECODER, decoder.calls,
                    Workload.Part.PREVIEW, preview.calls,
                    Workload.Part.REWARD, reward.rows,
                    Workload.Part.HELD_OUT, heldOut.rows);
            made.forEach((part, rows) -> assertThat(counted.all().counts(part))
                    .as("%s: %s", parts, part)
                    .isEqualTo(calls(rows)));
            assertThat(decoder.calls.isEmpty()).isEqualTo(!latents);
            boolean onTheWay = !text.startsWith("best-of-n") && !text.equals("evolve");
            assertThat(preview.calls.isEmpty()).isEqualTo(!parts.endsWith("preview") || !onTheWay);
            assertThat(counted.costs()).isEqualTo(result.images().get(0).costs());
        }
    }

    /** Every part's seconds are in a prediction: a call takes 1 s, 1000 s and so on. */
    @Test
    void secondsAreThoseOfAllParts(@TempDir Path folder) throws Exception {
        ImageShape latent = new ImageShape(2, 2, 3);
        Setup setup = new Setup(
                new Networks(mixture(latent), Blocks.of(latent), Blocks.inverted(latent)),
                SAMPLER,
                Rewards.brightness(),
                Reward.of("other", image -> 0),
                List.of(Condition.NONE));
        Path file = folder.resolve("profile.json");
        MachineProfile.measure(setup, 1, 1).write(file);
        String text = Files.readString(file);
        List<String> parts = List.of("network", "decoder", "preview", "reward", "heldOut", "overhead");
        for (int i = 0; i < parts.size(); i++) {
            text = text.replaceAll(
                    "(?s)\"" + parts.get(i) + "\" : \\{.*?\\}",
                    "\"" + parts.get(i) + "\":{\"rows\":[1],\"seconds\":[" + Math.pow(1000, i) + "]}");
        }
        Files.writeString(file, text);
        Workload each = new Workload();
        for (Workload.Part part : Workload.Part.values()) {
            each.call(part, 1);
        }
        // The engine's own work goes with each call of the network, and was called once by itself.
        assertThat(MachineProfile.read(file).seconds(each)).isEqualTo(2_001_001_001_001_001.);
    }

    @Test
    void aLimitThatIsTooSmallIsRefusedWithTheSmallest(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner =
                Planner.of(setup, IMAGES, 64, 64).with(profile(folder, setup)).inFastestBatches();
        // 15 calls of 5 rows at 15 ms, and 5 rows of 2 ms judged, in 95 % of the limit.
        double least = (15 * .015 + 5 * .002) / .95;
        for (double limit : new double[] {0, -1, Double.NaN, .99 * least}) {
            assertThatThrownBy(() -> planner.seconds(limit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("seconds must be >= 0.248, for a plain trajectory of each of 5 images: " + limit);
        }
        assertThat(planner.seconds(.248).method().name()).isEqualTo("naive");
        assertThat(planner.seconds(.248).seconds()).isCloseTo(.95 * least, within(1e-9));
        assertThatThrownBy(() -> planner.seconds(Methods.parse("beam"), .3))
                .hasMessageMatching("seconds must be >= [0-9.]+, for beam of the smallest size for 5 images: 0.3");
        assertThatThrownBy(() -> Planner.of(setup, IMAGES, 64, 64).budget(14))
                .hasMessage("budget must be >= 15, one plain trajectory's: 14");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 40, 333, 20_000})
    void theSmallestLimitThatIsNamedIsTaken(int images, @TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner = Planner.of(setup, images, 64, 64).with(profile(folder, setup));
        Matcher least = Pattern.compile("seconds must be >= (\\d+\\.\\d{3}), for .*")
                .matcher(assertThrows(IllegalArgumentException.class, () -> planner.seconds(0))
                        .getMessage());
        assertThat(least.matches()).isTrue();
        double limit = Double.parseDouble(least.group(1));
        assertThat(planner.seconds(limit).method().name()).isEqualTo("naive");
        assertThatThrownBy(() -> planner.seconds(limit - .002)).hasMessageStartingWith("seconds must be >= ");
    }

    @Test
    void aComparisonInEqualSecondsSetsEachMethodBesideBestOfNOfTheSame(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        MachineProfile profile = profile(folder, setup);
        ComparisonTable table = Comparison.builder(setup.networks().denoiser())
                .sampler(SAMPLER)
                .methods("naive", "ascent", "beam")
                .aim(new Comparison.Aim(new Comparison.Judge("brightness", Rewards::brightness), null))
                .images(ImageRequest.of(0, IMAGES))
                .equalSeconds(6, asked -> profile)
                .build()
                .run()
                .get(0);
        Planner planner = Planner.of(setup, IMAGES, 64, 64).with(profile);
        List<Method> searches = List.of(
                planner.seconds(Methods.parse("ascent"), 6).method(),
                planner.seconds(Methods.parse("beam"), 6).method());
        assertThat(table.rows().stream().map(ComparisonTable.Row::method).limit(3))
                .containsExactly(Methods.parse("naive"), searches.get(0), searches.get(1));
        assertThat(table.rows().get(1).label()).isEqualTo("ascent in 6 s");
        assertThat(ComparisonWords.shown(table).get(0))
                .contains("vs best-of-n in equal seconds [95 %]")
                .doesNotContain("vs best-of-n at its NFE [95 %]");
        for (int search : new int[] {1, 2}) {
            double seconds = planner.predicted(searches.get(search - 1));
            int nearest = IntStream.rangeClosed(1, 60)
                    .boxed()
                    .min(Comparator.comparingDouble(n -> Math.abs(planner.predicted(new BestOfN(n)) - seconds)))
                    .orElseThrow();
            assertThat(nearest).isBetween(2, 59);
            assertThat(table.rows().get(search).difference().label()).isEqualTo("best-of-" + nearest);
        }
        assertThatThrownBy(() -> Comparison.builder(setup.networks().denoiser())
                        .methods("naive")
                        .aim(new Comparison.Aim(new Comparison.Judge("brightness", Rewards::brightness), null))
                        .equalNfe(100)
                        .equalSeconds(6, asked -> profile)
                        .build())
                .hasMessage("methods must be sized for evaluations or for seconds, not both: [100] and 6.0");
    }

    @Test
    void bestOfNBesideASearchIsTheNearestThereIs(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        Planner planner = Planner.of(setup, IMAGES, 64, 64).with(profile(folder, setup));
        for (int n : new int[] {1, 2, 3, 5, 8, 21, 22}) {
            double own = planner.predicted(new BestOfN(n));
            double next = planner.predicted(new BestOfN(n + 1));
            assertThat(planner.bestOfN(own)).isEqualTo(new BestOfN(n));
            assertThat(planner.bestOfN(own + .4 * (next - own))).isEqualTo(new BestOfN(n));
            assertThat(planner.bestOfN(own + .6 * (next - own))).isEqualTo(new BestOfN(n + 1));
        }
        assertThat(planner.bestOfN(0)).isEqualTo(new BestOfN(1));
    }

    @Test
    void aPlannedBudgetIsKept() {
        Setup setup = setup();
        for (long budget = 15; budget < 200; budget += 7) {
            assertThat(Planner.of(setup, IMAGES, 64, 64).budget(budget).networkEvaluations())
                    .isLessThanOrEqualTo(budget);
        }
    }

    /** Of prompts by pruning, of none by ascent, two evaluations a call: as large as the budget pays for, not half or twice as large. */
    @Test
    void aBudgetOfAGuidedModelIsItsCalls() {
        Sampler sampler = Samplers.parse("ddim:steps=6:steps-offset=1");
        Denoiser guided = Guided.of(
                GaussianMixture.builder(new ImageShape(1, 2, 3), 0)
                        .parameterisation(Noises.toPureNoise(DiscreteNoise.Prediction.EPSILON))
                        .component(1, .3, 0)
                        .build(),
                3,
                0);
        for (Condition condition : List.of(Condition.prompt("a red bag"), Condition.NONE)) {
            Setup setup = Setup.of(guided, sampler, Rewards.brightness());
            setup = new Setup(setup.networks(), sampler, setup.reward(), null, List.of(condition));
            Planner planner = Planner.of(setup, 2, 64, 64);
            Plan plan = planner.budget(100);
            assertThat(plan.method().name()).isNotEqualTo("naive");
            assertThat(plan.networkEvaluations()).isBetween(91L, 100L);
            for (ImageResult image : plan.apply(
                            Search.builder(guided).sampler(sampler).reward(setup.reward()))
                    .build()
                    .run(List.of(new ImageRequest(0, condition), new ImageRequest(1, condition)))
                    .images()) {
                assertThat(image.costs().networkEvaluations()).isEqualTo(plan.networkEvaluations());
            }
            assertThatThrownBy(() -> planner.budget(11)).hasMessage("budget must be >= 12, one plain trajectory's: 11");
        }
    }

    @Test
    void promptsAreDrawnByPruningAndClassesByLogits() {
        Setup setup = setup();
        assertThat(DefaultMethod.of(setup)).isEqualTo(DefaultMethod.ANY);
        Setup prompts =
                new Setup(setup.networks(), SAMPLER, setup.reward(), null, List.of(Condition.prompt("a red bag")));
        assertThat(DefaultMethod.of(prompts).method().name()).isEqualTo("pruned-best-of-n");
        // By what it is, not by what it is called.
        assertThat(DefaultMethod.of(Setup.of(mixture(), SAMPLER, Reward.of("class", image -> 0))))
                .isEqualTo(DefaultMethod.ANY);
        Reward style = new Reward() {
            @Override
            public String name() {
                return "style";
            }

            @Override
            public boolean isProbability() {
                return true;
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                throw new AssertionError("nothing is scored for a choice");
            }
        };
        DefaultMethod rule = DefaultMethod.of(Setup.of(mixture(), SAMPLER, style));
        assertThat(rule).isEqualTo(DefaultMethod.CLASS);
        assertThat(Methods.registry().text(rule.method())).isEqualTo("ascent:regress=logit:score-at-first");
        assertThat(rule.reason())
                .isEqualTo(
                        "the best measured for the probability of a class" + " (benchmarks/results/fashion-mnist.md)");
        for (DefaultMethod each : DefaultMethod.values()) {
            assertThat(each.method().evaluations(setup.schedule())).isPresent();
        }
    }

    /** Steps that inject none leave per-step search nothing to choose: what is planned must beat plain images all the same. */
    @Test
    void whereNoStepInjectsNoiseInitialNoisesAreChosenFrom() {
        EdmSampler still = new EdmSampler(8, .02, 80, 7, 0, .05, 50, 1);
        for (Condition condition : List.of(Condition.prompt("a red bag"), Condition.NONE)) {
            Setup setup = new Setup(setup().networks(), still, Rewards.brightness(), null, List.of(condition));
            assertThat(DefaultMethod.of(setup)).isEqualTo(DefaultMethod.NOISELESS);
            Plan plan = Planner.of(setup, IMAGES, 64, 64).budget(100);
            assertThat(plan.networkEvaluations()).isBetween(86L, 100L);
            List<ImageRequest> images = ImageRequest.of(0, IMAGES, List.of(condition));
            Search.Builder search =
                    Search.builder(setup.networks().denoiser()).sampler(still).reward(setup.reward());
            SearchResult plain = search.build().run(images);
            SearchResult planned = plan.apply(search).build().run(images);
            for (int i = 0; i < IMAGES; i++) {
                assertThat(planned.images().get(i).reward())
                        .isGreaterThan(plain.images().get(i).reward());
            }
        }
    }

    /** What a guard asks for is in the plan: its calls among the reward's, and the decodings. */
    @ParameterizedTest
    @ValueSource(strings = {"ascent", "eps-greedy:rounds=2", "beam"})
    void aGuardIsRehearsed(String text) {
        ImageShape latent = new ImageShape(2, 2, 3);
        Method method = Methods.parse(text);
        Blocks decoder = Blocks.of(latent);
        Counting reward = new Counting();
        Setup setup = new Setup(
                        new Networks(mixture(latent), decoder, null), SAMPLER, reward, null, List.of(Condition.NONE))
                .withGuard(true);
        Rehearsal.Counted counted = Rehearsal.small(setup, 16, 12).count(method, IMAGES);
        Search.builder(mixture(latent))
                .decoder(decoder)
                .sampler(SAMPLER)
                .method(method)
                .reward(reward)
                .guard(reward, Double.MAX_VALUE)
                .maxBatch(16)
                .decodeBatch(12)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        assertThat(counted.all().counts(Workload.Part.REWARD)).isEqualTo(calls(reward.rows));
        assertThat(counted.all().counts(Workload.Part.DECODER)).isEqualTo(calls(decoder.calls));
        assertThat(counted.all().counts(Workload.Part.REWARD))
                .isNotEqualTo(Rehearsal.small(setup.withGuard(false), 16, 12)
                        .count(method, IMAGES)
                        .all()
                        .counts(Workload.Part.REWARD));
    }

    @Test
    void whatAMachineTakesIsMeasured() {
        Reward slow = Reward.of("slow", image -> {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return 0;
        });
        MachineProfile profile = MachineProfile.measure(Setup.of(mixture(), SAMPLER, slow), 4, 4);
        assertThat(profile.curve(Workload.Part.REWARD).rows()).containsExactly(1, 2, 4);
        assertThat(profile.curve(Workload.Part.REWARD).seconds(1)).isBetween(.02, 2.);
        assertThat(profile.curve(Workload.Part.NETWORK).seconds(4)).isBetween(1e-6, 2.);
        assertThat(profile.curve(Workload.Part.OVERHEAD).seconds(4)).isBetween(1e-7, 2.);
        assertThat(profile.curve(Workload.Part.DECODER)).isEqualTo(Curve.NOTHING);
    }

    /** Takes 20 ms a row. */
    private static final class Waiting implements Reward {
        @Override
        public String name() {
            return "waiting";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            try {
                Thread.sleep(20L * images.rows());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            Rewards.brightness().score(images, scores);
        }
    }

    @Test
    void aPartThatHasBecomeSlowerIsPlannedForAsItIs(@TempDir Path folder) throws Exception {
        Setup setup = Setup.of(mixture(), SAMPLER, new Waiting());
        MachineProfile profile = profile(folder, setup);
        MachineProfile now = profile.now(setup);
        // 20 ms a row, at the least, where the profile has 2.
        double then = profile.curve(Workload.Part.REWARD).seconds(4);
        assertThat(now.curve(Workload.Part.REWARD).seconds(4)).isBetween(9.99 * then, 500 * then);
    }

    @Test
    void aProfileIsReadAsItWasWrittenAndRefusedForAnotherReward(@TempDir Path folder) throws Exception {
        Setup setup = setup();
        Path file = folder.resolve("a.json");
        MachineProfile profile = MachineProfile.measure(setup, 2, 2);
        profile.write(file);
        MachineProfile read = MachineProfile.read(file);
        assertThat(read.toJson()).isEqualTo(profile.toJson());
        read.check(setup, "here");
        Setup other = Setup.of(mixture(), SAMPLER, Reward.of("mine", image -> 0));
        assertThatThrownBy(() -> Planner.of(other, 1, 1, 1).with(read))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("the machine's profile was measured with another reward: brightness, here mine;"
                        + " measure it anew with calibrate --profile");
        String text = Files.readString(file);
        for (String broken : List.of(
                text.replace("\"reward\" : \"brightness\"", "\"reward\" : \"mine\""),
                text.replaceFirst("\"rows\" : \\[ 1", "\"rows\" : [ 2"),
                text.replaceFirst("(?s)\"network\" : \\{.*?\\}", "\"network\" : {\"rows\" : [], \"seconds\" : []}"),
                text.replaceFirst("(?s)\"network\" : \\{.*?\\}", "\"network\" : {\"rows\" : [1], \"seconds\" : [0]}"),
                text.replace("noisetrail-machine-profile", "noisetrail-rounds"),
                "{}")) {
            Files.write(file, broken.getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> MachineProfile.read(file))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageStartingWith(file.toString());
        }
    }

    @Test
    void aProfileNamesTheCardAndNotItsNumber() {
        Cuda found = new Cuda(
                true,
                13_000,
                13_000,
                80,
                List.of(new Cuda.Card("NVIDIA A100", "8.0", 1), new Cuda.Card("NVIDIA H200", "9.0", 1)),
                "");
        assertThat(MachineProfile.device(new Device(1), () -> found)).isEqualTo("NVIDIA H200");
        assertThat(MachineProfile.device(Device.CPU, () -> {
                    throw new AssertionError("nobody asks for cards");
                }))
                .isEqualTo("cpu");
    }

    @Test
    void theMostRowsOfAQuickCallAreThoseWhoseCallTakesNoTenthOfASecond() {
        assertThat(new Curve(List.of(1, 4, 8), List.of(.01, .099, .1)).quick()).isEqualTo(4);
        assertThat(new Curve(List.of(1, 4), List.of(3.0, 5.0)).quick()).isEqualTo(1);
        assertThat(Curve.NOTHING.quick()).isEqualTo(1);
    }

    @Test
    void rowsBeyondTheLastAreKnownOnlyWhereNoMoreWouldBeTimed() {
        Curve quick = new Curve(List.of(1, 4), List.of(.5, .9));
        assertThat(quick.reaches(4)).isTrue();
        assertThat(quick.reaches(5)).isFalse();
        assertThat(new Curve(List.of(1, 4), List.of(.5, 1.1)).reaches(64)).isTrue();
        assertThat(Curve.NOTHING.reaches(64)).isTrue();
    }

    @Test
    void secondsLieBetweenThoseMeasured() {
        Curve curve = new Curve(List.of(1, 4, 8), List.of(2.0, 5.0, 4.0));
        assertThat(curve.seconds(1)).isEqualTo(2);
        assertThat(curve.seconds(3)).isCloseTo(2 + 2 * 2 / 3., within(1e-12));
        // A call of fewer rows takes no more.
        assertThat(curve.seconds(4)).isEqualTo(4);
        assertThat(curve.seconds(8)).isEqualTo(4);
        assertThat(curve.seconds(16)).isEqualTo(8);
        assertThat(curve.best(64)).isEqualTo(8);
        assertThat(curve.best(7)).isEqualTo(4);
        assertThat(curve.best(3)).isEqualTo(1);
    }
}
