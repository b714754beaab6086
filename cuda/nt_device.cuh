/* What the CUDA kernels share: launches, values in their dtypes, and noise. */
#ifndef NT_DEVICE_CUH
#define NT_DEVICE_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "nt_ops.h"

/* The launch's shared memory, float []; a compiler without CUDA has its own. */
#ifndef NT_DYNAMIC_SHARED
#define NT_DYNAMIC_SHARED(name) extern __shared__ __align__(16) float name[]
#endif

namespace nt {
namespace cuda {
namespace {

constexpr int WARP = 32;
constexpr int MOST_THREADS = 1024;
constexpr int BLOCK = 256; /* threads of a block where each has a few elements of its own */

inline int64_t blocks_for(int64_t count, int64_t size) {
    return (count + size - 1) / size;
}

/* Says what the runtime refused; an error that others left behind stays theirs. */
inline int32_t told(const char* name, cudaError_t error) {
    if (error == cudaSuccess) {
        return NT_OK;
    }
    cudaGetLastError();
    return fail(error == cudaErrorMemoryAllocation ? NT_OUT_OF_MEMORY : NT_DEVICE_ERROR, "%s: %s", name, cudaGetErrorString(error));
}

/* Launches a grid of one dimension, if a grid can have that many blocks. The status is this launch's own: cudaGetLastError could be anybody's. */
template <class... Parameters, class... Args>
int32_t launch_clusters(
        const char* name, void (*kernel)(Parameters...), int64_t blocks, unsigned cluster, int threads, size_t shared, void* stream, Args... args) {
    if (blocks == 0) {
        return NT_OK;
    }
    if (blocks > INT32_MAX) {
        return fail(NT_INVALID, "%s: blocks of the grid must be < 2^31: %lld", name, static_cast<long long>(blocks));
    }
    cudaLaunchAttribute together;
    together.id = cudaLaunchAttributeClusterDimension;
    together.val.clusterDim.x = cluster;
    together.val.clusterDim.y = together.val.clusterDim.z = 1;
    const cudaLaunchConfig_t config = {dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads)), shared, static_cast<cudaStream_t>(stream),
                                       &together, cluster > 1 ? 1u : 0u};
    return told(name, cudaLaunchKernelEx(&config, kernel, args...));
}

/* The same where no block needs another. */
template <class... Parameters, class... Args>
int32_t launch(const char* name, void (*kernel)(Parameters...), int64_t blocks, int threads, size_t shared, void* stream, Args... args) {
    return launch_clusters(name, kernel, blocks, 1, threads, shared, stream, args...);
}

/* The same where `per_row` blocks share a row. */
template <class... Parameters, class... Args>
int32_t launch_rows(const char* name, void (*kernel)(Parameters...), int64_t rows, int64_t per_row, int threads, void* stream, Args... args) {
    if (rows > INT32_MAX / per_row) {
        return fail(NT_INVALID, "%s: rows x elements are too many for a grid: %lld x %lld blocks", name, static_cast<long long>(rows), static_cast<long long>(per_row));
    }
    return launch(name, kernel, rows * per_row, threads, 0, stream, args..., static_cast<unsigned>(per_row));
}

/* The row of a block, and the first element of a thread that has `width` of them. */
__device__ inline int64_t place(unsigned per_row, int width, int64_t& element) {
    element = (static_cast<int64_t>(blockIdx.x % per_row) * blockDim.x + threadIdx.x) * width;
    return blockIdx.x / per_row;
}

/* Of integers, in every lane. */
template <class Value>
__device__ Value sum_of_warp(Value value) {
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        value += __shfl_xor_sync(0xFFFFFFFFu, value, offset);
    }
    return value;
}

inline bool aligned(const void* pointer, size_t bytes) {
    return reinterpret_cast<uintptr_t>(pointer) % bytes == 0;
}

/* Bytes of four neighbours. */
inline size_t four(int64_t dtype) {
    return dtype == NT_F32 ? 16 : 8;
}

