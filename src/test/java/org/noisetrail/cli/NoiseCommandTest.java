package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class NoiseCommandTest {
    private static final Offset<Double> TOLERANCE = within(5e-5);

    @Test
    void noiseByNameIsTheGoldens() throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode golden;
        try (InputStream in = NoiseCommandTest.class.getResourceAsStream("/golden/noise.json")) {
            golden = json.readTree(in).get("normals");
        }
        assertThat(golden).isNotEmpty();
        for (JsonNode key : golden) {
            Cli.Ending ending = Cli.run(
                    "noise",
                    "--seed",
                    key.get("seed").asText(),
                    "--image",
                    key.get("image").asText(),
                    "--stage",
                    key.get("stage").asText(),
                    "--round",
                    key.get("round").asText(),
                    "--candidate",
                    key.get("candidate").asText(),
                    "--elements",
                    key.get("elements").asText());
            assertThat(ending.err()).isEmpty();
            assertThat(ending.code()).isZero();
            double[] noise = json.readValue(ending.out(), double[].class);
            assertThat(noise).hasSize(key.get("elements").asInt());
            double squares = 0;
            for (double value : noise) {
                squares += value * value;
            }
            assertThat(Math.sqrt(squares) / key.get("norm").asDouble()).isCloseTo(1, within(1e-4));
            JsonNode first = key.get("first");
            for (int i = 0; i < first.size(); i++) {
                assertThat(noise[i]).isCloseTo(first.get(i).asDouble(), TOLERANCE);
            }
            JsonNode last = key.get("last");
            for (int i = 0; i < last.size(); i++) {
                assertThat(noise[noise.length - last.size() + i])
                        .isCloseTo(last.get(i).asDouble(), TOLERANCE);
            }
        }
    }
}
