/*
 * The CUDA form of the kernels. The arithmetic is nt_math.h's and nt_jpeg.h's, in the CPU's order, so the bits are the CPU's; only softmax (exp) may differ in its last.
 * Nothing here waits for the device: a call launches on the caller's stream and returns.
 */
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "nt_ops.h"

namespace nt {
namespace {

constexpr int THREADS = 256;
constexpr int WARP = 32;
static_assert(4 * THREADS == LANES, "a thread sums four lanes of a norm");

int64_t blocks_for(int64_t count, int64_t size) {
    return (count + size - 1) / size;
}

/* Launches a grid of one dimension, if a grid can have that many blocks. */
template <class Kernel, class... Args>
int32_t launch(const char* name, Kernel kernel, int64_t blocks, int threads, void* stream, Args... args) {
    if (blocks == 0) {
        return NT_OK;
    }
    if (blocks > INT32_MAX) {
        return fail(NT_INVALID, "%s: blocks of the grid must be < 2^31: %lld", name, static_cast<long long>(blocks));
    }
    kernel<<<static_cast<unsigned>(blocks), threads, 0, static_cast<cudaStream_t>(stream)>>>(args...);
    cudaError_t error = cudaGetLastError();
    return error == cudaSuccess ? NT_OK : fail(NT_DEVICE_ERROR, "%s: %s", name, cudaGetErrorString(error));
}

__device__ void store(void* out, int64_t i, float value, int32_t dtype) {
    if (dtype == NT_F32) {
        static_cast<float*>(out)[i] = value;
    } else if (dtype == NT_F16) {
        static_cast<__half*>(out)[i] = __float2half_rn(value);
    } else {
        static_cast<__nv_bfloat16*>(out)[i] = __float2bfloat16_rn(value);
    }
}

__device__ float load(const void* in, int64_t i, int32_t dtype) {
    if (dtype == NT_F32) {
        return static_cast<const float*>(in)[i];
    }
    return dtype == NT_F16 ? __half2float(static_cast<const __half*>(in)[i]) : __bfloat162float(static_cast<const __nv_bfloat16*>(in)[i]);
}

/* Four neighbours in one access; `i` is a multiple of 4 and the arrays are aligned to four of their elements. */
__device__ void store4(void* out, int64_t i, float4 v, int32_t dtype) {
    if (dtype == NT_F32) {
        *reinterpret_cast<float4*>(static_cast<float*>(out) + i) = v;
    } else if (dtype == NT_F16) {
        __half2 pair[2] = {__floats2half2_rn(v.x, v.y), __floats2half2_rn(v.z, v.w)};
        *reinterpret_cast<uint2*>(static_cast<__half*>(out) + i) = *reinterpret_cast<uint2*>(pair);
    } else {
        __nv_bfloat162 pair[2] = {__floats2bfloat162_rn(v.x, v.y), __floats2bfloat162_rn(v.z, v.w)};
        *reinterpret_cast<uint2*>(static_cast<__nv_bfloat16*>(out) + i) = *reinterpret_cast<uint2*>(pair);
    }
}

__device__ float4 load4(const void* in, int64_t i, int32_t dtype) {
    if (dtype == NT_F32) {
        return *reinterpret_cast<const float4*>(static_cast<const float*>(in) + i);
    }
    uint2 raw = *reinterpret_cast<const uint2*>(static_cast<const uint16_t*>(in) + i);
    if (dtype == NT_F16) {
        float2 low = __half22float2(*reinterpret_cast<__half2*>(&raw.x));
        float2 high = __half22float2(*reinterpret_cast<__half2*>(&raw.y));
        return make_float4(low.x, low.y, high.x, high.y);
    }
    float2 low = __bfloat1622float2(*reinterpret_cast<__nv_bfloat162*>(&raw.x));
    float2 high = __bfloat1622float2(*reinterpret_cast<__nv_bfloat162*>(&raw.y));
    return make_float4(low.x, low.y, high.x, high.y);
}

bool aligned(const void* pointer, size_t bytes) {
    return reinterpret_cast<uintptr_t>(pointer) % bytes == 0;
}

size_t four(int32_t dtype) {
    return dtype == NT_F32 ? 16 : 8;
}

/* One thread's share of a row: elements 4 t .. 4 t + 3, then 1024 further on, and so on. */
template <bool VECTOR, class Body>
__device__ void quads(int64_t elements, const Body& body) {
    for (int64_t e = 4ll * threadIdx.x; e < elements; e += LANES) {
        body(e, VECTOR ? 4 : static_cast<int>(elements - e < 4 ? elements - e : 4));
    }
}

__device__ float4 normals_at(const nt_row& row, uint32_t round, uint64_t seed, int64_t e) {
    Words w = philox(static_cast<uint32_t>(e / 4), row.draw + round, row.stage, row.image, static_cast<uint32_t>(seed),
                     static_cast<uint32_t>(seed >> 32));
    float4 n;
    normals(w, n.x, n.y, n.z, n.w);
    return n;
}

/* Adds up a block's 1024 lanes in the CPU's order; every thread gets the norm. */
__device__ double fold_norm(float4 lanes, float* shared) {
    __syncthreads();
    reinterpret_cast<float4*>(shared)[threadIdx.x] = lanes;
    for (int width = LANES / 2; width > 0; width /= 2) {
        __syncthreads();
        for (int l = threadIdx.x; l < width; l += THREADS) {
            shared[l] += shared[l + width];
        }
    }
    __syncthreads();
    return sqrt(static_cast<double>(shared[0]));
}

template <bool VECTOR>
__device__ float4 get4(const float* p, int64_t e, int count) {
    if (VECTOR) {
        return *reinterpret_cast<const float4*>(p + e);
    }
    float4 v = make_float4(0, 0, 0, 0);
    float* f = &v.x;
    for (int k = 0; k < count; k++) {
        f[k] = p[e + k];
    }
    return v;
}

template <bool VECTOR>
__device__ void put4(float* p, int64_t e, float4 v, int count) {
    if (VECTOR) {
        *reinterpret_cast<float4*>(p + e) = v;
        return;
    }
    const float* f = &v.x;
    for (int k = 0; k < count; k++) {
        p[e + k] = f[k];
    }
}

__device__ float4 add_squares(float4 lanes, float4 v, int count) {
    lanes.x = fmaf(v.x, v.x, lanes.x);
    lanes.y = count > 1 ? fmaf(v.y, v.y, lanes.y) : lanes.y;
    lanes.z = count > 2 ? fmaf(v.z, v.z, lanes.z) : lanes.z;
    lanes.w = count > 3 ? fmaf(v.w, v.w, lanes.w) : lanes.w;
    return lanes;
}

__device__ float4 scaled(float4 v, float by) {
    return make_float4(v.x * by, v.y * by, v.z * by, v.w * by);
}

__device__ float4 moved(float4 pivot, float factor, float4 v) {
    return make_float4(fmaf(factor, v.x, pivot.x), fmaf(factor, v.y, pivot.y), fmaf(factor, v.z, pivot.z), fmaf(factor, v.w, pivot.w));
}

template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) noise_kernel(const nt_row* table, uint64_t seed, int64_t elements, float scale, float* out) {
    const nt_row row = table[blockIdx.x];
    float* mine = out + static_cast<int64_t>(blockIdx.x) * elements;
    quads<VECTOR>(elements, [&](int64_t e, int count) { put4<VECTOR>(mine, e, scaled(normals_at(row, 0, seed, e), scale), count); });
}

__global__ void uniforms_kernel(const nt_row* table, int64_t rows, uint64_t seed, double* out) {
    int64_t r = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (r < rows) {
        Words w = philox(0xFFFFFFFFu, table[r].draw, table[r].stage, table[r].image, static_cast<uint32_t>(seed),
                         static_cast<uint32_t>(seed >> 32));
        out[2 * r] = uniform(w.r0);
        out[2 * r + 1] = uniform(w.r1);
    }
}

/* A block a row. A local candidate needs its direction's norm before its first element: the direction is made once for the norm and again to be used, which
 * is cheaper than a trip to memory and back. */
template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) candidates_kernel(CandidateArgs a) {
    __shared__ alignas(16) float lanes_shared[LANES];
    const int64_t r = blockIdx.x;
    const nt_row row = a.table[r];
    /* What the CPU's form refuses is left alone here: the whole block returns. */
    const bool moves = a.x_hat || a.input;
    const bool with_pivot = row.kind == NT_LOCAL || row.kind == NT_COIN || row.kind == NT_PIVOT;
    if (row.kind < NT_NONE || row.kind > NT_PIVOT || (a.steps && (row.stage < 1 || row.stage > a.step_count))
            || ((moves || with_pivot) && (row.parent < 0 || row.parent >= a.parents)) || (with_pivot && !a.pivots)) {
        return;
    }
    const float* pivot = a.pivots + (with_pivot ? row.parent * a.elements : 0);
    int32_t kind = row.kind;
    float factor = 0;
    float sphere = 1;
    if (kind == NT_COIN || kind == NT_LOCAL) {
        Words w = philox(0xFFFFFFFFu, row.draw + a.round, row.stage, row.image, static_cast<uint32_t>(a.seed),
                         static_cast<uint32_t>(a.seed >> 32));
        kind = kind == NT_COIN && uniform(w.r0) < a.epsilon ? NT_GLOBAL : NT_LOCAL;
        if (kind == NT_LOCAL) {
            const double root = sqrt(static_cast<double>(a.elements));
            float4 lanes = make_float4(0, 0, 0, 0);
            quads<VECTOR>(a.elements, [&](int64_t e, int count) { lanes = add_squares(lanes, normals_at(row, a.round, a.seed, e), count); });
            factor = onto(uniform(w.r1) * a.lambda * root, fold_norm(lanes, lanes_shared));
            if (a.sphere) {
                lanes = make_float4(0, 0, 0, 0);
                quads<VECTOR>(a.elements, [&](int64_t e, int count) {
                    lanes = add_squares(lanes, moved(get4<VECTOR>(pivot, e, count), factor, normals_at(row, a.round, a.seed, e)), count);
                });
                sphere = onto(root, fold_norm(lanes, lanes_shared));
            }
        }
    }
    nt_edm_step step = {};
    if (a.steps) {
        step = a.steps[row.stage - 1];
        if (a.c_noise && threadIdx.x == 0) {
            a.c_noise[r] = step.c_noise;
        }
    }
    const float* x = a.x + (moves ? row.parent * a.elements : 0);
    const int64_t base = r * a.elements;
    quads<VECTOR>(a.elements, [&](int64_t e, int count) {
        float4 z = make_float4(0, 0, 0, 0);
        if (kind == NT_PIVOT) {
            z = get4<VECTOR>(pivot, e, count);
        } else if (kind != NT_NONE) {
            z = normals_at(row, a.round, a.seed, e);
            if (kind == NT_LOCAL) {
                z = moved(get4<VECTOR>(pivot, e, count), factor, z);
                if (a.sphere) {
                    z = scaled(z, sphere);
                }
            }
        }
        if (a.noise) {
            put4<VECTOR>(a.noise + base, e, z, count);
        }
        if (!moves) {
            return;
        }
        float4 v = moved(get4<VECTOR>(x, e, count), step.gain, z);
        if (a.x_hat) {
            put4<VECTOR>(a.x_hat + base, e, v, count);
        }
        if (a.input) {
            float4 in = scaled(v, step.c_in);
            if (VECTOR) {
                store4(a.input, base + e, in, a.input_dtype);
            } else {
                const float* f = &in.x;
                for (int k = 0; k < count; k++) {
                    store(a.input, base + e + k, f[k], a.input_dtype);
                }
            }
        }
    });
}