/* W values from p[i] on: four in one access, for which they are aligned, or one. */
template <int W>
__device__ void get(const float* p, int64_t i, float (&v)[W]) {
    if constexpr (W == 4) {
        const float4 f = *reinterpret_cast<const float4*>(p + i);
        v[0] = f.x;
        v[1] = f.y;
        v[2] = f.z;
        v[3] = f.w;
    } else {
        v[0] = p[i];
    }
}

template <int W>
__device__ void put(float* p, int64_t i, const float (&v)[W]) {
    if constexpr (W == 4) {
        __stwb(reinterpret_cast<float4*>(p + i), make_float4(v[0], v[1], v[2], v[3])); /* an assignment may become four stores */
    } else {
        p[i] = v[0];
    }
}

/* W values as they lie in memory: asked for now, made floats when they are needed, so that nothing waits for them in between. */
template <int W>
struct Raw {
    uint32_t words[W];

    __device__ void get(const void* p, int64_t i, int64_t dtype) {
        if constexpr (W == 4) {
            if (dtype == NT_F32) {
                const uint4 all = *reinterpret_cast<const uint4*>(static_cast<const float*>(p) + i);
                words[0] = all.x;
                words[1] = all.y;
                words[2] = all.z;
                words[3] = all.w;
            } else {
                const uint2 all = *reinterpret_cast<const uint2*>(static_cast<const uint16_t*>(p) + i);
                words[0] = all.x;
                words[1] = all.y;
            }
        } else {
            words[0] = dtype == NT_F32 ? static_cast<const uint32_t*>(p)[i] : static_cast<const uint16_t*>(p)[i];
        }
    }

    __device__ void floats(int64_t dtype, float (&v)[W]) const {
        if (dtype == NT_F32) {
            for (int k = 0; k < W; k++) {
                v[k] = bits_float(words[k]);
            }
        } else {
            for (int k = 0; k < W; k++) {
                const uint16_t bits = static_cast<uint16_t>(words[k / 2] >> 16 * (k % 2));
                v[k] = dtype == NT_F16 ? __half2float(__ushort_as_half(bits)) : bits_float(static_cast<uint32_t>(bits) << 16);
            }
        }
    }
};

template <int W>
__device__ void put(void* p, int64_t i, int64_t dtype, const float (&v)[W]) {
    if (dtype == NT_F32) {
        put<W>(static_cast<float*>(p), i, v);
    } else if constexpr (W == 4) {
        uint2 raw;
        if (dtype == NT_F16) {
            *reinterpret_cast<__half2*>(&raw.x) = __floats2half2_rn(v[0], v[1]);
            *reinterpret_cast<__half2*>(&raw.y) = __floats2half2_rn(v[2], v[3]);
        } else {
            *reinterpret_cast<__nv_bfloat162*>(&raw.x) = __floats2bfloat162_rn(v[0], v[1]);
            *reinterpret_cast<__nv_bfloat162*>(&raw.y) = __floats2bfloat162_rn(v[2], v[3]);
        }
        __stwb(reinterpret_cast<uint2*>(static_cast<uint16_t*>(p) + i), raw);
    } else if (dtype == NT_F16) {
        static_cast<__half*>(p)[i] = __float2half_rn(v[0]);
    } else {
        static_cast<__nv_bfloat16*>(p)[i] = __float2bfloat16_rn(v[0]);
    }
}

/* Elements e .. e + 3 of the normals of a row's key, e a multiple of 4. */
__device__ inline float4 normals_at(const nt_row& row, uint32_t round, uint64_t seed, int64_t e) {
    const Words w = philox(static_cast<uint32_t>(e / 4), row.draw + round, row.stage, row.image, static_cast<uint32_t>(seed),
                           static_cast<uint32_t>(seed >> 32));
    float4 n;
    normals(w, n.x, n.y, n.z, n.w);
    return n;
}

} // namespace
} // namespace cuda
} // namespace nt
#endif
