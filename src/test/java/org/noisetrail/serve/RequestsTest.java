package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.EulerAncestralSampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Spacing;
import org.noisetrail.sampler.Step;
import org.noisetrail.search.Methods;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.testing.Nets;

/** What a server refuses, and how it says so. */
@Timeout(300)
class RequestsTest {
    private static Pipeline model;
    private static ImageServer server;
    private static Client client;

    @BeforeAll
    static void serve() {
        model = Pipeline.load("fashion-mnist", Device.CPU);
        server = ImageServer.builder(model)
                .limits(new Limits(2, 4, 3000, Duration.ofSeconds(60)))
                .start();
        client = new Client(server.uri());
    }

    @AfterAll
    static void stop() {
        server.close();
        model.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{}; class; class must be given, a whole number from 0 to 9",
                "{`class`:10}; class; class must be a whole number from 0 to 9: 10",
                "{`class`:`3`}; class; class must be a whole number from 0 to 9: `3`",
                "{`class`:1.5}; class; class must be a whole number from 0 to 9: 1.5",
                "{`prompt`:`a coat`}; prompt; the model draws classes, not prompts: give class in place of prompt",
                "{`class`:1,`n`:0}; n; n must be a whole number from 1 to 4: 0",
                "{`class`:1,`n`:5}; n; n must be a whole number from 1 to 4: 5",
                "{`class`:1,`n`:4,`first_image`:4294967293}; first_image; first_image must be a whole number from 0 to 4294967292: 4294967293",
                "{`class`:1,`size`:`64x64`}; size; size must be 28x28, auto, or left out: 64x64",
                "{`class`:1,`response_format`:`png`}; response_format; response_format must be b64_json or url: png",
                "{`class`:1,`seed`:-1}; seed; seed must be a whole number from 0 to 18446744073709551615: -1",
                "{`class`:1,`seed`:`18446744073709551616`}; seed; seed must be a whole number from 0 to 18446744073709551615: `18446744073709551616`",
                "{`class`:1,`method`:`anneal`}; method; method must be one of naive, best-of-n, ",
                "{`class`:1,`method`:7}; method; method must be a string: 7",
                "{`class`:1,`candidates`:0}; candidates; candidates must be >= 1: 0",
                "{`class`:1,`candidates`:1025}; candidates; candidates must be <= 1024: 1025",
                "{`class`:1,`budget`:60,`rounds`:5000}; rounds; rounds must be <= 1024: 5000",
                "{`class`:1,`budget`:60,`rounds`:`3@0.1..2000,1025`}; rounds; rounds must be <= 1024: 1025",
                "{`class`:1,`budget`:60,`rounds`:`1025@0.1..2000,3`}; rounds; rounds must be <= 1024: 1025",
                "{`class`:1,`budget`:60,`patience`:`1025:0.1`}; patience; patience must be <= 1024: 1025",
                "{`class`:1,`budget`:60,`method`:`pruned-best-of-n`,`keep`:`9@2,2@1025`}; keep; keep must be <= 1024: 1025",
                "{`class`:1,`budget`:60,`method`:`pruned-best-of-n`,`keep`:`1026@2,2@6`}; keep; keep must be <= 1024: 1026",
                "{`class`:1,`budget`:60,`method`:`evolve`,`generations`:`6@0,1025@8`}; generations; generations must be <= 1024: 1025",
                "{`class`:1,`method`:`beam`,`candidates`:64,`beams`:64}; method; method must not hold more than 1024 candidates of an image at once: 4096",
                "{`class`:1,`candidates`:`four`}; candidates; candidates must be a number: four",
                "{`class`:1,`candidates`:[4]}; candidates; candidates must be a number, a string, or true or false: [4]",
                "{`class`:1,`keep_pivot`:true,`keepPivot`:true}; ; must be given once: it is there in another spelling, too",
                "{`class`:1,`beams`:2}; beams; there is no field beams; method eps-greedy and sampler edm have candidates, rounds, ",
                "{`class`:1,`sampler`:`euler`}; sampler; sampler must be one of edm, ddim, ",
                "{`class`:1,`reward`:`beauty`}; reward; unknown reward (known: ",
                "{`class`:1,`reward`:`clip:/etc/passwd`}; reward; reward must not name files here: clip:/etc/passwd",
                "{`class`:1,`reward`:`shifted(2*clip:/etc/passwd)`}; reward; reward must not name files here: shifted(",
                "{`class`:1,`reward`:`shifted(shifted(shifted(brightness)))`}; reward; reward must score an image at most 32 times (shifted counts five): 125",
                "{`class`:1,`held_out`:`shifted(shifted(brightness))+shifted(class)+log(class)+log(brightness)+heldout`}; held_out; held_out must score an image at most 32 times (shifted counts five): 33",
                "{`class`:1,`reward`:`shifted(shifted(brightness))+shifted(class)+log(class)+heldout`,`n`:0}; n; n must be",
                "{`class`:1,`held_out`:`brightness + torchscript:/x.pt`}; held_out; held_out must not name files here: ",
                "{`class`:1,`budget`:3001}; budget; budget must be a whole number from 1 to 3000: 3001",
                "{`class`:1,`budget`:34}; ; budget must be >= 35: 34",
                "{`class`:1,`rounds`:60}; budget; an image must cost at most 3000 network evaluations here, and so costs 6249: ",
                "{`class`:1,`time_limit`:61}; time_limit; time_limit must be above 0 and at most 60.0 seconds: 61.0",
                "{`class`:1,`target_reward`:`high`}; target_reward; target_reward must be a finite number: `high`",
                "{`class`:1,`guidance`:3}; guidance; the model draws classes, not prompts: it has no guidance",
                "{`class`:1,`stream`:true}; stream; there is no field stream; ",
                "{`class`:1,`async`:1}; async; async must be true or false: 1",
                "{`class`:1,`reward`:`clip`,`n`:1,`rounds`:1}; ; has no folder clip",
            })
    void aFieldThatCannotBeSoIsRefusedInOneLine(String body, String parameter, String message) {
        Client.Answer answer = client.post(body.replace('`', '"'));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(answer.error().path("message").asText())
                .contains(message.replace('`', '"'))
                .doesNotContain("\n");
        if (parameter != null) {
            assertThat(answer.error().path("param").asText()).isEqualTo(parameter);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "7",
                "null",
                "{\"class\":1,\"class\":2}",
                "{\"class\":1} {}",
                "{\"class\":NaN}",
                "{\"class\":\"\\ud800",
            })
    void whatIsNoJsonObjectIsRefused(String body) {
        Client.Answer answer = client.post(body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("code").asText()).isEqualTo("invalid_json");
        assertThat(answer.error().path("message").asText())
                .startsWith("the request")
                .doesNotContain("jackson", "\n");
    }

    @Test
    void deepJsonIsRefused() {
        Client.Answer answer = client.post("{\"class\":" + "[".repeat(50_000));
        assertThat(answer.status()).isEqualTo(400);
    }

    /** The model's scheduler has steps_offset 1, euler-ancestral by itself 0. */
    @Test
    void anotherSamplerThanTheUsualOneTakesTheModelsTimesteps() {
        try (Pipeline scenes = Pipeline.load("fashion-scenes", Device.CPU)) {
            Defaults defaults = new Defaults(Methods.parse("naive"), Samplers.of(scenes), null, null);
            DrawingParser parser = new DrawingParser(scenes, defaults, Limits.DEFAULT, 16);
            String asked = "{\"prompt\":\"a bag\",\"sampler\":\"euler-ancestral\",\"steps\":3%s}";
            assertThat(parser.parse(Fields.parse(asked.formatted("").getBytes(StandardCharsets.UTF_8)))
                            .sampler())
                    .isEqualTo(new EulerAncestralSampler(3, 1, Spacing.LEADING, 1));
            assertThat(parser.parse(Fields.parse(
                                    asked.formatted(",\"steps_offset\":2").getBytes(StandardCharsets.UTF_8)))
                            .sampler())
                    .isEqualTo(new EulerAncestralSampler(3, 1, Spacing.LEADING, 2));
            JsonNode model = new ObjectMapper()
                    .valueToTree(Catalogue.json(scenes, defaults, Limits.DEFAULT))
                    .get("data")
                    .get(0);
            List<String> shown = new ArrayList<>();
            model.get("samplers")
                    .forEach(kind -> kind.get("settings").forEach(setting -> {
                        if (setting.get("name").asText().equals("steps_offset")) {
                            shown.add(kind.get("name").asText()
                                    + setting.get("default").asText());
                        }
                    }));
            assertThat(shown).containsExactly("ddim1", "euler-ancestral1");
        }
    }

    @Test
    void theModelsNameMustBeItsOwn() {
        Client.Answer answer = client.post("{\"class\":1,\"model\":\"dall-e-3\"}");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.error().path("code").asText()).isEqualTo("model_not_found");
    }

    @Test
    void aFileThatAClientNamesIsNotOpened(@TempDir Path folder) throws IOException {
        Path rounds = folder.resolve("rounds.json");
        new RoundSchedule(List.of(1.0), List.of(3)).write(rounds);
        Client.Answer answer = client.post("{\"class\":1,\"rounds\":\"" + rounds + "\"}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error().path("message").asText()).startsWith("rounds must not name files here: ");
        // A file that is not there is refused in the same words: nobody learns what is there.
        Files.delete(rounds);
        assertThat(client.post("{\"class\":1,\"rounds\":\"" + rounds + "\"}").error())
                .isEqualTo(answer.error());
    }

    @Test
    void aFlagThatTakesAFileTakesNoneHere() {
        String asked = "{\"class\":1,\"n\":1,\"method\":\"ascent\",\"candidates\":2,\"score_at_first\":";
        assertThat(client.post(asked + "\"rounds.json\"}")
                        .error()
                        .path("message")
                        .asText())
                .isEqualTo("score_at_first must not name files here: rounds.json");
        assertThat(client.post(asked + "true}").status()).isEqualTo(200);
    }

    /** One of six steps, each of one round that is judged after its first evaluation. */
    static void schedule(Pipeline model, Path file) {
        List<Double> levels =
                EdmSampler.DEFAULT.withSteps(6).schedule(model.denoiser().parameterisation()).steps().stream()
                        .map(Step::level)
                        .toList();
        new RoundSchedule(levels, Collections.nCopies(6, 1), Collections.nCopies(6, true)).write(file);
    }

    @Test
    void stepsThatTheServersOwnScheduleIsNotForAreTheRequestsMistake(@TempDir Path folder) {
        Path rounds = folder.resolve("rounds.json");
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            schedule(model, rounds);
            try (ImageServer own = ImageServer.builder(model)
                    .sampler(EdmSampler.DEFAULT.withSteps(6))
                    .method(Methods.parse("eps-greedy:score-at-first=" + rounds))
                    .start()) {
                Client.Answer answer = new Client(own.uri()).post("{\"class\":1,\"steps\":10}");
                assertThat(answer.status()).isEqualTo(400);
                assertThat(answer.error().path("param").asText()).isEqualTo("method");
            }
        }
    }

    @Test
    void aPartThatTheModelHasNotIsTheRequestsMistakeAndABrokenOneTheServers(@TempDir Path folder) throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(Nets.FASHION.resolve(name), folder.resolve(name));
        }
        Files.write(folder.resolve("heldout.pt"), new byte[100]);
        try (Pipeline model = Pipeline.load(folder.toString(), Device.CPU);
                ImageServer own = ImageServer.builder(model).start()) {
            Client one = new Client(own.uri());
            Client.Answer missing = one.post("{\"class\":1,\"n\":1,\"reward\":\"class\"}");
            assertThat(missing.status()).isEqualTo(400);
            assertThat(missing.error().path("message").asText()).endsWith(" has no classifier.pt");
            assertThat(missing.response().headers().firstValue("x-should-retry"))
                    .isEmpty();
            Client.Answer broken = one.post("{\"class\":1,\"n\":1,\"reward\":\"heldout\"}");
            assertThat(broken.status()).isEqualTo(500);
            assertThat(broken.error().path("message").asText()).doesNotContain(folder.toString());
            assertThat(broken.response().headers().firstValue("x-should-retry")).hasValue("false");
        }
    }

    @Test
    void aRequestOfTooManyBytesIsRefused() {
        String large = "{\"class\":1,\"user\":\"" + "x".repeat(1 << 20) + "\"}";
        assertThat(client.post(large).status()).isEqualTo(413);
        // The same without a length beforehand.
        HttpRequest chunked = HttpRequest.newBuilder(server.uri().resolve("/v1/images/generations"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))
                .build();
        assertThat(client.send(chunked).join().status()).isEqualTo(413);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/images/generations, 405",
        "DELETE, /v1/models, 405",
        "POST, /, 405",
        "GET, /v1/images/edits, 404",
        "GET, /jobs/0123456789abcdef0123456789abcdef, 404",
        "GET, /jobs/0123456789abcdef0123456789abcdef/events, 404",
        "GET, /jobs/0123456789abcdef0123456789abcdef/images/0.png, 404",
        "GET, /../page.js, 404",
        "GET, /page.js/../../cli/logback.xml, 404",
        "GET, /page.html, 404",
    })
    void whatIsNotThereIsSaidSo(String verb, String path, int status) throws IOException {
        String answer = client.raw(verb + " " + path + " HTTP/1.1\nHost: localhost\nConnection: close\n\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains("\"error\":{\"message\":");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/v1/models"})
    void aRequestForHeadersAloneHasNoBody(String path) throws IOException {
        List<String> warnings = new ArrayList<>();
        Logger log = Logger.getLogger("com.sun.net.httpserver");
        Handler listening = new Handler() {
            @Override
            public void publish(LogRecord said) {
                warnings.add(said.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        log.addHandler(listening);
        try {
            String answer = client.raw("HEAD " + path + " HTTP/1.1\nHost: localhost\nConnection: close\n\n");
            assertThat(answer).startsWith("HTTP/1.1 405 ").endsWith("\r\n\r\n").doesNotContain("error");
        } finally {
            log.removeHandler(listening);
        }
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, '', 200",
        "LOCALHOST:1, '', 200",
        "127.0.0.1:80, '', 200",
        "[::1]:80, '', 200",
        "noisetrail.example.com, '', 403",
        "127.0.0.1.example.com:8080, '', 403",
        "a b, '', 400",
        "localhost:5, Origin: http://localhost:5, 200",
        "localhost:5, Origin: http://localhost:6, 403",
        "localhost:5, Origin: https://example.com, 403",
        "localhost:5, Origin: null, 403",
    })
    void onlyItsOwnNamesAndItsOwnPageMayAsk(String host, String header, int status) throws IOException {
        String more = header.isEmpty() ? "" : header + "\n";
        String answer = client.raw("GET /v1/models HTTP/1.1\nHost: " + host + "\n" + more + "Connection: close\n\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void whatAPageOfAnotherOriginMaySendUnaskedIsRefused() throws IOException {
        String body = "{\"class\":1}";
        String answer = client.raw("POST /v1/images/generations HTTP/1.1\nHost: localhost\nContent-Type: text/plain\n"
                + "Content-Length: " + body.length() + "\nConnection: close\n\n" + body);
        assertThat(answer).startsWith("HTTP/1.1 415 ");
    }

    @Test
    void aPlaceWithoutAHostIsNoRequest() throws IOException {
        assertThat(client.raw("GET / HTTP/1.0\n\n")).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void thePageNeedsNothingFromElsewhere() {
        for (String path : List.of("/", "/page.js", "/page.css")) {
            Client.Answer answer = client.get(path);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.response().headers().firstValue("Content-Security-Policy"))
                    .hasValueSatisfying(policy -> assertThat(policy)
                            .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                            .doesNotContain("unsafe", "*"));
            String text = new String(answer.response().body(), StandardCharsets.UTF_8);
            assertThat(text.replace("http://www.w3.org/2000/svg", ""))
                    .doesNotContain("http:", "https:", "innerHTML", " style=", "onclick");
        }
    }

    @Test
    void everyMethodAndSettingCanBeAskedFor() {
        var listed = client.get("/v1/models").json().path("data").path(0);
        assertThat(listed.path("id").asText()).isEqualTo("fashion-mnist");
        assertThat(listed.path("classes")).hasSize(10);
        for (var method : listed.path("methods")) {
            StringBuilder body = new StringBuilder("{\"class\":1,\"budget\":34,\"method\":\"")
                    .append(method.path("name").asText())
                    .append('"');
            for (var setting : method.path("settings")) {
                body.append(",\"").append(setting.path("name").asText()).append("\":");
                String usual = setting.path("default").asText();
                body.append(setting.path("flag").asBoolean() ? usual : "\"" + usual + "\"");
            }
            // Too little, which is found out last: all else is as it may be, and nothing is drawn.
            assertThat(client.post(body.append('}').toString())
                            .error()
                            .path("message")
                            .asText())
                    .startsWith("budget must be >= 35");
        }
    }

    @Test
    void noiseLevelsAreNoNumbersOfAnything() {
        String asked = "{\"class\":1,\"budget\":34,\"rounds\":\"1024@0.1..2000,1\",\"patience\":\"none\"}";
        assertThat(client.post(asked).error().path("message").asText()).startsWith("budget must be >= 35");
    }

    @Test
    void aSeedMayBeADecimalString() {
        assertThat(client.post("{\"class\":1,\"method\":\"naive\",\"seed\":\"18446744073709551615\"}")
                        .json()
                        .path("data")
                        .path(0)
                        .path("b64_json"))
                .isEqualTo(client.post("{\"class\":1,\"method\":\"naive\",\"seed\":18446744073709551615}")
                        .json()
                        .path("data")
                        .path(0)
                        .path("b64_json"));
    }
}
