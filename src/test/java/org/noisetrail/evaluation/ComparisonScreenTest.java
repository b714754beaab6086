package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.Json;
import org.noisetrail.model.ImageShape;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Screening;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

/** Screened searches in a comparison: what they are beside unscreened ones, and beside single searches. */
@Timeout(300)
class ComparisonScreenTest {
    private static final EdmSampler SAMPLER = EdmSampler.DEFAULT.withSteps(8);
    private static final List<ImageRequest> IMAGES = ImageRequest.of(0, 4, 0, 1);
    private static final String[] METHODS = {
        "eps-greedy:rounds=4", "beam:candidates=4:beams=2", "ascent:candidates=8", "svdd:proposals=8"
    };

    private final ExactMixture denoiser = new ExactMixture(new ImageShape(1, 8, 8), true, .2, -.4, 0, .4);

    private Comparison.Builder plan(String... methods) {
        return Comparison.builder(denoiser)
                .methods(methods)
                .reward("brightness", "compressibility:max-bytes=700")
                .images(IMAGES)
                .seeds(7, 8)
                .sampler(SAMPLER);
    }

    private static String[] each(String screen) {
        return Stream.of(METHODS)
                .flatMap(method -> Stream.of(method, method + screen))
                .toArray(String[]::new);
    }

    private static ComparisonTable table(Comparison.Builder plan) {
        return plan.build().run().get(0);
    }

    private static ComparisonTable.Row row(ComparisonTable table, String label) {
        return table.rows().stream()
                .filter(row -> row.label().equals(label))
                .findFirst()
                .orElseThrow();
    }

