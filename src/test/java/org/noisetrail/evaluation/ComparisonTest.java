package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Naive;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Progress;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

@Timeout(300)
class ComparisonTest {
    private static final EdmSampler SAMPLER = EdmSampler.DEFAULT.withSteps(6);
    private static final Schedule SCHEDULE = SAMPLER.schedule(Parameterisation.denoiser());
    private static final List<ImageRequest> IMAGES = ImageRequest.of(0, 5, 0, 1, 2);
    private static final List<Contender> CONTENDERS = List.of(
            new Contender("naive", new Naive()),
            new Contender("best-of-n", new BestOfN(2)),
            new Contender("beam", new Beam(3, 2)),
            new Contender("mcts", new Mcts(2, 3, 1)),
            new Contender("eps-greedy", LocalSearch.builder().rounds(2).build()));

    private static final List<Comparison.Aim> AIMS = List.of(
            new Comparison.Aim(judge("brightness"), judge("compressibility:max-bytes=700")),
            new Comparison.Aim(judge("-brightness"), null));

    private final ExactMixture denoiser = new ExactMixture(new ImageShape(1, 8, 8), true, .2, -.4, 0, .4);

    /** Two logits an image: its first and its last pixel. */
    private static final Classifier FEATURES = new Classifier() {
        @Override
        public String id() {
            return "two-pixels";
        }

        @Override
        public Device device() {
            return Device.CPU;
        }

        @Override
        public Tensor logits(Tensor images) {
            byte[] pixels = Tensors.toBytes(images);
            int rows = (int) images.size(0);
            int size = pixels.length / rows;
            float[] logits = new float[2 * rows];
            for (int row = 0; row < rows; row++) {
                logits[2 * row] = pixels[row * size] & 0xff;
                logits[2 * row + 1] = pixels[(row + 1) * size - 1] & 0xff;
            }
            return Tensors.of(Device.CPU, logits, rows, 2);
        }

        @Override
        public void close() {}
    };

    private static Comparison.Judge judge(String text) {
        return new Comparison.Judge(
                text,
                () -> RewardText.parse(text).build(() -> {
                    throw new AssertionError("no reward asks for a model");
                }));
    }

    private Comparison.Builder plan(List<Contender> contenders, List<Comparison.Aim> aims, long... budgets) {
        Comparison.Builder builder = Comparison.builder(denoiser)
                .images(IMAGES)
                .seeds(7, 8)
                .sampler(SAMPLER)
                .equalNfe(budgets)
                .features(FEATURES);
        contenders.forEach(builder::contender);
        aims.forEach(builder::aim);
        return builder;
    }

    private static List<ComparisonTable> compare(Path folder, Comparison.Builder plan) {
        return plan.folder(folder).build().run();
    }

    private static List<ComparisonTable> compare(Path folder, Comparison.Builder plan, Comparison.Watcher watcher) {
        return compare(folder, plan.watcher(watcher));
    }

    private static Map<String, @Nullable Object> settings() {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("model", "a \"mixture\" <of> three & more");
        settings.put("images", IMAGES.size());
        settings.put("seedCount", 2);
        return settings;
    }