__device__ void euler_at(const nt_edm_step& s, float way, float x_hat, float f, float& d, float& slope, float& next) {
    d = denoised(s.c_skip, s.c_out, x_hat, f);
    slope = (x_hat - d) / s.sigma_hat;
    next = fmaf(way, slope, x_hat);
}

__device__ void heun_at(const nt_edm_step& s, float half_way, float x_hat, float slope, float f, float& d, float& next) {
    d = denoised(s.c_skip_next, s.c_out_next, next, f);
    next = fmaf(half_way, slope + (next - d) / s.sigma_next, x_hat);
}

/* Row and first element of a thread where `per_row` blocks share a row; false where it has nothing to do. */
__device__ bool place(const EdmArgs& a, unsigned per_row, int width, int64_t& row, int64_t& element) {
    row = blockIdx.x / per_row;
    element = (static_cast<int64_t>(blockIdx.x % per_row) * THREADS + threadIdx.x) * width;
    const uint32_t stage = a.table[row].stage;
    return element < a.elements && stage >= 1 && stage <= a.step_count;
}

template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) euler_kernel(EdmArgs a, unsigned per_row) {
    int64_t r, e;
    if (!place(a, per_row, VECTOR ? 4 : 1, r, e)) {
        return;
    }
    const nt_edm_step s = a.steps[a.table[r].stage - 1];
    if (e == 0 && a.c_noise) {
        a.c_noise[r] = s.c_noise_next;
    }
    const int64_t i = r * a.elements + e;
    const float way = s.sigma_next - s.sigma_hat;
    if (VECTOR) {
        float4 x = *reinterpret_cast<const float4*>(a.x_hat + i);
        float4 f = load4(a.network, i, a.network_dtype);
        float4 d, slope, next;
        euler_at(s, way, x.x, f.x, d.x, slope.x, next.x);
        euler_at(s, way, x.y, f.y, d.y, slope.y, next.y);
        euler_at(s, way, x.z, f.z, d.z, slope.z, next.z);
        euler_at(s, way, x.w, f.w, d.w, slope.w, next.w);
        *reinterpret_cast<float4*>(a.x_next + i) = next;
        if (a.slope) {
            *reinterpret_cast<float4*>(a.slope + i) = slope;
        }
        if (a.clean) {
            *reinterpret_cast<float4*>(a.clean + i) = d;
        }
        if (a.input) {
            store4(a.input, i, scaled(next, s.c_in_next), a.input_dtype);
        }
        return;
    }
    float d, slope, next;
    euler_at(s, way, a.x_hat[i], load(a.network, i, a.network_dtype), d, slope, next);
    a.x_next[i] = next;
    if (a.slope) {
        a.slope[i] = slope;
    }
    if (a.clean) {
        a.clean[i] = d;
    }
    if (a.input) {
        store(a.input, i, s.c_in_next * next, a.input_dtype);
    }
}

