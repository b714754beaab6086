package org.noisetrail.kernels;

import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;

/**
 * The native kernels on one device: {@code noisetrail.h}, function by function, where the arguments are described. Immutable; safe to share between threads.
 *
 * <p>Bad arguments are an {@link IllegalArgumentException}, a missing or failing device a {@link NoisetrailException}; neither harms the JVM. Pointers are trusted to have the
 * size that the other arguments say.
 */
public final class Kernels {
    /** Types of the network's values: {@code nt_dtype}. */
    public static final int F32 = 0, F16 = 1, BF16 = 2;

    static {
        Natives.load(Pointer.class);
    }

    private final Lane lane;

    private Kernels(Lane lane) {
        this.lane = lane;
    }

    /** On the lane's stream, for as long as the lane is open. */
    public static Kernels on(Lane lane) {
        return new Kernels(lane);
    }

    /** On the device's default stream. */
    public static Kernels on(Device device) {
        return new Kernels(Lane.ofDefaultStream(device));
    }

    private int device() {
        return lane.device().ordinal();
    }

    private @Nullable Pointer stream() {
        return lane.stream();
    }

    /** Whether the kernels were compiled with CUDA. */
    public static boolean cudaCompiled() {
        return NativeKernels.nt_cuda_compiled() == 1;
    }

    /** How many CUDA devices can be used now; 0 without a driver. */
    public static int cudaDevices() {
        return NativeKernels.nt_cuda_device_count();
    }

    /** The instruction set the CPU's kernels were chosen for: {@code x86-64}, {@code x86-64-v3} or {@code x86-64-v4}; same bits in all. */
    public static String cpuLevel() {
        return NativeKernels.nt_cpu_level().getString();
    }

    /**
     * Gives LibTorch, which must be loaded, the kernels that networks call from TorchScript: {@code nt_torch_operators}. Again does nothing, unless LibTorch has
     * loaded its part for cards meanwhile.
     *
     * @throws IllegalArgumentException if it is not there, or has another interface
     */
    public static void giveOperators() {
        check(NativeKernels.nt_torch_operators());
    }

    /**
     * Sets how many threads LibTorch's operations use where this thread runs them, and no other: {@code nt_torch_threads}. LibTorch must be loaded, and this thread have run an
     * operation.
     *
     * @param threads at least 1
     * @throws IllegalArgumentException if there are none, or LibTorch is not there
     */
    public static void torchThreads(int threads) {
        check(NativeKernels.nt_torch_threads(threads));
    }

    /**
     * A 3 x 3 convolution's weight as the operator {@code noisetrail_convolution} takes it: {@code nt_convolution_weight}. weight f32 [out, in, 3, 3]; result f32
     * [6, 6, out / 32, in, 32]; both on the host.
     *
     * @param in a multiple of 16
     * @param out a multiple of 32
     */
    public static void convolutionWeight(@Nullable Pointer weight, long in, long out, @Nullable Pointer result) {
        check(NativeKernels.nt_convolution_weight(at(weight), in, out, at(result)));
    }

    /** Philox4x32-10 itself, on the host: both pointers to 4 words. */
    static void philox(long key, @Nullable Pointer counter, @Nullable Pointer out) {
        check(NativeKernels.nt_philox(key, at(counter), at(out)));
    }

    /** A typed pointer's position counts values; passed as a plain Pointer it would count bytes. */
    private static @Nullable Pointer at(@Nullable Pointer pointer) {
        return pointer == null || pointer.position() == 0 ? pointer : new Placed(pointer);
    }

    static void check(int status) {
        if (status == 0) {
            return;
        }
        String message = NativeKernels.nt_last_error().getString();
        throw status == -1 ? new IllegalArgumentException(message) : new NoisetrailException(message);
    }

    /** Normals by name, times a scale: {@code nt_noise}. rowsTable nt_row [rows]; out f32 [rows, elements]. */
    public void noise(
            @Nullable Pointer rowsTable, long rows, long seed, long elements, float scale, @Nullable Pointer out) {
        check(NativeKernels.nt_noise(device(), stream(), at(rowsTable), rows, seed, elements, scale, at(out)));
    }

