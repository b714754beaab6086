package org.noisetrail.serve;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Json;

/** One request and its one answer. */
final class Call implements AutoCloseable {
    /** Bytes of a request: a prompt and its negative of the longest, in escapes, and as much again. */
    static final int LONGEST_BODY = 128 << 10;

    /** More is not even read to its end: a client that sends so much learns nothing but that the connection is closed. */
    private static final int DRAINED = 4 << 20;

    private static final String JSON = "application/json";

    /** Nothing from elsewhere, nothing inline: what a prompt holds cannot become a script. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final HttpExchange exchange;
    private final Watchdog watchdog;
    private final Duration patience;
    private boolean begun;

    /** @param patience with a client that sends or reads nothing */
    Call(HttpExchange exchange, Watchdog watchdog, Duration patience) {
        this.exchange = exchange;
        this.watchdog = watchdog;
        this.patience = patience;
        header("Content-Security-Policy", POLICY);
        header("X-Content-Type-Options", "nosniff");
        header("Referrer-Policy", "no-referrer");
        header("Cross-Origin-Resource-Policy", "same-origin");
        header("Cache-Control", "no-store");
    }

    HttpExchange exchange() {
        return exchange;
    }

    String verb() {
        return exchange.getRequestMethod();
    }

    String path() {
        return exchange.getRequestURI().getRawPath();
    }

    void header(String name, String value) {
        exchange.getResponseHeaders().set(name, value);
    }

    /**
     * The body of a JSON request.
     *
     * @throws Refusal if it is no JSON, or too large
     */
    byte[] body() throws IOException {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        // A page of another origin may send a form or plain text without being asked first, but no JSON.
        if (type == null
                || !type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals(JSON)) {
            throw Refusal.bad(415, "unsupported_media_type", "the header Content-Type must be " + JSON);
        }
        watchdog.begin(patience);
        try {
            InputStream in = exchange.getRequestBody();
            byte[] body = in.readNBytes(LONGEST_BODY);
            if (body.length == LONGEST_BODY && in.read() >= 0) {
                drain(in);
                throw Refusal.bad(413, "request_too_large", "a request must have at most " + LONGEST_BODY + " bytes");
            }
            return body;
        } finally {
            watchdog.end();
        }
    }

    /** So that a client which first sends all of it sees the answer. */
    private static void drain(InputStream in) throws IOException {
        byte[] buffer = new byte[1 << 13];
        for (int left = DRAINED; left > 0; ) {
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            left -= count;
        }
    }

    void json(int status, Map<String, ? extends @Nullable Object> json) throws IOException {
        bytes(status, JSON, Json.bytes(json));
    }

    void refuse(Refusal refusal) throws IOException {
        if (begun) {
            return;
        }
        if (refusal.passes()) {
            header("Retry-After", "5");
        }
        if (refusal.ends()) {
            // OpenAI's own clients would send a cancelled or failed request again, and it would be drawn again.
            header("x-should-retry", "false");
        }
        if (refusal.status() == 401) {
            header("WWW-Authenticate", "Bearer");
        }
        json(refusal.status(), Map.of("error", refusal.json()));
    }

    void bytes(int status, String type, byte[] bytes) throws IOException {
        begun = true;
        header("Content-Type", type);
        boolean bare = bytes.length == 0 || verb().equals("HEAD");
        headers(status, bare ? -1 : bytes.length);
        if (!bare) {
            try (OutputStream out = out()) {
                out.write(bytes);
            }
        }
    }

    /** An answer whose end is not known yet; the caller closes it. */
    OutputStream stream(String type) throws IOException {
        begun = true;
        header("Content-Type", type);
        headers(200, 0);
        return out();
    }

    private void headers(int status, long length) throws IOException {
        watchdog.during(patience, () -> exchange.sendResponseHeaders(status, length));
    }

    private OutputStream out() {
        return watchdog.writing(exchange.getResponseBody(), patience);
    }

    /** What is left of a request is read before. */
    @Override
    public void close() {
        watchdog.during(patience, exchange::close);
    }
}