template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) heun_kernel(EdmArgs a, unsigned per_row) {
    int64_t r, e;
    if (!place(a, per_row, VECTOR ? 4 : 1, r, e)) {
        return;
    }
    const nt_edm_step s = a.steps[a.table[r].stage - 1];
    if (!(s.sigma_next > 0)) {
        return;
    }
    const int64_t i = r * a.elements + e;
    const float half_way = 0.5f * (s.sigma_next - s.sigma_hat);
    if (VECTOR) {
        float4 x = *reinterpret_cast<const float4*>(a.x_hat + i);
        float4 slope = *reinterpret_cast<const float4*>(a.slope + i);
        float4 f = load4(a.network, i, a.network_dtype);
        float4 next = *reinterpret_cast<const float4*>(a.x_next + i);
        float4 d;
        heun_at(s, half_way, x.x, slope.x, f.x, d.x, next.x);
        heun_at(s, half_way, x.y, slope.y, f.y, d.y, next.y);
        heun_at(s, half_way, x.z, slope.z, f.z, d.z, next.z);
        heun_at(s, half_way, x.w, slope.w, f.w, d.w, next.w);
        *reinterpret_cast<float4*>(a.x_next + i) = next;
        if (a.clean) {
            *reinterpret_cast<float4*>(a.clean + i) = d;
        }
        return;
    }
    float d;
    float next = a.x_next[i];
    heun_at(s, half_way, a.x_hat[i], a.slope[i], load(a.network, i, a.network_dtype), d, next);
    a.x_next[i] = next;
    if (a.clean) {
        a.clean[i] = d;
    }
}

