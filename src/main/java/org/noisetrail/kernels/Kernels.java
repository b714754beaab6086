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
    private final Device device;
    private final @Nullable Pointer stream;

    private Kernels(Device device, @Nullable Pointer stream) {
        this.device = device;
        this.stream = stream;
    }

    /** On the device's default stream. */
    public static Kernels on(Device device) {
        return new Kernels(device, null);
    }

    /** @param stream a CUDA stream (cudaStream_t), or null for the default one; the CPU has none */
    public static Kernels on(Device device, @Nullable Pointer stream) {
        return new Kernels(device, stream);
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

    private static void check(int status) {
        if (status == 0) {
            return;
        }
        String message = NativeKernels.nt_last_error().getString();
        throw status == -1 ? new IllegalArgumentException(message) : new NoisetrailException(message);
    }

    public void noise(
            @Nullable Pointer rowsTable, long rows, long seed, long elements, float scale, @Nullable Pointer out) {
        check(NativeKernels.nt_noise(device.ordinal(), stream, at(rowsTable), rows, seed, elements, scale, at(out)));
    }

    public void uniforms(@Nullable Pointer rowsTable, long rows, long seed, @Nullable Pointer out) {
        check(NativeKernels.nt_uniforms(device.ordinal(), stream, at(rowsTable), rows, seed, at(out)));
    }

    public void candidates(
            @Nullable Pointer rowsTable,
            long rows,
            int round,
            long seed,
            long elements,
            double epsilon,
            double lambda,
            int sphere,
            @Nullable Pointer x,
            long parents,
            @Nullable Pointer pivots,
            @Nullable Pointer steps,
            long stepCount,
            @Nullable Pointer noise,
            @Nullable Pointer xHat,
            @Nullable Pointer networkInput,
            int inputDtype,
            @Nullable Pointer cNoise) {
        check(NativeKernels.nt_candidates(
                device.ordinal(),
                stream,
                at(rowsTable),
                rows,
                round,
                seed,
                elements,
                epsilon,
                lambda,
                sphere,
                at(x),
                parents,
                at(pivots),
                at(steps),
                stepCount,
                at(noise),
                at(xHat),
                at(networkInput),
                inputDtype,
                at(cNoise)));
    }

    public void euler(
            @Nullable Pointer rowsTable,
            long rows,
            long elements,
            @Nullable Pointer steps,
            long stepCount,
            @Nullable Pointer xHat,
            @Nullable Pointer network,
            int networkDtype,
            @Nullable Pointer slope,
            @Nullable Pointer xNext,
            @Nullable Pointer networkInput,
            int inputDtype,
            @Nullable Pointer cNoise,
            @Nullable Pointer clean) {
        check(NativeKernels.nt_euler(
                device.ordinal(),
                stream,
                at(rowsTable),
                rows,
                elements,
                at(steps),
                stepCount,
                at(xHat),
                at(network),
                networkDtype,
                at(slope),
                at(xNext),
                at(networkInput),
                inputDtype,
                at(cNoise),
                at(clean)));
    }

    public void heun(
            @Nullable Pointer rowsTable,
            long rows,
            long elements,
            @Nullable Pointer steps,
            long stepCount,
            @Nullable Pointer xHat,
            @Nullable Pointer slope,
            @Nullable Pointer network,
            int networkDtype,
            @Nullable Pointer xNext,
            @Nullable Pointer clean) {
        check(NativeKernels.nt_heun(
                device.ordinal(),
                stream,
                at(rowsTable),
                rows,
                elements,
                at(steps),
                stepCount,
                at(xHat),
                at(slope),
                at(network),
                networkDtype,
                at(xNext),
                at(clean)));
    }

    public void quantise(@Nullable Pointer x, long count, @Nullable Pointer out) {
        check(NativeKernels.nt_quantise(device.ordinal(), stream, at(x), count, at(out)));
    }

    public void luminance(
            @Nullable Pointer images, long rows, int channels, int height, int width, @Nullable Pointer out) {
        check(NativeKernels.nt_luminance(device.ordinal(), stream, at(images), rows, channels, height, width, at(out)));
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
                device.ordinal(), stream, at(images), rows, channels, height, width, maxBytes, at(bytes), at(score)));
    }

    public void softmaxAt(
            @Nullable Pointer logits, long rows, long classes, @Nullable Pointer labels, @Nullable Pointer out) {
        check(NativeKernels.nt_softmax_at(device.ordinal(), stream, at(logits), rows, classes, at(labels), at(out)));
    }

    public void accumulate(@Nullable Pointer score, long rows, double weight, int accumulate, @Nullable Pointer out) {
        check(NativeKernels.nt_accumulate(device.ordinal(), stream, at(score), rows, weight, accumulate, at(out)));
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
                device.ordinal(), stream, at(scores), groups, groupSize, keep, at(best), at(winner), at(nans)));
    }

    public void top(
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            long take,
            @Nullable Pointer index,
            @Nullable Pointer nans) {
        check(NativeKernels.nt_top(device.ordinal(), stream, at(scores), groups, groupSize, take, at(index), at(nans)));
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
                device.ordinal(),
                stream,
                at(src),
                rowBytes,
                at(index),
                count,
                perGroup,
                groupSize,
                at(target),
                at(dst)));
    }

    public void sphere(@Nullable Pointer p, long rows, long elements, int project, @Nullable Pointer norm) {
        check(NativeKernels.nt_sphere(device.ordinal(), stream, at(p), rows, elements, project, at(norm)));
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
