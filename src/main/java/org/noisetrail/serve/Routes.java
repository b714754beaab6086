package org.noisetrail.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.files.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is found where. Thread-safe. */
final class Routes implements HttpHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Routes.class);

    private static final Pattern JOB = Pattern.compile("/jobs/([0-9a-f]{32})(|/events|/images/(\\d{1,4})\\.png)");

    private static final Map<String, String> PAGE =
            Map.of("/", "text/html", "/page.js", "text/javascript", "/page.css", "text/css");

    private final Gate gate;
    private final DrawingParser parser;
    private final Jobs jobs;
    private final byte[] catalogue;
    private final Crowd crowd;
    private final Watchdog watchdog;
    private final Semaphore watchers;
    private final Semaphore strangers;

    /** @param catalogue what can be asked for */
    Routes(Gate gate, DrawingParser parser, Jobs jobs, Map<String, ?> catalogue, Crowd crowd, Watchdog watchdog) {
        this.gate = gate;
        this.parser = parser;
        this.jobs = jobs;
        this.catalogue = Json.line(catalogue).getBytes(StandardCharsets.UTF_8);
        this.crowd = crowd;
        this.watchdog = watchdog;
        watchers = new Semaphore(crowd.watchers());
        strangers = new Semaphore(crowd.strangers());
    }

    /** @throws IOException if the client has gone: the JDK's server keeps what it has of a connection until it hears of that */
    @Override
    public void handle(HttpExchange exchange) throws IOException {
        // The headers are there.
        watchdog.end();
        try {
            if (!isStranger(exchange)) {
                serve(exchange);
            } else if (strangers.tryAcquire()) {
                try {
                    serve(exchange);
                } finally {
                    strangers.release();
                }
            } else {
                turnAway(exchange);
            }
        } catch (IOException e) {
            LOG.debug("a client has gone: {}", e.toString());
            throw e;
        }
    }

    /** Whether anybody could have sent it: such requests must not take the threads of those who have the token. */
    private boolean isStranger(HttpExchange exchange) {
        String path = exchange.getRequestURI().getRawPath();
        return PAGE.containsKey(path) || path.endsWith(".png") || !gate.knows(exchange.getRequestHeaders());
    }

    private void turnAway(HttpExchange exchange) throws IOException {
        try (Call call = new Call(exchange, watchdog, Crowd.FAREWELL)) {
            call.header("Connection", "close");
            call.refuse(Refusal.crowded());
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (Call call = new Call(exchange, watchdog, crowd.step())) {
            try {
                answer(call);
            } catch (Refusal e) {
                call.refuse(e);
            } catch (InterruptedException e) {
                call.refuse(Refusal.stopping());
            } catch (RuntimeException | Error e) {
                LOG.error("a request failed", e);
                call.refuse(Refusal.failed("the request failed; the server's log says more"));
            }
        }
    }

    private void answer(Call call) throws IOException, InterruptedException {
        String origin = gate.origin(call.exchange().getRequestHeaders());
        String path = call.path();
        String type = PAGE.get(path);
        Matcher job = JOB.matcher(path);
        if (type != null) {
            only(call, "GET");
            call.bytes(200, type + "; charset=utf-8", resource(path.equals("/") ? "page.html" : path.substring(1)));
        } else if (job.matches() && job.group(3) != null) {
            only(call, "GET");
            // Its name is the key: such links are opened by programs that know no token.
            picture(call, find(job.group(1)), Integer.parseInt(job.group(3)));
        } else {
            gate.check(call.exchange().getRequestHeaders());
            if (path.equals("/v1/images/generations")) {
                only(call, "POST");
                generate(call, origin);
            } else if (path.equals("/v1/models")) {
                only(call, "GET");
                call.bytes(200, "application/json", catalogue);
            } else if (job.matches()) {
                job(call, find(job.group(1)), job.group(2).equals("/events"), origin);
            } else {
                throw Refusal.bad(404, "not_found", "there is nothing at " + path);
            }
        }
    }

    private static void only(Call call, String... verbs) {
        if (!List.of(verbs).contains(call.verb())) {
            call.header("Allow", String.join(", ", verbs));
            throw Refusal.bad(
                    405,
                    "method_not_allowed",
                    call.path() + " takes " + String.join(" and ", verbs) + ": " + call.verb());
        }
    }

    private Job find(String id) {
        return jobs.find(id)
                .orElseThrow(() -> Refusal.bad(404, "job_not_found", "there is no such job, or not any more: " + id));
    }

    private void generate(Call call, String origin) throws IOException, InterruptedException {
        Fields fields = Fields.parse(call.body());
        boolean later = fields.flag("async");
        Job job = jobs.submit(parser.parse(fields));
        if (later) {
            call.header("Location", "/jobs/" + job.id());
            call.json(202, JobJson.status(job, job.state(), jobs.before(job), origin));
            return;
        }
        Job.State end = job.ended();
        boolean some = !end.drawn().isEmpty() && end.status() != Job.Status.FAILED;
        if (end.refusal() != null && !some) {
            throw end.refusal();
        }
        call.json(200, JobJson.answer(job, end, origin));
    }

    private static void picture(Call call, Job job, int place) throws IOException {
        List<Job.Drawn> drawn = job.state().drawn();
        if (place >= drawn.size()) {
            throw Refusal.bad(404, "image_not_found", "the job has not finished so many images: " + drawn.size());
        }
        call.bytes(200, "image/png", drawn.get(place).png());
    }

    private void job(Call call, Job job, boolean events, String origin) throws IOException, InterruptedException {
        if (events) {
            only(call, "GET");
            watch(call, job, origin);
            return;
        }
        only(call, "GET", "DELETE");
        if (call.verb().equals("DELETE")) {
            jobs.cancel(job);
        }
        call.json(200, JobJson.status(job, job.state(), jobs.before(job), origin));
    }

    private void watch(Call call, Job job, String origin) throws IOException, InterruptedException {
        if (!watchers.tryAcquire()) {
            throw Refusal.busy("events are read by " + crowd.watchers() + " clients already: try again later");
        }
        try (OutputStream out = call.stream("text/event-stream; charset=utf-8")) {
            EventStream.write(job, out, origin);
        } finally {
            watchers.release();
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Routes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name);
            }
            return in.readAllBytes();
        }
    }
}