template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) quantise_kernel(const float* x, int64_t count, uint8_t* out) {
    const int64_t i = (static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x) * (VECTOR ? 4 : 1);
    if (i >= count) {
        return;
    }
    if (VECTOR) {
        float4 v = *reinterpret_cast<const float4*>(x + i);
        *reinterpret_cast<uchar4*>(out + i) = make_uchar4(quantised(v.x), quantised(v.y), quantised(v.z), quantised(v.w));
    } else {
        out[i] = quantised(x[i]);
    }
}

__device__ unsigned long long block_sum(unsigned long long value, unsigned long long* shared) {
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        value += __shfl_down_sync(0xFFFFFFFFu, value, offset);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        shared[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    unsigned long long sum = 0;
    for (int w = 0; w < THREADS / WARP; w++) {
        sum += shared[w];
    }
    return sum;
}

__global__ void __launch_bounds__(THREADS) luminance_kernel(ImageArgs a, double* out) {
    __shared__ unsigned long long shared[THREADS / WARP];
    const int64_t plane = static_cast<int64_t>(a.height) * a.width;
    const uint8_t* image = a.images + blockIdx.x * plane * a.channels;
    unsigned long long sums[3] = {0, 0, 0};
    const int parts = a.channels == 3 ? 3 : 1;
    const int64_t length = a.channels == 3 ? plane : plane * a.channels;
    for (int c = 0; c < parts; c++) {
        unsigned long long sum = 0;
        for (int64_t i = threadIdx.x; i < length; i += THREADS) {
            sum += image[c * length + i];
        }
        sums[c] = block_sum(sum, shared);
    }
    if (threadIdx.x == 0) {
        out[blockIdx.x] = luminance_of(sums[0], sums[1], sums[2], a.channels, plane);
    }
}

constexpr int JPEG_THREADS = 64;

/* A block of threads an image: each thread transforms and quantises one of 64 image blocks, then one thread codes them, because what is stuffed depends on
 * all the bits before. */
__global__ void __launch_bounds__(JPEG_THREADS) jpeg_kernel(JpegTables tables, ImageArgs a, double max_bytes, int32_t* bytes, double* score) {
    __shared__ JpegBlock blocks[JPEG_THREADS];
    __shared__ int32_t which[JPEG_THREADS];
    const int64_t r = blockIdx.x;
    const JpegSource image = {a.images + r * a.channels * a.height * a.width, a.channels, a.height, a.width};
    const JpegScan scan(image);
    BitCounter out = {0, 0, 0};
    int32_t last[3] = {0, 0, 0};
    for (int32_t from = 0; from < scan.blocks; from += JPEG_THREADS) {
        const int32_t i = from + static_cast<int32_t>(threadIdx.x);
        if (i < scan.blocks) {
            int32_t samples[64];
            which[threadIdx.x] = samples_of(image, scan, i, samples);
            if (which[threadIdx.x] >= 0) {
                quantise_block(tables, which[threadIdx.x] > 0, samples, blocks[threadIdx.x]);
            }
        }
        __syncthreads();
        if (threadIdx.x == 0) {
            const int32_t count = scan.blocks - from < JPEG_THREADS ? scan.blocks - from : JPEG_THREADS;
            for (int32_t b = 0; b < count; b++) {
                if (which[b] < 0) {
                    code_empty_block(tables, 0, out);
                } else {
                    code_block(tables, which[b] > 0, blocks[b], last[which[b]], out);
                }
            }
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        const int32_t count = jpeg_header(a.channels) + out.finish();
        if (bytes) {
            bytes[r] = count;
        }
        if (score) {
            score[r] = compressibility(count, max_bytes);
        }
    }
}

/* A warp a row. A label that is not a class gives NaN. */
__global__ void softmax_kernel(const float* logits, int64_t classes, const int32_t* labels, double* out) {
    const float* row = logits + blockIdx.x * classes;
    float most = -INFINITY;
    for (int64_t c = threadIdx.x; c < classes; c += WARP) {
        most = row[c] > most ? row[c] : most;
    }
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        float other = __shfl_xor_sync(0xFFFFFFFFu, most, offset);
        most = other > most ? other : most;
    }
    double sum = 0;
    for (int64_t c = threadIdx.x; c < classes; c += WARP) {
        sum += exp(static_cast<double>(row[c]) - most);
    }
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        sum += __shfl_xor_sync(0xFFFFFFFFu, sum, offset);
    }
    if (threadIdx.x == 0) {
        const int32_t label = labels[blockIdx.x];
        out[blockIdx.x] = label >= 0 && label < classes ? exp(static_cast<double>(row[label]) - most) / sum : static_cast<double>(NAN);
    }
}

