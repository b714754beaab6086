package org.noisetrail.serve;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Excerpt;

/** Why a request is not done, as the client is told: OpenAI's error object under an HTTP status. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Characters of a message: text of a client's comes back in it. */
    private static final int LONGEST = 1000;

    private final int status;
    private final String type;
    private final String code;
    private final @Nullable String parameter;

    private Refusal(int status, String type, String code, @Nullable String parameter, String message) {
        // Thrown for every bad request: its place in the code says nothing.
        super(Excerpt.of(message, LONGEST), null, false, false);
        this.status = status;
        this.type = type;
        this.code = code;
        this.parameter = parameter;
    }

    /** A request that cannot be right. */
    static Refusal bad(int status, String code, String message) {
        return new Refusal(status, "invalid_request_error", code, null, message);
    }

    /** A field that cannot be so. */
    static Refusal value(String parameter, String message) {
        return new Refusal(400, "invalid_request_error", "invalid_value", parameter, message);
    }

    /** A field that does not exist. */
    static Refusal unknown(String parameter, String message) {
        return new Refusal(400, "invalid_request_error", "unknown_parameter", parameter, message);
    }

    /** More than is taken on at once: to be tried again. */
    static Refusal busy(String message) {
        return new Refusal(429, "rate_limit_error", "rate_limit_exceeded", null, message);
    }

    /** Strangers are answered already, as many as there may be. */
    static Refusal crowded() {
        return new Refusal(
                503, "server_error", "overloaded", null, "too many clients without a token at once: try again later");
    }

    static Refusal stopping() {
        return new Refusal(503, "server_error", "stopping", null, "the server is stopping: try again later");
    }

    static Refusal cancelled() {
        return bad(409, "cancelled", "the job was cancelled before an image was finished");
    }

    /** What is not the client's fault; the log says more. */
    static Refusal failed(String message) {
        return new Refusal(500, "server_error", "internal_error", null, message);
    }

    int status() {
        return status;
    }

    /** Whether the same request may do later. */
    boolean passes() {
        return status == 429 || status == 503;
    }

    /** Whether the same request is not to be sent again, though its status says that it might. */
    boolean ends() {
        return status == 409 || status == 500;
    }

    Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", parameter);
        error.put("code", code);
        return error;
    }
}