    private static List<CellResult.Drawn> images(ComparisonTable.Row row) {
        return row.cells().stream().flatMap(cell -> cell.images().stream()).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", "half", "first+half"})
    void whereAllAreVerifiedARowIsTheUnscreenedOne(String look) {
        String screen = ":screen=" + look + ":verify-loss=0";
        ComparisonTable table = table(plan(each(screen)));
        for (String method : METHODS) {
            ComparisonTable.Row plain = row(table, method);
            ComparisonTable.Row row = row(table, method + screen);
            for (int i = 0; i < images(plain).size(); i++) {
                CellResult.Drawn image = images(row).get(i);
                CellResult.Drawn expected = images(plain).get(i);
                assertThat(image.reward()).isEqualTo(expected.reward());
                assertThat(image.sha256()).isEqualTo(expected.sha256());
                assertThat(image.costs()).isEqualTo(expected.costs());
            }
            Screened screened = Objects.requireNonNull(row.screened());
            assertThat(screened.verified()).isEqualTo(screened.candidates()).isPositive();
            ComparisonTable.Difference difference = Objects.requireNonNull(row.toUnscreened());
            assertThat(difference.label()).isEqualTo(method);
            assertThat(difference.reward()).isEqualTo(new Interval(0, Double.NaN, Double.NaN));
            assertThat(difference.tied()).isEqualTo(images(plain).size());
            assertThat(plain.screened()).isNull();
            assertThat(plain.toUnscreened()).isNull();
        }
    }

    private static double mean(List<SearchResult> results, ToDoubleFunction<ImageResult> value) {
        return results.stream()
                .flatMap(result -> result.images().stream())
                .mapToDouble(value)
                .average()
                .orElseThrow();
    }

    @Test
    void aTablesNumbersAreThoseOfTheSingleSearches() throws Exception {
        ComparisonTable table = table(plan(each(":screen=first:verify-loss=20%:audit=0.3")));
        JsonNode json = new ObjectMapper().readTree(Json.pretty(ComparisonWords.json(table)));
        String[] lines = ComparisonWords.csv(table).split("\r\n");
        int saving = 0;
        for (String method : METHODS) {
            String label = method + ":screen=first:verify-loss=20%:audit=0.3";
            List<SearchResult> single = Stream.of(7L, 8L)
                    .map(seed -> Search.builder(denoiser)
                            .sampler(SAMPLER)
                            .method(Methods.parse(method))
                            .reward(Rewards.brightness())
                            .seed(seed)
                            .screening(new Screening(true, Screening.Look.WHOLE, new LossBound(.2, true), .3))
                            .build()
                            .run(IMAGES))
                    .toList();
            Screened expected = single.stream()
                    .flatMap(result -> result.images().stream())
                    .map(ImageResult::screened)
                    .reduce(Screened.NONE, Screened::plus);
            ComparisonTable.Row row = row(table, label);
            assertThat(row.screened()).isEqualTo(expected);
            saving += expected.savedEvaluations() > 0 ? 1 : 0;
            assertThat(row.networkEvaluations())
                    .isEqualTo(mean(single, image -> image.costs().networkEvaluations()));
            assertThat(row.rewardCalls())
                    .isEqualTo(mean(single, image -> image.costs().rewardCalls()));
            assertThat(row.reward().mean()).isCloseTo(mean(single, ImageResult::reward), within(1e-12));
            ComparisonTable.Row plain = row(table, method);
            ComparisonTable.Difference difference = Objects.requireNonNull(row.toUnscreened());
            assertThat(difference.reward().mean())
                    .isCloseTo(row.reward().mean() - plain.reward().mean(), within(1e-12));
            if (!method.startsWith("eps-greedy")) {
                // As many rounds whatever goes on: what a screen saves is what the unscreened search paid more.
                assertThat(plain.networkEvaluations() - row.networkEvaluations())
                        .isCloseTo(expected.savedEvaluations() / 8.0, within(1e-9));
            }
            JsonNode told = json.at("/rows/" + table.rows().indexOf(row));
            assertThat(told.at("/screen/look").asText()).isEqualTo("first");
            assertThat(told.at("/screen/verifyLoss").asText()).isEqualTo("20%");
            assertThat(told.at("/screening/verified").asLong()).isEqualTo(expected.verified());
            assertThat(told.at("/screening/measuredLoss/audits").asLong()).isEqualTo(expected.audits());
            assertThat(told.at("/againstUnscreened/difference/mean").asDouble())
                    .isEqualTo(difference.reward().mean());
            String[] fields = lines[table.rows().indexOf(row)].split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
            assertThat(fields).hasSameSizeAs(ComparisonWords.CSV_HEAD);
            Map.of(
                            "verified",
                            (double) expected.verified(),
                            "screened_candidates",
                            (double) expected.candidates(),
                            "saved_nfe",
                            (double) expected.savedEvaluations(),
                            "expected_loss",
                            expected.meanExpectedLoss(),
                            "measured_loss",
                            expected.meanLoss(),
                            "measured_loss_error",
                            expected.lossError(),
                            "unscreened_difference_mean",
                            difference.reward().mean(),
                            "unscreened_tied",
                            (double) difference.tied())
                    .forEach((name, value) -> assertThat(
                                    Double.parseDouble(fields[ComparisonWords.CSV_HEAD.indexOf(name)]))
                            .as(name)
                            .isEqualTo(value));
        }
        assertThat(saving).as("methods of which a candidate went unverified").isEqualTo(METHODS.length);
        List<List<String>> shown = ComparisonWords.shown(table);
        assertThat(shown.get(0))
                .contains("verified", "loss a round, expected", "loss a round, measured", "vs unscreened [95 %]");
        Screened first = Objects.requireNonNull(table.rows().get(1).screened());
        assertThat(shown.get(2).get(shown.get(0).indexOf("verified")))
                .startsWith(first.verified() + " of " + first.candidates() + " (");
    }

    @Test
    void whereNothingIsScreenedNothingIsSaidOfIt() {
        List<String> head = ComparisonWords.shown(table(plan("beam"))).get(0);
        assertThat(head).contains("P(better) [95 %]").doesNotContain("verified", "vs unscreened [95 %]");
    }

    @Test
    void aCellIsFoundAgainByItsOwnScreenAndByNoOther(@TempDir Path folder) throws Exception {
        String[] methods = each(":screen=first:verify-loss=20%");
        ComparisonFiles first =
                new ComparisonFiles(plan(methods).folder(folder).build().run(), Map.of());
        long rows = denoiser.rows.get();
        ComparisonFiles again =
                new ComparisonFiles(plan(methods).folder(folder).build().run(), Map.of());
        assertThat(denoiser.rows.get()).isEqualTo(rows);
        assertThat(Json.pretty(again.json())).isEqualTo(Json.pretty(first.json()));
        assertThat(again.csv()).isEqualTo(first.csv());
        for (String other : List.of(
                "first:verify-loss=21%",
                "first:verify-loss=20%:audit=0.2",
                "half:verify-loss=20%",
                "first:verify-loss=20%:screen-reward=-brightness")) {
            List<String> begun = new ArrayList<>();
            plan("beam:candidates=4:beams=2", "beam:candidates=4:beams=2:screen=" + other)
                    .folder(folder)
                    .watcher((cell, cells, title) -> {
                        begun.add(title);
                        return () -> {};
                    })
                    .build()
                    .run();
            assertThat(begun.stream().filter(title -> !title.startsWith("best-of")))
                    .as(other)
                    .hasSize(2)
                    .allMatch(title -> title.contains(other));
        }
    }

    /** What was kept before there were screens has this key, to the letter; that of a screened one says besides how. */
    @Test
    void theKeyOfAnUnscreenedCellSaysNothingOfScreens(@TempDir Path folder) throws Exception {
        plan("beam", "beam:screen=first").folder(folder).build().run();
        int screened = 0;
        int beams = 0;
        try (Stream<Path> cells = Files.list(folder.resolve("cells"))) {
            for (Path cell : cells.toList()) {
                JsonNode json = new ObjectMapper().readTree(cell.toFile());
                ObjectNode settings = json.get("settings").deepCopy();
                boolean here = settings.has("screen");
                screened += here ? 1 : 0;
                if (settings.at("/method/name").asText().equals("beam")) {
                    JsonNode screen = settings.remove("screen");
                    settings.put("noisetrail", "1").put("threads", 2).put("seed", 7);
                    assertThat(settings.toString())
                            .isEqualTo(
                                    "{\"budget\":null,\"conditions\":[\"class 0\",\"class 1\",\"class 0\",\"class 1\"],\"decodeBatch\":16,\"decoder\":\"\","
                                            + "\"denoiser\":\"exact-mixture\",\"device\":\"cpu\",\"features\":null,"
                                            + "\"heldOut\":\"compressibility:max-bytes=700\",\"heldOutId\":\"compressibility:max-bytes=700\","
                                            + "\"images\":[0,1,2,3],\"maxBatch\":64,"
                                            + "\"method\":{\"beams\":2,\"candidates\":4,\"name\":\"beam\",\"scoreAtFirst\":false},\"modelSettings\":{},"
                                            + "\"noisetrail\":\"1\",\"previewDecoder\":null,\"reward\":\"brightness\",\"rewardId\":\"brightness\","
                                            + "\"sampler\":{\"name\":\"edm\",\"rho\":7.0,\"sChurn\":40.0,\"sMax\":50.0,\"sMin\":0.05,\"sNoise\":1.003,"
                                            + "\"sigmaMax\":80.0,\"sigmaMin\":0.002,\"steps\":8},\"seed\":7,\"threads\":2}");
                    assertThat(String.valueOf(screen))
                            .isEqualTo(
                                    here
                                            ? "{\"audit\":0.1,\"look\":\"first\",\"reward\":null,\"rewardId\":null,\"verifyLoss\":\"5%\"}"
                                            : "null");
                    beams++;
                }
                assertThat(json.at("/result/images/0").has("screened")).isEqualTo(here);
            }
        }
        assertThat(screened).isEqualTo(2);
        assertThat(beams).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"screened, ", "screened, []", "verified, 1000000", "candidates, -1", "auditLoss, \"x\""})
    void aScreenedCellIsNotBelievedWithoutItsCounts(String field, String value, @TempDir Path folder) throws Exception {
        plan("beam:screen=first").folder(folder).build().run();
        ObjectMapper mapper = new ObjectMapper();
        List<Path> files;
        try (Stream<Path> cells = Files.list(folder.resolve("cells"))) {
            files = cells.toList();
        }
        for (Path file : files) {
            ObjectNode cell = (ObjectNode) mapper.readTree(file.toFile());
            if (cell.get("settings").has("screen")) {
                ObjectNode image = (ObjectNode) cell.at("/result/images/0");
                ObjectNode of = field.equals("screened") ? image : (ObjectNode) image.get("screened");
                if (value == null) {
                    of.remove(field);
                } else {
                    of.set(field, mapper.readTree(value));
                }
                Files.writeString(file, cell.toString());
            }
        }
        List<String> begun = new ArrayList<>();
        plan("beam:screen=first")
                .folder(folder)
                .watcher((cell, cells, title) -> {
                    begun.add(title);
                    return () -> {};
                })
                .build()
                .run();
        assertThat(begun).hasSize(2);
    }

