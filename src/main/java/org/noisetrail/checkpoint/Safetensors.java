package org.noisetrail.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Excerpt;

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
            SafetensorsHeader header = SafetensorsHeader.read(file, channel);
            return new Safetensors(file, header.entries(), header.metadata());
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
                    file + ": no tensor \"" + Excerpt.of(name) + "\"; it has " + Excerpt.list(entries.keySet()));
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
    public static SafetensorsWriter writer() {
        return new SafetensorsWriter();
    }

    private ByteBuffer read(Entry entry) {
        if (entry.bytes > Integer.MAX_VALUE - 8) {
            throw new NoisetrailException(file + ": tensor \"" + Excerpt.of(entry.name) + "\": " + entry.bytes
                    + " bytes do not fit a Java array; read it as a LibTorch tensor");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return read(channel, entry.offset, (int) entry.bytes);
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(file, e);
        }
    }

    static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
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
                    file + ": tensor \"" + Excerpt.of(entry.name) + "\": dtype must be " + dtypes + ": " + entry.dtype);
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
}
