/*
 * As much of CUDA as the kernels use, on the CPU: found before the real header, it lets g++ compile the .cu files. Each thread of a block is a fiber of one OS thread; fibers change
 * at barriers and shuffles, in an order that a test chooses. One block runs at a time, so its __shared__ variables are static; the blocks of a cluster run together, and have
 * dynamic shared memory only. What is given to a stream is done at once, or, while the
 * stream records, when its graph is launched.
 */
#ifndef EMULATED_CUDA_RUNTIME_H
#define EMULATED_CUDA_RUNTIME_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>

#define __device__
#define __host__
#define __global__
#define __launch_bounds__(...)
#define __CUDA_ARCH_LIST__ 900, 800
#ifdef __SANITIZE_ADDRESS__
#define __shared__ static /* with red zones around it, which a section of one's own would not have */
#else
#define __shared__ static __attribute__((section("emulated_shared"))) /* filled with rubbish before each block */
#endif
#define NT_DYNAMIC_SHARED(name) float* const name = static_cast<float*>(emulation::dynamic_shared())

struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
    dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(4) uchar4 {
    uint8_t x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}
inline uchar4 make_uchar4(uint8_t x, uint8_t y, uint8_t z, uint8_t w) {
    return {x, y, z, w};
}

typedef void* cudaStream_t;
enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorIllegalState = 401,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorStreamCaptureInvalidated = 901,
    cudaErrorStreamCaptureImplicit = 906
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
enum { cudaStreamDefault = 0, cudaStreamNonBlocking = 1 };
enum cudaStreamCaptureStatus { cudaStreamCaptureStatusNone = 0, cudaStreamCaptureStatusActive = 1, cudaStreamCaptureStatusInvalidated = 2 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
typedef struct emulated_graph* cudaGraph_t;
typedef struct emulated_launchable* cudaGraphExec_t;
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount = 16, cudaDevAttrClusterLaunch = 120 };
struct cudaFuncAttributes {
    int ptxVersion;
};
enum cudaLaunchAttributeID { cudaLaunchAttributeClusterDimension = 4 };
struct cudaLaunchAttribute {
    cudaLaunchAttributeID id;
    struct {
        struct {
            unsigned x, y, z;
        } clusterDim;
    } val;
};
struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    size_t dynamicSmemBytes;
    cudaStream_t stream;
    const cudaLaunchAttribute* attrs;
    unsigned numAttrs;
};

namespace emulation {

/* The order in which the threads of a block, and the blocks of a grid, run. */
enum class Order { FORWARD, REVERSE, RANDOM };

/* What is broken on purpose, to see that a test notices. */
enum class Fault { NONE, NO_BARRIERS, NO_CLUSTER_BARRIERS, OWN_SHARED, OWN_SHUFFLES, PLAIN_ATOMICS };

/* What the kernels' launches ask of a card. */
struct Card {
    int processors;
    bool clusters;
    int code; /* what it was compiled for: 90 is sm_90 */
};

void set_order(Order order);
void plant(Fault fault);
void set_card(const Card& card);
/* Of each grid, only the last cluster runs: what its indices are can then be seen of any grid. */
void only_last(bool only);
/* The blocks of the largest cluster that ran since the last question. */
unsigned largest_cluster();
/* Stream-ordered allocations that were not freed. */
int64_t allocations();
/* Makes cudaGetLastError give this, as if somebody else's call had failed. */
void leave_error(cudaError_t error);
/* Makes the next call fail that needs memory. */
void fail_memory();
/* Graphs, launchable or not, that were not destroyed. */
int64_t graphs();
/* Has no card from now on, or one again. */
void take_card(bool away);

uint3 thread_index();
uint3 block_index();
dim3 block_dimensions();
int lane();
void* dynamic_shared();
void barrier();
void cluster_barrier();
/* What is in the shared memory of another block of the cluster where `own` is in mine. */
void* shared_of_block(void* own, int rank);
/* Gives `size` bytes to the lanes of `mask` and gets those of lane `from`; a lane that is none of them gives back one's own. */
void exchange(unsigned mask, int from, const void* mine, void* got, size_t size);
Fault planted();
/* Keeps an error for cudaGetLastError, and gives it back. */
cudaError_t failed(cudaError_t error);
/* Allows a kernel so many bytes of dynamic shared memory. */
cudaError_t allow_shared(const void* kernel, int bytes);
cudaError_t code_of(cudaFuncAttributes& attributes);
/* Whether a card would take the launch. */
cudaError_t accepted(const void* kernel, const cudaLaunchConfig_t& config);
unsigned cluster_of(const cudaLaunchConfig_t& config);
/* Runs a grid of clusters, whose threads each do `thread`. */
void run(const cudaLaunchConfig_t& config, unsigned cluster, const std::function<void()>& thread);
/* Does what is given to a stream, or records it. */
cudaError_t submit(cudaStream_t stream, std::function<void()> work);

template <class T>
T shuffled(unsigned mask, T value, int from) {
    static_assert(sizeof(T) <= 16, "a shuffle's value");
    T got;
    exchange(mask, from, &value, &got, sizeof value);
    return got;
}

} // namespace emulation

#define threadIdx (emulation::thread_index())
#define blockIdx (emulation::block_index())
#define blockDim (emulation::block_dimensions())

inline void __syncthreads() {
    emulation::barrier();
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by) {
    return emulation::shuffled(mask, value, emulation::lane() + static_cast<int>(by));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
    return emulation::shuffled(mask, value, emulation::lane() - static_cast<int>(by));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int by) {
    return emulation::shuffled(mask, value, emulation::lane() ^ by);
}
template <class T>
void __stwb(T* at, T value) {
    *at = value;
}
inline uint32_t atomicOr(uint32_t* at, uint32_t value) {
    if (emulation::planted() == emulation::Fault::PLAIN_ATOMICS) {
        *at = value;
        return 0;
    }
    return __atomic_fetch_or(at, value, __ATOMIC_RELAXED);
}
inline int32_t atomicAdd(int32_t* at, int32_t value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

/* As CUDA's: the error is this launch's own. */
template <class... Parameters, class... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Args&&... args) {
    const cudaError_t error = emulation::accepted(reinterpret_cast<const void*>(kernel), *config);
    if (error != cudaSuccess) {
        return error;
    }
    const std::tuple<Parameters...> kept(args...);
    return emulation::submit(config->stream, [kernel, kept, copied = *config, cluster = emulation::cluster_of(*config)] {
        emulation::run(copied, cluster, [&] { std::apply(kernel, kept); });
    });
}
template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute, int bytes) {
    return emulation::allow_shared(reinterpret_cast<const void*>(kernel), bytes);
}

template <class Kernel>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, Kernel*) {
    return emulation::code_of(*attributes);
}

cudaError_t cudaGetLastError();
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceCount(int* count);
struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem;
    int major, minor;
};
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* card, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* launchable, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphLaunch(cudaGraphExec_t launchable, cudaStream_t stream);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t launchable);

#endif
