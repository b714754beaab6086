package org.noisetrail.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.noisetrail.files.JsonFiles;

/** Asks a server as any HTTP client would. */
public final class Client {
    /** An answer. */
    public record Answer(int status, HttpResponse<byte[]> response) {
        public JsonNode json() {
            return JsonFiles.parse("answer", response.body());
        }

        /** OpenAI's error object. */
        public JsonNode error() {
            return json().path("error");
        }
    }

    /** A server-sent event. */
    public record Event(String name, long id, JsonNode data) {}

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI server;
    private final String token;

    public Client(URI server) {
        this(server, "");
    }

    /** @param token empty for none */
    public Client(URI server, String token) {
        this.server = server;
        this.token = token;
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path));
        return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
    }

    public Answer get(String path) {
        return send(request(path).build()).join();
    }

    public Answer delete(String path) {
        return send(request(path).DELETE().build()).join();
    }

    /** Draws. */
    public Answer post(String json) {
        return later(json).join();
    }

    public CompletableFuture<Answer> later(String json) {
        return send(request("/v1/images/generations")
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(BodyPublishers.ofString(json))
                .build());
    }

    CompletableFuture<Answer> send(HttpRequest request) {
        return http.sendAsync(request, BodyHandlers.ofByteArray()).thenApply(r -> new Answer(r.statusCode(), r));
    }

    /** Starts a job. */
    public String start(String json) {
        Answer answer = post(json.replaceFirst("\\{", "{\"async\":true,"));
        if (answer.status() != 202) {
            throw new AssertionError(answer.status() + ": " + answer.json());
        }
        return answer.json().path("id").asText();
    }

    /** The events of a job, up to the first that is looked for, or to their end. */
    public List<Event> events(String id, Predicate<Event> last) {
        try (Stream<String> lines = http.send(request("/jobs/" + id + "/events").build(), BodyHandlers.ofLines())
                .body()) {
            List<Event> events = new ArrayList<>();
            String name = "";
            long version = 0;
            for (var at = lines.iterator(); at.hasNext(); ) {
                String line = at.next();
                if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("id: ")) {
                    version = Long.parseLong(line.substring(4));
                } else if (line.startsWith("data: ")) {
                    events.add(new Event(name, version, JsonFiles.parse("event", line.substring(6))));
                    if (last.test(events.get(events.size() - 1))) {
                        break;
                    }
                }
            }
            return events;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** All of them. */
    public List<Event> events(String id) {
        return events(id, event -> false);
    }

    /** A picture within an answer. */
    public static byte[] png(JsonNode image) {
        return Base64.getDecoder().decode(image.path("b64_json").asText());
    }

    /** What comes back for bytes as they are; the server closes the connection. */
    String raw(String request) throws IOException {
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            socket.setSoTimeout(20_000);
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