__global__ void accumulate_kernel(const double* score, int64_t rows, double weight, int32_t add, double* out) {
    const int64_t r = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (r < rows) {
        out[r] = add ? fma(weight, score[r], out[r]) : weight * score[r];
    }
}

struct Ranked {
    double rank;
    int32_t index;
};

__device__ bool before(const Ranked& a, const Ranked& b) {
    return a.rank > b.rank || (a.rank == b.rank && a.index < b.index);
}

/* The first of a warp, in every lane. */
__device__ Ranked first_of_warp(Ranked mine) {
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        Ranked other = {__shfl_xor_sync(0xFFFFFFFFu, mine.rank, offset), __shfl_xor_sync(0xFFFFFFFFu, mine.index, offset)};
        mine = before(other, mine) ? other : mine;
    }
    return mine;
}

__device__ int32_t sum_of_warp(int32_t value) {
    for (int offset = WARP / 2; offset > 0; offset /= 2) {
        value += __shfl_xor_sync(0xFFFFFFFFu, value, offset);
    }
    return value;
}

__global__ void select_kernel(const double* scores, int64_t size, int32_t keep, double* best, int32_t* winner, int32_t* nans) {
    const int64_t g = blockIdx.x;
    const double* group = scores + g * size;
    Ranked first = {-INFINITY, INT32_MAX};
    int32_t unknown = 0;
    for (int32_t i = threadIdx.x; i < size; i += WARP) {
        unknown += group[i] != group[i];
        Ranked one = {ranked(group[i]), i};
        first = before(one, first) ? one : first;
    }
    first = first_of_warp(first);
    unknown = sum_of_warp(unknown);
    if (threadIdx.x == 0) {
        if (nans) {
            nans[g] += unknown;
        }
        const bool kept = keep && best[g] == best[g] && !(first.rank > best[g]);
        winner[g] = kept ? -1 : first.index;
        best[g] = kept ? best[g] : group[first.index];
    }
}

