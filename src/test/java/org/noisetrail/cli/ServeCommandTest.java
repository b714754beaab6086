package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.serve.Client;

/** The command that serves, and that it draws what {@code generate} draws. */
@Timeout(600)
class ServeCommandTest {
    private static final Pattern ADDRESS = Pattern.compile("http://\\S+");

    @TempDir
    Path folder;

    /** The command in a thread of its own, told to stop as a signal tells it. */
    private static final class Running implements AutoCloseable {
        private final StringWriter out = new StringWriter();
        private final StringWriter err = new StringWriter();
        private final CompletableFuture<Integer> code = new CompletableFuture<>();
        private final Thread thread;
        final Client client;

        Running(String... args) throws InterruptedException {
            thread = new Thread(() -> code.complete(Main.run(new PrintWriter(out), new PrintWriter(err), args)));
            thread.start();
            Matcher address = ADDRESS.matcher("");
            while (!address.reset(out.toString()).find()) {
                if (code.isDone()) {
                    throw new AssertionError(err.toString());
                }
                Thread.sleep(20);
            }
            client = new Client(URI.create(address.group()));
        }

        @Override
        public void close() {
            thread.interrupt();
            assertThat(code.join()).isZero();
            assertThat(err.toString()).isEmpty();
        }
    }

    private byte[] generated(int image, Object... args) throws Exception {
        Path out = folder.resolve("out");
        if (!Files.exists(out)) {
            Object[] all = new Object[args.length + 4];
            all[0] = "generate";
            System.arraycopy(args, 0, all, 1, args.length);
            all[args.length + 1] = "--out";
            all[args.length + 2] = out;
            all[args.length + 3] = "--quiet";
            Cli.Ending ending = Cli.run(all);
            assertThat(ending.code()).as(ending.err()).isZero();
        }
        return withoutResult(Files.readAllBytes(out.resolve("images/00" + image + ".png")));
    }

    /** Without the chunk by which a later run of {@code generate} knows its pictures again. */
    private static byte[] withoutResult(byte[] png) {
        ByteBuffer from = ByteBuffer.wrap(png);
        ByteBuffer to = ByteBuffer.allocate(png.length);
        to.put(png, 0, 8);
        for (int at = 8; at < png.length; ) {
            int length = 12 + from.getInt(at);
            if (!new String(png, at + 4, Math.min(11, length - 4), StandardCharsets.ISO_8859_1)
                    .equals("tEXtResult\0")) {
                to.put(png, at, length);
            }
            at += length;
        }
        assertThat(to.position()).isLessThan(png.length);
        return Arrays.copyOf(to.array(), to.position());
    }

    @Test
    void aClassIsDrawnAsByTheCommandLine() throws Exception {
        try (Running server = new Running("serve", "--port", "0", "--steps", "6", "--held-out", "class")) {
            JsonNode data = server.client
                    .post("{\"class\":4,\"n\":2,\"seed\":11,\"rounds\":2}")
                    .json()
                    .path("data");
            for (int i = 0; i < 2; i++) {
                assertThat(Client.png(data.path(i)))
                        .isEqualTo(generated(
                                i,
                                "--classes",
                                4,
                                "--images",
                                2,
                                "--seed",
                                11,
                                "--rounds",
                                2,
                                "--steps",
                                6,
                                "--held-out",
                                "class"));
            }
        }
    }

    @Test
    void aPromptIsDrawnAsByTheCommandLineUnderAnyGuidance() throws Exception {
        try (Running server = new Running("serve", "--model", "fashion-scenes", "--port", "0")) {
            String request =
                    "{\"prompt\":\"a red coat\",\"negative\":\"blue\",\"n\":2,\"method\":\"best-of-n\",\"candidates\":2,\"steps\":4,\"size\":\"64x64\"";
            JsonNode data =
                    server.client.post(request + ",\"guidance\":3}").json().path("data");
            for (int i = 0; i < 2; i++) {
                // The trail within names the model as one that was loaded with this guidance.
                assertThat(Client.png(data.path(i)))
                        .isEqualTo(generated(
                                i,
                                "--model",
                                "fashion-scenes",
                                "--prompt",
                                "a red coat",
                                "--negative",
                                "blue",
                                "--images",
                                2,
                                "--method",
                                "best-of-n",
                                "--candidates",
                                2,
                                "--steps",
                                4,
                                "--guidance",
                                3));
            }
            assertThat(server.client
                            .post(request + "}")
                            .json()
                            .path("data")
                            .path(0)
                            .path("nfe")
                            .asInt())
                    .as("the model's own guidance, two evaluations a step")
                    .isEqualTo(2 * 2 * 4);
            assertThat(server.client
                            .post(request + ",\"guidance\":1}")
                            .json()
                            .path("data")
                            .path(0)
                            .path("nfe")
                            .asInt())
                    .as("none")
                    .isEqualTo(2 * 4);
            assertThat(server.client
                            .post(request.replace("\"a red coat\"", "\"" + "x".repeat(4001) + "\"") + "}")
                            .error()
                            .path("message")
                            .asText())
                    .isEqualTo("prompt must have at most 4000 characters: 4001");
            assertThat(server.client
                            .post("{\"class\":1}")
                            .error()
                            .path("message")
                            .asText())
                    .isEqualTo("the model draws prompts, not classes: give prompt in place of class");
            assertThat(server.client.post("{}").error().path("message").asText())
                    .isEqualTo("prompt must be given");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--host 0.0.0.0 | a token must be given to listen on 0.0.0.0, where other machines can reach it",
                "--host no-such-host.invalid | there is no host of this name: no-such-host.invalid",
                "--port 65536 | --port must be from 0 to 65535: 65536",
                "--queue -1 | --queue must be from 0 to 10000: -1",
                "--max-images 0 | --max-images must be from 1 to 1000: 0",
                "--max-budget 0 | --max-budget must be from 1 to 9223372036854775807: 0",
                "--method anneal | unknown method",
                "--public-url images.example.com | a public URL must be http or https, a host and at most a port, such as https://images.example.com: images.example.com",
                "--public-url https://x.example.com/a --port 0 | such as https://images.example.com: https://x.example.com/a",
                "--public-url http://[ | Invalid value for option '--public-url'",
                "--token-file /dev/null | /dev/null: a token must have >= 16 characters of ASCII, and no spaces: 0 characters were given",
            })
    void mistakesAreOneLineAndExitCode2(String args, String message) {
        Cli.Ending ending = Cli.run((Object[]) ("serve " + args).split(" "));
        assertThat(ending.code()).isEqualTo(2);
        assertThat(ending.err()).contains(message).hasLineCount(1);
    }

