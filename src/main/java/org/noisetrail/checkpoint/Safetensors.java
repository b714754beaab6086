package org.noisetrail.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;

/**
 * A safetensors file: named tensors behind a JSON header. Opening reads and checks the header only; nothing but {@link #tensor} loads
 * LibTorch.
 *
 * <p>Files are not trusted: a header that is cut, too long, ambiguous or at odds with the file's length is refused when opened, with one
 * line that names file, tensor and fact. Immutable, so safe to share between threads.
 */
public final class Safetensors {
    /** What a tensor's elements are. A file may have all of them; those of {@link #isReadable} can be asked for. */
    public enum Dtype {
        F64(64),
        F32(32),
        F16(16),
        BF16(16),
        I64(64),
        I32(32),
        I16(16),
        I8(8),
        U64(64),
        U32(32),
        U16(16),
        U8(8),
        BOOL(8),
        C64(64),
        F8_E5M2(8),
        F8_E4M3(8),
        F8_E8M0(8),
        F8_E5M2FNUZ(8),
        F8_E4M3FNUZ(8),
        F6_E2M3(6),
        F6_E3M2(6),
        F4(4);

        private final int bits;

        Dtype(int bits) {
            this.bits = bits;
        }

        /** Bits of one element. */
        public int bits() {
            return bits;
        }

        /** Whether this library reads tensors of it: F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL. */
        public boolean isReadable() {
            return switch (this) {
                case F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL -> true;
                default -> false;
            };
        }

        /** Whether it is one of those that a network's weights have: F64, F32, F16 and BF16. */
        boolean isFloating() {
            return this == F64 || this == F32 || this == F16 || this == BF16;
        }
    }

    /**
     * One tensor as the header has it.
     *
     * @param shape each dimension >= 0; empty for a scalar
     * @param offset where its bytes begin in the file
     * @param bytes how many they are
     */
    public record Entry(String name, Dtype dtype, List<Long> shape, long offset, long bytes) {
        public long elements() {
            return bytes * Byte.SIZE / dtype.bits;
        }

        public long[] shapeArray() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    /** Bytes: some 100,000 tensors. (The format's own library takes 100 MB.) */
    static final long MAX_HEADER = 16 << 20;

    private static final int MAX_RANK = 64;

    private static final JsonMapper JSON = new JsonMapper();

    private final Path file;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private Safetensors(Path file, Map<String, Entry> entries, Map<String, String> metadata) {
        this.file = file;
        this.entries = Collections.unmodifiableMap(entries);
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    /** @throws NoisetrailException if there is no such file, or its header is not sound */
    public static Safetensors open(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new NoisetrailException(file + ": not a safetensors file: a folder or a device");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return readHeader(file, channel);
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(file, e);
        }
    }

    public Path file() {
        return file;
    }

