package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Picture;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

/** What becomes of what was asked for. */
@Timeout(600)
class JobsTest {
    /** Longer than any test waits. */
    private static final String ENDLESS = "{\"class\":1,\"rounds\":1024,\"candidates\":64,\"budget\":1000000}";

    private static final String SHORT = "{\"class\":7,\"n\":2,\"steps\":6,\"rounds\":2}";

    private static final Limits LIMITS = new Limits(2, 10, 1_000_000, Duration.ofMinutes(10));

    private static Pipeline model;

    @BeforeAll
    static void load() {
        model = Pipeline.load("fashion-mnist", Device.CPU);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ImageServer.Builder server() {
        return ImageServer.builder(model).limits(LIMITS);
    }

    @Test
    void timesWithoutEndEndNothing() {
        Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);
        ImageServer server =
                server().limits(new Limits(2, 10, 1_000_000, forEver)).start();
        Client client = new Client(server.uri());
        JsonNode most = client.get("/v1/models").json().at("/data/0/limits/time_limit");
        assertThat(most.asDouble()).isEqualTo(Long.MAX_VALUE / 1e9);
        assertThat(client.post(SHORT.replace("}", ",\"time_limit\":60}")).status())
                .isEqualTo(200);
        assertThat(client.post(SHORT).status()).isEqualTo(200);
        server.stop(forEver);
        assertThatThrownBy(() -> client.get("/v1/models")).isInstanceOf(CompletionException.class);
    }

