package org.noisetrail.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors.Dtype;
import org.noisetrail.checkpoint.Safetensors.Entry;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;

/** What a safetensors file says of its tensors, by name in the file's order, and of itself. All of it is checked against the file's length. */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
    /** Bytes: some 100,000 tensors. (The format's own library takes 100 MB.) */
    static final long MAX_BYTES = 16 << 20;

    private static final int MAX_RANK = 64;

    static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw new NoisetrailException(
                    file + ": not a safetensors file: " + size + " bytes, less than its header's length");
        }
        ByteBuffer start = Safetensors.read(channel, 0, 8);
        long length = start.getLong(0);
        boolean implausible = length < 0 || length > size - 8 || length > MAX_BYTES;
        if (implausible && isPickle(start)) {
            throw new NoisetrailException(
                    file + ": a pickle (as .ckpt, .bin and .pt files are), which can run code and is"
                            + " never read: save the model as safetensors");
        }
        if (length < 0 || length > size - 8) {
            throw new NoisetrailException(file + ": not a safetensors file, or cut: the header should have "
                    + Long.toUnsignedString(length) + " bytes, the file has " + (size - 8) + " after its length");
        }
        if (length > MAX_BYTES) {
            throw new NoisetrailException(file + ": header must be <= " + MAX_BYTES + " bytes: " + length);
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser in = JsonFiles.FACTORY.createParser(text(file, Safetensors.read(channel, 8, (int) length)))) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw new NoisetrailException(file + ": header must be a JSON object");
            }
            // Read piece by piece: as a tree, a header of empty lists would take a hundred times its size.
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                if (name.equals("__metadata__")) {
                    readMetadata(in, metadata);
                } else {
                    entries.add(entry(file, name, in, 8 + length, size));
                }
            }
            if (in.nextToken() != null) {
                throw new NoisetrailException(file + ": header is not sound JSON: something follows its end");
            }
        } catch (JsonProcessingException e) {
            throw new NoisetrailException(file + ": header is not sound JSON: " + JsonFiles.reason(e), e);
        }
        requireGapless(file, entries, 8 + length, size);
        Map<String, Entry> byName = new LinkedHashMap<>();
        entries.forEach(entry -> byName.put(entry.name(), entry));
        return new SafetensorsHeader(byName, metadata);
    }

    /** PyTorch's files are zip archives, older ones pickles of protocol 2 or later. */
    private static boolean isPickle(ByteBuffer start) {
        return start.get(0) == 'P' && start.get(1) == 'K'
                || start.get(0) == (byte) 0x80 && start.get(1) >= 2 && start.get(1) <= 5;
    }

    private static String text(Path file, ByteBuffer bytes) {
        try {
            // Decoded here, because Jackson would put replacement characters for some malformed bytes.
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new NoisetrailException(file + ": header is not UTF-8", e);
        }
    }

    private static void readMetadata(JsonParser in, Map<String, String> metadata) throws IOException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            in.skipChildren();
            return;
        }
        while (in.nextToken() == JsonToken.FIELD_NAME) {
            String key = in.currentName();
            if (in.nextToken() == JsonToken.VALUE_STRING) {
                metadata.put(key, in.getText());
            } else {
                in.skipChildren();
            }
        }
    }

    private static Entry entry(Path file, String name, JsonParser in, long dataStart, long fileSize)
            throws IOException {
        String where = file + ": tensor \"" + Excerpt.of(name) + "\": ";
        @Nullable String type = null;
        @Nullable List<Long> shape = null;
        @Nullable List<Long> offsets = null;
        if (in.currentToken() == JsonToken.START_OBJECT) {
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String key = in.currentName();
                JsonToken value = in.nextToken();
                switch (key) {
                    case "dtype" -> type = value == JsonToken.VALUE_STRING ? in.getText() : null;
                    case "shape" -> shape = naturals(where, "shape's dimensions", in);
                    case "data_offsets" -> offsets = naturals(where, "data_offsets", in);
                    default -> in.skipChildren();
                }
            }
        }
        if (type == null || shape == null || offsets == null || offsets.size() != 2) {
            throw new NoisetrailException(where + "must have a dtype, a shape and two data_offsets");
        }
        Dtype dtype = dtype(where, type);
        long bits = dtype.bits();
        try {
            for (long dimension : shape) {
                bits = Math.multiplyExact(bits, dimension);
            }
        } catch (ArithmeticException e) {
            throw new NoisetrailException(where + "shape " + shape + " is larger than any file", e);
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (begin > end || end > fileSize - dataStart) {
            throw new NoisetrailException(where + "data_offsets must rise and be <= " + (fileSize - dataStart)
                    + " (the file's data): [" + begin + ", " + end + "]");
        }
        if (bits % Byte.SIZE != 0 || end - begin != bits / Byte.SIZE) {
            throw new NoisetrailException(where + "shape " + shape + " of " + dtype + " needs "
                    + (bits % Byte.SIZE == 0 ? bits / Byte.SIZE + " bytes" : bits + " bits") + ": the file has "
                    + (end - begin));
        }
        return new Entry(name, dtype, List.copyOf(shape), dataStart + begin, end - begin);
    }

    /** The list of integers >= 0 that the parser is at; null if it is at something else. */
    private static @Nullable List<Long> naturals(String where, String what, JsonParser in) throws IOException {
        if (in.currentToken() != JsonToken.START_ARRAY) {
            in.skipChildren();
            return null;
        }
        List<Long> values = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = in.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && in.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || in.getLongValue() < 0) {
                throw new NoisetrailException(
                        where + what + " must be integers >= 0 and < 2^63: " + Excerpt.of(in.getText()));
            }
            if (values.size() == MAX_RANK) {
                throw new NoisetrailException(where + what + " must be <= " + MAX_RANK + ": more");
            }
            values.add(in.getLongValue());
        }
        return values;
    }

    private static Dtype dtype(String where, String name) {
        try {
            return Dtype.valueOf(name);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(
                    where + "dtype must be one of " + Arrays.toString(Dtype.values()) + ": " + Excerpt.of(name));
        }
    }

    private static void requireGapless(Path file, List<Entry> entries, long dataStart, long fileSize) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::bytes));
        long end = dataStart;
        @Nullable String previous = null;
        for (Entry entry : sorted) {
            if (entry.offset() != end) {
                String before = previous == null ? "the header" : "\"" + Excerpt.of(previous) + "\"";
                throw new NoisetrailException(file + ": tensor \"" + Excerpt.of(entry.name()) + "\": "
                        + (entry.offset() < end
                                ? "overlaps " + before
                                : (entry.offset() - end) + " bytes between it and " + before + " belong to no tensor"));
            }
            end = entry.offset() + entry.bytes();
            previous = entry.name();
        }
        if (end != fileSize) {
            throw new NoisetrailException(file + ": the last " + (fileSize - end) + " bytes belong to no tensor");
        }
    }
}