    /** Two uniforms in (0, 1) by name: {@code nt_uniforms}. rowsTable nt_row [rows]; out f64 [rows, 2]. */
    public void uniforms(@Nullable Pointer rowsTable, long rows, long seed, @Nullable Pointer out) {
        check(NativeKernels.nt_uniforms(device(), stream(), at(rowsTable), rows, seed, at(out)));
    }

    /** Candidate noise and the states it makes: {@code nt_propose}. */
    public void propose(ProposeArgs args) {
        check(NativeKernels.nt_propose(device(), stream(), args.pointer()));
    }

    /** The sampler's arithmetic after a network call: {@code nt_update}. */
    public void update(UpdateArgs args) {
        check(NativeKernels.nt_update(device(), stream(), args.pointer()));
    }

    /**
     * What the network sees of states at a step: {@code nt_input}. x f32 [rows, elements]; steps nt_step [stepCount]; input [rows, elements] of inputDtype; level f32 [rows].
     */
    public void input(
            @Nullable Pointer x,
            long rows,
            long elements,
            @Nullable Pointer steps,
            long stepCount,
            long step,
            @Nullable Pointer input,
            int inputDtype,
            @Nullable Pointer level) {
        check(NativeKernels.nt_input(
                device(),
                stream(),
                at(x),
                rows,
                elements,
                at(steps),
                stepCount,
                step,
                at(input),
                inputDtype,
                at(level)));
    }

    /** States to 8 bits: {@code nt_quantise}. x f32 [rows, elements]; out u8 [rows, elements]; bad i32 [rows], 1 where a row is not finite, or null. */
    public void quantise(@Nullable Pointer x, long rows, long elements, @Nullable Pointer out, @Nullable Pointer bad) {
        check(NativeKernels.nt_quantise(device(), stream(), at(x), rows, elements, at(out), at(bad)));
    }

    /** Minus infinity where a row is bad: {@code nt_penalise}. scores f64 [rows]; bad i32 [rows]. */
    public void penalise(@Nullable Pointer scores, @Nullable Pointer bad, long rows) {
        check(NativeKernels.nt_penalise(device(), stream(), at(scores), at(bad), rows));
    }

    /**
     * Weighted sums of regenerated noise: {@code nt_combine}. termsTable nt_row [rows, terms]; weights f64 [rows, terms]; out f32 [rows, elements]; project: scaled to length
     * sqrt(elements).
     */
    public void combine(
            @Nullable Pointer termsTable,
            long rows,
            long terms,
            @Nullable Pointer weights,
            long seed,
            long elements,
            int project,
            @Nullable Pointer out) {
        check(NativeKernels.nt_combine(
                device(), stream(), at(termsTable), rows, terms, at(weights), seed, elements, project, at(out)));
    }

    /** Systematic resampling: {@code nt_resample}. weights f64 [groups, size], >= 0, of any scale; uniforms f64 [groups]; out i32 [groups, size]. */
    public void resample(
            @Nullable Pointer weights, @Nullable Pointer uniforms, long groups, long size, @Nullable Pointer out) {
        check(NativeKernels.nt_resample(device(), stream(), at(weights), at(uniforms), groups, size, at(out)));
    }

    /** Pillow's 8-bit bicubic, then a crop from the centre: {@code nt_resize}. images u8 [rows, C, H, W]; out u8 [rows, C, cropHeight, cropWidth]. */
    public void resize(
            @Nullable Pointer images,
            long rows,
            int channels,
            int height,
            int width,
            int resizedHeight,
            int resizedWidth,
            int cropHeight,
            int cropWidth,
            @Nullable Pointer out) {
        check(NativeKernels.nt_resize(
                device(),
                stream(),
                at(images),
                rows,
                channels,
                height,
                width,
                resizedHeight,
                resizedWidth,
                cropHeight,
                cropWidth,
                at(out)));
    }

    /** Mean luminance in 0..1: {@code nt_luminance}. images u8 [rows, C, H, W]; out f64 [rows]. */
    public void luminance(
            @Nullable Pointer images, long rows, int channels, int height, int width, @Nullable Pointer out) {
        check(NativeKernels.nt_luminance(device(), stream(), at(images), rows, channels, height, width, at(out)));
    }

