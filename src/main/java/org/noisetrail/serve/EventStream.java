package org.noisetrail.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Json;

/**
 * A job as server-sent events: {@code status}, {@code progress}, {@code preview}, {@code image} for each, at last {@code end}. What changes faster than the client reads is told
 * as it then is.
 */
final class EventStream {
    /** A client that has gone is found out by writing to it; proxies end what is silent. */
    private static final long HEARTBEAT_MILLIS = 10_000;

    private final Job job;
    private final OutputStream out;
    private final String origin;

    private Job.@Nullable State told;

    private EventStream(Job job, OutputStream out, String origin) {
        this.job = job;
        this.out = out;
        this.origin = origin;
    }

    /** Tells all of it, until the job has ended or the client has gone. */
    static void write(Job job, OutputStream out, String origin) throws IOException, InterruptedException {
        EventStream stream = new EventStream(job, out, origin);
        while (stream.tell()) {
            out.flush();
        }
        out.flush();
    }

    private boolean tell() throws IOException, InterruptedException {
        Job.State before = told;
        Job.State now = job.after(before == null ? -1 : before.version(), HEARTBEAT_MILLIS);
        if (before != null && now.version() == before.version()) {
            out.write(":\n\n".getBytes(StandardCharsets.UTF_8));
            return true;
        }
        told = now;
        boolean ended = now.status().ended();
        if (!ended && (before == null || now.status() != before.status())) {
            event("status", now, Map.of("id", job.id(), "status", now.status().word()));
        }
        if (now.progress() != null && (before == null || now.progress() != before.progress())) {
            event("progress", now, JobJson.progress(now.progress()));
        }
        if (now.preview() != null && (before == null || now.preview() != before.preview())) {
            event("preview", now, JobJson.preview(now.preview()));
        }
        for (int place = before == null ? 0 : before.drawn().size();
                place < now.drawn().size();
                place++) {
            event("image", now, JobJson.image(job, now, place, origin));
        }
        if (ended) {
            Map<String, @Nullable Object> end = new LinkedHashMap<>();
            end.put("id", job.id());
            end.put("status", now.status().word());
            if (now.refusal() != null) {
                end.put("error", now.refusal().json());
            }
            event("end", now, end);
        }
        return !ended;
    }

    private void event(String name, Job.State state, Map<String, ? extends @Nullable Object> data) throws IOException {
        String text = "event: " + name + "\nid: " + state.version() + "\ndata: " + Json.line(data) + "\n\n";
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
