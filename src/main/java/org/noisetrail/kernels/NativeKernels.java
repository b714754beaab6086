package org.noisetrail.kernels;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Platform;
import org.jspecify.annotations.Nullable;

/** noisetrail.h, function by function, but for what only LibTorch calls. */
@Platform(include = "noisetrail.h", link = "noisetrail")
final class NativeKernels {
    static {
        Natives.load(NativeKernels.class);
    }

    private NativeKernels() {}

    static native int nt_cuda_compiled();

    static native int nt_cuda_device_count();

    static native int nt_stream_create(int device, int apart, @Nullable Pointer out);

    static native int nt_stream_destroy(int device, @Nullable Pointer stream);

    static native int nt_stream_synchronize(int device, @Nullable Pointer stream);

    static native int nt_graph_begin(int device, @Nullable Pointer stream);

    static native int nt_graph_end(int device, @Nullable Pointer stream, @Nullable Pointer out);

    static native int nt_graph_launch(int device, @Nullable Pointer stream, @Nullable Pointer graph);

    static native int nt_graph_destroy(int device, @Nullable Pointer graph);

    static native @Cast("const char*") BytePointer nt_last_error();

    static native @Cast("const char*") BytePointer nt_cpu_level();

    static native int nt_philox(@Cast("uint64_t") long key, @Nullable Pointer counter, @Nullable Pointer out);

    static native int nt_noise(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer rowsTable,
            long rows,
            @Cast("uint64_t") long seed,
            long elements,
            float scale,
            @Nullable Pointer out);

    static native int nt_uniforms(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer rowsTable,
            long rows,
            @Cast("uint64_t") long seed,
            @Nullable Pointer out);

    static native int nt_propose(
            int device, @Nullable Pointer stream, @Cast("const nt_propose_args*") @Nullable Pointer args);

    static native int nt_update(
            int device, @Nullable Pointer stream, @Cast("const nt_update_args*") @Nullable Pointer args);

    static native int nt_input(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer x,
            long rows,
            long elements,
            @Nullable Pointer steps,
            long stepCount,
            long step,
            @Nullable Pointer input,
            int inputDtype,
            @Nullable Pointer level);

    static native int nt_quantise(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer x,
            long rows,
            long elements,
            @Nullable Pointer out,
            @Nullable Pointer bad);

    static native int nt_penalise(
            int device, @Nullable Pointer stream, @Nullable Pointer scores, @Nullable Pointer bad, long rows);

    static native int nt_combine(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer termsTable,
            long rows,
            long terms,
            @Nullable Pointer weights,
            @Cast("uint64_t") long seed,
            long elements,
            int project,
            @Nullable Pointer out);

    static native int nt_resample(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer weights,
            @Nullable Pointer uniforms,
            long groups,
            long size,
            @Nullable Pointer out);

    static native int nt_resize(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer images,
            long rows,
            int channels,
            int height,
            int width,
            int resizedHeight,
            int resizedWidth,
            int cropHeight,
            int cropWidth,
            @Nullable Pointer out);

    static native int nt_luminance(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer images,
            long rows,
            int channels,
            int height,
            int width,
            @Nullable Pointer out);

    static native int nt_jpeg_size(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer images,
            long rows,
            int channels,
            int height,
            int width,
            double maxBytes,
            @Nullable Pointer bytes,
            @Nullable Pointer score);

    static native int nt_softmax_at(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer logits,
            long rows,
            long classes,
            @Nullable Pointer labels,
            @Nullable Pointer out);

    static native int nt_accumulate(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer score,
            long rows,
            double weight,
            int accumulate,
            @Nullable Pointer out);

    static native int nt_select(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer scores,
            long groups,
            long groupSize,
            int keep,
            @Nullable Pointer best,
            @Nullable Pointer winner,
            @Nullable Pointer nans,
            @Nullable Pointer history,
            long rounds,
            @Nullable Pointer cursor);

    static native int nt_step_cursor(int device, @Nullable Pointer stream, @Nullable Pointer cursor, int by);

    static native int nt_gather(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer src,
            long rowBytes,
            @Nullable Pointer index,
            long count,
            long perGroup,
            long groupSize,
            @Nullable Pointer target,
            @Nullable Pointer dst);

    static native int nt_sphere(
            int device,
            @Nullable Pointer stream,
            @Nullable Pointer p,
            long rows,
            long elements,
            int project,
            @Nullable Pointer norm);

    static native int nt_convolution_weight(@Nullable Pointer weight, long in, long out, @Nullable Pointer result);

    static native int nt_torch_operators();

    static native int nt_torch_threads(int threads);

    static native int nt_cuda_describe(int device, @Nullable Pointer out, long size);
}