__global__ void top_kernel(const double* scores, int64_t size, int64_t take, int32_t* index, int32_t* nans) {
    const int64_t g = blockIdx.x;
    const double* group = scores + g * size;
    Ranked last = {INFINITY, -1};
    for (int64_t k = 0; k < take; k++) {
        Ranked next = {-INFINITY, INT32_MAX};
        int32_t unknown = 0;
        for (int32_t i = threadIdx.x; i < size; i += WARP) {
            unknown += group[i] != group[i];
            Ranked one = {ranked(group[i]), i};
            next = before(last, one) && before(one, next) ? one : next;
        }
        last = first_of_warp(next);
        unknown = sum_of_warp(unknown);
        if (threadIdx.x == 0) {
            index[g * take + k] = last.index;
            if (nans && k == 0) {
                nans[g] += unknown;
            }
        }
    }
}

template <class Word>
__global__ void __launch_bounds__(THREADS) gather_kernel(
        const Word* src, int64_t words, unsigned per_row, const int32_t* index, int64_t per_group, int64_t group_size, const int32_t* target, Word* dst) {
    const int64_t g = blockIdx.x / per_row;
    const int64_t w = static_cast<int64_t>(blockIdx.x % per_row) * THREADS + threadIdx.x;
    const int32_t from = index[g];
    const int64_t to = target ? target[g] : g;
    if (w < words && from >= 0 && from < group_size && to >= 0) {
        dst[to * words + w] = src[((g / per_group) * group_size + from) * words + w];
    }
}

template <bool VECTOR>
__global__ void __launch_bounds__(THREADS) sphere_kernel(float* p, int64_t elements, int32_t project, double* norm) {
    __shared__ alignas(16) float shared[LANES];
    float* row = p + blockIdx.x * elements;
    float4 lanes = make_float4(0, 0, 0, 0);
    quads<VECTOR>(elements, [&](int64_t e, int count) { lanes = add_squares(lanes, get4<VECTOR>(row, e, count), count); });
    const double length = fold_norm(lanes, shared);
    if (norm && threadIdx.x == 0) {
        norm[blockIdx.x] = length;
    }
    if (project && length > 0) {
        const float scale = static_cast<float>(sqrt(static_cast<double>(elements)) / length);
        quads<VECTOR>(elements, [&](int64_t e, int count) { put4<VECTOR>(row, e, scaled(get4<VECTOR>(row, e, count), scale), count); });
    }
}