    private static List<List<Object>> told(ComparisonTable table) {
        return table.rows().stream()
                .map(row -> List.<Object>of(
                        row.label(),
                        row.reward().mean(),
                        row.networkEvaluations(),
                        String.valueOf(row.screened()),
                        String.valueOf(row.toUnscreened())))
                .toList();
    }

    /** Also of methods whose size is a schedule step by step, which has no text of its own. */
    @Test
    void screenedSearchesAreMadeElsewhereAndInParts(@TempDir Path folder) {
        String[] methods = {
            "eps-greedy",
            "eps-greedy:screen=first:verify-loss=20%",
            "beam:screen=first:screen-reward=-brightness",
            "zero-order:patience=2:0.001"
        };
        List<List<Object>> expected = told(table(plan(methods).equalNfe(60, 90)));
        Path shared = folder.resolve("shared");
        List<String> begun = new ArrayList<>();
        CellRunner runner = cells -> cells.forEach(
                cell -> plan(methods).equalNfe(60, 90).folder(shared).build().make(cell));
        ComparisonTable spread = table(
                plan(methods).equalNfe(60, 90).folder(shared).runner(runner).watcher((cell, cells, title) -> {
                    begun.add(title);
                    return () -> {};
                }));
        assertThat(begun).allMatch(title -> title.endsWith("to find its size"));
        assertThat(told(spread)).isEqualTo(expected);
        Path parts = folder.resolve("parts");
        for (int part = 0; part < 3; part++) {
            plan(methods).equalNfe(60, 90).folder(parts).build().run(part, 3);
        }
        List<String> rest = new ArrayList<>();
        ComparisonTable whole =
                table(plan(methods).equalNfe(60, 90).folder(parts).watcher((cell, cells, title) -> {
                    rest.add(title);
                    return () -> {};
                }));
        assertThat(rest).allMatch(title -> title.startsWith("best-of-") || title.endsWith("to find its size"));
        assertThat(told(whole)).isEqualTo(expected);
    }

