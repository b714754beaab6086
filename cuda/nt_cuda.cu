/*
 * The CUDA form of the kernels: its devices, its streams and graphs, and the table of its functions. The arithmetic is nt_math.h's, nt_resize.h's and nt_jpeg.h's, in the CPU's order, so the
 * bits are the CPU's; only softmax (exp) may differ in its last.
 */
#include "nt_cuda.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "nt_device.cuh"

namespace nt {
namespace cuda {
namespace {

int32_t stream_create(bool apart, void** out) {
    cudaStream_t stream = nullptr;
    const int32_t status = told("stream_create", cudaStreamCreateWithFlags(&stream, apart ? cudaStreamNonBlocking : cudaStreamDefault));
    *out = stream;
    return status;
}

int32_t stream_destroy(void* stream) {
    const int32_t waited = told("stream_destroy", cudaStreamSynchronize(static_cast<cudaStream_t>(stream)));
    const int32_t status = told("stream_destroy", cudaStreamDestroy(static_cast<cudaStream_t>(stream)));
    return waited == NT_OK ? status : waited;
}

int32_t stream_synchronize(void* stream) {
    return told("stream_synchronize", cudaStreamSynchronize(static_cast<cudaStream_t>(stream)));
}

/*
 * ThreadLocal: what other threads do meanwhile (allocate, ask events) is their affair, while an unsafe call of the recording thread is an error and not lost. LibTorch relaxes the
 * mode by itself around the allocations it makes then.
 */
int32_t graph_begin(void* stream) {
    return told("graph_begin", cudaStreamBeginCapture(static_cast<cudaStream_t>(stream), cudaStreamCaptureModeThreadLocal));
}

int32_t graph_recording(void* stream, int32_t& out) {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    const int32_t asked = told("graph_recording", cudaStreamIsCapturing(static_cast<cudaStream_t>(stream), &status));
    out = status != cudaStreamCaptureStatusNone;
    return asked;
}

int32_t graph_end(void* stream, void** out) {
    *out = nullptr;
    cudaGraph_t graph = nullptr;
    int32_t status = told("graph_end", cudaStreamEndCapture(static_cast<cudaStream_t>(stream), &graph));
    if (status != NT_OK) {
        return status;
    }
    cudaGraphExec_t launchable = nullptr;
    status = told("graph_end", cudaGraphInstantiate(&launchable, graph, 0));
    cudaGraphDestroy(graph);
    *out = launchable;
    return status;
}

int32_t graph_launch(void* stream, void* graph) {
    return told("graph_launch", cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), static_cast<cudaStream_t>(stream)));
}

int32_t graph_destroy(void* graph) {
    return told("graph_destroy", cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph)));
}

/* The least compute capability that has code, 10 * major + minor; 0: nobody says. */
int least_capability() {
#ifdef __CUDA_ARCH_LIST__
    const int architectures[] = {__CUDA_ARCH_LIST__};
    return *std::min_element(std::begin(architectures), std::end(architectures)) / 10;
#else
    return 0;
#endif
}

const Ops ops = {noise,      uniforms, propose, update, input,  quantise, penalise,      combine,        resample,      resize, luminance, jpeg_size, softmax_at,
                 accumulate, select,   gather, sphere, group_norm, step_cursor, stream_create, stream_destroy, stream_synchronize,
                 graph_begin, graph_recording, graph_end, graph_launch, graph_destroy, nullptr};

} // namespace
} // namespace cuda

const Ops* cuda_ops(int32_t device, int32_t& previous) {
    int current = -1;
    cudaError_t error = cudaGetDevice(&current);
    if (error == cudaSuccess && current != device) {
        error = cudaSetDevice(device);
    }
    if (error != cudaSuccess) {
        cudaGetLastError();
        fail(NT_NO_DEVICE, "cuda:%d cannot be used: %s", device, cudaGetErrorString(error));
        return nullptr;
    }
    previous = current == device ? -1 : current;
    return &cuda::ops;
}

void cuda_leave(int32_t previous) {
    /* It fails where the card has no room for a context of ours, which nobody asked for: an error of ours is not left to others. */
    if (previous >= 0 && cudaSetDevice(previous) != cudaSuccess) {
        cudaGetLastError();
    }
}

int32_t cuda_describe(int32_t device, char* out, int64_t size) {
    int written;
    if (device == NT_CPU) {
        int driver = 0, runtime = 0, devices = 0;
        cudaDriverGetVersion(&driver);
        cudaRuntimeGetVersion(&runtime);
        const cudaError_t error = cudaGetDeviceCount(&devices);
        const bool counted = error == cudaSuccess;
        cudaGetLastError();
        written = std::snprintf(
                out, size, "driver=%d\nruntime=%d\nleast=%d\ndevices=%d\nerror=%s\n", driver, runtime, cuda::least_capability(), counted ? devices : 0,
                counted ? "" : cudaGetErrorString(error));
    } else {
        cudaDeviceProp card;
        const int32_t status = cuda::told("cuda_describe", cudaGetDeviceProperties(&card, device));
        if (status != NT_OK) {
            return status;
        }
        written = std::snprintf(
                out, size, "name=%s\ncapability=%d.%d\nmemory=%llu\n", card.name, card.major, card.minor, static_cast<unsigned long long>(card.totalGlobalMem));
    }
    return written < size ? NT_OK : fail(NT_INVALID, "cuda_describe: size must be > %d: %lld", written, static_cast<long long>(size));
}

} // namespace nt

extern "C" int32_t nt_cuda_device_count(void) {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) {
        cudaGetLastError();
        return 0;
    }
    return count;
}
