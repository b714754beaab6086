package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;

/** The lines of docs/serve.md. */
class ServeExampleTest {
    @Test
    @SuppressWarnings("SystemOut")
    void theLinesOfThePageStartAServerThatAnswers() throws Exception {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model)
                        .limits(new Limits(8, 4, 5000, Duration.ofMinutes(1)))
                        .start()) {
            System.out.println(server.uri());
            HttpResponse<String> models = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(server.uri().resolve("/v1/models"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(models.statusCode()).isEqualTo(200);
            assertThat(models.body()).contains("fashion-mnist");
        }
    }
}
