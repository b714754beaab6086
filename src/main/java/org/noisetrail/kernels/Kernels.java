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

    public void noise(
            @Nullable Pointer rowsTable, long rows, long seed, long elements, float scale, @Nullable Pointer out) {
        check(NativeKernels.nt_noise(device(), stream(), at(rowsTable), rows, seed, elements, scale, at(out)));
    }

    public void uniforms(@Nullable Pointer rowsTable, long rows, long seed, @Nullable Pointer out) {
        check(NativeKernels.nt_uniforms(device(), stream(), at(rowsTable), rows, seed, at(out)));
    }

    public void propose(ProposeArgs args) {
        check(NativeKernels.nt_propose(device(), stream(), args.pointer()));
    }

    public void update(UpdateArgs args) {
        check(NativeKernels.nt_update(device(), stream(), args.pointer()));
    }

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

    public void quantise(@Nullable Pointer x, long rows, long elements, @Nullable Pointer out, @Nullable Pointer bad) {
        check(NativeKernels.nt_quantise(device(), stream(), at(x), rows, elements, at(out), at(bad)));
    }

    public void penalise(@Nullable Pointer scores, @Nullable Pointer bad, long rows) {
        check(NativeKernels.nt_penalise(device(), stream(), at(scores), at(bad), rows));
    }

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

    public void resample(
            @Nullable Pointer weights, @Nullable Pointer uniforms, long groups, long size, @Nullable Pointer out) {
        check(NativeKernels.nt_resample(device(), stream(), at(weights), at(uniforms), groups, size, at(out)));
    }

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

    public void luminance(
            @Nullable Pointer images, long rows, int channels, int height, int width, @Nullable Pointer out) {
        check(NativeKernels.nt_luminance(device(), stream(), at(images), rows, channels, height, width, at(out)));
    }

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

    public void softmaxAt(
            @Nullable Pointer logits, long rows, long classes, @Nullable Pointer labels, @Nullable Pointer out) {
        check(NativeKernels.nt_softmax_at(device(), stream(), at(logits), rows, classes, at(labels), at(out)));
    }

    public void accumulate(@Nullable Pointer score, long rows, double weight, int accumulate, @Nullable Pointer out) {
        check(NativeKernels.nt_accumulate(device(), stream(), at(score), rows, weight, accumulate, at(out)));
    }

    public void select(
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            int keep,
            @Nullable Pointer best,
            @Nullable Pointer winner,
            @Nullable Pointer nans) {
        check(NativeKernels.nt_select(
                device(), stream(), at(scores), groups, groupSize, keep, at(best), at(winner), at(nans)));
    }

    public void top(
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            long take,
            @Nullable Pointer index,
            @Nullable Pointer nans) {
        check(NativeKernels.nt_top(device(), stream(), at(scores), groups, groupSize, take, at(index), at(nans)));
    }

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
