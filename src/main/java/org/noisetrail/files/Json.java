package org.noisetrail.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Writes JSON: for people, indented, one value a line, short arrays of numbers in one; for programs, all of it in one line. */
public final class Json {
    private static final ObjectWriter PLAIN = new ObjectMapper().writer();
    private static final ObjectWriter PRETTY = new ObjectMapper()
            .writer(new DefaultPrettyPrinter()
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(DefaultPrettyPrinter.FixedSpaceIndenter.instance));

    private static final ObjectMapper SORTED =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    private Json() {}

    /** A value as a tree whose objects' keys are in order; equal to itself read from a file, whatever its numbers' types. */
    public static JsonNode sorted(Object value) {
        try {
            return SORTED.readTree(SORTED.writeValueAsBytes(value));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A name for a value, 24 hexadecimal digits: equal for equal values, whatever the order of their keys, and for those only. */
    public static String hash(Object value) {
        try {
            byte[] text = SORTED.writeValueAsString(SORTED.treeToValue(sorted(value), Object.class))
                    .getBytes(StandardCharsets.UTF_8);
            return sha256(text).substring(0, 24);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of bytes, in 64 hexadecimal digits. */
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Maps, lists, strings, numbers, booleans and nulls; ends with a line break. */
    public static String pretty(Object value) {
        return write(PRETTY, value) + "\n";
    }

    /** As {@link #pretty}, without any line break. */
    public static String line(Object value) {
        return write(PLAIN, value);
    }

    /** {@link #line} with a line break at its end, in UTF-8, for what is large. */
    public static byte[] bytes(Object value) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            PLAIN.writeValue(bytes, value);
            bytes.write('\n');
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String write(ObjectWriter writer, Object value) {
        try {
            return writer.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
