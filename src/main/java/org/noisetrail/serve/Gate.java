package org.noisetrail.serve;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
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

    /** Names that a request may give this server; empty where any will do: a page that has another host's name does not have the token. */
    private final Set<String> hosts = new HashSet<>();

    private final byte @Nullable [] token;
    private final @Nullable String publicOrigin;

    /**
     * @param publicUrl where a reverse proxy is asked for it; null for none
     * @throws IllegalArgumentException if it is to be reached from other machines without a token, the token is short, or the URL has more than a host
     */
    Gate(InetSocketAddress bound, @Nullable String token, @Nullable URI publicUrl) {
        requireSafe(bound, token);
        this.token = token == null ? null : digest(token);
        publicOrigin = publicUrl == null ? null : origin(publicUrl);
        if (token == null) {
            hosts.addAll(List.of("localhost", "127.0.0.1", "[::1]", host(bound.getAddress())));
            if (publicUrl != null) {
                hosts.add(publicUrl.getHost().toLowerCase(Locale.ROOT));
            }
        }
    }

    /** As a URL has it. */
    static String host(InetAddress address) {
        String host = address.getHostAddress();
        return host.contains(":") ? "[" + host + "]" : host;
    }

    /**
     * As browsers send it.
     *
     * @throws IllegalArgumentException if it is no http or https URL of a host alone
     */
    static String origin(URI url) {
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        boolean path = url.getRawPath() != null && !url.getRawPath().matches("/?");
        if (!scheme.matches("https?")
                || url.getHost() == null
                || url.getRawUserInfo() != null
                || path
                || url.getRawQuery() != null
                || url.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "a public URL must be http or https, a host and at most a port, such as https://images.example.com: "
                            + url);
        }
        boolean usual = url.getPort() < 0 || url.getPort() == (scheme.equals("http") ? 80 : 443);
        return scheme + "://" + url.getHost().toLowerCase(Locale.ROOT) + (usual ? "" : ":" + url.getPort());
    }

    /** @throws IllegalArgumentException as the constructor */
    static void requireSafe(InetSocketAddress bound, @Nullable String token) {
        boolean loopback = bound.getAddress().isLoopbackAddress();
        if (token == null && !loopback) {
            throw new IllegalArgumentException("a token must be given to listen on " + bound.getHostString()
                    + ", where other machines can reach it");
        }
        if (token != null) {
            requireGood(token);
        }
    }

    /** @throws IllegalArgumentException that does not show it */
    static void requireGood(String token) {
        if (token.length() < SHORTEST_TOKEN || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException("a token must have >= " + SHORTEST_TOKEN
                    + " characters of ASCII, and no spaces: " + token.length() + " characters were given");
        }
    }

    /**
     * What links to it begin with: its public URL, or the host and port by which it is asked for.
     *
     * @throws Refusal if the request came by way of a web page that is not this server's
     */
    String origin(Headers headers) {
        String host = headers.getFirst("Host");
        Matcher parts = HOST.matcher(host == null ? "" : host);
        if (host == null || !parts.matches()) {
            throw Refusal.bad(400, "invalid_host", "the Host header must be a name with a port");
        }
        if (!hosts.isEmpty() && !hosts.contains(parts.group(1).toLowerCase(Locale.ROOT))) {
            throw Refusal.bad(
                    403, "forbidden_host", "a server without a token must be asked as localhost or 127.0.0.1");
        }
        String origin = headers.getFirst("Origin");
        if (origin != null
                && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(host)
                && !origin.equalsIgnoreCase(publicOrigin)) {
            throw Refusal.bad(403, "forbidden_origin", "web pages of other origins must not ask this server");
        }
        return publicOrigin == null ? "http://" + host : publicOrigin;
    }

    /** @throws Refusal if there is a token and the request has another, or none */
    void check(Headers headers) {
        if (!knows(headers)) {
            throw Refusal.bad(
                    401, "invalid_api_key", "the header Authorization must be: Bearer, a space, the server's token");
        }
    }

    /** Whether a request has the token, if there is one. */
    boolean knows(Headers headers) {
        if (token == null) {
            return true;
        }
        String given = headers.getFirst("Authorization");
        boolean bearer = given != null && given.regionMatches(true, 0, BEARER, 0, BEARER.length());
        // Digests have one length, so that the time of comparing tells nothing, not even the token's.
        return bearer
                && MessageDigest.isEqual(
                        token, digest(given.substring(BEARER.length()).strip()));
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
