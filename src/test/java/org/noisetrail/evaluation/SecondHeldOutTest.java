package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.files.Json;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.LabelConditioning;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;

/** A second held-out reward that is known of every image: the negative of the searched one. */
class SecondHeldOutTest {
    private static final List<ImageRequest> IMAGES = ImageRequest.of(0, 5, 0, 1, 2);

    private final ExactMixture mixture = new ExactMixture(new ImageShape(1, 8, 8), true, .2, -.4, 0, .4);

    private static Comparison.Builder plan(Denoiser denoiser, Path folder) {
        return Comparison.builder(denoiser)
                .methods("naive", "beam:candidates=3")
                .reward(
                        RewardText.parse("brightness"),
                        RewardText.parse("compressibility:max-bytes=700"),
                        RewardText.parse("-brightness"))
                .images(IMAGES)
                .seeds(7, 8)
                .sampler(EdmSampler.DEFAULT.withSteps(6))
                // The last call for five images is of one.
                .decodeBatch(2)
                .folder(folder);
    }

    @Test
    void itIsWhatItSaysOfEachImage(@TempDir Path folder) {
        ComparisonTable table = plan(mixture, folder).build().run().get(0);
        assertThat(table.title())
                .isEqualTo("reward brightness, held out compressibility:max-bytes=700 and -brightness");
        assertThat(table.ids()).containsKey("-brightness");
        for (ComparisonTable.Row row : table.rows()) {
            for (CellResult cell : row.cells()) {
                assertThat(cell.images()).hasSize(5);
                for (CellResult.Drawn image : cell.images()) {
                    assertThat(image.secondHeldOut()).isEqualTo(-image.reward()).isNegative();
                    assertThat(image.heldOut()).isNotEqualTo(image.secondHeldOut());
                }
            }
            assertThat(row.secondHeldOut().mean()).isEqualTo(-row.reward().mean());
        }
        ComparisonTable.Difference difference =
                Objects.requireNonNull(table.rows().get(1).difference());
        assertThat(difference.secondHeldOut().mean())
                .isEqualTo(-difference.reward().mean())
                .isNegative();
    }

    @Test
    void cellsKeepItAndFilesTellIt(@TempDir Path folder) throws Exception {
        // Enough of one class that intervals are known.
        List<ImageRequest> images = ImageRequest.of(0, 7, 1);
        ComparisonTable table =
                plan(mixture, folder).images(images).build().run().get(0);
        long rows = mixture.rows.get();
        ComparisonTable again =
                plan(mixture, folder).images(images).build().run().get(0);
        assertThat(mixture.rows.get()).isEqualTo(rows);
        ComparisonFiles files = new ComparisonFiles(List.of(table), Map.of());
        ComparisonFiles read = new ComparisonFiles(List.of(again), Map.of());
        assertThat(read.csv()).isEqualTo(files.csv());
        assertThat(Json.pretty(read.json())).isEqualTo(Json.pretty(files.json()));

        JsonNode json = new ObjectMapper().readTree(Json.pretty(ComparisonWords.json(again)));
        assertThat(json.get("secondHeldOut").asText()).isEqualTo("-brightness");
        String[] lines = ComparisonWords.csv(again).split("\r\n");
        for (int r = 0; r < lines.length; r++) {
            ComparisonTable.Row row = again.rows().get(r);
            String[] fields = lines[r].split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
            assertThat(fields).hasSameSizeAs(ComparisonWords.CSV_HEAD);
            JsonNode told = json.at("/rows/" + r);
            assertTold(row.secondHeldOut(), fields, "second_held_out", told.get("secondHeldOut"));
            ComparisonTable.Difference difference = row.difference();
            if (difference != null) {
                assertTold(
                        difference.secondHeldOut(),
                        fields,
                        "second_held_out_difference",
                        told.at("/againstBestOfN/secondHeldOutDifference"));
            }
        }
        assertThat(ComparisonWords.shown(again).get(0)).contains("second held-out [95 %]");
    }

    private static void assertTold(Interval expected, String[] fields, String column, JsonNode json) {
        Map.of("mean", expected.mean(), "low", expected.low(), "high", expected.high())
                .forEach((name, value) -> {
                    assertThat(Double.parseDouble(fields[ComparisonWords.CSV_HEAD.indexOf(column + "_" + name)]))
                            .as(column + " " + name)
                            .isEqualTo(value);
                    assertThat(json.get(name).asDouble()).isEqualTo(value);
                });
    }

    @Test
    void anotherOneIsAnotherCell(@TempDir Path folder) {
        plan(mixture, folder).build().run();
        long rows = mixture.rows.get();
        Comparison.builder(mixture)
                .methods("naive", "beam:candidates=3")
                .reward("brightness", "compressibility:max-bytes=700")
                .images(IMAGES)
                .seeds(7, 8)
                .sampler(EdmSampler.DEFAULT.withSteps(6))
                .decodeBatch(2)
                .folder(folder)
                .build()
                .run();
        assertThat(mixture.rows.get()).isGreaterThan(rows + 10);
    }

    /** An image of nothing finite shows nothing, whatever a reward says of black pixels. */
    @Test
    void anImageThatIsNotFiniteLosesByItToo(@TempDir Path folder) {
        Denoiser broken = new Wrapped(mixture) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                Tensor output = super.network(input, level, conditions, entries);
                float[] values = Tensors.toFloats(output);
                try (Tensor labels = Objects.requireNonNull(((LabelConditioning) conditions).rows(entries))) {
                    long[] classes = Tensors.toLongs(labels);
                    int size = values.length / classes.length;
                    for (int i = 0; i < values.length; i++) {
                        values[i] = classes[i / size] == 2 ? Float.NaN : values[i];
                    }
                }
                Tensors.copy(values, output);
                return output;
            }
        };
        for (int run = 0; run < 2; run++) { // drawn, and from what was kept
            ComparisonTable table = plan(broken, folder).build().run().get(0);
            for (CellResult.Drawn image : table.rows().get(0).cells().get(0).images()) {
                boolean whole = image.id() % 3 != 2;
                assertThat(image.secondHeldOut()).isEqualTo(whole ? -image.reward() : Double.NEGATIVE_INFINITY);
                assertThat(image.reward() > Double.NEGATIVE_INFINITY).isEqualTo(whole);
            }
        }
    }
}
