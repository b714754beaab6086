/* Noise by name, its sums, and norms. */
#include "nt_cuda.h"
#include "nt_parts.cuh"

namespace nt {
namespace cuda {
namespace {

/* p[e] .. p[e + 3] = v, as far as the row goes; in one access where they are aligned for it. */
template <bool VECTOR>
__device__ void put_quad(float* p, int64_t e, int64_t elements, float4 v) {
    if (VECTOR) {
        __stwb(reinterpret_cast<float4*>(p + e), v);
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

/* p[e] .. p[e + 3], and 0 where the row ends before. */
template <bool VECTOR>
__device__ float4 get_quad(const float* p, int64_t e, int64_t elements) {
    if (VECTOR) {
        return *reinterpret_cast<const float4*>(p + e);
    }
    float values[4] = {};
    for (int k = 0; k < 4 && e + k < elements; k++) {
        values[k] = p[e + k];
    }
    return make_float4(values[0], values[1], values[2], values[3]);
}

__device__ float4 combination(const CombineArgs& a, int64_t r, int64_t e) {
    float4 sum = make_float4(0, 0, 0, 0);
    for (int64_t m = r * a.term_count; m < (r + 1) * a.term_count; m++) {
        const float w = static_cast<float>(a.weights[m]);
        const float4 n = normals_at(a.terms[m], 0, a.seed, e);
        sum = make_float4(fmaf(w, n.x, sum.x), fmaf(w, n.y, sum.y), fmaf(w, n.z, sum.z), fmaf(w, n.w, sum.w));
    }
    return sum;
}

template <bool VECTOR>
__global__ void __launch_bounds__(BLOCK) combine_kernel(CombineArgs a, unsigned per_row) {
    int64_t e;
    const int64_t r = place(per_row, 4, e);
    if (e < a.elements) {
        put_quad<VECTOR>(a.out + r * a.elements, e, a.elements, combination(a, r, e));
    }
}

/* Scales row[e], or what is kept of it. */
template <bool VECTOR>
__device__ void put_scaled(Part& part, float* row, int64_t elements, float scale) {
    const bool kept = part.keeps_all();
    part.chunks([&](int64_t from, int64_t count) {
        for (int64_t i = 4ll * threadIdx.x; i < count; i += 4ll * blockDim.x) {
            const int64_t e = part.element(from + i);
            const float4 v = kept ? *reinterpret_cast<const float4*>(part.values() + i) : get_quad<VECTOR>(row, e, elements);
            put_quad<VECTOR>(row, e, elements, make_float4(v.x * scale, v.y * scale, v.z * scale, v.w * scale));
        }
    });
}

template <bool VECTOR>
__global__ void __launch_bounds__(MOST_THREADS, 1) combine_and_project_kernel(CombineArgs a, int shift, int64_t chunk) {
    NT_DYNAMIC_SHARED(shared);
    Part part(a.elements, shift, chunk, shared);
    float* out = a.out + part.row * a.elements;
    const float* const z = part.values();
    part.chunks([&](int64_t from, int64_t count) {
        part.keep(from, count, [&](int64_t e) { return combination(a, part.row, e); });
        part.add_squares(from, count, [&](int64_t i) { return z[i]; });
        for (int64_t i = 4ll * threadIdx.x; i < count && !part.keeps_all(); i += 4ll * blockDim.x) {
            put_quad<VECTOR>(out, part.element(from + i), a.elements, *reinterpret_cast<const float4*>(z + i));
        }
    });
    put_scaled<VECTOR>(part, out, a.elements, onto(sqrt(static_cast<double>(a.elements)), part.norm()));
}

template <bool VECTOR>
__global__ void __launch_bounds__(MOST_THREADS, 1) sphere_kernel(float* p, int64_t elements, int32_t project, double* norm, int shift, int64_t chunk) {
    NT_DYNAMIC_SHARED(shared);
    Part part(elements, shift, chunk, shared);
    float* row = p + part.row * elements;
    part.chunks([&](int64_t from, int64_t count) {
        part.keep(from, count, [&](int64_t e) { return get_quad<VECTOR>(row, e, elements); });
        part.add_squares(from, count, [&](int64_t i) { return part.values()[i]; });
    });
    const double length = part.norm();
    if (norm && part.speaks()) {
        norm[part.row] = length;
    }
    if (project && length > 0) {
        put_scaled<VECTOR>(part, row, elements, static_cast<float>(sqrt(static_cast<double>(elements)) / length));
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
    const bool vector = a.elements % 4 == 0 && aligned(a.out, 16);
    if (a.project) {
        return launch_parts("combine", vector ? combine_and_project_kernel<true> : combine_and_project_kernel<false>, a.rows, a.elements, stream, a);
    }
    return launch_rows("combine", vector ? combine_kernel<true> : combine_kernel<false>, a.rows, blocks_for(a.elements, 4 * BLOCK), BLOCK, stream, a);
}

int32_t sphere(void* stream, float* p, int64_t rows, int64_t elements, int32_t project, double* norm) {
    const bool vector = elements % 4 == 0 && aligned(p, 16);
    return launch_parts("sphere", vector ? sphere_kernel<true> : sphere_kernel<false>, rows, elements, stream, p, elements, project, norm);
}

} // namespace cuda
} // namespace nt