    @Test
    void aPreviewIsOnePictureForAllClients() throws IOException {
        byte[] pixels = {0, 50, 100, (byte) 150, (byte) 200, (byte) 250};
        Job.Preview preview = new Job.Preview(new Image(new ImageShape(1, 2, 3), pixels, Condition.NONE), .5);
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(preview.png()));
        assertThat(picture.getRaster().getSample(2, 1, 0)).isEqualTo(250);
        assertThat(preview.png()).isSameAs(preview.png());
    }

    @Test
    void anImagesBitsAreThoseOfTheSameSearchInJava() {
        SearchResult expected;
        try (Reward reward = RewardText.parse("0.7*class+0.3*brightness").build(() -> model);
                Reward heldOut = RewardText.parse("heldout").build(() -> model)) {
            Search search = Search.builder(model)
                    .sampler(EdmSampler.DEFAULT.withSteps(7))
                    .method(Methods.parse("eps-greedy:rounds=3@0.1..10,1:candidates=3:keep-pivot"))
                    .reward(reward)
                    .heldOut(heldOut)
                    .seed(-2)
                    .decodeBatch(16)
                    .build();
            expected = search.run(ImageRequest.of(5, 3, 8));
        }
        try (ImageServer server = server().start()) {
            JsonNode answer = new Client(server.uri())
                    .post(
                            "{\"class\":8,\"n\":3,\"first_image\":5,\"seed\":18446744073709551614,\"steps\":7,"
                                    + "\"method\":\"eps-greedy\",\"rounds\":\"3@0.1..10,1\",\"candidates\":3,\"keep_pivot\":true,"
                                    + "\"reward\":\"0.7*class+0.3*brightness\",\"held_out\":\"heldout\",\"size\":\"28x28\",\"model\":\"fashion-mnist\"}")
                    .json();
            assertThat(answer.path("complete").asBoolean()).isTrue();
            assertThat(answer.path("data")).hasSize(3);
            for (int i = 0; i < 3; i++) {
                JsonNode image = answer.path("data").path(i);
                var same = expected.images().get(i);
                // The trail within the picture is equal, too.
                assertThat(Client.png(image)).isEqualTo(Picture.png(expected.trail(), same));
                assertThat(image.path("image").asLong()).isEqualTo(5 + i);
                assertThat(image.path("reward").asDouble()).isEqualTo(same.reward());
                assertThat(image.path("held_out").asDouble())
                        .isEqualTo(same.heldOut().getAsDouble());
                assertThat(image.path("nfe").asLong()).isEqualTo(same.costs().networkEvaluations());
            }
        }
    }

    @Test
    void theServersOwnSettingsHoldWhereARequestSaysNothing() {
        try (ImageServer server = server().method(Methods.parse("beam:candidates=3:beams=2"))
                .sampler(EdmSampler.DEFAULT.withSteps(5))
                .reward(RewardText.parse("class"))
                .heldOut(RewardText.parse("brightness"))
                .start()) {
            Client client = new Client(server.uri());
            String id = client.start("{\"class\":2,\"beams\":1,\"s_churn\":20}");
            client.events(id);
            JsonNode settings = client.get("/jobs/" + id).json().path("settings");
            assertThat(settings.path("method").asText()).isEqualTo("beam");
            assertThat(settings.path("candidates").asInt()).isEqualTo(3);
            assertThat(settings.path("beams").asInt()).isEqualTo(1);
            assertThat(settings.path("sampler").path("steps").asInt()).isEqualTo(5);
            assertThat(settings.path("sampler").path("sChurn").asInt()).isEqualTo(20);
            assertThat(settings.path("reward").asText()).isEqualTo("class");
            assertThat(settings.path("heldOut").asText()).isEqualTo("brightness");
        }
    }

    @Test
    void eventsComeInOrderAndEnd() throws IOException {
        try (ImageServer server = server().start()) {
            Client client = new Client(server.uri());
            String id = client.start("{\"class\":7,\"n\":2,\"rounds\":2,\"held_out\":\"class\"}");
            List<Client.Event> events = client.events(id);
            assertThat(events.get(0).name()).isEqualTo("status");
            assertThat(events.get(events.size() - 1).name()).isEqualTo("end");
            assertThat(events.get(events.size() - 1).data().path("status").asText())
                    .isEqualTo("done");
            assertThat(events.stream().map(Client.Event::id)).isSorted();
            List<JsonNode> progress = named(events, "progress");
            assertThat(progress).hasSizeGreaterThan(3);
            assertThat(progress.stream().map(p -> p.path("nfe").asLong())).isSorted();
            assertThat(progress.stream().map(p -> p.path("step").asLong())).isSorted();
            assertThat(progress.stream()
                            .filter(p -> p.path("best_reward").isNumber())
                            .map(p -> p.path("best_reward").asDouble()))
                    .isSorted()
                    .isNotEmpty();
            JsonNode last = progress.get(progress.size() - 1);
            // 13 live steps of 2 rounds of 4 candidates, 5 dead ones.
            assertThat(last.path("nfe").asLong()).isEqualTo(2 * (13 * 8 * 2 + 9));
            assertThat(last.path("step").asLong())
                    .isEqualTo(last.path("steps").asLong())
                    .isEqualTo(36);
            for (JsonNode preview : named(events, "preview")) {
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(Client.png(preview)));
                assertThat(picture.getWidth()).isEqualTo(28);
                assertThat(preview.path("reward").asDouble())
                        .isLessThanOrEqualTo(last.path("best_reward").asDouble());
            }
            assertThat(named(events, "preview")).isNotEmpty();
            List<JsonNode> images = named(events, "image");
            assertThat(images).hasSize(2);
            JsonNode job = client.get("/jobs/" + id).json();
            assertThat(job.path("status").asText()).isEqualTo("done");
            assertThat(job.path("data")).containsExactlyElementsOf(images);
            // Who comes late is told what there is, and that it has ended.
            List<Client.Event> late = client.events(id);
            assertThat(late.stream().map(Client.Event::name)).containsExactly("progress", "image", "image", "end");
        }
    }

    private static List<JsonNode> named(List<Client.Event> events, String name) {
        return events.stream()
                .filter(event -> event.name().equals(name))
                .map(Client.Event::data)
                .toList();
    }

    @Test
    void anImageIsToldOnceAsSoonAsItIsFinished() {
        // One image after the other.
        try (ImageServer server = server().batches(4, 4).start()) {
            Client client = new Client(server.uri());
            String id = client.start("{\"class\":7,\"n\":3,\"steps\":6,\"rounds\":2}");
            List<Client.Event> events = client.events(id);
            assertThat(named(events, "image").stream()
                            .map(image -> image.path("image").asInt()))
                    .containsExactly(0, 1, 2);
            List<String> names = events.stream().map(Client.Event::name).toList();
            assertThat(names.lastIndexOf("progress")).isGreaterThan(names.indexOf("image"));
        }
    }

    @Test
    void aCancelledSearchEndsWithinARound() {
        try (ImageServer server = server().start()) {
            Client client = new Client(server.uri());
            String id = client.start(ENDLESS);
            client.events(id, event -> event.name().equals("progress"));
            String next = client.start(SHORT);
            long asked = System.nanoTime();
            assertThat(client.delete("/jobs/" + id).status()).isEqualTo(200);
            List<Client.Event> events = client.events(id);
            // A round of 4 candidates takes milliseconds, a step of it would take minutes.
            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(20));
            JsonNode end = events.get(events.size() - 1).data();
            assertThat(end.path("status").asText()).isEqualTo("cancelled");
            assertThat(end.path("error").path("code").asText()).isEqualTo("cancelled");
            // The one that waits is drawn as if nothing had been: the interrupt was not meant for it.
            List<Client.Event> others = client.events(next);
            assertThat(others.get(others.size() - 1).data().path("status").asText())
                    .isEqualTo("done");
            // An ended job is forgotten.
            assertThat(client.delete("/jobs/" + id).status()).isEqualTo(200);
            assertThat(client.get("/jobs/" + id).status()).isEqualTo(404);
        }
    }

    @Test
    void aFullQueueIsSaidSoAndWhatWaitsCanBeCancelled() {
        try (ImageServer server = server().start()) {
            Client client = new Client(server.uri());
            String running = client.start(ENDLESS);
            client.events(running, event -> event.name().equals("progress"));
            CompletableFuture<Client.Answer> waiting = client.later(SHORT);
            String second = client.start(SHORT);
            Client.Answer third = null;
            // The first of the two is on its way on another thread.
            for (int tries = 0; tries < 100 && (third == null || third.status() != 429); tries++) {
                third = client.post(SHORT.replace("\"n\"", "\"async\":true,\"n\""));
            }
            assertThat(third.status()).isEqualTo(429);
            assertThat(third.error().path("code").asText()).isEqualTo("rate_limit_exceeded");
            assertThat(third.error().path("message").asText())
                    .isEqualTo("the queue is full: 2 of 2 jobs wait; try again later");
            assertThat(third.response().headers().firstValue("Retry-After")).isPresent();
            JsonNode place = client.get("/jobs/" + second).json();
            assertThat(place.path("status").asText()).isEqualTo("queued");
            assertThat(place.path("before").asInt()).isBetween(1, 2);
            client.delete("/jobs/" + second);
            assertThat(client.events(second).get(0).data().path("status").asText())
                    .isEqualTo("cancelled");
            client.delete("/jobs/" + running);
            // Drawn or, where the loop above took its place, refused: never left without an answer.
            assertThat(waiting.join().status()).isIn(200, 429);
        }
    }

    @Test
    void aStopFinishesWhatIsDrawnAndRefusesWhatWaits(@TempDir Path folder) {
        ImageServer server = server().folder(folder).start();
        Client client = new Client(server.uri());
        CompletableFuture<Client.Answer> drawn = client.later("{\"class\":7,\"n\":2,\"rounds\":5}");
        String running = null;
        while (running == null) {
            running = folders(folder);
        }
        String id = running;
        CompletableFuture<Client.Answer> waiting = client.later(SHORT);
        CompletableFuture<List<Client.Event>> events = CompletableFuture.supplyAsync(() -> client.events(id));
        while (client.get("/jobs/" + id).json().path("progress").path("nfe").asLong() == 0) {
            Thread.onSpinWait();
        }
        server.stop(Duration.ofSeconds(200));
        assertThat(drawn.join().status()).isEqualTo(200);
        assertThat(drawn.join().json().path("complete").asBoolean()).isTrue();
        assertThat(drawn.join().json().path("data")).hasSize(2);
        assertThat(waiting.join().status()).isEqualTo(503);
        assertThat(waiting.join().error().path("code").asText()).isEqualTo("stopping");
        assertThat(events.join()
                        .get(events.join().size() - 1)
                        .data()
                        .path("status")
                        .asText())
                .isEqualTo("done");
        assertThat(folder.resolve(id))
                .isDirectoryContaining("glob:**/result.json")
                .isDirectoryContaining("glob:**/trail.json");
        assertThat(folder.resolve(id).resolve("images/001.png"))
                .hasBinaryContent(Client.png(drawn.join().json().path("data").path(1)));
        assertThatThrownBy(() -> client.post(SHORT)).isInstanceOf(CompletionException.class);
    }

    /** The first job's. */
    private static String folders(Path folder) {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aStopThatCannotWaitAnswersTheImagesThatAreFinished(@TempDir Path folder) throws IOException {
        // One image after the other.
        ImageServer server = server().batches(4, 4).folder(folder).start();
        Client client = new Client(server.uri());
        String asked = "{\"class\":7,\"n\":10,\"rounds\":2}";
        CompletableFuture<Client.Answer> drawn = client.later(asked);
        String id = null;
        while (id == null) {
            id = folders(folder);
        }
        client.events(id, event -> event.name().equals("image"));
        server.close();
        JsonNode answer = drawn.join().json();
        assertThat(drawn.join().status()).isEqualTo(200);
        int finished = answer.path("data").size();
        assertThat(finished).isBetween(1, 9);
        assertThat(answer.path("complete").asBoolean()).isFalse();
        for (int i = 0; i < finished; i++) {
            assertThat(folder.resolve(id + "/images/00" + i + ".png"))
                    .hasBinaryContent(Client.png(answer.path("data").path(i)));
        }
        assertThat(Files.readString(folder.resolve(id + "/result.json"))).contains("\"complete\" : false");
    }

    @Test
    void aFolderThatCannotBeWrittenToCostsNoClientItsImage(@TempDir Path folder) throws IOException {
        try (ImageServer server = server().batches(4, 4).folder(folder).start()) {
            Client client = new Client(server.uri());
            CompletableFuture<Client.Answer> drawn = client.later("{\"class\":7,\"n\":3,\"rounds\":2}");
            String id = null;
            while (id == null) {
                id = folders(folder);
            }
            client.events(id, event -> event.name().equals("image"));
            // As good as a full disk: a file stands where the pictures' folder was.
            Files.move(folder.resolve(id), folder.resolve("moved"));
            Files.writeString(folder.resolve(id), "");
            assertThat(drawn.join().status()).isEqualTo(200);
            assertThat(drawn.join().json().path("data")).hasSize(3);
            assertThat(drawn.join().json().path("complete").asBoolean()).isTrue();
            assertThat(folder.resolve("moved/result.json")).doesNotExist();
        }
    }

    @Test
    void aFolderThatIsGoneCostsNoClientItsImage(@TempDir Path parent) throws IOException {
        Path folder = parent.resolve("jobs");
        try (ImageServer server = server().batches(4, 4).folder(folder).start()) {
            Files.delete(folder);
            Files.writeString(folder, "");
            Client.Answer drawn = new Client(server.uri()).post("{\"class\":7,\"method\":\"naive\"}");
            assertThat(drawn.status()).isEqualTo(200);
            assertThat(drawn.json().path("data")).hasSize(1);
        }
    }

    @Test
    void linksLeadToThePictures() {
        try (ImageServer server = server().start()) {
            Client client = new Client(server.uri());
            JsonNode data = client.post("{\"class\":1,\"n\":2,\"method\":\"naive\"}")
                    .json()
                    .path("data");
            JsonNode links = client.post("{\"class\":1,\"n\":2,\"method\":\"naive\",\"response_format\":\"url\"}")
                    .json()
                    .path("data");
            for (int i = 0; i < 2; i++) {
                String url = links.path(i).path("url").asText();
                assertThat(url).startsWith(server.uri().toString());
                Client.Answer picture =
                        client.get(url.substring(server.uri().toString().length() - 1));
                assertThat(picture.response().headers().firstValue("Content-Type"))
                        .hasValue("image/png");
                assertThat(picture.response().body()).isEqualTo(Client.png(data.path(i)));
            }
            String beyond = links.path(0).path("url").asText().replace("/0.png", "/2.png");
            assertThat(client.get(beyond.substring(server.uri().toString().length() - 1))
                            .status())
                    .isEqualTo(404);
        }
    }
}