    @Test
    void bestOfNAtWhatAScreenLeavesOfTheCostIsNotForetold(@TempDir Path folder) {
        assertThat(plan("beam").folder(folder).build().run(0, 1)).isEqualTo(4);
        assertThat(plan("beam:screen=first").folder(folder).build().run(0, 1)).isEqualTo(2);
    }

    @Test
    void aScreenedMethodIsOfTheUnscreenedOnesSize() {
        ComparisonTable table =
                table(plan("beam", "beam:screen=first:verify-loss=50%").equalNfe(120));
        ComparisonTable.Row plain = row(table, "beam");
        ComparisonTable.Row row = row(table, "beam:screen=first:verify-loss=50%");
        assertThat(row.method()).isEqualTo(plain.method());
        assertThat(row.target()).isEqualTo(120);
        assertThat(row.networkEvaluations()).isLessThan(plain.networkEvaluations());
        assertThat(Objects.requireNonNull(row.toUnscreened()).label()).isEqualTo("beam");
        assertThat(row.difference())
                .as("best-of-n at what was left of the cost")
                .isNotNull();
    }

    @Test
    void whatIsScreenedAloneIsSetBesideBestOfNOnly() {
        ComparisonTable.Row row =
                table(plan("beam:screen=first", "svdd")).rows().get(0);
        assertThat(row.screened()).isNotNull();
        assertThat(row.toUnscreened()).isNull();
        assertThat(row.difference()).isNotNull();
    }

