package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;

/** Who may ask a server that has a token, and which servers must have one. */
@Timeout(300)
class TokenTest {
    private static final String TOKEN = "correct horse battery".replace(' ', '-');

    private static ImageServer.Builder elsewhere(Pipeline model) {
        return ImageServer.builder(model).address(new InetSocketAddress("0.0.0.0", 0));
    }

    @Test
    void whereOtherMachinesReachItItNeedsATokenThatCannotBeGuessed() {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            assertThatThrownBy(() -> elsewhere(model).start())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a token must be given to listen on 0.0.0.0, where other machines can reach it");
            assertThatThrownBy(() -> elsewhere(model).token("short").start())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("a token must have >= 16 characters of ASCII, and no spaces: 5")
                    .hasMessageNotContaining("short");
            assertThatThrownBy(() -> elsewhere(model).token("").start()).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void whoKnowsTheTokenMayAskAndNobodyElse() {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = elsewhere(model).token(TOKEN).start()) {
            URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + "/");
            Client known = new Client(uri, TOKEN);
            String body = "{\"class\":1,\"method\":\"naive\",\"response_format\":\"url\"}";
            for (Client other : new Client[] {new Client(uri), new Client(uri, TOKEN + "r"), new Client(uri, "x")}) {
                for (Client.Answer answer : new Client.Answer[] {other.post(body), other.get("/v1/models")}) {
                    assertThat(answer.status()).isEqualTo(401);
                    assertThat(answer.error().path("code").asText()).isEqualTo("invalid_api_key");
                    assertThat(answer.response().headers().firstValue("WWW-Authenticate"))
                            .hasValue("Bearer");
                }
                assertThat(other.get("/").status()).as("the page asks for it").isEqualTo(200);
            }
            Client.Answer drawn = known.post(body);
            assertThat(drawn.status()).isEqualTo(200);
            String id = drawn.json().path("id").asText();
            assertThat(new Client(uri).get("/jobs/" + id).status()).isEqualTo(401);
            assertThat(new Client(uri).get("/jobs/" + id + "/events").status()).isEqualTo(401);
            assertThat(new Client(uri).delete("/jobs/" + id).status()).isEqualTo(401);
            // A link is opened by who was given it, as OpenAI's are.
            String link = drawn.json().path("data").path(0).path("url").asText();
            assertThat(link).startsWith(uri + "jobs/" + id);
            assertThat(new Client(uri).get(URI.create(link).getPath()).status()).isEqualTo(200);
        }
    }

    @Test
    void linksBeginWithThePublicUrl() {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model)
                        .token(TOKEN)
                        .publicUrl(URI.create("https://images.example.com"))
                        .start()) {
            Client.Answer drawn = new Client(server.uri(), TOKEN)
                    .post("{\"class\":1,\"method\":\"naive\",\"steps\":2,\"response_format\":\"url\"}");
            String link = drawn.json().path("data").path(0).path("url").asText();
            assertThat(link).startsWith("https://images.example.com/jobs/");
            assertThat(new Client(server.uri()).get(URI.create(link).getPath()).status())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost"})
    void onThisMachineNoneIsNeeded(String host) {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model)
                        .address(new InetSocketAddress(host, 0))
                        .start()) {
            assertThat(new Client(server.uri()).get("/v1/models").status()).isEqualTo(200);
        }
    }
}
