package org.noisetrail.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors.Dtype;
import org.noisetrail.files.AtomicFiles;

/** Tensors from Java arrays, to be written to one safetensors file. The arrays are not copied: leave them alone until {@link #write} is done. Made by {@link Safetensors#writer}; not thread-safe. */
public final class SafetensorsWriter {
    /** @param fill fills a buffer of one row's bytes; a tensor that is there as an array is one row */
    private record Part(Dtype dtype, long[] shape, int rows, ObjIntConsumer<ByteBuffer> fill, long bytes) {}

    private static final JsonMapper JSON = new JsonMapper();

    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    SafetensorsWriter() {}

    public SafetensorsWriter put(String name, float[] values, long... shape) {
        return put(
                name,
                Dtype.F32,
                values.length,
                shape,
                buffer -> buffer.asFloatBuffer().put(values));
    }

    public SafetensorsWriter put(String name, double[] values, long... shape) {
        return put(
                name,
                Dtype.F64,
                values.length,
                shape,
                buffer -> buffer.asDoubleBuffer().put(values));
    }

    public SafetensorsWriter put(String name, long[] values, long... shape) {
        return put(
                name,
                Dtype.I64,
                values.length,
                shape,
                buffer -> buffer.asLongBuffer().put(values));
    }

    public SafetensorsWriter put(String name, int[] values, long... shape) {
        return put(
                name,
                Dtype.I32,
                values.length,
                shape,
                buffer -> buffer.asIntBuffer().put(values));
    }

    /** U8. */
    public SafetensorsWriter put(String name, byte[] values, long... shape) {
        return put(name, Dtype.U8, values.length, shape, buffer -> buffer.put(values));
    }

    /** Bits of F16 or BF16. */
    public SafetensorsWriter put(String name, Dtype half, short[] bits, long... shape) {
        if (half != Dtype.F16 && half != Dtype.BF16) {
            throw new IllegalArgumentException("dtype must be F16 or BF16: " + half);
        }
        return put(
                name, half, bits.length, shape, buffer -> buffer.asShortBuffer().put(bits));
    }

    /**
     * A tensor that is made row by row as it is written, and need not fit in memory.
     *
     * @param row gives the bytes of a row, little-endian, from 0 on; asked once each
     * @param shape rows first
     * @throws IllegalArgumentException if there is no dimension; {@link #write} throws it of a row that has another number of bytes
     */
    public SafetensorsWriter put(String name, Dtype dtype, IntFunction<byte[]> row, long... shape) {
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
                        elements * dtype.bits() / Byte.SIZE));
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

    /**
     * A line of the header's {@code __metadata__}.
     *
     * @throws IllegalArgumentException if the header would be longer than {@link Safetensors#open} reads: 16 MiB
     */
    public SafetensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        int bytes = bytes(metadata).length;
        if (bytes > SafetensorsHeader.MAX_BYTES) {
            throw new IllegalArgumentException("what a file says of itself (" + key + ") must be <= "
                    + SafetensorsHeader.MAX_BYTES + " bytes: " + bytes);
        }
        return this;
    }

    private static byte[] bytes(Object json) {
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
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

    private SafetensorsWriter put(String name, Dtype dtype, int elements, long[] shape, Consumer<ByteBuffer> fill) {
        long product = 1;
        for (long dimension : shape) {
            product = dimension < 0 ? -1 : Math.multiplyExact(product, dimension);
        }
        if (product != elements) {
            throw new IllegalArgumentException("shape must have as many elements as there are values (" + elements
                    + "): " + Arrays.toString(shape));
        }
        long bytes = (long) elements * dtype.bits() / Byte.SIZE;
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
        order.sort(Comparator.comparing(part -> -part.getValue().dtype.bits()));
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
        if (padded > SafetensorsHeader.MAX_BYTES) {
            throw new IOException("its header must be <= " + SafetensorsHeader.MAX_BYTES + " bytes: " + padded);
        }
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
            ByteBuffer buffer =
                    ByteBuffer.allocate(Math.toIntExact(part.bytes / part.rows)).order(ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < part.rows; row++) {
                part.fill.accept(buffer.clear(), row);
                writeFully(channel, buffer.clear());
            }
        }
        channel.force(false);
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
