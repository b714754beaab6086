package org.noisetrail.cli;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.model.Pipeline;
import org.noisetrail.serve.ImageServer;
import org.noisetrail.serve.Limits;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        modelTransformer = RegistryOptions.Adder.class,
        description = {
            "Draws for HTTP clients: POST /v1/images/generations as OpenAI has it, with a search's options as fields; events; a page at /.",
            "The options of method, sampler and rewards hold where a request says nothing."
        })
final class ServeCommand implements Callable<Integer> {
    /** The environment's variable that may hold the token. */
    private static final String TOKEN = "NOISETRAIL_TOKEN";

    private static final int LONGEST_TOKEN = 4096;

    /** For the last search to end, answers to be written and the model to be freed. */
    private static final Duration AFTERWARDS = Duration.ofSeconds(30);

    @Spec
    private CommandSpec command;

    @Mixin
    private ModelOptions modelOptions;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Where to listen. Others than this machine's own need a token. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8080",
            description = "0 for a free one. Default: ${DEFAULT-VALUE}")
    private int port;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description =
                    "Holds what clients must give as \"Authorization: Bearer\", at least 16 characters. Default: what the environment's "
                            + TOKEN + " holds")
    private @Nullable Path tokenFile;

    @Option(
            names = "--public-url",
            paramLabel = "URL",
            description =
                    "Where clients reach it through a reverse proxy, such as https://images.example.com: links to pictures begin with it, and its page may ask. Default: as it is asked for")
    private @Nullable URI publicUrl;

    @Option(
            names = "--queue",
            paramLabel = "N",
            defaultValue = "16",
            description = "Requests that may wait; more are answered with 429. Default: ${DEFAULT-VALUE}")
    private int queue;

    @Option(
            names = "--max-images",
            paramLabel = "N",
            defaultValue = "10",
            description = "The most images of a request. Default: ${DEFAULT-VALUE}")
    private int maxImages;

    @Option(
            names = "--max-budget",
            paramLabel = "NFE",
            defaultValue = "20000",
            description = "The most network evaluations that an image may cost. Default: ${DEFAULT-VALUE}")
    private long maxBudget;

    @Option(
            names = "--max-time",
            paramLabel = "TIME",
            defaultValue = "10m",
            converter = Converters.TimeLimit.class,
            description = "After this time a request's search is finished plainly. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Duration maxTime;

    @Option(
            names = "--grace",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = Converters.TimeLimit.class,
            description =
                    "How long the running search may go on once the server was told to stop. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private Duration grace;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Write each request's images, too, to a folder of its own within this one, as generate does.")
    private @Nullable Path out;

    @Mixin
    private MethodOptions.Chosen methodOptions;

    @Mixin
    private RewardOptions rewards;

    @Mixin
    private RewardOptions.HeldOut heldOut;

    @Mixin
    private SamplerOptions samplerOptions;

    @Override
    public Integer call() {
        // Refused before anything is loaded.
        methodOptions.check();
        range("--port", port, 0, 65535);
        range("--queue", queue, 0, Limits.MOST_WAITING);
        range("--max-images", maxImages, 1, Limits.MOST_IMAGES);
        range("--max-budget", maxBudget, 1, Long.MAX_VALUE);
        Limits limits = new Limits(queue, maxImages, maxBudget, maxTime);
        InetSocketAddress address = new InetSocketAddress(host, port);
        String token = token();
        modelOptions.check();
        ImageServer.check(address, token, publicUrl, out);
        try (Pipeline pipeline = modelOptions.load()) {
            ImageServer server = ImageServer.builder(pipeline)
                    .address(address)
                    .token(token)
                    .publicUrl(publicUrl)
                    .limits(limits)
                    .method(methodOptions.method(pipeline))
                    .sampler(samplerOptions.sampler(pipeline))
                    .reward(rewards.given())
                    .heldOut(heldOut.reward())
                    .batches(modelOptions.maxBatch(), modelOptions.decodeBatch())
                    .folder(out)
                    .start();
            serve(server, pipeline.name());
        }
        return ExitCode.OK;
    }

    private void serve(ImageServer server, String model) {
        PrintWriter print = command.commandLine().getOut();
        try (server;
                Interruption interruption =
                        new Interruption(command.commandLine().getErr(), grace.plus(AFTERWARDS))) {
            print.println(model + " is served on " + server.uri());
            print.flush();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                // Told to stop.
            }
            interruption.settle();
            server.stop(grace);
        }
    }

    private void range(String option, long value, long low, long high) {
        if (value < low || value > high) {
            throw new ParameterException(
                    command.commandLine(), option + " must be from " + low + " to " + high + ": " + value);
        }
    }

    private @Nullable String token() {
        return tokenFile == null
                ? token(System.getenv(TOKEN))
                : token(
                        new String(JsonFiles.bytes(tokenFile, LONGEST_TOKEN), StandardCharsets.UTF_8).strip(),
                        tokenFile.toString());
    }

    /** @param variable an empty one is none: so it is unset where it cannot be removed */
    static @Nullable String token(@Nullable String variable) {
        return variable == null || variable.isBlank() ? null : token(variable.strip(), TOKEN);
    }

    private static String token(String token, String source) {
        try {
            ImageServer.checkToken(token);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(source + ": " + e.getMessage(), e);
        }
        return token;
    }
}
