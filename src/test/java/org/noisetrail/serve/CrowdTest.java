package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;

/** What clients that keep a thread waiting cost others. */
@Timeout(120)
class CrowdTest {
    private static final String TOKEN = "correct-horse-battery";
    private static final Duration SOON = Duration.ofMillis(500);
    private static final Duration NEVER = Duration.ofHours(1);

    /** A request whose body does not come. */
    private static final String HALF = "POST /v1/images/generations HTTP/1.1\nHost: localhost\nAuthorization: Bearer "
            + TOKEN + "\nContent-Type: application/json\nContent-Length: 100\n\n{\"class\":";

    private static Pipeline model;

    @BeforeAll
    static void load() {
        model = Pipeline.load("fashion-mnist", Device.CPU);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ImageServer server(Crowd crowd) {
        return ImageServer.builder(model)
                .token(TOKEN)
                .limits(new Limits(2, 10, 1_000_000, Duration.ofMinutes(10)))
                .crowd(crowd)
                .start();
    }

    private static void await(BooleanSupplier what) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!what.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("it does not come").isNegative();
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** A connection with little room for answers. */
    private static Socket connect(ImageServer server, String sent) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(1 << 12);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress("127.0.0.1", server.address().getPort()));
        send(socket, sent);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\nHost: localhost\nAuthorization: Bearer " + TOKEN + "\n\n";
    }

    /** All that still comes, until the connection is closed or reset. */
    private static String rest(Socket socket) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(read);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("it is still open", e);
        } catch (IOException e) {
            // It was reset: what it had sent was not all read.
        }
        return read.toString(StandardCharsets.UTF_8);
    }

    private static int answers(String text) {
        return text.split("HTTP/1\\.1 ", -1).length - 1;
    }

    /** Reads one answer, whose end is known. */
    private static String answer(Socket socket, String end) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder read = new StringBuilder();
        while (read.indexOf(end) < 0) {
            int next = in.read();
            assertThat(next).as("closed after: " + read).isNotNegative();
            read.append((char) next);
        }
        return read.toString();
    }

    @Test
    void whoReadsNothingIsCutAndOtherConnectionsGoOn() throws IOException {
        int often = 2000;
        // The next request of a connection is read a moment before the one before it has given its place back.
        try (ImageServer server = server(new Crowd(1, 4, NEVER, SOON));
                Socket kept = connect(server, get("/nothing"))) {
            assertThat(answer(kept, "}}\n")).startsWith("HTTP/1.1 404");
            try (Socket deaf = connect(server, get("/page.js").repeat(often))) {
                await(() -> server.cuts() > 0);
                Client stranger = new Client(server.uri());
                await(() -> stranger.get("/").status() == 200);
                send(kept, get("/nothing"));
                assertThat(answer(kept, "}}\n")).startsWith("HTTP/1.1 404");
                assertThat(answers(rest(deaf))).isBetween(1, often - 1);
            }
        }
    }

    @Test
    void eventsThatAreNotReadGiveTheirPlaceBack() throws IOException {
        int often = 2000;
        try (ImageServer server = server(new Crowd(1, 1, NEVER, SOON))) {
            Client client = new Client(server.uri(), TOKEN);
            String id = client.start("{\"class\":7,\"n\":10,\"steps\":2,\"method\":\"naive\"}");
            assertThat(client.events(id)).hasSizeGreaterThan(10);
            String path = "/jobs/" + id + "/events";
            try (Socket deaf = connect(server, get(path).repeat(often))) {
                await(() -> server.cuts() > 0);
                await(() -> client.get(path).status() == 200);
                assertThat(answers(rest(deaf))).isBetween(1, often - 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "GET / HTTP/1.1\nHost: localh", HALF})
    void halfARequestDoesNotHoldItsThread(String half) throws IOException {
        boolean body = half.startsWith("POST");
        try (ImageServer server = server(new Crowd(1, 1, body ? NEVER : SOON, body ? SOON : NEVER));
                Socket slow = connect(server, half)) {
            await(() -> server.cuts() > 0);
            assertThat(rest(slow)).isEmpty();
        }
    }

    @Test
    void strangersLeaveRoomForWhoHasTheToken() throws IOException {
        // It holds its place: what is left of a request is read.
        String half = HALF.replace(TOKEN, "x");
        try (ImageServer server = server(new Crowd(1, 1, NEVER, NEVER))) {
            Client stranger = new Client(server.uri());
            Client known = new Client(server.uri(), TOKEN);
            try (Socket slow = connect(server, half)) {
                assertThat(answer(slow, "}}")).startsWith("HTTP/1.1 401");
                for (String path :
                        new String[] {"/", "/page.js", "/v1/models", "/jobs/" + "0".repeat(32) + "/images/0.png"}) {
                    Client.Answer away = stranger.send(
                                    HttpRequest.newBuilder(server.uri().resolve(path))
                                            .build())
                            .join();
                    assertThat(away.status()).isEqualTo(503);
                    assertThat(away.error().path("code").asText()).isEqualTo("overloaded");
                    assertThat(away.response().headers().firstValue("Retry-After"))
                            .hasValue("5");
                    assertThat(away.response().headers().firstValue("Connection"))
                            .hasValue("close");
                }
                assertThat(known.get("/v1/models").status()).isEqualTo(200);
                try (Socket another = connect(server, get("/").repeat(2))) {
                    assertThat(rest(another))
                            .as("one answer, then it is closed")
                            .containsOnlyOnce("HTTP/1.1 503");
                }
            }
            await(() -> stranger.get("/").status() == 200);
            assertThat(server.cuts()).isZero();
        }
    }

    @Test
    void aSearchMayTakeLongerThanAnyClient() {
        Duration second = Duration.ofSeconds(1);
        try (ImageServer server = server(new Crowd(1, 1, second, second))) {
            Client.Answer drawn = new Client(server.uri(), TOKEN)
                    .post("{\"class\":1,\"rounds\":1024,\"candidates\":4,\"budget\":1000000,\"time_limit\":2}");
            assertThat(drawn.status()).isEqualTo(200);
            assertThat(drawn.json().path("data")).hasSize(1);
            assertThat(server.cuts()).isZero();
        }
    }
}