int32_t noise(void* stream, const nt_row* table, int64_t rows, uint64_t seed, int64_t elements, float scale, float* out) {
    auto kernel = elements % 4 == 0 && aligned(out, 16) ? noise_kernel<true> : noise_kernel<false>;
    return launch("noise", kernel, rows, THREADS, stream, table, seed, elements, scale, out);
}

int32_t uniforms(void* stream, const nt_row* table, int64_t rows, uint64_t seed, double* out) {
    return launch("uniforms", uniforms_kernel, blocks_for(rows, THREADS), THREADS, stream, table, rows, seed, out);
}

int32_t candidates(void* stream, const CandidateArgs& a) {
    const bool vector = a.elements % 4 == 0 && aligned(a.x, 16) && aligned(a.pivots, 16) && aligned(a.noise, 16) && aligned(a.x_hat, 16)
            && aligned(a.input, four(a.input_dtype));
    return launch("candidates", vector ? candidates_kernel<true> : candidates_kernel<false>, a.rows, THREADS, stream, a);
}

template <class Kernel>
int32_t update(const char* name, void* stream, const EdmArgs& a, Kernel vectored, Kernel single) {
    const bool vector = a.elements % 4 == 0 && aligned(a.x_hat, 16) && aligned(a.slope, 16) && aligned(a.x_next, 16) && aligned(a.clean, 16)
            && aligned(a.input, four(a.input_dtype)) && aligned(a.network, four(a.network_dtype));
    const int64_t per_row = blocks_for(a.elements, vector ? 4 * THREADS : THREADS); /* at most 2^34 / 2^8 */
    if (a.rows > INT32_MAX / per_row) {
        return fail(NT_INVALID, "%s: rows x elements are too many for a grid: %lld x %lld", name, static_cast<long long>(a.rows), static_cast<long long>(a.elements));
    }
    return launch(name, vector ? vectored : single, a.rows * per_row, THREADS, stream, a, static_cast<unsigned>(per_row));
}

int32_t euler(void* stream, const EdmArgs& a) {
    return update("euler", stream, a, euler_kernel<true>, euler_kernel<false>);
}

int32_t heun(void* stream, const EdmArgs& a) {
    return update("heun", stream, a, heun_kernel<true>, heun_kernel<false>);
}

int32_t unwritten(const char* name) {
    return fail(NT_DEVICE_ERROR, "%s has no CUDA form yet", name);
}

int32_t propose(void*, const nt_propose_args&) {
    return unwritten("propose");
}

int32_t update(void*, const nt_update_args&) {
    return unwritten("update");
}

int32_t input(void*, const InputArgs&) {
    return unwritten("input");
}

int32_t penalise(void*, double*, const int32_t*, int64_t) {
    return unwritten("penalise");
}

int32_t combine(void*, const CombineArgs&) {
    return unwritten("combine");
}

int32_t resample(void*, const double*, const double*, int64_t, int64_t, int32_t*) {
    return unwritten("resample");
}

int32_t resize(void*, const ResizeArgs&) {
    return unwritten("resize");
}

int32_t stream_create(void** out) {
    cudaStream_t stream;
    const cudaError_t error = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
    *out = error == cudaSuccess ? stream : nullptr;
    return error == cudaSuccess ? NT_OK : fail(NT_DEVICE_ERROR, "stream_create: %s", cudaGetErrorString(error));
}

int32_t stream_destroy(void* stream) {
    const cudaError_t error = cudaStreamDestroy(static_cast<cudaStream_t>(stream));
    return error == cudaSuccess ? NT_OK : fail(NT_DEVICE_ERROR, "stream_destroy: %s", cudaGetErrorString(error));
}

int32_t stream_synchronize(void* stream) {
    const cudaError_t error = cudaStreamSynchronize(static_cast<cudaStream_t>(stream));
    return error == cudaSuccess ? NT_OK : fail(NT_DEVICE_ERROR, "stream_synchronize: %s", cudaGetErrorString(error));
}

