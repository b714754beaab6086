package org.noisetrail.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.noisetrail.NoisetrailException;

/**
 * Reads JSON that nobody vouches for, alike everywhere: UTF-8 with or without a byte order mark, one value, no key twice, not deep, not
 * many values, not more bytes than a limit. What is refused is a {@link NoisetrailException} of one line that begins with the source.
 * Thread-safe.
 */
public final class JsonFiles {
    /** Bytes of a file where its reader has no limit of its own: 16 MiB. */
    public static final int LIMIT = 16 << 20;

    private static final int DEPTH = 64;
    private static final long TOKENS = 4_000_000;
    /** The most values (names, numbers, brackets) of {@link #parseLarge}. */
    public static final long LARGE_TOKENS = 16 * TOKENS;

    /** For parsers of one's own: the rules of this class, but for bytes and trailing text. */
    public static final JsonFactory FACTORY = factory(TOKENS);

    private static final ObjectReader PLAIN = reader(FACTORY);
    private static final ObjectReader LARGE = reader(factory(LARGE_TOKENS));
    private static final ObjectReader PYTHONS = PLAIN.with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

    private JsonFiles() {}

    private static JsonFactory factory(long tokens) {
        return JsonFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(DEPTH)
                        .maxTokenCount(tokens)
                        // What a file may have as a whole is each reader's own limit.
                        .maxStringLength(Integer.MAX_VALUE)
                        .build())
                .build();
    }

    private static ObjectReader reader(JsonFactory factory) {
        return JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build()
                .reader();
    }

    /** A file of at most {@link #LIMIT} bytes. */
    public static JsonNode read(Path file) {
        return read(file, LIMIT);
    }

    /** @param limit the most bytes it may have, >= 0 */
    public static JsonNode read(Path file, int limit) {
        return parse(file.toString(), bytes(file, limit));
    }

    /**
     * The bytes of a file that must not be larger than a limit; no more than those are ever taken, whatever the file is.
     *
     * @param limit bytes, >= 0
     * @throws NoisetrailException if it is larger, not there, or cannot be read
     */
    public static byte[] bytes(Path file, int limit) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) > limit) {
                throw tooLarge(file.toString(), limit, Long.toString(Files.size(file)));
            }
            try (InputStream in = Files.newInputStream(file)) {
                return bytes(file.toString(), in, limit);
            }
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(file, e);
        }
    }

    /** @param source for messages */
    public static byte[] bytes(String source, InputStream in, int limit) throws IOException {
        byte[] bytes = in.readNBytes(limit);
        if (in.read() >= 0) {
            throw tooLarge(source, limit, "more");
        }
        return bytes;
    }

    /** @param source where it is from, for messages */
    public static JsonNode parse(String source, byte[] json) {
        return parse(source, json, PLAIN);
    }

    /** As {@link #parse(String, byte[])}, of files of the library's own that grow with what was drawn: up to {@link #LARGE_TOKENS} values. */
    public static JsonNode parseLarge(String source, byte[] json) {
        return parse(source, json, LARGE);
    }

    /** As {@link #parse(String, byte[])}, but numbers may be {@code NaN}, {@code Infinity} and {@code -Infinity}, as Python's json writes them. */
    public static JsonNode parsePythons(String source, byte[] json) {
        return parse(source, json, PYTHONS);
    }

    private static JsonNode parse(String source, byte[] json, ObjectReader reader) {
        try {
            // Decoded here, because Jackson would put replacement characters for some malformed bytes, and guess at
            // UTF-16.
            return parse(
                    source,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(json))
                            .toString(),
                    reader);
        } catch (CharacterCodingException e) {
            throw new NoisetrailException(source + ": not sound JSON: not UTF-8", e);
        }
    }

    /** @param source where it is from, for messages */
    public static JsonNode parse(String source, String json) {
        return parse(source, json, PLAIN);
    }

    private static JsonNode parse(String source, String json, ObjectReader reader) {
        try {
            JsonNode root = reader.readTree(json.startsWith("\uFEFF") ? json.substring(1) : json);
            if (root.isMissingNode()) {
                throw new NoisetrailException(source + ": not sound JSON: it is empty");
            }
            return root;
        } catch (JsonProcessingException e) {
            throw new NoisetrailException(source + ": not sound JSON: " + reason(e), e);
        }
    }

    /** What is wrong with JSON, in one line without the parser's own names. */
    public static String reason(JsonProcessingException e) {
        String message = e.getOriginalMessage() == null ? "it is cut" : e.getOriginalMessage();
        if (message.startsWith("Trailing token")) {
            return "something follows its end";
        }
        return Excerpt.of(message.replaceAll(", from `[^`]*`", "")
                .replaceAll(" \\(for [A-Za-z-]+ starting at .*\\)", "")
                .replaceAll("\\(start marker at .*\\)", "")
                .replaceAll("[ (:]+(consider )?enabl(e|ing) `[^`]*`.*", "")
                .strip());
    }

    private static NoisetrailException tooLarge(String source, int limit, String size) {
        return new NoisetrailException(source + ": must be <= " + limit + " bytes: " + size);
    }
}