    /** The tensors by name, in the file's order. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /** What the file says of itself: texts by key, from the header's {@code __metadata__}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** @throws NoisetrailException if there is no such tensor */
    public Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new NoisetrailException(
                    file + ": no tensor \"" + oneLine(name) + "\"; it has " + preview(entries.keySet()));
        }
        return entry;
    }

    /** A tensor of any floating type as float32 (F64 is rounded). */
    public float[] floats(String name) {
        Entry entry = entry(name);
        require(entry, entry.dtype.isFloating(), "F32, F16, BF16 or F64");
        ByteBuffer bytes = read(entry);
        float[] values = new float[(int) entry.elements()];
        switch (entry.dtype) {
            case F32 -> bytes.asFloatBuffer().get(values);
            case F64 -> fill(values.length, i -> values[i] = (float) bytes.getDouble(8 * i));
            case F16 -> fill(values.length, i -> values[i] = halfToFloat(bytes.getShort(2 * i)));
            default -> fill(values.length, i -> values[i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16));
        }
        return values;
    }

    /** An F64 tensor. */
    public double[] doubles(String name) {
        Entry entry = entry(name);
        require(entry, entry.dtype == Dtype.F64, "F64");
        ByteBuffer bytes = read(entry);
        double[] values = new double[(int) entry.elements()];
        bytes.asDoubleBuffer().get(values);
        return values;
    }

    /** A tensor of integers: I64, I32, or U8 as 0..255. */
    public long[] longs(String name) {
        Entry entry = entry(name);
        require(entry, List.of(Dtype.I64, Dtype.I32, Dtype.U8).contains(entry.dtype), "I64, I32 or U8");
        ByteBuffer bytes = read(entry);
        long[] values = new long[(int) entry.elements()];
        switch (entry.dtype) {
            case I64 -> bytes.asLongBuffer().get(values);
            case I32 -> fill(values.length, i -> values[i] = bytes.getInt(4 * i));
            default -> fill(values.length, i -> values[i] = bytes.get(i) & 0xff);
        }
        return values;
    }

    /** A U8 tensor; each byte is 0..255 unsigned. */
    public byte[] bytes(String name) {
        Entry entry = entry(name);
        require(entry, entry.dtype == Dtype.U8, "U8");
        return read(entry).array();
    }

    /**
     * A tensor as LibTorch has it, in its own type, on the CPU. Not copied where the file allows it: its memory is the mapped file, which
     * stays mapped as long as LibTorch uses it. Do not write to it, and do not truncate the file meanwhile.
     *
     * @return the caller's to close
     * @throws NoisetrailException if there is no such tensor, or its type is not {@linkplain Dtype#isReadable readable}
     */
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        require(entry, entry.dtype.isReadable(), "one that LibTorch computes with");
        return MappedTensor.of(file, entry);
    }

    /** Collects tensors to be written. */
    public static Writer writer() {
        return new Writer();
    }

    /** Tensors from Java arrays, to be written to one file. The arrays are not copied: leave them alone until {@link #write} is done. */
    public static final class Writer {
        /** @param fill fills a buffer of one row's bytes; a tensor that is there as an array is one row */
        private record Part(Dtype dtype, long[] shape, int rows, ObjIntConsumer<ByteBuffer> fill, long bytes) {}

        private final Map<String, Part> parts = new LinkedHashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();

        private Writer() {}

        public Writer put(String name, float[] values, long... shape) {
            return put(
                    name,
                    Dtype.F32,
                    values.length,
                    shape,
                    buffer -> buffer.asFloatBuffer().put(values));
        }

        public Writer put(String name, double[] values, long... shape) {
            return put(
                    name,
                    Dtype.F64,
                    values.length,
                    shape,
                    buffer -> buffer.asDoubleBuffer().put(values));
        }

        public Writer put(String name, long[] values, long... shape) {
            return put(
                    name,
                    Dtype.I64,
                    values.length,
                    shape,
                    buffer -> buffer.asLongBuffer().put(values));
        }

        public Writer put(String name, int[] values, long... shape) {
            return put(
                    name,
                    Dtype.I32,
                    values.length,
                    shape,
                    buffer -> buffer.asIntBuffer().put(values));
        }

        /** U8. */
        public Writer put(String name, byte[] values, long... shape) {
            return put(name, Dtype.U8, values.length, shape, buffer -> buffer.put(values));
        }

        /** Bits of F16 or BF16. */
        public Writer put(String name, Dtype half, short[] bits, long... shape) {
            if (half != Dtype.F16 && half != Dtype.BF16) {
                throw new IllegalArgumentException("dtype must be F16 or BF16: " + half);
            }
            return put(
                    name,
                    half,
                    bits.length,
                    shape,
                    buffer -> buffer.asShortBuffer().put(bits));
        }

        /**
         * A tensor that is made row by row as it is written, and need not fit in memory.
         *
         * @param row gives the bytes of a row, little-endian, from 0 on; asked once each
         * @param shape rows first
         * @throws IllegalArgumentException if there is no dimension; {@link #write} throws it of a row that has another number of bytes
         */
        public Writer put(String name, Dtype dtype, IntFunction<byte[]> row, long... shape) {
            if (shape.length == 0) {
                throw new IllegalArgumentException("shape must have a dimension of rows: []");
            }
            int rows = Math.toIntExact(shape[0]);
            long elements = 1;
            for (long dimension : shape) {
                elements = Math.multiplyExact(elements, dimension);
            }
            put(
                    name,
                    new Part(
                            dtype,
                            shape.clone(),
                            rows,
                            (buffer, i) -> fill(name, buffer, i, row.apply(i)),
                            elements * dtype.bits / Byte.SIZE));
            return this;
        }

        /** A short row would be filled up with what lies in the buffer of the row before. */
        private static void fill(String name, ByteBuffer buffer, int row, byte[] bytes) {
            if (bytes.length != buffer.remaining()) {
                throw new IllegalArgumentException("row " + row + " of tensor \"" + name + "\" must have "
                        + buffer.remaining() + " bytes: " + bytes.length);
            }
            buffer.put(bytes);
        }

        /** A line of the header's {@code __metadata__}. */
        public Writer metadata(String key, String value) {
            metadata.put(key, value);
            return this;
        }

        /**
         * Writes the file whole or not at all: beside its place, then moved there.
         *
         * @throws NoisetrailException if it cannot be written, with the system's reason
         */
        public void write(Path file) {
            AtomicFiles.replace(file, temporary -> {
                try (FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                    writeTo(channel);
                }
            });
        }

        private Writer put(String name, Dtype dtype, int elements, long[] shape, Consumer<ByteBuffer> fill) {
            long product = 1;
            for (long dimension : shape) {
                product = dimension < 0 ? -1 : Math.multiplyExact(product, dimension);
            }
            if (product != elements) {
                throw new IllegalArgumentException("shape must have as many elements as there are values (" + elements
                        + "): " + Arrays.toString(shape));
            }
            long bytes = (long) elements * dtype.bits / Byte.SIZE;
            put(name, new Part(dtype, shape.clone(), 1, (buffer, row) -> fill.accept(buffer), bytes));
            return this;
        }

        private void put(String name, Part part) {
            if (name.equals("__metadata__") || parts.putIfAbsent(name, part) != null) {
                throw new IllegalArgumentException("tensor name must be new and not __metadata__: " + name);
            }
        }

        private void writeTo(FileChannel channel) throws IOException {
            // Wide types first, so that each tensor lies on a multiple of its element's size.
            List<Map.Entry<String, Part>> order = new ArrayList<>(parts.entrySet());
            order.sort(Comparator.comparing(part -> -part.getValue().dtype.bits));
            ObjectNode header = JSON.createObjectNode();
            if (!metadata.isEmpty()) {
                ObjectNode node = header.putObject("__metadata__");
                metadata.forEach(node::put);
            }
            long offset = 0;
            for (Map.Entry<String, Part> each : order) {
                Part part = each.getValue();
                ObjectNode node = header.putObject(each.getKey()).put("dtype", part.dtype.name());
                var shape = node.putArray("shape");
                for (long dimension : part.shape) {
                    shape.add(dimension);
                }
                node.putArray("data_offsets").add(offset).add(offset + part.bytes);
                offset += part.bytes;
            }
            byte[] json = JSON.writeValueAsBytes(header);
            int padded = (json.length + 7) / 8 * 8;
            ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(padded).put(json);
            while (start.hasRemaining()) {
                start.put((byte) ' ');
            }
            writeFully(channel, start.flip());
            for (Map.Entry<String, Part> each : order) {
                Part part = each.getValue();
                if (part.rows == 0) {
                    continue;
                }
                ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(part.bytes / part.rows))
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (int row = 0; row < part.rows; row++) {
                    part.fill.accept(buffer.clear(), row);
                    writeFully(channel, buffer.clear());
                }
            }
            channel.force(false);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static Safetensors readHeader(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw new NoisetrailException(
                    file + ": not a safetensors file: " + size + " bytes, less than its header's length");
        }
        ByteBuffer start = read(channel, 0, 8);
        long length = start.getLong(0);
        boolean implausible = length < 0 || length > size - 8 || length > MAX_HEADER;
        if (implausible && isPickle(start)) {
            throw new NoisetrailException(
                    file + ": a pickle (as .ckpt, .bin and .pt files are), which can run code and is"
                            + " never read: save the model as safetensors");
        }
        if (length < 0 || length > size - 8) {
            throw new NoisetrailException(file + ": not a safetensors file, or cut: the header should have "
                    + Long.toUnsignedString(length) + " bytes, the file has " + (size - 8) + " after its length");
        }
        if (length > MAX_HEADER) {
            throw new NoisetrailException(file + ": header must be <= " + MAX_HEADER + " bytes: " + length);
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser in = JsonFiles.FACTORY.createParser(text(file, read(channel, 8, (int) length)))) {
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
        entries.forEach(entry -> byName.put(entry.name, entry));
        return new Safetensors(file, byName, metadata);
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
        String where = file + ": tensor \"" + oneLine(name) + "\": ";
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
        long bits = dtype.bits;
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
                        where + what + " must be integers >= 0 and < 2^63: " + oneLine(in.getText()));
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
                    where + "dtype must be one of " + Arrays.toString(Dtype.values()) + ": " + oneLine(name));
        }
    }

    private static void requireGapless(Path file, List<Entry> entries, long dataStart, long fileSize) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::bytes));
        long end = dataStart;
        @Nullable String previous = null;
        for (Entry entry : sorted) {
            if (entry.offset != end) {
                String before = previous == null ? "the header" : "\"" + oneLine(previous) + "\"";
                throw new NoisetrailException(file + ": tensor \"" + oneLine(entry.name) + "\": "
                        + (entry.offset < end
                                ? "overlaps " + before
                                : (entry.offset - end) + " bytes between it and " + before + " belong to no tensor"));
            }
            end = entry.offset + entry.bytes;
            previous = entry.name;
        }
        if (end != fileSize) {
            throw new NoisetrailException(file + ": the last " + (fileSize - end) + " bytes belong to no tensor");
        }
    }

    private ByteBuffer read(Entry entry) {
        if (entry.bytes > Integer.MAX_VALUE - 8) {
            throw new NoisetrailException(file + ": tensor \"" + oneLine(entry.name) + "\": " + entry.bytes
                    + " bytes do not fit a Java array; read it as a LibTorch tensor");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return read(channel, entry.offset, (int) entry.bytes);
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(file, e);
        }
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, position, buffer);
        return buffer.flip();
    }

    public static void readFully(FileChannel channel, long position, ByteBuffer buffer) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) {
                throw new EOFException("it ends " + buffer.remaining() + " bytes early");
            }
            at += count;
        }
    }

    private void require(Entry entry, boolean fits, String dtypes) {
        if (!fits) {
            throw new NoisetrailException(
                    file + ": tensor \"" + oneLine(entry.name) + "\": dtype must be " + dtypes + ": " + entry.dtype);
        }
    }

    private interface IndexAction {
        void at(int index);
    }

    private static void fill(int count, IndexAction action) {
        for (int i = 0; i < count; i++) {
            action.at(i);
        }
    }

    private static float halfToFloat(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int mantissa = bits & 0x3ff;
        float magnitude = switch (exponent) {
            case 0 -> mantissa * 0x1p-24f;
            case 0x1f -> mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
            default -> Float.intBitsToFloat(exponent + 112 << 23 | mantissa << 13);
        };
        return bits < 0 ? -magnitude : magnitude;
    }

    /** Text out of a file, fit for a message: {@link Excerpt#of(String)}. */
    public static String oneLine(String text) {
        return Excerpt.of(text);
    }

    /** Names out of a file, fit for a message: {@link Excerpt#list}. */
    public static String preview(Iterable<String> names) {
        return Excerpt.list(names);
    }
}
