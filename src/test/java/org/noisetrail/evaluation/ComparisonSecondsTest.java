package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.files.Json;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ManualClock;
import org.noisetrail.search.Search;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;

/** A table's seconds, by a clock that only networks and rewards move. */
class ComparisonSecondsTest {
    private static final int IMAGES = 5;

    private final ManualClock clock = new ManualClock();

    /** Takes so many milliseconds a row. */
    private final class Slow implements Reward {
        private final String name;
        private final int millis;

        Slow(String name, int millis) {
            this.name = name;
            this.millis = millis;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            clock.pass(Duration.ofMillis((long) millis * images.rows()));
            Tensors.fill(scores, .5);
        }

        Comparison.Judge judge() {
            return new Comparison.Judge(name, () -> this);
        }
    }

    /** A network's row takes 3 ms, the reward's 70, the held-out one's 900; what is no search of its own, the warm-up and the second held-out reward, is not counted. */
    @Test
    void secondsAnImageAreThoseOfTheSearch() throws Exception {
        Denoiser denoiser = new Wrapped(new ExactMixture(new ImageShape(1, 4, 4), false, .2, 0)) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                clock.pass(Duration.ofMillis(3 * input.size(0)));
                return super.network(input, level, conditions, entries);
            }
        };
        ComparisonTable table = new Comparison.Builder(
                        new Comparison.Drawn(
                                "slow", Networks.of(denoiser), Map.of(), () -> clock.of(Search.builder(denoiser))),
                        EdmSampler.DEFAULT.withSteps(6),
                        text -> {
                            throw new AssertionError("no reward is named by a text: " + text);
                        })
                .methods("naive", "beam:candidates=3:beams=2")
                .aim(new Comparison.Aim(
                        new Slow("searched", 70).judge(),
                        new Slow("held out", 900).judge(),
                        new Slow("second", 50_000).judge()))
                .images(ImageRequest.of(0, IMAGES))
                .seeds(1, 2)
                .build()
                .run()
                .get(0);
        List<ComparisonTable.Row> rows = table.rows();
        assertThat(rows).hasSize(3);
        var json = new ObjectMapper().readTree(Json.pretty(ComparisonWords.json(table)));
        String[] lines = ComparisonWords.csv(table).split("\r\n");
        for (int i = 0; i < rows.size(); i++) {
            ComparisonTable.Row row = rows.get(i);
            double expected = .003 * row.networkEvaluations() + .07 * row.rewardCalls() + .9;
            assertThat(row.secondsPerImage()).isCloseTo(expected, within(1e-9));
            for (CellResult cell : row.cells()) {
                assertThat(cell.seconds()).isCloseTo(IMAGES * expected, within(1e-9));
            }
            assertThat(json.at("/rows/" + i + "/secondsPerImage").asDouble()).isEqualTo(row.secondsPerImage());
            String[] fields = lines[i].split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
            assertThat(Double.parseDouble(fields[ComparisonWords.CSV_HEAD.indexOf("seconds_per_image")]))
                    .isEqualTo(row.secondsPerImage());
        }
        // A plain trajectory of six steps, judged once.
        assertThat(rows.get(0).secondsPerImage()).isCloseTo(11 * .003 + .07 + .9, within(1e-9));
    }
}