int32_t quantise(void* stream, const float* x, int64_t rows, int64_t elements, uint8_t* out, int32_t* bad) {
    if (bad) {
        return unwritten("quantise with bad");
    }
    const int64_t count = rows * elements;
    const bool vector = count % 4 == 0 && aligned(x, 16) && aligned(out, 4);
    auto kernel = vector ? quantise_kernel<true> : quantise_kernel<false>;
    return launch("quantise", kernel, blocks_for(count, vector ? 4 * THREADS : THREADS), THREADS, stream, x, count, out);
}

int32_t luminance(void* stream, const ImageArgs& a, double* out) {
    return launch("luminance", luminance_kernel, a.rows, THREADS, stream, a, out);
}

int32_t jpeg_size(void* stream, const ImageArgs& a, double max_bytes, int32_t* bytes, double* score) {
    return launch("jpeg_size", jpeg_kernel, a.rows, JPEG_THREADS, stream, jpeg_tables(), a, max_bytes, bytes, score);
}

int32_t softmax_at(void* stream, const float* logits, int64_t rows, int64_t classes, const int32_t* labels, double* out) {
    return launch("softmax_at", softmax_kernel, rows, WARP, stream, logits, classes, labels, out);
}

int32_t accumulate(void* stream, const double* score, int64_t rows, double weight, int32_t add, double* out) {
    return launch("accumulate", accumulate_kernel, blocks_for(rows, THREADS), THREADS, stream, score, rows, weight, add, out);
}

int32_t select(void* stream, const double* scores, int64_t groups, int64_t size, int32_t keep, double* best, int32_t* winner, int32_t* nans) {
    return launch("select", select_kernel, groups, WARP, stream, scores, size, keep, best, winner, nans);
}

int32_t top(void* stream, const double* scores, int64_t groups, int64_t size, int64_t take, int32_t* index, int32_t* nans) {
    return launch("top", top_kernel, groups, WARP, stream, scores, size, take, index, nans);
}

template <class Word>
int32_t copy_rows(
        void* stream, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size,
        const int32_t* target, char* dst) {
    const int64_t words = row_bytes / static_cast<int64_t>(sizeof(Word));
    const int64_t per_row = blocks_for(words, THREADS);
    if (count > INT32_MAX / per_row) {
        return fail(NT_INVALID, "gather: count x row_bytes are too many for a grid: %lld x %lld", static_cast<long long>(count), static_cast<long long>(row_bytes));
    }
    return launch("gather", gather_kernel<Word>, count * per_row, THREADS, stream, reinterpret_cast<const Word*>(src), words,
                  static_cast<unsigned>(per_row), index, per_group, group_size, target, reinterpret_cast<Word*>(dst));
}

int32_t gather(
        void* stream, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size,
        const int32_t* target, char* dst) {
    if (row_bytes % 16 == 0 && aligned(src, 16) && aligned(dst, 16)) {
        return copy_rows<uint4>(stream, src, row_bytes, index, count, per_group, group_size, target, dst);
    }
    if (row_bytes % 4 == 0 && aligned(src, 4) && aligned(dst, 4)) {
        return copy_rows<uint32_t>(stream, src, row_bytes, index, count, per_group, group_size, target, dst);
    }
    return copy_rows<uint8_t>(stream, src, row_bytes, index, count, per_group, group_size, target, dst);
}

int32_t sphere(void* stream, float* p, int64_t rows, int64_t elements, int32_t project, double* norm) {
    auto kernel = elements % 4 == 0 && aligned(p, 16) ? sphere_kernel<true> : sphere_kernel<false>;
    return launch("sphere", kernel, rows, THREADS, stream, p, elements, project, norm);
}

const Ops ops = {noise,     uniforms,  candidates, euler,      heun,   propose, update, input,  quantise,      penalise,       combine,           resample, resize,
                 luminance, jpeg_size, softmax_at, accumulate, select, top,     gather, sphere, stream_create, stream_destroy, stream_synchronize};

} // namespace

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
    return &ops;
}

void cuda_leave(int32_t previous) {
    if (previous >= 0) {
        cudaSetDevice(previous);
    }
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
