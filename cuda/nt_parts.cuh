/* Rows and images that the blocks of a cluster share (sm_90), or that are one block's. */
#ifndef NT_PARTS_CUH
#define NT_PARTS_CUH

#include <cooperative_groups.h>

#include "nt_device.cuh"

namespace nt {
namespace cuda {
namespace {

/* Values of a row that a block keeps: 64 KiB, which every card since sm_80 has. */
constexpr int64_t MOST_KEPT = 16384;
constexpr int LANE_BITS = 10;
static_assert(1 << LANE_BITS == LANES, "the lanes are a power of two");

/* Code for a card without clusters is only launched with one block a row. */
__device__ inline void cluster_barrier() {
#ifdef _CG_HAS_CLUSTER_GROUP
    cooperative_groups::this_cluster().sync();
#endif
}

/* Where in the shared memory of block `rank` of the cluster lies what is at `own` in mine. */
template <class Value>
__device__ const Value* of_block(Value* own, unsigned rank) {
#ifdef _CG_HAS_CLUSTER_GROUP
    return cooperative_groups::this_cluster().map_shared_rank(own, static_cast<int>(rank));
#else
    return rank == 0 ? own : nullptr;
#endif
}

/*
 * What a block has of a row: the elements of LANES / 2^shift neighbouring lanes, so that a lane is summed by one block, in the CPU's order. They are numbered from 0 to count - 1; four
 * from a multiple of 4 on are neighbours in the row too. All threads of the cluster call the same.
 */
class Part {
public:
    const int64_t row;

    /* shared: float [LANES + chunk], chunk a multiple of the block's lanes */
    __device__ Part(int64_t elements, int shift, int64_t chunk, float* shared)
            : row(blockIdx.x >> shift), bits_(LANE_BITS - shift), rank_(blockIdx.x & ((1u << shift) - 1)), chunk_(chunk), sums_(shared), values_(shared + LANES) {
        const int64_t lanes = 1ll << bits_, rest = elements % LANES - rank_ * lanes;
        count_ = (elements >> LANE_BITS) * lanes + (rest < 0 ? 0 : rest > lanes ? lanes : rest);
    }

    /* One thread of the whole cluster. */
    __device__ bool speaks() const {
        return rank_ == 0 && threadIdx.x == 0;
    }

    /* The element of the row that is number i here. */
    __device__ int64_t element(int64_t i) const {
        return i >> bits_ << LANE_BITS | static_cast<int64_t>(rank_) << bits_ | (i & ((1ll << bits_) - 1));
    }

    /* Whether what is kept is all of the part. */
    __device__ bool keeps_all() const {
        return count_ <= chunk_;
    }

    /* body(first number, numbers) of as many as can be kept at a time. */
    template <class Body>
    __device__ void chunks(const Body& body) {
        for (int64_t from = 0; from < count_; from += chunk_) {
            body(from, count_ - from < chunk_ ? count_ - from : chunk_);
        }
    }

    /* Keeps make(element), four values, of the numbers from `from` on, where they are not kept already. */
    template <class Make>
    __device__ void keep(int64_t from, int64_t numbers, const Make& make) {
        if (!made_) {
            __syncthreads();
            for (int64_t i = 4ll * threadIdx.x; i < numbers; i += 4ll * blockDim.x) {
                *reinterpret_cast<float4*>(values_ + i) = make(element(from + i));
            }
            __syncthreads();
            made_ = keeps_all();
        }
    }

    /* What is kept: of number `from` + i. */
    __device__ const float* values() const {
        return values_;
    }

    /* Adds the squares of value(i), i < numbers, to the lanes; the chunk from 0 on starts them. Every thread has lanes of its own. */
    template <class Value>
    __device__ void add_squares(int64_t from, int64_t numbers, const Value& value) {
        const int lanes = 1 << bits_;
        float* const own = sums_ + rank_ * lanes;
        for (int l = static_cast<int>(threadIdx.x); l < lanes; l += static_cast<int>(blockDim.x)) {
            float sum = from == 0 ? 0.0f : own[l];
            for (int64_t i = l; i < numbers; i += lanes) {
                const float v = value(i);
                sum = fmaf(v, v, sum);
            }
            own[l] = sum;
        }
    }

