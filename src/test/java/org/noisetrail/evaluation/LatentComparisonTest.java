package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.files.Json;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.trace.Costs;

/** A table of a model with guidance and a decoder of its own says what the ledgers of its searches say. */
class LatentComparisonTest {
    private static final String MODEL = "src/test/resources/diffusers/sd15";
    private static final String SAMPLER = "ddim:steps=3:steps-offset=1";
    private static final List<ImageRequest> IMAGES =
            ImageRequest.of(0, 2, List.of(Condition.prompt("a cat"), Condition.prompt("two dogs")));

    /** Seconds and all: the second finds the searches that the first has kept. */
    @Test
    void networksOfOnesOwnAreComparedAsTheirPipelineIs(@TempDir Path folder) {
        try (Pipeline pipeline = Pipeline.load(MODEL, Device.CPU)) {
            List<Comparison.Builder> both =
                    List.of(Comparison.builder(pipeline), Comparison.builder(pipeline.name(), pipeline.networks()));
            List<ComparisonTable> tables = both.stream()
                    .map(builder -> builder.methods("naive", "beam:candidates=3")
                            .reward("brightness")
                            .images(IMAGES)
                            .sampler(Samplers.parse(SAMPLER))
                            .folder(folder)
                            .build()
                            .run()
                            .get(0))
                    .toList();
            assertThat(ComparisonWords.csv(tables.get(1))).isEqualTo(ComparisonWords.csv(tables.get(0)));
            assertThat(both.get(1).build().settings())
                    .isEqualTo(both.get(0).build().settings());
        }
    }

    @Test
    void itsCallsAreTheLedgers() throws Exception {
        try (Pipeline pipeline = Pipeline.load(MODEL, Device.CPU)) {
            ComparisonTable table = Comparison.builder(pipeline)
                    .methods("naive", "beam:candidates=3")
                    .reward("brightness", "-brightness")
                    .images(IMAGES)
                    .seeds(4)
                    .sampler(Samplers.parse(SAMPLER))
                    .build()
                    .run()
                    .get(0);
            JsonNode json = new ObjectMapper().readTree(Json.pretty(ComparisonWords.json(table)));
            String[] lines = ComparisonWords.csv(table).split("\r\n");
            for (int row = 0; row < 2; row++) {
                List<ImageResult> drawn = Search.builder(pipeline)
                        .sampler(Samplers.parse(SAMPLER))
                        .method(Methods.parse(row == 0 ? "naive" : "beam:candidates=3"))
                        .reward(Rewards.brightness())
                        .heldOut(Rewards.brightness())
                        .seed(4)
                        .build()
                        .run(IMAGES)
                        .images();
                String[] fields = lines[row].split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
                Map<String, ToLongFunction<Costs>> columns = Map.of(
                        "nfe networkEvaluations", Costs::networkEvaluations,
                        "transitions transitions", Costs::transitions,
                        "decoder_calls decoderCalls", Costs::decoderCalls,
                        "reward_calls rewardCalls", Costs::rewardCalls);
                for (Map.Entry<String, ToLongFunction<Costs>> column : columns.entrySet()) {
                    String[] names = column.getKey().split(" ");
                    double expected = drawn.stream()
                            .map(ImageResult::costs)
                            .mapToLong(column.getValue())
                            .average()
                            .orElseThrow();
                    assertThat(expected).isPositive();
                    assertThat(Double.parseDouble(fields[ComparisonWords.CSV_HEAD.indexOf(names[0])]))
                            .as(names[0])
                            .isEqualTo(expected);
                    assertThat(json.at("/rows/" + row + "/" + names[1]).asDouble())
                            .as(names[1])
                            .isEqualTo(expected);
                }
            }
            // Naive and beam: an image each, and three candidates at each of three steps besides; two evaluations a
            // call.
            assertThat(table.rows().get(0).decoderCalls()).isEqualTo(1);
            assertThat(table.rows().get(0).networkEvaluations()).isEqualTo(6);
            assertThat(table.rows().get(1).decoderCalls()).isGreaterThan(9);
        }
    }
}