    @Test
    void theScreensRewardIsToldByItsId() {
        ComparisonTable table = table(plan("beam:screen=reward:screen-reward=-brightness"));
        assertThat(table.ids()).containsKeys("brightness", "-brightness");
        assertThat(plan("beam:screen=reward:screen-reward=-brightness").build().settings())
                .containsKey("screenRewards");
        assertThat(plan("beam").build().settings()).doesNotContainKey("screenRewards");
    }

    @Test
    void aTextHasTheScreenOfItsOwnAndWhatIsShared() {
        Map<String, String> shared = Map.of("verify-loss", "1%", "audit", "0.2", "rounds", "3");
        Contender plain = Contender.parse("eps-greedy", shared);
        assertThat(plain.screen()).isNull();
        Contender screened = Contender.parse("eps-greedy:keep-pivot:screen=first+half:audit=0.5", shared);
        assertThat(screened.screen())
                .isEqualTo(new ContenderScreen(
                        new Screening(true, Screening.Look.HALF, new LossBound(.01, true), .5), null));
        assertThat(Methods.registry().text(screened.method())).isEqualTo("eps-greedy:rounds=3:keep-pivot");
        assertThat(plain.screened(Objects.requireNonNull(screened.screen())).label())
                .isEqualTo("eps-greedy:screen=first+half:verify-loss=1%:audit=0.5");
        assertThat(Contender.parse("beam:screen=first", Map.of()).screen())
                .isEqualTo(ContenderScreen.of(Map.of("screen", "first", "verify-loss", "5%", "audit", "0.1")));
        String text = "beam:screen=half:verify-loss=0.01:audit=0.25:screen-reward=0.5*brightness";
        Contender all = Contender.parse(text, Map.of());
        assertThat(Contender.parse("beam", Map.of())
                        .screened(Objects.requireNonNull(all.screen()))
                        .label())
                .isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "beam:verify-loss=5% | verify-loss is of screen: give that, too",
                "beam:screen=second | screen must be first, half, linear, preview, reward, or first+half and the like: second",
                "beam:screen=first:verify-loss=-1 | verify-loss must be >= 0 and finite: -1.0",
                "beam:screen=first:audit=2 | audit must be from 0.0 to 1.0: 2.0",
                "beam:screen=first:audit=x | audit must be a number: x",
                "beam:screen=first:screen-reward=beauty | unknown reward",
                "naive:screen=first | screen needs a method that chooses the best of rounds",
                "eps-greedy:score-at-first:screen=first | not scored at first: eps-greedy",
                "beam:screen=preview | screen preview needs a preview decoder",
                "beam:screen=reward | screen reward needs another reward to screen by"
            })
    void whatCannotBeScreenedIsRefusedBeforeAnythingRuns(String method, String message) {
        assertThatThrownBy(() -> plan("beam", method).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
        assertThat(denoiser.rows.get()).isZero();
    }

    @Test
    void aCellOfAScreenThatTheComparisonHasNotIsRefused(@TempDir Path folder) {
        List<String> cells = new ArrayList<>();
        plan("beam:screen=first").folder(folder).runner(cells::addAll).build().run();
        String screened = cells.stream()
                .filter(cell -> cell.contains("screen=first"))
                .findFirst()
                .orElseThrow();
        Comparison other = plan("beam:screen=half").folder(folder).build();
        assertThatThrownBy(() -> other.make(screened))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the cell has a screen that the comparison has not");
    }
}