    /**
     * Sizes of JPEG files of quality 80: {@code nt_jpeg_size}. images u8 [rows, C, H, W]; bytes i32 [rows] and score f64 [rows], 1 - clip(bytes / maxBytes, 0, 1); either may be null.
     */
    public void jpegSize(
            @Nullable Pointer images,
            long rows,
            int channels,
            int height,
            int width,
            double maxBytes,
            @Nullable Pointer bytes,
            @Nullable Pointer score) {
        check(NativeKernels.nt_jpeg_size(
                device(), stream(), at(images), rows, channels, height, width, maxBytes, at(bytes), at(score)));
    }

    /** A class's probability: {@code nt_softmax_at}. logits f32 [rows, classes]; labels i32 [rows]; out f64 [rows]. */
    public void softmaxAt(
            @Nullable Pointer logits, long rows, long classes, @Nullable Pointer labels, @Nullable Pointer out) {
        check(NativeKernels.nt_softmax_at(device(), stream(), at(logits), rows, classes, at(labels), at(out)));
    }

    /** Weighted sums of scores: {@code nt_accumulate}. score and out f64 [rows]; accumulate 0 sets, else adds. */
    public void accumulate(@Nullable Pointer score, long rows, double weight, int accumulate, @Nullable Pointer out) {
        check(NativeKernels.nt_accumulate(device(), stream(), at(score), rows, weight, accumulate, at(out)));
    }

    /**
     * The best of each group, ties to the lowest: {@code nt_select}. scores f64 [groups, groupSize]; keep: only what is better than best f64 [groups] wins; winner i32 [groups],
     * -1 for none; nans i32 [groups], added to, or null.
     */
    public void select(
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            int keep,
            @Nullable Pointer best,
            @Nullable Pointer winner,
            @Nullable Pointer nans) {
        select(scores, groups, groupSize, keep, best, winner, nans, null, 0, null);
    }

    /** The same, where history i32 [rounds, groups] (may be null) gets the winners too, in the row that cursor i32 [1] says when the call runs. */
    public void select(
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            int keep,
            @Nullable Pointer best,
            @Nullable Pointer winner,
            @Nullable Pointer nans,
            @Nullable Pointer history,
            long rounds,
            @Nullable Pointer cursor) {
        check(NativeKernels.nt_select(
                device(),
                stream(),
                at(scores),
                groups,
                groupSize,
                keep,
                at(best),
                at(winner),
                at(nans),
                at(history),
                rounds,
                at(cursor)));
    }

    /** Adds to a cursor i32 [1] when the call runs: {@code nt_step_cursor}. */
    public void stepCursor(@Nullable Pointer cursor, int by) {
        check(NativeKernels.nt_step_cursor(device(), stream(), at(cursor), by));
    }

    /**
     * Copies chosen rows: {@code nt_gather}. index i32 [count], in groups of perGroup that count within groupSize rows of src; target i32 [count], or null for 0, 1, 2, ...
     */
    public void gather(
            @Nullable Pointer src,
            long rowBytes,
            @Nullable Pointer index,
            long count,
            long perGroup,
            long groupSize,
            @Nullable Pointer target,
            @Nullable Pointer dst) {
        check(NativeKernels.nt_gather(
                device(), stream(), at(src), rowBytes, at(index), count, perGroup, groupSize, at(target), at(dst)));
    }

    /** Lengths of noises: {@code nt_sphere}. p f32 [rows, elements], where project then scaled to sqrt(elements); norm f64 [rows], as they were, or null. */
    public void sphere(@Nullable Pointer p, long rows, long elements, int project, @Nullable Pointer norm) {
        check(NativeKernels.nt_sphere(device(), stream(), at(p), rows, elements, project, at(norm)));
    }

    private static final class Placed extends Pointer {
        /** Keeps the memory alive. */
        @SuppressWarnings({"unused", "FieldCanBeLocal"})
        private final Pointer owner;

        Placed(Pointer owner) {
            this.owner = owner;
            address = owner.address() + owner.position() * owner.sizeof();
        }
    }
}
