package org.noisetrail.serve;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Png;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.torch.Unfinished;

/**
 * Draws for HTTP clients with one model, one search after the other: {@code POST /v1/images/generations} as OpenAI has it, events of a job, its cancelling, and a page at {@code /}. {@code
 * docs/serve.md} has the fields and the answers.
 *
 * <p>It does not own the pipeline, which must stay open until it has stopped. Thread-safe.
 */
public final class ImageServer implements AutoCloseable {
    /** Beside those who wait for an image or for events, and strangers. */
    private static final int OTHER_THREADS = 16;

    /** An answer that is being written may take so long once the jobs have ended. */
    private static final Duration ANSWERS = Duration.ofSeconds(10);

    static {
        // The JDK's server reads these once, when this JVM makes its first: a request must have come in this time, and
        // answers are sent without delay. If that was another's, the watchdog still bounds the time of a request.
        setDefault("sun.net.httpserver.maxReqTime", "30");
        setDefault("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer http;
    private final Jobs jobs;
    private final ThreadPoolExecutor threads;
    private final Watchdog watchdog;

    private ImageServer(Builder builder) {
        Pipeline pipeline = builder.pipeline;
        if (!Png.canShow(pipeline.decoder().image())) {
            throw new IllegalArgumentException("the model's images must have 1 or 3 channels to be served as PNG: "
                    + pipeline.decoder().image());
        }
        Gate gate = new Gate(builder.address, builder.token, builder.publicUrl);
        if (builder.folder != null) {
            OutputFolder.open(builder.folder);
        }
        Defaults defaults = new Defaults(
                builder.method,
                builder.sampler == null ? Samplers.of(pipeline) : builder.sampler,
                builder.reward,
                builder.heldOut);
        Limits limits = builder.limits;
        Crowd crowd = builder.crowd;
        DrawingParser parser = new DrawingParser(pipeline, defaults, limits, builder.maxBatch);
        Map<String, ?> catalogue = Catalogue.json(pipeline, defaults, limits);
        try (Unfinished made = new Unfinished()) {
            Studio studio = made.add(new Studio(pipeline, builder.maxBatch, builder.decodeBatch, builder.folder));
            open(studio, parser);
            http = listening(builder.address);
            made.add(() -> http.stop(0));
            watchdog = made.add(new Watchdog(crowd.head().compareTo(crowd.step()) < 0 ? crowd.head() : crowd.step()));
            threads = pool(limits.queue() + 1 + crowd.watchers() + crowd.strangers() + OTHER_THREADS);
            made.add(threads::shutdownNow);
            jobs = new Jobs(studio, limits.queue());
            made.add(() -> jobs.stop(Duration.ZERO));
            http.createContext("/", new Routes(gate, parser, jobs, catalogue, crowd, watchdog));
            http.setExecutor(watchdog.reading(threads, crowd.head()));
            http.start();
            made.finish();
        }
    }

    /** Sees to it now that what clients leave out can be drawn: it is the owner's to say, not theirs. */
    private static void open(Studio studio, DrawingParser parser) {
        Drawing usual;
        try {
            usual = parser.usual();
        } catch (Refusal e) {
            throw new IllegalArgumentException("a request that says nothing would be refused: " + e.getMessage(), e);
        }
        studio.open(usual);
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private static HttpServer listening(InetSocketAddress address) {
        try {
            return HttpServer.create(address, 0);
        } catch (IOException e) {
            throw cannotListen(address, e);
        }
    }

    private static NoisetrailException cannotListen(InetSocketAddress address, IOException e) {
        return new NoisetrailException("cannot listen on " + text(address) + ": " + AtomicFiles.reason(e), e);
    }

    /**
     * Refuses a token that {@link Builder#start} would.
     *
     * @throws IllegalArgumentException if it has fewer than 16 characters, or others than ASCII's without spaces; the message does not show it
     */
    public static void checkToken(String token) {
        Gate.requireGood(token);
    }

    /**
     * Refuses what {@link Builder#start} would, before a model is loaded.
     *
     * @param token null for none
     * @param publicUrl null for none
     * @param folder null for none; it is made if it is not there
     * @throws IllegalArgumentException if there is no such host, the token is no good, other machines could reach the server without one, or the URL has more than a host
     * @throws NoisetrailException if the address cannot be listened on, or the folder not written to
     */
    public static void check(
            InetSocketAddress address, @Nullable String token, @Nullable URI publicUrl, @Nullable Path folder) {
        requireHost(address);
        Gate.requireSafe(address, token);
        if (publicUrl != null) {
            Gate.origin(publicUrl);
        }
        if (folder != null) {
            OutputFolder.open(folder);
        }
        try (ServerSocketChannel probe = ServerSocketChannel.open()) {
            probe.bind(address);
        } catch (IOException e) {
            throw cannotListen(address, e);
        }
    }

    private static void requireHost(InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("there is no host of this name: " + address.getHostString());
        }
    }

    private static ThreadPoolExecutor pool(int size) {
        AtomicInteger names = new AtomicInteger();
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(size, size, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(1024), work -> {
                    Thread thread = new Thread(work, "noisetrail-http-" + names.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Starts with a server on 127.0.0.1, a free port, {@link Limits#DEFAULT}, {@link Methods#usual}, and the pipeline's sampler and usual reward. */
    public static Builder builder(Pipeline pipeline) {
        return new Builder(pipeline);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return http.getAddress();
    }

    /** Waits for clients that it has ended. */
    int cuts() {
        return watchdog.cuts();
    }

    /** The page's address. */
    public URI uri() {
        return URI.create("http://" + text(address()) + "/");
    }

    private static String text(InetSocketAddress address) {
        return Gate.host(address.getAddress()) + ":" + address.getPort();
    }

    /**
     * Ends it without losing a finished image: jobs that wait are refused, the one that is drawn may go on for so long, and is then ended within a round; what is finished is answered
     * (and written). Returns when all is done.
     */
    public void stop(Duration patience) {
        jobs.stop(patience);
        threads.shutdown();
        awaitAnswers();
        threads.shutdownNow();
        http.stop(0);
        watchdog.close();
    }

    /** An interrupt does not cost a client its image; it is there again afterwards. */
    private void awaitAnswers() {
        long end = System.nanoTime() + ANSWERS.toNanos();
        boolean interrupted = false;
        while (!threads.isTerminated() && System.nanoTime() - end < 0) {
            try {
                threads.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@link #stop}, without patience. */
    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    /** Collects what a server is. */
    public static final class Builder {
        private final Pipeline pipeline;
        private InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        private @Nullable String token;
        private @Nullable URI publicUrl;
        private Limits limits = Limits.DEFAULT;
        private Crowd crowd = Crowd.DEFAULT;
        private Method method;
        private @Nullable Sampler sampler;
        private @Nullable RewardText reward;
        private @Nullable RewardText heldOut;
        private int maxBatch = 64;
        private int decodeBatch = StepEngine.DECODE_BATCH;
        private @Nullable Path folder;

        private Builder(Pipeline pipeline) {
            this.pipeline = pipeline;
            method = Methods.parse(Methods.usual(pipeline.takesPrompts()));
        }

        /** Where to listen; port 0 for a free one. Where other machines can reach it, a {@link #token} is needed. */
        public Builder address(InetSocketAddress address) {
            requireHost(address);
            this.address = address;
            return this;
        }

        /** What clients have to give as {@code Authorization: Bearer}: at least 16 characters; null for none. */
        public Builder token(@Nullable String token) {
            this.token = token;
            return this;
        }

        /**
         * Where clients reach it through a reverse proxy, such as {@code https://images.example.com}: links to pictures begin with it, and its page may ask. Null, the default, for none.
         *
         * @throws IllegalArgumentException if it is no http or https URL of a host alone
         */
        public Builder publicUrl(@Nullable URI publicUrl) {
            if (publicUrl != null) {
                Gate.origin(publicUrl);
            }
            this.publicUrl = publicUrl;
            return this;
        }

        /** What it takes on; by default {@link Limits#DEFAULT}. */
        public Builder limits(Limits limits) {
            this.limits = limits;
            return this;
        }

        /** For tests, which cannot wait for so long. */
        Builder crowd(Crowd crowd) {
            this.crowd = crowd;
            return this;
        }

        /** Where a request names none; by default the model's, {@link Methods#usual}. */
        public Builder method(Method method) {
            this.method = method;
            return this;
        }

        /** Where a request names none; null for the pipeline's own. */
        public Builder sampler(@Nullable Sampler sampler) {
            this.sampler = sampler;
            return this;
        }

        /** Where a request names none; it may name files, which a request's may not. Null for {@link RewardText#usual}. */
        public Builder reward(@Nullable RewardText reward) {
            this.reward = reward;
            return this;
        }

        /** Where a request names none; null for none. */
        public Builder heldOut(@Nullable RewardText heldOut) {
            this.heldOut = heldOut;
            return this;
        }

        /** As {@code Search.Builder.maxBatch} and {@code decodeBatch}; by default 64 and {@link StepEngine#DECODE_BATCH}. */
        public Builder batches(int maxBatch, int decodeBatch) {
            this.maxBatch = maxBatch;
            this.decodeBatch = decodeBatch;
            return this;
        }

        /** Where jobs' files go, as {@code generate} writes them, each to a folder named as the job; null for nowhere. */
        public Builder folder(@Nullable Path folder) {
            this.folder = folder;
            return this;
        }

        /**
         * Listens from here on.
         *
         * @throws IllegalArgumentException if other machines could reach it without a token, the model's images are no pictures, or a request that names nothing of its own could not be
         *     drawn: its method costs more than the limits, or its rewards cannot judge such images
         * @throws NoisetrailException if the address cannot be listened on, the folder not written to, or a reward's file is missing or broken
         */
        public ImageServer start() {
            return new ImageServer(this);
        }
    }
}
