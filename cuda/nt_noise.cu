/* Noise by name, its sums, and norms. */
#include "nt_cuda.h"
#include "nt_device.cuh"

namespace nt {
namespace cuda {
namespace {

/* `count` values of `v` from p[e] on; all four where they are aligned for it. */
template <bool VECTOR>
__device__ void put_quad(float* p, int64_t e, int64_t elements, float4 v) {
    if (VECTOR) {
        *reinterpret_cast<float4*>(p + e) = v;
        return;
    }
    const float values[4] = {v.x, v.y, v.z, v.w};
    for (int k = 0; k < 4 && e + k < elements; k++) {
        p[e + k] = values[k];
    }
}

template <bool VECTOR>
__global__ void __launch_bounds__(BLOCK) noise_kernel(const nt_row* table, uint64_t seed, int64_t elements, float scale, float* out, unsigned per_row) {
    int64_t e;
    const int64_t r = place(per_row, 4, e);
    if (e < elements) {
        const float4 n = normals_at(table[r], 0, seed, e);
        put_quad<VECTOR>(out + r * elements, e, elements, make_float4(n.x * scale, n.y * scale, n.z * scale, n.w * scale));
    }
}

__global__ void uniforms_kernel(const nt_row* table, int64_t rows, uint64_t seed, double* out) {
    const int64_t r = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (r < rows) {
        const Words w = philox(0xFFFFFFFFu, table[r].draw, table[r].stage, table[r].image, static_cast<uint32_t>(seed),
                               static_cast<uint32_t>(seed >> 32));
        out[2 * r] = uniform(w.r0);
        out[2 * r + 1] = uniform(w.r1);
    }
}

/* A block a row. */
template <bool VECTOR>
__global__ void __launch_bounds__(MOST_THREADS) combine_kernel(CombineArgs a) {
    __shared__ float lanes[LANES];
    const int64_t r = blockIdx.x;
    const nt_row* terms = a.terms + r * a.term_count;
    const double* weights = a.weights + r * a.term_count;
    float* out = a.out + r * a.elements;
    for (int64_t e = 4ll * threadIdx.x; e < a.elements; e += 4ll * blockDim.x) {
        float4 sum = make_float4(0, 0, 0, 0);
        for (int64_t m = 0; m < a.term_count; m++) {
            const float w = static_cast<float>(weights[m]);
            const float4 n = normals_at(terms[m], 0, a.seed, e);
            sum = make_float4(fmaf(w, n.x, sum.x), fmaf(w, n.y, sum.y), fmaf(w, n.z, sum.z), fmaf(w, n.w, sum.w));
        }
        put_quad<VECTOR>(out, e, a.elements, sum);
    }
    if (a.project) {
        __syncthreads();
        add_squares(lanes, a.elements, true, [&](int64_t i) { return out[i]; });
        const float scale = onto(sqrt(static_cast<double>(a.elements)), fold_norm(lanes));
        for (int64_t e = threadIdx.x; e < a.elements; e += blockDim.x) {
            out[e] *= scale;
        }
    }
}

/* A block a row. */
__global__ void __launch_bounds__(MOST_THREADS) sphere_kernel(float* p, int64_t elements, int32_t project, double* norm) {
    __shared__ float lanes[LANES];
    float* row = p + blockIdx.x * elements;
    add_squares(lanes, elements, true, [&](int64_t i) { return row[i]; });
    const double length = fold_norm(lanes);
    if (norm && threadIdx.x == 0) {
        norm[blockIdx.x] = length;
    }
    if (project && length > 0) {
        const float scale = static_cast<float>(sqrt(static_cast<double>(elements)) / length);
        for (int64_t e = threadIdx.x; e < elements; e += blockDim.x) {
            row[e] *= scale;
        }
    }
}

} // namespace

int32_t noise(void* stream, const nt_row* table, int64_t rows, uint64_t seed, int64_t elements, float scale, float* out) {
    auto kernel = elements % 4 == 0 && aligned(out, 16) ? noise_kernel<true> : noise_kernel<false>;
    return launch_rows("noise", kernel, rows, blocks_for(elements, 4 * BLOCK), BLOCK, stream, table, seed, elements, scale, out);
}

int32_t uniforms(void* stream, const nt_row* table, int64_t rows, uint64_t seed, double* out) {
    return launch("uniforms", uniforms_kernel, blocks_for(rows, BLOCK), BLOCK, 0, stream, table, rows, seed, out);
}

int32_t combine(void* stream, const CombineArgs& a) {
    auto kernel = a.elements % 4 == 0 && aligned(a.out, 16) ? combine_kernel<true> : combine_kernel<false>;
    return launch("combine", kernel, a.rows, threads_for(a.elements), 0, stream, a);
}

int32_t sphere(void* stream, float* p, int64_t rows, int64_t elements, int32_t project, double* norm) {
    return launch("sphere", sphere_kernel, rows, threads_for(elements), 0, stream, p, elements, project, norm);
}

} // namespace cuda
} // namespace nt
