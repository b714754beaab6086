package org.noisetrail.kernels;

import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of {@link Kernels#update}: {@code nt_update_args} of {@code noisetrail.h}, field by field.
 *
 * <p>Kept from call to call: a field stays as it was set, and is 0 or null before. Pointers are only noted: what they point to must live until the call has ended. Used by one
 * thread at a time; closed by its maker.
 */
public final class UpdateArgs implements AutoCloseable {
    private final Struct fields = new Struct(16);

    /** nt_row [rows]; only the stages are read. */
    public UpdateArgs table(@Nullable Pointer table) {
        fields.put(0, table);
        return this;
    }

    /** How many rows the table has. */
    public UpdateArgs rows(long rows) {
        fields.put(1, rows);
        return this;
    }

    /** Of one state: C * H * W. */
    public UpdateArgs elements(long elements) {
        fields.put(2, elements);
        return this;
    }

    /** nt_step [stepCount]. */
    public UpdateArgs steps(@Nullable Pointer steps) {
        fields.put(3, steps);
        return this;
    }

    /** How many steps there are. */
    public UpdateArgs stepCount(long stepCount) {
        fields.put(4, stepCount);
        return this;
    }

    /** Whose coefficients: 0 or 1. */
    public UpdateArgs stage(int stage) {
        fields.put(5, (long) stage);
        return this;
    }

    /** Float32 [rows, elements]; any of the four inputs may be null, not all. */
    public UpdateArgs xHat(@Nullable Pointer xHat) {
        fields.put(6, xHat);
        return this;
    }

    /** Of the network dtype [rows, elements]. */
    public UpdateArgs f1(@Nullable Pointer f1) {
        fields.put(7, f1);
        return this;
    }

    /** Float32 [rows, elements], x'. */
    public UpdateArgs y(@Nullable Pointer y) {
        fields.put(8, y);
        return this;
    }

    /** Of the network dtype [rows, elements]. */
    public UpdateArgs f2(@Nullable Pointer f2) {
        fields.put(9, f2);
        return this;
    }

    /** {@link Kernels#F32}, {@link Kernels#F16} or {@link Kernels#BF16}. */
    public UpdateArgs networkDtype(int networkDtype) {
        fields.put(10, (long) networkDtype);
        return this;
    }

    /** Out, float32 [rows, elements]; may be null, as each output, and may be y itself. */
    public UpdateArgs next(@Nullable Pointer next) {
        fields.put(11, next);
        return this;
    }

    /** Out, float32 [rows, elements]. */
    public UpdateArgs clean(@Nullable Pointer clean) {
        fields.put(12, clean);
        return this;
    }

    /** Out, of the input dtype [rows, elements]; at stage 0 only. */
    public UpdateArgs input(@Nullable Pointer input) {
        fields.put(13, input);
        return this;
    }

    /** {@link Kernels#F32}, {@link Kernels#F16} or {@link Kernels#BF16}. */
    public UpdateArgs inputDtype(int inputDtype) {
        fields.put(14, (long) inputDtype);
        return this;
    }

    /** Out, float32 [rows]; at stage 0 only. */
    public UpdateArgs level(@Nullable Pointer level) {
        fields.put(15, level);
        return this;
    }

    Pointer pointer() {
        return fields.pointer();
    }

    @Override
    public void close() {
        fields.close();
    }
}
