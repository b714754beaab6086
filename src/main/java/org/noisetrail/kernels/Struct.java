package org.noisetrail.kernels;

import java.nio.ByteOrder;
import java.nio.LongBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** A C struct of fields that have 8 bytes each, in native memory; all 0 and null at first. */
final class Struct implements AutoCloseable {
    static {
        Natives.load(Pointer.class);
    }

    private final BytePointer memory;
    private final LongBuffer fields;

    Struct(int count) {
        memory = new BytePointer((long) count * Long.BYTES);
        fields = memory.asByteBuffer().order(ByteOrder.nativeOrder()).asLongBuffer();
        for (int field = 0; field < count; field++) {
            fields.put(field, 0);
        }
    }

    void put(int field, long value) {
        requireOpen();
        fields.put(field, value);
    }

    void put(int field, double value) {
        put(field, Double.doubleToRawLongBits(value));
    }

    /** A typed pointer's position counts values. */
    void put(int field, @Nullable Pointer value) {
        put(field, value == null ? 0L : value.address() + value.position() * value.sizeof());
    }

    Pointer pointer() {
        requireOpen();
        return memory;
    }

    /** What was closed is another's memory by now. */
    private void requireOpen() {
        if (memory.isNull()) {
            throw new IllegalStateException("the arguments are closed");
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
