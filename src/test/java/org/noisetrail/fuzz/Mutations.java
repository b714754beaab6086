package org.noisetrail.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;

/** Makes inputs that are almost sound: what a sound one has, with bytes, numbers, words and pieces of others in its place. */
final class Mutations {
    /** What parsers stumble over. */
    private static final List<String> WORDS = List.of(
            "",
            "-1",
            "0",
            "1e999",
            "-0.0",
            "NaN",
            "Infinity",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999999999",
            "0.1e-400",
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"\\u0000\"",
            "\"\\u001b[2J\"",
            "\"\\ud800\"",
            "\"../../etc/passwd\"",
            "\"a\\nb\"",
            "[".repeat(100),
            "{\"a\":".repeat(100),
            "\"" + "x".repeat(5000) + "\"",
            "\uFEFF",
            "\u202E",
            "\0",
            ",",
            ":",
            "-",
            "*",
            "=",
            "..");

    private final Random random;

    Mutations(long seed) {
        this.random = new Random(seed);
    }

    Random random() {
        return random;
    }

    <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** One of the seeds, changed in 0 to 8 places. */
    byte[] next(List<byte[]> seeds) {
        byte[] bytes = any(seeds).clone();
        int changes = random.nextInt(9);
        for (int i = 0; i < changes; i++) {
            bytes = changed(bytes, seeds);
        }
        return bytes;
    }

    private byte[] changed(byte[] bytes, List<byte[]> seeds) {
        int length = bytes.length;
        int at = random.nextInt(length + 1);
        int end = at + random.nextInt(Math.min(length - at, 32) + 1);
        return switch (random.nextInt(9)) {
            case 0 -> flipped(bytes);
            case 1 -> flipped(bytes);
            case 2 -> joined(bytes, 0, at, new byte[0], bytes, end, length);
            case 3 -> joined(bytes, 0, at, any(WORDS).getBytes(UTF_8), bytes, at, length);
            case 4, 5 -> value(bytes);
            case 6 -> joined(bytes, 0, end, new byte[0], bytes, at, length);
            case 7 -> {
                byte[] other = any(seeds);
                int from = random.nextInt(other.length + 1);
                yield joined(bytes, 0, at, new byte[0], other, from, Math.min(other.length, from + 200));
            }
            default ->
                random.nextInt(4) == 0 ? joined(bytes, 0, at, new byte[0], bytes, length, length) : flipped(bytes);
        };
    }

    private byte[] flipped(byte[] bytes) {
        if (bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] ^=
                    (byte) (random.nextBoolean() ? 1 << random.nextInt(8) : random.nextInt(256));
        }
        return bytes;
    }

    /** A number or a text in quotes becomes another value. */
    private byte[] value(byte[] bytes) {
        int at = random.nextInt(bytes.length + 1);
        while (at < bytes.length && !isValue(bytes[at])) {
            at++;
        }
        int end = at;
        while (end < bytes.length && isValue(bytes[end])) {
            end++;
        }
        return joined(bytes, 0, at, any(WORDS).getBytes(UTF_8), bytes, end, bytes.length);
    }

    private static boolean isValue(byte b) {
        return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b == '.' || b == '-' || b == '"';
    }

    private static byte[] joined(byte[] first, int from, int to, byte[] between, byte[] last, int start, int end) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(to - from + between.length + end - start);
        out.write(first, from, to - from);
        out.writeBytes(between);
        out.write(last, start, end - start);
        return out.toByteArray();
    }
}