    @Test
    void anEmptyVariableIsNoTokenAndABadOneIsNamed() {
        assertThat(ServeCommand.token(null)).isNull();
        assertThat(ServeCommand.token("")).isNull();
        assertThat(ServeCommand.token(" \n")).isNull();
        assertThat(ServeCommand.token(" correct-horse-battery\n")).isEqualTo("correct-horse-battery");
        assertThatThrownBy(() -> ServeCommand.token("a token with spaces"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("NOISETRAIL_TOKEN: a token must have >= 16 characters of ASCII, and no spaces:"
                        + " 19 characters were given");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--reward torchscript:/no/such.pt | 1 | /no/such.pt",
                "--held-out torchscript:/no/such.pt | 1 | /no/such.pt",
                "--reward clip | 1 | model fashion-mnist has no folder clip",
                "--max-budget 100 | 2 | a request that says nothing would be refused: an image must cost at most 100 network evaluations here, and so costs 2089: ",
                "--method beam --candidates 64 --beams 64 --max-budget 1000000 | 2 | a request that says nothing would be refused: method must not hold more than 1024 candidates of an image at once: 4096",
            })
    void whatNoRequestCouldBeDrawnWithIsNotServed(String args, int code, String message) {
        Cli.Ending ending = Cli.run((Object[]) ("serve --port 0 " + args).split(" "));
        assertThat(ending.out()).isEmpty();
        assertThat(ending.err()).contains(message).hasLineCount(1);
        assertThat(ending.code()).isEqualTo(code);
    }

    @Test
    void whereItCannotListenOrWriteIsSaidBeforeTheModelIsLoaded() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "x");
        Path noModel = Files.createDirectory(folder.resolve("no-model"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Map<String, String> refusals = Map.of(
                    "--host 0.0.0.0",
                    "a token must be given to listen on 0.0.0.0",
                    "--host no-such-host.invalid",
                    "there is no host of this name: no-such-host.invalid",
                    "--token-file /dev/null",
                    "a token must have >= 16 characters",
                    "--out " + file,
                    "--out must be a folder, but is a file: " + file,
                    "--port " + taken.getLocalPort(),
                    "cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": ",
                    "--port 0",
                    "no-model is not a model: ");
            refusals.forEach((args, message) -> assertThat(
                            Cli.run((Object[]) ("serve --model " + noModel + " " + args).split(" "))
                                    .err())
                    .contains(message)
                    .hasLineCount(1));
        }
    }

    @Test
    void itsResultsAreThoseOfTheCommandLine() throws Exception {
        Path served = folder.resolve("served");
        JsonNode ours;
        try (Running server = new Running(
                "serve", "--port", "0", "--steps", "6", "--held-out", "class", "--out", served.toString())) {
            String id = server.client
                    .post("{\"class\":4,\"n\":2,\"seed\":11,\"rounds\":2}")
                    .json()
                    .path("id")
                    .asText();
            ours = JsonFiles.read(served.resolve(id).resolve("result.json"), 1 << 20);
        }
        generated(0, "--classes", 4, "--images", 2, "--seed", 11, "--rounds", 2, "--steps", 6, "--held-out", "class");
        JsonNode theirs = JsonFiles.read(folder.resolve("out/result.json"), 1 << 20);
        List<String> names = new ArrayList<>();
        theirs.path("settings").fieldNames().forEachRemaining(names::add);
        // What a plan or a guard was is for who asked for one, and limits are the server's.
        names.removeAll(List.of("command", "hash", "plan", "budget", "timeLimitSeconds"));
        assertThat(names)
                .contains("denoiser", "decoder", "conditions", "rewards", "heldOut", "seeds", "sampler", "rounds");
        for (String name : names) {
            assertThat(ours.path("settings").path(name))
                    .as(name)
                    .isEqualTo(theirs.path("settings").path(name));
        }
        assertThat(ours.path("settings").path("hash").asText()).matches("[0-9a-f]{24}");
        assertThat(ours.path("settings").path("budget").asLong()).isEqualTo(20_000);
        assertThat(ours.path("images")).isEqualTo(theirs.path("images"));
    }
}
