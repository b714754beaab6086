package org.noisetrail.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFiles;

/** A page in a headless Chromium, by its DevTools protocol. */
final class Browser implements AutoCloseable {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome", "chrome");

    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;
    private final LinkedBlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private int calls;

    /** Where there is one on this machine. */
    static Optional<Path> find() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    Browser(Path program, Path folder, URI page) throws IOException, InterruptedException {
        process = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--hide-scrollbars",
                        "--window-size=1100,900",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("browser.log").toFile())
                .start();
        Path ready = folder.resolve("DevToolsActivePort");
        while (!Files.exists(ready) || Files.readAllLines(ready).isEmpty()) {
            Thread.sleep(50);
        }
        HttpRequest tab = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + Files.readAllLines(ready).get(0) + "/json/new"))
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build();
        JsonNode opened =
                JsonFiles.parse("tab", http.send(tab, BodyHandlers.ofString()).body());
        socket = http.newWebSocketBuilder()
                .buildAsync(URI.create(opened.path("webSocketDebuggerUrl").asText()), new Listener())
                .join();
        call("Log.enable", Map.of());
        call("Runtime.enable", Map.of());
        call("Page.enable", Map.of());
        call("Page.navigate", Map.of("url", page.toString()));
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                JsonNode message = JsonFiles.parse("message", text.toString());
                text.setLength(0);
                if (message.has("id")) {
                    answers.add(message);
                } else if (message.path("method").asText().equals("Log.entryAdded")
                        || message.path("method").asText().equals("Runtime.exceptionThrown")) {
                    complaints.add(message.path("params").toString());
                }
            }
            from.request(1);
            return null;
        }
    }

    private JsonNode call(String method, Map<String, ?> parameters) throws InterruptedException {
        int id = ++calls;
        socket.sendText(Json.line(Map.of("id", id, "method", method, "params", parameters)), true)
                .join();
        while (true) {
            JsonNode answer = answers.poll(60, TimeUnit.SECONDS);
            if (answer == null || answer.has("error")) {
                throw new AssertionError(method + ": " + answer);
            }
            if (answer.path("id").asInt() == id) {
                return answer.path("result");
            }
        }
    }

    /** What an expression of JavaScript gives on the page. */
    JsonNode eval(String expression) throws InterruptedException {
        JsonNode result = call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.path("exceptionDetails"));
        }
        return result.path("result").path("value");
    }

    /** Waits until an expression is true. */
    void await(String expression) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(180).toNanos();
        while (!eval(expression).asBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("never: " + expression + "; " + complaints);
            }
            Thread.sleep(50);
        }
    }

    /** What the browser has found wrong: errors of scripts, what the page's policy forbids. */
    List<String> complaints() {
        return complaints;
    }

    void screenshot(Path file) throws IOException, InterruptedException {
        JsonNode shot = call("Page.captureScreenshot", Map.of("format", "png"));
        Files.write(file, Base64.getDecoder().decode(shot.path("data").asText()));
    }

    @Override
    public void close() throws InterruptedException, IOException {
        socket.abort();
        List<ProcessHandle> all = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        // Its helpers may still write to its folder, which is removed next.
        for (ProcessHandle helper : all) {
            helper.destroyForcibly();
            helper.onExit().join();
        }
    }
}
