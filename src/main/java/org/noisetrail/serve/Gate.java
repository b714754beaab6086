package org.noisetrail.serve;

import com.sun.net.httpserver.Headers;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Who may ask. On the loopback interface any program of this machine may, but no web page of another host: not by its name (DNS rebinding), nor across origins. */
final class Gate {
    /** Characters of a token: what can be guessed guards nothing. */
    static final int SHORTEST_TOKEN = 16;

    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.%]+\\]|[A-Za-z0-9._-]+)(:\\d{1,5})?");
    private static final String BEARER = "Bearer ";

    /** Names that a request may give this server; empty where any will do. */
    private final Set<String> hosts = new HashSet<>();

    private final byte @Nullable [] token;

    /** @throws IllegalArgumentException if it is to be reached from other machines without a token, or the token is short */
    Gate(InetSocketAddress bound, @Nullable String token) {
        requireSafe(bound, token);
        this.token = token == null ? null : digest(token);
        if (bound.getAddress().isLoopbackAddress()) {
            hosts.addAll(List.of(
                    "localhost", "127.0.0.1", "[::1]", bound.getAddress().getHostAddress()));
        }
    }

    /** @throws IllegalArgumentException as the constructor */
    static void requireSafe(InetSocketAddress bound, @Nullable String token) {
        boolean loopback = bound.getAddress().isLoopbackAddress();
        if (token == null && !loopback) {
            throw new IllegalArgumentException("a token must be given to listen on " + bound.getHostString()
                    + ", where other machines can reach it");
        }
        if (token != null && (token.length() < SHORTEST_TOKEN || !token.chars().allMatch(c -> c > ' ' && c < 127))) {
            throw new IllegalArgumentException("a token must have >= " + SHORTEST_TOKEN
                    + " characters of ASCII, and no spaces: " + token.length() + " characters were given");
        }
    }

    /**
     * The host and port by which it is asked for.
     *
     * @throws Refusal if the request came by way of a web page that is not this server's
     */
    String host(Headers headers) {
        String host = headers.getFirst("Host");
        Matcher parts = HOST.matcher(host == null ? "" : host);
        if (host == null || !parts.matches()) {
            throw Refusal.bad(400, "invalid_host", "the Host header must be a name with a port");
        }
        if (!hosts.isEmpty() && !hosts.contains(parts.group(1).toLowerCase(Locale.ROOT))) {
            throw Refusal.bad(403, "forbidden_host", "the server must be asked as localhost or 127.0.0.1");
        }
        String origin = headers.getFirst("Origin");
        if (origin != null && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(host)) {
            throw Refusal.bad(403, "forbidden_origin", "web pages of other origins must not ask this server");
        }
        return host;
    }

    /** @throws Refusal if there is a token and the request has another, or none */
    void check(Headers headers) {
        if (token == null) {
            return;
        }
        String given = headers.getFirst("Authorization");
        boolean bearer = given != null && given.regionMatches(true, 0, BEARER, 0, BEARER.length());
        // Digests have one length, so that the time of comparing tells nothing, not even the token's.
        if (!bearer
                || !MessageDigest.isEqual(
                        token, digest(given.substring(BEARER.length()).strip()))) {
            throw Refusal.bad(
                    401, "invalid_api_key", "the header Authorization must be: Bearer, a space, the server's token");
        }
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
