package org.noisetrail.kernels;

import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of {@link Kernels#propose}: {@code nt_propose_args} of {@code noisetrail.h}, field by field.
 *
 * <p>Kept from call to call: a field stays as it was set, and is 0 or null before. Pointers are only noted: what they point to must live until the call has ended. Used by one
 * thread at a time; closed by its maker.
 */
public final class ProposeArgs implements AutoCloseable {
    private final Struct fields = new Struct(21);

    /** nt_row [rows]. */
    public ProposeArgs table(@Nullable Pointer table) {
        fields.put(0, table);
        return this;
    }

    /** How many rows the table has. */
    public ProposeArgs rows(long rows) {
        fields.put(1, rows);
        return this;
    }

    /** Added to each row's round, with the cursor's value; together 0 to 65535. */
    public ProposeArgs round(long round) {
        fields.put(2, round);
        return this;
    }

    /** 64 unsigned bits. */
    public ProposeArgs seed(long seed) {
        fields.put(3, seed);
        return this;
    }

    /** Of one state: C * H * W. */
    public ProposeArgs elements(long elements) {
        fields.put(4, elements);
        return this;
    }

    /** A coin's chance of a global candidate, 0 to 1. */
    public ProposeArgs epsilon(double epsilon) {
        fields.put(5, epsilon);
        return this;
    }

    /** A local candidate's largest distance from its pivot, over sqrt(elements). */
    public ProposeArgs lambda(double lambda) {
        fields.put(6, lambda);
        return this;
    }

    /** Whether the noise of a local candidate is scaled to norm sqrt(elements). */
    public ProposeArgs sphere(boolean sphere) {
        fields.put(7, sphere ? 1L : 0L);
        return this;
    }

    /** Float32 [parents, elements]; may be null with no state and no input. */
    public ProposeArgs x(@Nullable Pointer x) {
        fields.put(8, x);
        return this;
    }

    /** Float32 [parents, elements], the network's output at x; null contributes nothing. */
    public ProposeArgs f(@Nullable Pointer f) {
        fields.put(9, f);
        return this;
    }

    /** Rows of x, f and pivots. */
    public ProposeArgs parents(long parents) {
        fields.put(10, parents);
        return this;
    }

    /** Float32 [parents, elements]; may be null if no row needs one. */
    public ProposeArgs pivots(@Nullable Pointer pivots) {
        fields.put(11, pivots);
        return this;
    }

    /** nt_step [stepCount]; may be null with no state, input or level. */
    public ProposeArgs steps(@Nullable Pointer steps) {
        fields.put(12, steps);
        return this;
    }

    /** How many steps there are. */
    public ProposeArgs stepCount(long stepCount) {
        fields.put(13, stepCount);
        return this;
    }

    /** Which stage's network comes next: 0 where the noise enters before the network, 1 where after. */
    public ProposeArgs stage(int stage) {
        fields.put(14, (long) stage);
        return this;
    }

    /** Out, float32 [rows, elements]; may be null, as each output. */
    public ProposeArgs noise(@Nullable Pointer noise) {
        fields.put(15, noise);
        return this;
    }

    /** Out, float32 [rows, elements]. */
    public ProposeArgs state(@Nullable Pointer state) {
        fields.put(16, state);
        return this;
    }

    /** Out, of the input dtype [rows, elements]. */
    public ProposeArgs input(@Nullable Pointer input) {
        fields.put(17, input);
        return this;
    }

    /** {@link Kernels#F32}, {@link Kernels#F16} or {@link Kernels#BF16}. */
    public ProposeArgs inputDtype(int inputDtype) {
        fields.put(18, (long) inputDtype);
        return this;
    }

    /** Out, float32 [rows]. */
    public ProposeArgs level(@Nullable Pointer level) {
        fields.put(19, level);
        return this;
    }

    /** Int32 [1], may be null: what is added to the round when the call runs, so that a call recorded once ({@link Graph}) makes each round's noise. */
    public ProposeArgs cursor(@Nullable Pointer cursor) {
        fields.put(20, cursor);
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