    /* The norm that all blocks' lanes make, folded in halves. */
    __device__ double norm() {
        if (bits_ < LANE_BITS) {
            cluster_barrier(); /* the sums are there */
            for (unsigned l = threadIdx.x; l < LANES; l += blockDim.x) {
                if (l >> bits_ != rank_) {
                    sums_[l] = of_block(sums_, l >> bits_)[l];
                }
            }
            cluster_barrier(); /* the others have them: they may be written again, or the block end */
        }
        for (int width = LANES / 2; width >= WARP; width /= 2) {
            __syncthreads();
            for (int l = static_cast<int>(threadIdx.x); l < width; l += static_cast<int>(blockDim.x)) {
                sums_[l] += sums_[l + width];
            }
        }
        __syncthreads();
        if (threadIdx.x < WARP) {
            float sum = sums_[threadIdx.x];
            for (int width = WARP / 2; width > 0; width /= 2) {
                sum += __shfl_down_sync(0xFFFFFFFFu, sum, width);
            }
            if (threadIdx.x == 0) {
                sums_[0] = sum;
            }
        }
        __syncthreads();
        const double norm = sqrt(static_cast<double>(sums_[0]));
        __syncthreads(); /* the lanes may be written again */
        return norm;
    }

private:
    const int bits_; /* the block has 2^bits lanes */
    const unsigned rank_;
    const int64_t chunk_;
    float* const sums_;
    float* const values_;
    int64_t count_;
    bool made_ = false;
};

/*
 * Into how many blocks, 2^shift, each of `rows` is cut: as long as there are multiprocessors for them, or a block would have more than `most` of the row's `size`; each has `least` of it.
 * One where the card, or the code that was compiled for it, has no clusters.
 */
template <class... Parameters>
int32_t cut(const char* name, void (*kernel)(Parameters...), int64_t rows, int64_t size, int64_t least, int64_t most, int& shift) {
    shift = 0;
    int device, processors, clusters;
    cudaFuncAttributes code;
    cudaError_t error = cudaGetDevice(&device);
    error = error == cudaSuccess ? cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device) : error;
    error = error == cudaSuccess ? cudaDeviceGetAttribute(&clusters, cudaDevAttrClusterLaunch, device) : error;
    error = error == cudaSuccess ? cudaFuncGetAttributes(&code, kernel) : error;
    if (error != cudaSuccess) {
        return told(name, error);
    }
    while (clusters && code.ptxVersion >= 90 && shift < 3 && size >> (shift + 1) >= least && (rows <= processors >> (shift + 1) || size >> shift > most)) {
        shift++;
    }
    return rows <= INT32_MAX >> shift ? NT_OK : fail(NT_INVALID, "%s: blocks of the grid must be < 2^31: %lld x %d", name, static_cast<long long>(rows), 1 << shift);
}

/*
 * Lets launches of a kernel have `shared` bytes of dynamic shared memory, at most `most`. The limit is the kernel's and not the launch's, so it is always set to the most: a thread that set it
 * to what its own launch needs could lower it between another's setting and launching.
 */
template <class... Parameters>
int32_t allow_shared(const char* name, void (*kernel)(Parameters...), size_t shared, size_t most) {
    if (shared <= 48 * 1024) { /* need not be asked for */
        return NT_OK;
    }
    return told(name, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(most)));
}

/* Launches kernel(args..., shift, chunk), which makes a Part of its launch's shared memory. */
template <class... Parameters, class... Args>
int32_t launch_parts(const char* name, void (*kernel)(Parameters...), int64_t rows, int64_t elements, void* stream, Args... args) {
    const int64_t whole = blocks_for(elements, LANES) * LANES;
    int shift;
    int32_t status = cut(name, kernel, rows, whole, LANES, MOST_KEPT, shift);
    const int64_t chunk = whole >> shift < MOST_KEPT ? whole >> shift : MOST_KEPT;
    const size_t shared = static_cast<size_t>(LANES + chunk) * sizeof(float);
    status = status == NT_OK ? allow_shared(name, kernel, shared, static_cast<size_t>(LANES + MOST_KEPT) * sizeof(float)) : status;
    if (status != NT_OK) {
        return status;
    }
    const int64_t quads = blocks_for(elements, 4ll << shift);
    const int threads = quads >= MOST_THREADS ? MOST_THREADS : quads <= 128 ? 128 : static_cast<int>(blocks_for(quads, WARP) * WARP);
    return launch_clusters(name, kernel, rows << shift, 1u << shift, threads, shared, stream, args..., shift, chunk);
}

} // namespace
} // namespace cuda
} // namespace nt
#endif