    private static Set<Path> cells(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder.resolve("cells"))) {
            return new HashSet<>(files.toList());
        }
    }

    @Test
    void everySearchStandsBesideBestOfNAtItsCost(@TempDir Path folder) {
        for (ComparisonTable table : compare(folder, plan(CONTENDERS, AIMS))) {
            for (ComparisonTable.Row row : table.rows()) {
                if (row.method() instanceof Naive || row.method() instanceof BestOfN) {
                    assertThat(row.difference()).isNull();
                    continue;
                }
                ComparisonTable.Difference difference = row.difference();
                assertThat(difference).isNotNull();
                ComparisonTable.Row partner = table.rows().stream()
                        .filter(other -> other.label().equals(difference.label()))
                        .findFirst()
                        .orElseThrow();
                assertThat(partner.method()).isInstanceOf(BestOfN.class);
                assertThat(partner.networkEvaluations())
                        .isCloseTo(row.networkEvaluations(), within(SCHEDULE.evaluations() / 2.0));
                assertThat(difference.reward().mean())
                        .isCloseTo(row.reward().mean() - partner.reward().mean(), within(1e-12));
            }
        }
    }

    @Test
    void allOthersStandBesideTheMethodThatIsNamedAndNoBestOfNIsAdded(@TempDir Path folder) {
        List<ComparisonTable> tables =
                compare(folder, plan(CONTENDERS, AIMS.subList(0, 1)).against("beam"));
        List<ComparisonTable.Row> rows = tables.get(0).rows();
        assertThat(rows.stream().map(ComparisonTable.Row::label))
                .containsExactly("naive", "best-of-2", "beam", "mcts", "eps-greedy");
        ComparisonTable.Row beam = rows.get(2);
        assertThat(beam.difference()).isNull();
        for (int i : new int[] {0, 1, 3, 4}) {
            ComparisonTable.Difference difference = rows.get(i).difference();
            assertThat(difference).isNotNull();
            assertThat(difference.label()).isEqualTo("beam");
            assertThat(difference.networkEvaluations()).isEqualTo(beam.networkEvaluations());
            assertThat(difference.reward().mean())
                    .isCloseTo(rows.get(i).reward().mean() - beam.reward().mean(), within(1e-12));
        }
        ComparisonFiles files = new ComparisonFiles(tables, settings());
        assertThat(files.text()).contains("vs beam [95 %]").doesNotContain("vs best-of-n");
        JsonNode told = new ObjectMapper().valueToTree(files.json()).at("/tables/0/rows/0");
        assertThat(told.at("/against/label").asText()).isEqualTo("beam");
        assertThat(told.has("againstBestOfN")).isFalse();
        List<String> head = List.of(files.csv().split("\r\n")[0].split(",", -1));
        List<String> naive = List.of(files.csv().split("\r\n")[1].split(",", -1));
        assertThat(naive.get(head.indexOf("against"))).isEqualTo("beam");
        assertThat(naive.get(head.indexOf("best_of_n"))).isEmpty();
    }

    @Test
    void ofASweepMethodsStandBesideTheOneOfTheirOwnBudget(@TempDir Path folder) {
        List<ComparisonTable.Row> rows = compare(
                        folder, plan(CONTENDERS, AIMS.subList(0, 1), 80L, 160L).against("best-of-n"))
                .get(0)
                .rows();
        for (ComparisonTable.Row row : rows) {
            ComparisonTable.Difference difference = row.difference();
            if (row.method() instanceof Naive || row.method() instanceof BestOfN) {
                // A plain trajectory costs the same whatever the budget.
                assertThat(difference).as(row.title()).isNull();
                continue;
            }
            ComparisonTable.Row best = rows.stream()
                    .filter(other -> other.method() instanceof BestOfN
                            && row.target() != null
                            && row.target().equals(other.target()))
                    .findFirst()
                    .orElseThrow();
            assertThat(difference).as(row.title()).isNotNull();
            assertThat(difference.label()).isEqualTo(best.label());
        }
        assertThat(rows.stream().filter(row -> row.method() instanceof BestOfN)).hasSize(2);
        List<ComparisonTable.Row> besideNaive = compare(
                        folder, plan(CONTENDERS, AIMS.subList(0, 1), 80L, 160L).against("naive"))
                .get(0)
                .rows();
        assertThat(besideNaive.stream().filter(row -> row.difference() != null))
                .as("it is drawn once for all budgets")
                .hasSize(8);
    }

    @Test
    void partsLeaveNothingToDoWhereNoBestOfNIsToBeFound(@TempDir Path folder) {
        Comparison.Builder plan = plan(CONTENDERS, AIMS).against("best-of-n").folder(folder);
        int searches = plan.build().run(0, 2) + plan.build().run(1, 2);
        assertThat(searches).as("5 methods, 2 rewards, 2 seeds").isEqualTo(20);
        List<String> begun = new ArrayList<>();
        plan.watcher(into(begun)).build().run();
        assertThat(begun).isEmpty();
    }

    @Test
    void aMethodToCompareWithThatIsNotComparedIsRefused() {
        assertThatThrownBy(() ->
                        plan(CONTENDERS.subList(0, 2), AIMS).against("beam").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the method to compare with must be one of naive, best-of-n: beam");
    }

    @Test
    void allMethodsDrawTheSameImagesFromTheSameNoise(@TempDir Path folder) {
        ComparisonTable table =
                compare(folder, plan(CONTENDERS, AIMS.subList(0, 1))).get(0);
        for (ComparisonTable.Row row : table.rows()) {
            assertThat(row.cells()).hasSize(2);
            for (CellResult cell : row.cells()) {
                assertThat(cell.images().stream().map(image -> new ImageRequest(image.id(), image.condition())))
                        .containsExactlyElementsOf(IMAGES);
            }
        }
        double naive = table.rows().get(0).reward().mean();
        assertThat(table.rows().subList(1, table.rows().size()))
                .allSatisfy(row -> assertThat(row.reward().mean()).isGreaterThan(naive));
    }

    private static List<List<Object>> told(List<ComparisonTable> tables) {
        return tables.stream()
                .flatMap(table -> table.rows().stream())
                .map(row -> List.<Object>of(row.label(), row.reward().mean(), row.networkEvaluations()))
                .toList();
    }

    /** Writes down the searches that begin. */
    private static Comparison.Watcher into(List<String> begun) {
        return (cell, cells, title) -> {
            begun.add(title);
            return () -> {};
        };
    }

    @Test
    void searchesThatARunnerHasMadeElsewhereAreTakenAsIfMadeHere(@TempDir Path folder) {
        Path shared = folder.resolve("shared");
        List<Integer> batches = new ArrayList<>();
        CellRunner runner = cells -> {
            batches.add(cells.size());
            cells.forEach(cell -> plan(CONTENDERS, AIMS).folder(shared).build().make(cell));
        };
        List<String> begun = new ArrayList<>();
        List<ComparisonTable> spread = compare(shared, plan(CONTENDERS, AIMS).runner(runner), into(begun));
        assertThat(begun).isEmpty();
        // All that can be told goes out at once: 5 methods for 2 rewards and 2 seeds, and best-of-n at their costs.
        assertThat(batches.get(0)).isGreaterThanOrEqualTo(20);
        assertThat(told(spread)).isEqualTo(told(compare(folder.resolve("alone"), plan(CONTENDERS, AIMS))));
    }

    @Test
    void whatARunnerHasNotMadeIsMadeHere(@TempDir Path folder) {
        List<String> begun = new ArrayList<>();
        List<ComparisonTable> tables = compare(folder, plan(CONTENDERS, AIMS).runner(cells -> {}), into(begun));
        assertThat(begun).isNotEmpty();
        assertThat(told(tables)).isEqualTo(told(compare(folder, plan(CONTENDERS, AIMS))));
    }

    @Test
    void partsTogetherMakeAllThatCanBeToldBeforeAnyHasRun(@TempDir Path folder) {
        Path shared = folder.resolve("shared");
        int searches = 0;
        for (int part : new int[] {2, 0, 1}) {
            searches += plan(CONTENDERS, AIMS).folder(shared).build().run(part, 3);
        }
        assertThat(searches).isGreaterThanOrEqualTo(20);
        List<String> begun = new ArrayList<>();
        List<ComparisonTable> tables = compare(shared, plan(CONTENDERS, AIMS), into(begun));
        assertThat(begun).allMatch(title -> title.startsWith("best-of-"));
        assertThat(told(tables)).isEqualTo(told(compare(folder.resolve("alone"), plan(CONTENDERS, AIMS))));
    }

    @Test
    void aCellOfAnotherComparisonIsRefused(@TempDir Path folder) {
        Comparison comparison = plan(CONTENDERS, AIMS).folder(folder).build();
        for (String cell : List.of("{}", "no JSON", "{\"reward\": \"class\", \"heldOut\": null}")) {
            assertThatThrownBy(() -> comparison.make(cell)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void methodsOfEqualCostCostAboutThat(@TempDir Path folder) {
        ComparisonTable table =
                compare(folder, plan(CONTENDERS, AIMS.subList(0, 1), 150L)).get(0);
        for (ComparisonTable.Row row : table.rows()) {
            if (!(row.method() instanceof Naive)) {
                // A simulation or a beam more would be too much.
                assertThat(row.networkEvaluations()).as(row.label()).isBetween(100.0, 156.0);
            }
        }
    }

    @Test
    void aSweepHasEveryBudgetAndNaiveOnce(@TempDir Path folder) {
        List<Contender> two = List.of(CONTENDERS.get(0), CONTENDERS.get(4));
        ComparisonTable table =
                compare(folder, plan(two, AIMS.subList(0, 1), 40L, 80L, 160L)).get(0);
        assertThat(table.rows().stream().filter(row -> row.method() instanceof Naive))
                .hasSize(1);
        assertThat(table.rows().stream()
                        .filter(row -> row.method() instanceof LocalSearch)
                        .map(ComparisonTable.Row::target))
                .containsExactly(40L, 80L, 160L);
    }

    @Test
    void aSecondRunCallsTheNetworkNoMore(@TempDir Path folder) throws Exception {
        ComparisonFiles first = new ComparisonFiles(compare(folder, plan(CONTENDERS, AIMS, 150L)), settings());
        Set<Path> cells = cells(folder);
        long rows = denoiser.rows.get();
        ComparisonFiles second = new ComparisonFiles(compare(folder, plan(CONTENDERS, AIMS, 150L)), settings());
        assertThat(denoiser.rows.get()).isEqualTo(rows);
        assertThat(cells(folder)).isEqualTo(cells);
        assertThat(second.csv()).isEqualTo(first.csv());
        assertThat(Json.pretty(second.json())).isEqualTo(Json.pretty(first.json()));
    }

    @Test
    void whatWasFinishedBeforeAnInterruptIsNotDoneAgain(@TempDir Path folder, @TempDir Path whole) throws Exception {
        Comparison.Builder plan = plan(CONTENDERS, AIMS.subList(0, 1));
        ComparisonFiles expected = new ComparisonFiles(compare(whole, plan), settings());
        long all = denoiser.rows.get();
        class Killed extends RuntimeException {}
        List<String> begun = new ArrayList<>();
        assertThatThrownBy(() -> compare(folder, plan, (cell, cells, title) -> {
                    begun.add(title);
                    return new Comparison.Watch() {
                        @Override
                        public void onProgress(Progress progress) {
                            if (begun.size() == 4 && progress.imageSteps() > 5) {
                                throw new Killed();
                            }
                        }

                        @Override
                        public void close() {}
                    };
                }))
                .isInstanceOf(Killed.class);
        assertThat(cells(folder)).hasSize(3);
        long killed = denoiser.rows.get() - all;
        List<String> resumed = new ArrayList<>();
        ComparisonFiles result = new ComparisonFiles(
                compare(folder, plan, (cell, cells, title) -> {
                    resumed.add(title);
                    return () -> {};
                }),
                settings());
        assertThat(resumed.get(0)).isEqualTo(begun.get(3));
        assertThat(resumed).doesNotContainAnyElementsOf(begun.subList(0, 3));
        // Of the killed run only the fourth search and the warm-up are wasted.
        long again = denoiser.rows.get() - all - killed;
        long finished = 2L * IMAGES.size() * SCHEDULE.evaluations() + 2L * IMAGES.size() * SCHEDULE.evaluations();
        assertThat(again).isBetween(all - finished, all - finished / 2);
        assertThat(withoutSeconds(result)).isEqualTo(withoutSeconds(expected));
    }

    private static String withoutSeconds(ComparisonFiles files) {
        return Json.pretty(files.json()).replaceAll("\"(secondsPerImage|peakBytes)\" : [^,]*", "");
    }

    private static final Function<Comparison.Judge, String> IDS = Comparison.Judge::name;

    @Test
    void otherSettingsAreOtherCells() {
        Map<String, @Nullable Object> common = Map.of("denoiser", "a");
        Comparison.Judge bright = judge("brightness");
        LocalSearch local = LocalSearch.builder().rounds(2).build();
        List<JsonNode> keys = List.of(
                new Cell(bright, null, local, SAMPLER, 1, null).key(common, IDS),
                new Cell(bright, null, local, SAMPLER, 2, null).key(common, IDS),
                new Cell(bright, null, local, SAMPLER, 1, 99L).key(common, IDS),
                new Cell(bright, bright, local, SAMPLER, 1, null).key(common, IDS),
                new Cell(judge("-brightness"), null, local, SAMPLER, 1, null).key(common, IDS),
                new Cell(bright, null, local, SAMPLER.withSteps(7), 1, null).key(common, IDS),
                new Cell(bright, null, LocalSearch.builder().rounds(3).build(), SAMPLER, 1, null).key(common, IDS),
                new Cell(
                                bright,
                                null,
                                LocalSearch.builder().rounds(2).project(true).build(),
                                SAMPLER,
                                1,
                                null)
                        .key(common, IDS),
                new Cell(bright, null, new Beam(4, 2), SAMPLER, 1, null).key(common, IDS),
                new Cell(bright, null, local, SAMPLER, 1, null).key(common, judge -> "another file"),
                new Cell(bright, bright, local, SAMPLER, 1, null).key(common, judge -> "another file"),
                new Cell(bright, null, local, SAMPLER, 1, null).key(Map.of("denoiser", "b"), IDS));
        assertThat(keys.stream().map(Json::hash)).doesNotHaveDuplicates();
        Cell same = new Cell(bright, null, LocalSearch.builder().rounds(2).build(), SAMPLER, 1, null);
        assertThat(Json.hash(same.key(common, IDS))).isEqualTo(Json.hash(keys.get(0)));
        // As it always was: by it users find what they have kept.
        assertThat(Json.hash(same.key(common, IDS))).isEqualTo("6d924bd32a3ce8fd976c3bed");
    }

    @Test
    void aCellReadBackIsWhatWasWritten(@TempDir Path folder) {
        CellStore store = new CellStore(OutputFolder.open(folder));
        Cell cell = new Cell(judge("brightness"), null, new Naive(), SAMPLER, -1, null);
        JsonNode key = cell.key(Map.of(), IDS);
        CellResult.Expected expected = new CellResult.Expected(IMAGES, denoiser.shape(), SAMPLER.steps());
        assertThat(store.find(key, expected)).isEmpty();
        ComparisonTable.Row row = compare(folder, plan(CONTENDERS.subList(4, 5), AIMS.subList(1, 2)))
                .get(0)
                .rows()
                .get(0);
        CellResult result = row.cells().get(0);
        List<byte[]> pngs = IMAGES.stream()
                .map(image -> CellResult.png(new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY)))
                .toList();
        store.put(key, result, pngs);
        CellResult read = store.find(key, expected).orElseThrow();
        assertThat(read.json(pngs)).isEqualTo(result.json(pngs));
        assertThat(read.images().get(1).byStep())
                .isEqualTo(result.images().get(1).byStep());
        assertThat(read.images().get(0).heldOut()).isNaN();
    }

    @Test
    void aBrokenCellIsMadeAgain(@TempDir Path folder) throws Exception {
        Comparison.Builder plan = plan(CONTENDERS.subList(0, 1), AIMS.subList(0, 1));
        compare(folder, plan);
        for (Path cell : cells(folder)) {
            byte[] bytes = Files.readAllBytes(cell);
            Files.write(cell, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        }
        long rows = denoiser.rows.get();
        compare(folder, plan);
        assertThat(denoiser.rows.get()).isGreaterThan(rows);
    }

    @Test
    void aRewardWhoseFileWasReplacedIsJudgedAgain(@TempDir Path folder) {
        List<String> asked = new ArrayList<>();
        for (String file : List.of("one", "one", "two")) {
            Comparison.Judge heldOut = new Comparison.Judge("heldout", () -> new Reward() {
                @Override
                public String name() {
                    return "heldout";
                }

                @Override
                public String id() {
                    return "heldout " + file;
                }

                @Override
                public void score(ImageBatch images, Tensor scores) {
                    asked.add(file);
                    Tensors.fill(scores, asked.size());
                }
            });
            compare(folder, plan(CONTENDERS.subList(0, 1), List.of(new Comparison.Aim(judge("brightness"), heldOut))));
        }
        // Once to warm up, and of two searches; the second time both are kept.
        assertThat(asked).containsExactly("one", "one", "one", "two", "two", "two");
    }

    @Test
    void withoutAFolderNothingIsKept() {
        Comparison comparison =
                plan(CONTENDERS.subList(0, 1), AIMS.subList(0, 1)).build();
        List<ComparisonTable> first = comparison.run();
        long rows = denoiser.rows.get();
        assertThat(comparison.run().get(0).rows().get(0).reward())
                .isEqualTo(first.get(0).rows().get(0).reward());
        assertThat(denoiser.rows.get()).isEqualTo(2 * rows);
    }

    @Test
    void aRewardOfYourOwnIsALambda() {
        Comparison.Judge corner = new Comparison.Judge("corner", () -> Reward.of("corner", image -> image.at(0, 0, 0)));
        ComparisonTable table = Comparison.builder(denoiser)
                .methods("naive", "best-of-n:candidates=3")
                .aim(new Comparison.Aim(corner, judge("brightness")))
                .images(IMAGES)
                .sampler(SAMPLER)
                .build()
                .run()
                .get(0);
        assertThat(table.title()).isEqualTo("reward corner, held out brightness");
        assertThat(table.rows().get(1).reward().mean())
                .isGreaterThan(table.rows().get(0).reward().mean());
    }

    /** The smallest size of these costs more. */
    @ParameterizedTest
    @ValueSource(strings = {"lookahead-beam:candidates=4:beams=1:lookahead=3", "x-t", "sop"})
    void noRowCostsMoreThanWasAskedFor(String text) {
        long budget = 20;
        ComparisonTable table = Comparison.builder(denoiser)
                .methods(text)
                .aim(AIMS.get(0))
                .images(IMAGES)
                .sampler(SAMPLER)
                .equalNfe(budget)
                .build()
                .run()
                .get(0);
        ComparisonTable.Row row = table.rows().get(0);
        assertThat(row.cells().get(0).images()).allMatch(image -> image.costs().networkEvaluations() <= budget);
        if (!text.equals("x-t")) {
            assertThat(row.networkEvaluations())
                    .as("its first steps are searched")
                    .isGreaterThan(11);
        }
    }

    /** Rewards that are as good as dice, so that a step of some rounds comes to the mark about every other time. */
    @ParameterizedTest
    @CsvSource({"0.95,260", "0.97,120", "0.97,260"})
    void whatEndsStepsEarlyIsSizedByWhatItCosts(double threshold, long budget) {
        Comparison.Judge dice = new Comparison.Judge(
                "dice",
                () -> Reward.of("dice", image -> {
                    double mixed =
                            1e4 * Math.sin(image.at(0, 1, 1) + 12.9 * image.at(0, 3, 3) + 78.2 * image.at(0, 5, 4));
                    return mixed - Math.floor(mixed);
                }));
        Method method = Methods.parse("eps-greedy:candidates=2:rounds=2:epsilon=1:threshold=" + threshold);
        double unmeasured = Comparison.builder(denoiser)
                .contender(new Contender("unmeasured", method.sized(SCHEDULE, budget)))
                .aim(new Comparison.Aim(dice, null))
                .images(ImageRequest.of(0, 12, 0, 1, 2))
                .sampler(SAMPLER)
                .build()
                .run()
                .get(0)
                .rows()
                .get(0)
                .networkEvaluations();
        ComparisonTable.Row row = Comparison.builder(denoiser)
                .contender(new Contender("sized", method))
                .aim(new Comparison.Aim(dice, null))
                .images(ImageRequest.of(0, 12, 0, 1, 2))
                .sampler(SAMPLER)
                .equalNfe(budget)
                .build()
                .run()
                .get(0)
                .rows()
                .get(0);
        int most = ((RoundSchedule) ((LocalSearch) row.method()).rounds())
                .rounds().stream().mapToInt(Integer::intValue).max().orElseThrow();
        assertThat(row.networkEvaluations())
                .as("within a step's price, and nearer than what was not measured")
                .isBetween(Math.max(unmeasured + 1, budget - 2. * 2 * most), (double) budget);
    }

    /** A label, and a text with a file's name, say too little of what is drawn. */
    @Test
    void methodsOfOneNameThatDifferHaveOtherHashes() {
        List<Double> levels = SCHEDULE.steps().stream().map(Step::level).toList();
        Set<Object> hashes = new HashSet<>();
        for (int rounds = 1; rounds <= 2; rounds++) {
            LocalSearch search = LocalSearch.builder()
                    .rounds(new RoundSchedule(levels, Collections.nCopies(levels.size(), rounds)))
                    .build();
            for (String loss : List.of("5%", "20%")) {
                ContenderScreen screen = ContenderScreen.of(Map.of("screen", "first", "verify-loss", loss));
                hashes.add(plan(List.of(new Contender("own", search, screen)), AIMS)
                        .build()
                        .settings()
                        .get("hash"));
            }
            hashes.add(plan(List.of(new Contender("own", search)), AIMS)
                    .build()
                    .settings()
                    .get("hash"));
        }
        assertThat(hashes).hasSize(6);
    }

    @Test
    void oneBudgetIsToldAsANumberAndSeveralAsASweep() {
        Map<String, @Nullable Object> none = plan(CONTENDERS, AIMS).build().settings();
        assertThat(none).containsEntry("equalNfe", null).containsEntry("sweepNfe", null);
        Map<String, @Nullable Object> one = plan(CONTENDERS, AIMS, 120).build().settings();
        assertThat(one).containsEntry("equalNfe", 120).containsEntry("sweepNfe", null);
        Map<String, @Nullable Object> two =
                plan(CONTENDERS, AIMS, 60, 120).build().settings();
        assertThat(two).containsEntry("equalNfe", null).containsEntry("sweepNfe", List.of(60, 120));
    }

    @Test
    void afterARunSettingsAreToldWithoutMakingARewardAgain() {
        AtomicInteger made = new AtomicInteger();
        Comparison.Judge counted = new Comparison.Judge("brightness", () -> {
            made.incrementAndGet();
            return judge("brightness").make().get();
        });
        Comparison comparison = plan(CONTENDERS.subList(0, 1), List.of(new Comparison.Aim(counted, null)))
                .build();
        Object before = comparison.settings().get("hash");
        assertThat(made.get()).isEqualTo(1);
        comparison.run();
        assertThat(made.get()).isEqualTo(2);
        assertThat(comparison.settings()).containsEntry("hash", before);
        assertThat(made.get()).isEqualTo(2);
    }

    @Test
    void whatCannotBeComparedIsToldBeforeAnythingRuns() {
        assertThatThrownBy(() -> plan(CONTENDERS, List.of()).build()).hasMessage("rewards must be >= 1: 0");
        assertThatThrownBy(() -> plan(List.of(), AIMS).build()).hasMessage("methods must be >= 1: 0");
        assertThatThrownBy(() -> plan(CONTENDERS, AIMS).seeds().build()).hasMessage("seeds must be >= 1: 0");
        assertThatThrownBy(() -> plan(CONTENDERS, AIMS, 10).build())
                .hasMessage("network evaluations must be >= 11, one plain trajectory's: 10");
        assertThatThrownBy(() -> plan(CONTENDERS, AIMS).methods("naive"))
                .hasMessage("methods must differ in name: naive twice");
        assertThatThrownBy(() -> Comparison.builder(denoiser)
                        .methods("naive")
                        .reward("class")
                        .build()
                        .run())
                .hasMessage("the reward class needs a pipeline");
    }

    @Test
    void diversityIsTheMeanDistanceOfTwo() {
        float[][] points = {{0, 0}, {3, 4}, {0, 8}};
        assertThat(Diversity.meanDistance(points)).isCloseTo((5 + 8 + 5) / 3.0, within(1e-12));
        assertThat(Diversity.meanDistance(new float[][] {{1, 2}})).isNaN();
    }

    @Test
    void diversityDoesNotDependOnTheBatch(@TempDir Path one, @TempDir Path other) {
        Comparison.Builder plan = plan(CONTENDERS.subList(0, 1), AIMS.subList(0, 1));
        double whole = compare(one, plan).get(0).rows().get(0).diversity();
        double parts = compare(other, plan.maxBatch(2)).get(0).rows().get(0).diversity();
        assertThat(whole).isGreaterThan(0).isCloseTo(parts, within(1e-9));
    }

    @Test
    void withoutAClassifierDiversityIsNull(@TempDir Path folder) {
        Comparison.Builder plan = plan(CONTENDERS.subList(0, 1), AIMS.subList(1, 2));
        List<ComparisonTable> tables = compare(folder, plan.features(null));
        assertThat(Json.pretty(ComparisonWords.json(tables.get(0))))
                .contains("\"diversity\" : null", "\"heldOut\" : null");
    }

    @Test
    void rewardsByStepAreThoseOfSearchedSteps(@TempDir Path folder) {
        ComparisonTable table = compare(folder, plan(CONTENDERS.subList(2, 5), AIMS.subList(0, 1)))
                .get(0);
        for (ComparisonTable.Row row : table.rows()) {
            boolean told = row.method() instanceof Beam || row.method() instanceof LocalSearch;
            double[] byStep = row.byStep();
            assertThat(byStep).hasSize(SAMPLER.steps());
            for (int step = 0; step < byStep.length; step++) {
                assertThat(Double.isFinite(byStep[step]))
                        .as("%s, step %d", row.label(), step)
                        .isEqualTo(told && SCHEDULE.steps().get(step).gain() > 0);
            }
        }
    }

    @Test
    void filesSayTheSameAndParse(@TempDir Path folder) throws Exception {
        List<ComparisonTable> tables = compare(folder, plan(CONTENDERS, AIMS));
        ComparisonFiles files = new ComparisonFiles(tables, settings());
        files.write(folder);
        JsonNode json =
                new ObjectMapper().readTree(folder.resolve("compare.json").toFile());
        List<List<String>> csv = parse(Files.readString(folder.resolve("compare.csv")));
        assertThat(csv.get(0)).isEqualTo(ComparisonWords.CSV_HEAD);
        int line = 1;
        for (int t = 0; t < tables.size(); t++) {
            for (int r = 0; r < tables.get(t).rows().size(); r++) {
                ComparisonTable.Row row = tables.get(t).rows().get(r);
                JsonNode read = json.at("/tables/" + t + "/rows/" + r);
                List<String> fields = csv.get(line++);
                assertThat(fields).hasSameSizeAs(ComparisonWords.CSV_HEAD);
                assertThat(fields.get(2))
                        .isEqualTo(row.label())
                        .isEqualTo(read.path("label").asText());
                assertThat(Double.parseDouble(fields.get(5)))
                        .isEqualTo(row.reward().mean())
                        .isEqualTo(read.at("/reward/mean").asDouble());
                assertThat(Double.parseDouble(fields.get(12)))
                        .isEqualTo(row.networkEvaluations())
                        .isEqualTo(read.path("networkEvaluations").asDouble());
                assertThat(fields.get(8).isEmpty())
                        .isEqualTo(tables.get(t).aim().heldOut() == null);
            }
        }
        assertThat(csv).hasSize(line);
        assertThat(files.text().lines().filter(l -> l.startsWith("eps-greedy"))).hasSize(2);
        assertThat(Files.readString(folder.resolve("compare.md"))).contains("\\|p\\|/sqrt(d)");
    }

    /** RFC 4180, as little of it as a test needs. */
    private static List<List<String>> parse(String text) {
        List<List<String>> lines = new ArrayList<>();
        for (String line : text.split("\r\n")) {
            List<String> fields = new ArrayList<>();
            StringBuilder field = new StringBuilder();
            boolean quoted = false;
            for (char c : line.toCharArray()) {
                if (c == '"') {
                    quoted = !quoted;
                } else if (c == ',' && !quoted) {
                    fields.add(field.toString());
                    field.setLength(0);
                } else {
                    field.append(c);
                }
            }
            fields.add(field.toString());
            lines.add(fields);
        }
        return lines;
    }

    /** Of one class eight numbers are enough to tell by. */
    @Test
    void thePageTellsVerdictsInWords(@TempDir Path folder) throws Exception {
        List<ImageRequest> eight = ImageRequest.of(0, 8, 0);
        Comparison.Aim aim = AIMS.get(0);
        List<Contender> contenders =
                List.of(new Contender("naive", new Naive()), new Contender("best-of-n", new BestOfN(4)));
        for (String against : List.of("naive", "best-of-n")) {
            Path out = folder.resolve(against);
            List<ComparisonTable> tables =
                    compare(out, plan(contenders, List.of(aim)).images(eight).against(against));
            new ComparisonFiles(tables, settings()).write(out);
            String page = Files.readString(out.resolve("report.html"));
            assertThat(page)
                    .contains(
                            against.equals("naive")
                                    ? " is <strong class=\"good\">better than</strong> naive ("
                                    : " is <strong class=\"bad\">worse than</strong> best-of-4 (");
            assertThat(ComparisonWords.json(tables.get(0)).toString())
                    .contains(against.equals("naive") ? "verdict=better" : "verdict=worse");
        }
    }

    /** All searches have run by then: a page that cannot be made would lose them to whoever waits for it. */
    @Test
    void aComparisonWithoutOneNumberIsWrittenAndSaysWhy(@TempDir Path folder) throws Exception {
        Comparison.Aim nothing = new Comparison.Aim(
                new Comparison.Judge("nothing", () -> Reward.of("nothing", image -> Double.NaN)), null);
        List<ComparisonTable> tables = compare(folder, plan(CONTENDERS.subList(2, 3), List.of(nothing), 60L));
        new ComparisonFiles(tables, settings()).write(folder);
        assertThat(Files.readString(folder.resolve("report.html")))
                .contains(" has an image without a finite reward, or so has what it would stand beside: ")
                .doesNotContain("not told apart");
    }

    @Test
    void plotsArePicturesAndDrawings(@TempDir Path folder) throws Exception {
        new ComparisonFiles(compare(folder, plan(CONTENDERS, AIMS, 60L, 120L)), settings()).write(folder);
        for (String name :
                List.of("brightness-by-nfe", "brightness-held-out", "brightness-by-step", "minus-brightness-by-nfe")) {
            assertThat(ImageIO.read(folder.resolve("plots/" + name + ".png").toFile())
                            .getWidth())
                    .isEqualTo(960);
            Document svg = parse(Files.readAllBytes(folder.resolve("plots/" + name + ".svg")), true);
            assertThat(svg.getDocumentElement().getLocalName()).isEqualTo("svg");
            assertThat(svg.getElementsByTagName("path").getLength()).isGreaterThan(20);
        }
    }

    @Test
    void thePageSaysWhatBothCost(@TempDir Path folder) throws Exception {
        List<ComparisonTable> tables = compare(folder, plan(CONTENDERS.subList(2, 3), AIMS));
        new ComparisonFiles(tables, settings()).write(folder);
        String page = Files.readString(folder.resolve("report.html"));
        for (ComparisonTable table : tables) {
            // Beams of 3 candidates do not cost a whole number of plain trajectories.
            ComparisonTable.Row beam = table.rows().get(0);
            ComparisonTable.Row best = table.rows().get(1);
            assertThat(beam.networkEvaluations()).isNotEqualTo(best.networkEvaluations());
            assertThat(beam.difference().networkEvaluations()).isEqualTo(best.networkEvaluations());
            assertThat(ComparisonWords.json(table).toString()).contains("verdict=null");
            assertThat(page)
                    .contains("<li>beam (" + (int) beam.networkEvaluations() + " NFE) beside " + best.label() + " ("
                            + (int) best.networkEvaluations() + " NFE): "
                            + beam.difference().reward());
        }
    }

    @Test
    void tablesOfOneRewardHavePlotsOfTheirOwn(@TempDir Path folder) throws Exception {
        List<Comparison.Aim> aims = List.of(
                new Comparison.Aim(judge("brightness"), judge("-brightness")),
                new Comparison.Aim(judge("brightness"), judge("compressibility:max-bytes=700")),
                new Comparison.Aim(judge("-brightness"), null));
        List<ComparisonTable> tables = compare(folder, plan(CONTENDERS.subList(0, 2), aims));
        new ComparisonFiles(tables, settings()).write(folder);
        Path plots = folder.resolve("plots");
        try (Stream<Path> files = Files.list(plots)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".svg")))
                    .containsExactlyInAnyOrder(
                            "brightness-by-nfe.svg",
                            "brightness-held-out.svg",
                            "brightness-2-by-nfe.svg",
                            "brightness-2-held-out.svg",
                            "minus-brightness-by-nfe.svg");
        }
        assertThat(Files.readString(plots.resolve("brightness-held-out.svg"))
                        .equals(Files.readString(plots.resolve("brightness-2-held-out.svg"))))
                .isFalse();
        assertIdsDiffer(page(folder));
        // Fewer tables leave none of the earlier plots behind.
        new ComparisonFiles(tables.subList(2, 3), settings()).write(folder);
        try (Stream<Path> files = Files.list(plots)) {
            assertThat(files).hasSize(2);
        }
    }

    private static Document page(Path folder) throws Exception {
        String page = Files.readString(folder.resolve("report.html"));
        return parse(page.replaceFirst("<!DOCTYPE html>", "").getBytes(StandardCharsets.UTF_8), false);
    }

    private static void assertIdsDiffer(Document document) {
        Set<String> ids = new HashSet<>();
        NodeList all = document.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            String id = ((Element) all.item(i)).getAttribute("id");
            assertThat(id.isEmpty() || ids.add(id)).as("id %s twice", id).isTrue();
        }
    }

    @Test
    void thePageStandsAlone(@TempDir Path folder) throws Exception {
        new ComparisonFiles(compare(folder, plan(CONTENDERS, AIMS, 60L, 120L)), settings()).write(folder);
        String page = Files.readString(folder.resolve("report.html"));
        assertThat(page).doesNotContain("http:", "https:", "<script", "<link", "@import", "url(//", "src=\"/");
        assertThat(page).contains("name=\"viewport\"", "prefers-color-scheme", "&lt;of&gt;");
        Document document = page(folder);
        for (String attribute : List.of("src", "href", "xlink:href")) {
            NodeList all = document.getElementsByTagName("*");
            for (int i = 0; i < all.getLength(); i++) {
                String value = ((Element) all.item(i)).getAttribute(attribute);
                assertThat(value)
                        .satisfiesAnyOf(
                                v -> assertThat(v).isEmpty(),
                                v -> assertThat(v).startsWith("data:image/png;base64,"),
                                v -> assertThat(v).startsWith("#"));
            }
        }
        assertThat(document.getElementsByTagName("table").getLength()).isEqualTo(2);
        assertThat(document.getElementsByTagName("svg").getLength()).isGreaterThanOrEqualTo(5);
        assertThat(document.getElementsByTagName("img").getLength()).isGreaterThan(10);
        assertIdsDiffer(document);
    }

    private static Document parse(byte[] xml, boolean namespaces) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(namespaces);
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(xml));
    }
}
