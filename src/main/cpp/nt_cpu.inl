/*
 * The CPU form, compiled once for each instruction set (NT_LEVEL names the namespace): the same operations in the same order, so the same bits.
 * Threads are OpenMP's, the pool that LibTorch uses too; small jobs stay on the caller.
 */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

#include <omp.h>

#include "nt_ops.h"
#include "nt_resize.h"
#ifdef __AVX2__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized" /* GCC 12 says it of its own header */
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

namespace nt {
namespace NT_LEVEL {
namespace {

/* Elements below which a parallel region costs more than it saves. */
constexpr int64_t PARALLEL = 1 << 14;
constexpr int BLOCK = 256; /* normals made at a time: their words stay in registers and the nearest cache */
constexpr int SMALL_BLOCK = 64;
constexpr int64_t TILE = 2048; /* elements that an update works on at a time, in the nearest cache */

/* In the words of CUDA's runtime: who asks for less memory then looks for them. */
inline int32_t out_of_memory(const char* name) {
    return fail(NT_OUT_OF_MEMORY, "%s: out of memory", name);
}

struct Key {
    uint32_t c1, c2, c3, k0, k1;
};

inline Key key_of(const nt_row& row, uint32_t round, uint64_t seed) {
    return {row.draw + round, row.stage, row.image, (uint32_t)seed, (uint32_t)(seed >> 32)};
}

/*
 * The words of COUNTERS counters, a multiple of 16. A compiler does not see that Philox in 64-bit lanes needs no shuffles (a product reads the low halves only, so the high
 * ones may hold anything), hence the instructions by name: even and odd counters in two registers, put together at the end.
 */
template <int COUNTERS>
inline void words_of_block(const Key& key, uint32_t first, uint32_t* r0, uint32_t* r1, uint32_t* r2, uint32_t* r3) {
#if defined(__AVX512F__)
    using V = __m512i;
    constexpr int WIDTH = 8;
    const V steps = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    auto all = [](uint32_t v) { return _mm512_set1_epi64((int64_t)v); };
    auto mul = [](V a, V b) { return _mm512_mul_epu32(a, b); };
    auto high_xor = [](V p, V c, V k) { return _mm512_ternarylogic_epi64(_mm512_srli_epi64(p, 32), c, k, 0x96); };
    auto add = [](V a, V b) { return _mm512_add_epi64(a, b); };
    auto put = [](uint32_t* to, V even, V odd) { _mm512_storeu_si512(to, _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32))); };
#elif defined(__AVX2__)
    using V = __m256i;
    constexpr int WIDTH = 4;
    const V steps = _mm256_set_epi64x(6, 4, 2, 0);
    auto all = [](uint32_t v) { return _mm256_set1_epi64x((int64_t)v); };
    auto mul = [](V a, V b) { return _mm256_mul_epu32(a, b); };
    auto high_xor = [](V p, V c, V k) { return _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p, 32), c), k); };
    auto add = [](V a, V b) { return _mm256_add_epi64(a, b); };
    auto put = [](uint32_t* to, V even, V odd) { _mm256_storeu_si256((__m256i*)to, _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA)); };
#endif
#if defined(__AVX2__)
    for (int j = 0; j < COUNTERS; j += 2 * WIDTH) {
        V c0[2] = {add(all(first + (uint32_t)j), steps), add(all(first + (uint32_t)j + 1), steps)};
        V c1[2] = {all(key.c1), all(key.c1)}, c2[2] = {all(key.c2), all(key.c2)}, c3[2] = {all(key.c3), all(key.c3)};
        uint32_t k0 = key.k0, k1 = key.k1;
        for (int round = 0; round < 10; round++) {
            for (int h = 0; h < 2; h++) {
                V p0 = mul(all(0xD2511F53u), c0[h]);
                V p1 = mul(all(0xCD9E8D57u), c2[h]);
                c0[h] = high_xor(p1, c1[h], all(k0));
                c2[h] = high_xor(p0, c3[h], all(k1));
                c1[h] = p1;
                c3[h] = p0;
            }
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        put(r0 + j, c0[0], c0[1]);
        put(r1 + j, c1[0], c1[1]);
        put(r2 + j, c2[0], c2[1]);
        put(r3 + j, c3[0], c3[1]);
    }
#else
    for (int j = 0; j < COUNTERS; j++) {
        Words w = philox(first + (uint32_t)j, key.c1, key.c2, key.c3, key.k0, key.k1);
        r0[j] = w.r0;
        r1[j] = w.r1;
        r2[j] = w.r2;
        r3[j] = w.r3;
    }
#endif
}

/* SIZE normals from a counter on. */
template <int SIZE>
inline void block_of_normals(const Key& key, uint32_t first, float* __restrict out) {
    constexpr int COUNTERS = SIZE / 4;
    alignas(64) uint32_t r0[COUNTERS], r1[COUNTERS], r2[COUNTERS], r3[COUNTERS];
    words_of_block<COUNTERS>(key, first, r0, r1, r2, r3);
    for (int j = 0; j < COUNTERS; j++) {
        float m0 = radius(r0[j]);
        Turn t0 = turn(r1[j]);
        float m1 = radius(r2[j]);
        Turn t1 = turn(r3[j]);
        out[4 * j] = m0 * t0.cos;
        out[4 * j + 1] = m0 * t0.sin;
        out[4 * j + 2] = m1 * t1.cos;
        out[4 * j + 3] = m1 * t1.sin;
    }
}

/* Elements from..to of a row, to out[0] and on; `from` is a multiple of 4. */
inline void normals_of(const Key& key, int64_t from, int64_t to, float* out) {
    int64_t e = from;
    for (; e + BLOCK <= to; e += BLOCK, out += BLOCK) {
        block_of_normals<BLOCK>(key, (uint32_t)(e / 4), out);
    }
    for (; e + SMALL_BLOCK <= to; e += SMALL_BLOCK, out += SMALL_BLOCK) {
        block_of_normals<SMALL_BLOCK>(key, (uint32_t)(e / 4), out);
    }
    if (e < to) {
        alignas(64) float rest[SMALL_BLOCK];
        block_of_normals<SMALL_BLOCK>(key, (uint32_t)(e / 4), rest);
        std::memcpy(out, rest, (size_t)(to - e) * sizeof(float));
    }
}

inline double norm_of(const float* __restrict v, int64_t elements) {
    alignas(64) float lanes[LANES] = {};
    int64_t e = 0;
    for (; e + LANES <= elements; e += LANES) {
        for (int l = 0; l < LANES; l++) {
            lanes[l] = fmaf(v[e + l], v[e + l], lanes[l]);
        }
    }
    for (int l = 0; e + l < elements; l++) {
        lanes[l] = fmaf(v[e + l], v[e + l], lanes[l]);
    }
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int l = 0; l < width; l++) {
            lanes[l] += lanes[l + width];
        }
    }
    return std::sqrt((double)lanes[0]);
}

inline void uniforms_of(const Key& key, double& coin, double& radius) {
    Words w = philox(0xFFFFFFFFu, key.c1, key.c2, key.c3, key.k0, key.k1);
    coin = uniform(w.r0);
    radius = uniform(w.r1);
}

template <class Store>
inline void store_as(int32_t dtype, const Store& store) {
    if (dtype == NT_F32) {
        store([](void* out, int64_t i, float v) { ((float*)out)[i] = v; });
    } else if (dtype == NT_F16) {
        store([](void* out, int64_t i, float v) { ((uint16_t*)out)[i] = to_half(v); });
    } else {
        store([](void* out, int64_t i, float v) { ((uint16_t*)out)[i] = to_bf16(v); });
    }
}

template <class Load>
inline void load_as(int32_t dtype, const Load& load) {
    if (dtype == NT_F32) {
        load([](const void* in, int64_t i) { return ((const float*)in)[i]; });
    } else if (dtype == NT_F16) {
        load([](const void* in, int64_t i) { return from_half(((const uint16_t*)in)[i]); });
    } else {
        load([](const void* in, int64_t i) { return from_bf16(((const uint16_t*)in)[i]); });
    }
}

int32_t noise(void*, const nt_row* table, int64_t rows, uint64_t seed, int64_t elements, float scale, float* out) {
    const int64_t piece = 1 << 13; /* a long row is shared between threads too */
    const int64_t pieces = (elements + piece - 1) / piece;
#pragma omp parallel for schedule(static) if (rows * elements >= PARALLEL)
    for (int64_t task = 0; task < rows * pieces; task++) {
        const int64_t r = task / pieces, from = task % pieces * piece, to = std::min(elements, from + piece);
        float* row = out + r * elements;
        normals_of(key_of(table[r], 0, seed), from, to, row + from);
        if (scale != 1) {
            for (int64_t e = from; e < to; e++) {
                row[e] *= scale;
            }
        }
    }
    return NT_OK;
}

int32_t uniforms(void*, const nt_row* table, int64_t rows, uint64_t seed, double* out) {
    for (int64_t r = 0; r < rows; r++) {
        uniforms_of(key_of(table[r], 0, seed), out[2 * r], out[2 * r + 1]);
    }
    return NT_OK;
}

inline void proposal_noise(const nt_propose_args& a, const nt_row& row, float* __restrict z) {
    const float* __restrict pivot = a.pivots + (a.pivots ? row.parent * a.elements : 0);
    Key key = key_of(row, (uint32_t)a.round << 16, a.seed);
    double coin, u;
    uniforms_of(key, coin, u);
    int32_t kind = row.kind == NT_COIN ? (coin < a.epsilon ? NT_GLOBAL : NT_LOCAL) : row.kind;
    if (kind == NT_NONE) {
        std::memset(z, 0, (size_t)a.elements * sizeof(float));
    } else if (kind == NT_PIVOT) {
        std::memcpy(z, pivot, (size_t)a.elements * sizeof(float));
    } else {
        normals_of(key, 0, a.elements, z);
    }
    if (kind != NT_LOCAL) {
        return;
    }
    double root = std::sqrt((double)a.elements);
    float factor = onto(u * a.lambda * root, norm_of(z, a.elements));
    for (int64_t e = 0; e < a.elements; e++) {
        z[e] = fmaf(factor, z[e], pivot[e]);
    }
    if (a.sphere) {
        float scale = onto(root, norm_of(z, a.elements));
        for (int64_t e = 0; e < a.elements; e++) {
            z[e] *= scale;
        }
    }
}

int32_t propose(void*, const nt_propose_args& a) {
    int32_t status = NT_OK;
#pragma omp parallel for if (a.rows > 1 && a.rows * a.elements >= PARALLEL)
    for (int64_t r = 0; r < a.rows; r++) {
        const nt_row& row = a.table[r];
        std::unique_ptr<float[]> scratch;
        float* z = a.noise + (a.noise ? r * a.elements : 0);
        if (!a.noise) {
            scratch.reset(new (std::nothrow) float[(size_t)a.elements]);
            z = scratch.get();
            if (!z) {
#pragma omp atomic write
                status = NT_OUT_OF_MEMORY;
                continue;
            }
        }
        proposal_noise(a, row, z);
        if (!a.steps) {
            continue;
        }
        const nt_step& step = a.steps[row.stage - 1];
        const nt_stage& stage = step.stage[a.stage];
        if (a.level) {
            a.level[r] = stage.conditioning;
        }
        if (!a.state && !a.input) {
            continue;
        }
        const float gain = step.gain, by_x = step.propose_x, by_f = step.propose_f, scale = stage.input_scale;
        store_as((int32_t)a.input_dtype, [&](auto put) {
            float tile[TILE];
            for (int64_t from = 0; from < a.elements; from += TILE) {
                const int64_t n = std::min(a.elements - from, TILE), at = row.parent * a.elements + from, to = r * a.elements + from;
                const float* __restrict x = a.x + at;
                const float* __restrict noise = z + from;
                float* __restrict v = a.state ? a.state + to : tile;
                if (a.f) {
                    const float* __restrict f = a.f + at;
                    for (int64_t i = 0; i < n; i++) {
                        v[i] = proposed(by_x, x[i], by_f, f[i], gain, noise[i]);
                    }
                } else {
                    for (int64_t i = 0; i < n; i++) {
                        v[i] = proposed(by_x, x[i], gain, noise[i]);
                    }
                }
                if (a.input) {
                    for (int64_t i = 0; i < n; i++) {
                        put(a.input, to + i, scale * v[i]);
                    }
                }
            }
        });
    }
    return status == NT_OK ? NT_OK : out_of_memory("propose");
}

/* What an update reads: tiles of float32, null where the caller gave none. */
struct Terms {
    const float* p[4]; /* x_hat, f1, y, f2 */
};

template <int GIVEN> /* bit k: p[k] is given */
void combine_terms(const nt_affine& a, const Terms& t, int64_t n, float* out) {
    const float *x = t.p[0], *f1 = t.p[1], *y = t.p[2], *f2 = t.p[3];
#pragma GCC ivdep /* `out` may be an input: each element only meets itself */
    for (int64_t i = 0; i < n; i++) {
        float v = GIVEN & 1 ? a.x * x[i] : 0.0f;
        v = GIVEN & 2 ? fmaf(a.f1, f1[i], v) : v;
        v = GIVEN & 4 ? fmaf(a.y, y[i], v) : v;
        out[i] = GIVEN & 8 ? fmaf(a.f2, f2[i], v) : v;
    }
}

using CombineTerms = void (*)(const nt_affine&, const Terms&, int64_t, float*);

/* The network's values as float32: where they lie, or in `tile`. */
inline const float* floats_of(const void* values, int32_t dtype, int64_t from, int64_t n, float* tile) {
    if (!values || dtype == NT_F32) {
        return values ? (const float*)values + from : nullptr;
    }
    load_as(dtype, [&](auto get) {
        for (int64_t i = 0; i < n; i++) {
            tile[i] = get(values, from + i);
        }
    });
    return tile;
}

int32_t update(void*, const nt_update_args& a) {
    static const CombineTerms all[16] = {
            combine_terms<0>, combine_terms<1>, combine_terms<2>,  combine_terms<3>,  combine_terms<4>,  combine_terms<5>,  combine_terms<6>,  combine_terms<7>,
            combine_terms<8>, combine_terms<9>, combine_terms<10>, combine_terms<11>, combine_terms<12>, combine_terms<13>, combine_terms<14>, combine_terms<15>};
    const CombineTerms combined = all[(a.x_hat ? 1 : 0) | (a.f1 ? 2 : 0) | (a.y ? 4 : 0) | (a.f2 ? 8 : 0)];
    const int32_t dtype = (int32_t)a.network_dtype;
    const int64_t tiles = (a.elements + TILE - 1) / TILE;
#pragma omp parallel for schedule(static) if (a.rows * a.elements >= PARALLEL)
    for (int64_t task = 0; task < a.rows * tiles; task++) {
        const int64_t r = task / tiles, first = task % tiles * TILE, n = std::min(a.elements - first, TILE), from = r * a.elements + first;
        const nt_step& step = a.steps[a.table[r].stage - 1];
        if (a.level && first == 0) {
            a.level[r] = step.stage[1].conditioning;
        }
        float f1[TILE], f2[TILE], tile[TILE];
        const Terms terms = {{a.x_hat ? a.x_hat + from : nullptr, floats_of(a.f1, dtype, from, n, f1), a.y ? a.y + from : nullptr, floats_of(a.f2, dtype, from, n, f2)}};
        if (a.clean) { /* before `next`, which may be y */
            combined(step.stage[a.stage].clean, terms, n, a.clean + from);
        }
        if (!a.next && !a.input) {
            continue;
        }
        float* next = a.next ? a.next + from : tile;
        combined(step.stage[a.stage].next, terms, n, next);
        if (a.input) {
            store_as((int32_t)a.input_dtype, [&](auto put) {
                for (int64_t i = 0; i < n; i++) {
                    put(a.input, from + i, step.stage[1].input_scale * next[i]);
                }
            });
        }
    }
    return NT_OK;
}

int32_t input(void*, const InputArgs& a) {
    const nt_stage& stage = a.step->stage[0];
    if (a.level) {
        std::fill(a.level, a.level + a.rows, stage.conditioning);
    }
    const int64_t count = a.input ? a.rows * a.elements : 0;
#pragma omp parallel for schedule(static) if (count >= PARALLEL)
    for (int64_t from = 0; from < count; from += TILE) {
        store_as(a.input_dtype, [&](auto put) {
            for (int64_t i = from; i < std::min(count, from + TILE); i++) {
                put(a.input, i, stage.input_scale * a.x[i]);
            }
        });
    }
    return NT_OK;
}

int32_t quantise(void*, const float* x, int64_t rows, int64_t elements, uint8_t* out, int32_t* bad) {
    const int64_t piece = 1 << 13;
    if (!bad) { /* one long row */
        elements *= rows;
        rows = rows > 0 ? 1 : 0;
    } else {
        std::fill(bad, bad + rows, 0);
    }
    const int64_t pieces = (elements + piece - 1) / piece;
#pragma omp parallel for schedule(static) if (rows * elements >= 4 * PARALLEL)
    for (int64_t task = 0; task < rows * pieces; task++) {
        const int64_t r = task / pieces, first = task % pieces * piece, n = std::min(elements - first, piece), from = r * elements + first;
        for (int64_t i = from; i < from + n; i++) {
            out[i] = quantised(x[i]);
        }
        if (bad) {
            int32_t any = 0;
            for (int64_t i = from; i < from + n; i++) {
                any |= not_finite(x[i]);
            }
            if (any) {
#pragma omp atomic write
                bad[r] = 1;
            }
        }
    }
    return NT_OK;
}

int32_t penalise(void*, double* scores, const int32_t* bad, int64_t rows) {
    for (int64_t r = 0; r < rows; r++) {
        scores[r] = bad[r] ? -std::numeric_limits<double>::infinity() : scores[r];
    }
    return NT_OK;
}

int32_t combine(void*, const CombineArgs& a) {
    const double root = std::sqrt((double)a.elements);
#pragma omp parallel for if (a.rows > 1 && a.rows * a.term_count * a.elements >= PARALLEL)
    for (int64_t r = 0; r < a.rows; r++) {
        const nt_row* terms = a.terms + r * a.term_count;
        const double* weights = a.weights + r * a.term_count;
        float* out = a.out + r * a.elements;
        float tile[TILE];
        for (int64_t from = 0; from < a.elements; from += TILE) {
            const int64_t n = std::min(a.elements - from, TILE);
            float* __restrict sum = out + from;
            for (int64_t m = 0; m < a.term_count; m++) {
                const float weight = (float)weights[m];
                normals_of(key_of(terms[m], 0, a.seed), from, from + n, tile);
                for (int64_t i = 0; i < n; i++) {
                    sum[i] = fmaf(weight, tile[i], m == 0 ? 0.0f : sum[i]);
                }
            }
        }
        if (a.project) {
            const float scale = onto(root, norm_of(out, a.elements));
            for (int64_t e = 0; e < a.elements; e++) {
                out[e] *= scale;
            }
        }
    }
    return NT_OK;
}

int32_t resample(void*, const double* weights, const double* uniforms, int64_t groups, int64_t size, int32_t* out) {
    for (int64_t g = 0; g < groups; g++) {
        resample_group(weights + g * size, uniforms[g], size, out + g * size);
    }
    return NT_OK;
}

/* The weights of the outputs that are kept of one axis, [kept, taps]. */
struct Axis {
    const ResizeAxis shape;
    const int32_t crop, taps;
    std::unique_ptr<int32_t[]> weights;

    Axis(int32_t from, int32_t to, int32_t kept) : shape(from, to), crop((to - kept) / 2), taps(shape.taps()), weights(new (std::nothrow) int32_t[(size_t)kept * taps]) {
        for (int32_t o = 0; weights && o < kept; o++) {
            shape.weights(crop + o, weights.get() + (int64_t)o * taps);
        }
    }
};

int32_t resize(void*, const ResizeArgs& a) {
    const Axis columns(a.in.width, a.resized_width, a.crop_width), rows(a.in.height, a.resized_height, a.crop_height);
    const int32_t top = rows.shape.first(rows.crop), bottom = rows.shape.end(rows.crop + a.crop_height - 1);
    const int64_t planes = a.in.rows * a.in.channels, width = a.crop_width;
    int32_t status = columns.weights && rows.weights ? NT_OK : NT_OUT_OF_MEMORY;
#pragma omp parallel for schedule(dynamic) if (planes > 1)
    for (int64_t p = 0; p < (status == NT_OK ? planes : 0); p++) {
        std::unique_ptr<uint8_t[]> narrow(new (std::nothrow) uint8_t[(size_t)(bottom - top) * width]);
        std::unique_ptr<int32_t[]> sums(new (std::nothrow) int32_t[(size_t)width]);
        if (!narrow || !sums) {
#pragma omp atomic write
            status = NT_OUT_OF_MEMORY;
            continue;
        }
        for (int32_t y = top; y < bottom; y++) {
            const uint8_t* from = a.in.images + (p * a.in.height + y) * a.in.width;
            uint8_t* to = narrow.get() + (y - top) * width;
            for (int32_t x = 0; x < width; x++) {
                const int32_t first = columns.shape.first(columns.crop + x), count = columns.shape.end(columns.crop + x) - first;
                const int32_t* w = columns.weights.get() + (int64_t)x * columns.taps;
                int32_t sum = 1 << (RESIZE_BITS - 1);
                for (int32_t k = 0; k < count; k++) {
                    sum += w[k] * from[first + k];
                }
                to[x] = resized(sum);
            }
        }
        for (int32_t y = 0; y < a.crop_height; y++) {
            const int32_t first = rows.shape.first(rows.crop + y), count = rows.shape.end(rows.crop + y) - first;
            const int32_t* w = rows.weights.get() + (int64_t)y * rows.taps;
            std::fill(sums.get(), sums.get() + width, 1 << (RESIZE_BITS - 1));
            for (int32_t k = 0; k < count; k++) {
                const uint8_t* from = narrow.get() + (first + k - top) * width;
                for (int64_t x = 0; x < width; x++) {
                    sums[x] += w[k] * from[x];
                }
            }
            uint8_t* to = a.out + (p * a.crop_height + y) * width;
            for (int64_t x = 0; x < width; x++) {
                to[x] = resized(sums[x]);
            }
        }
    }
    return status == NT_OK ? NT_OK : out_of_memory("resize");
}

/* The sums of values and of their squares. */
struct Moments {
    double sum = 0, squares = 0;
};

/* 16 lanes, in as many registers as an instruction set needs for them. */
typedef float Lanes __attribute__((vector_size(64)));

/* The sum over i < n of (v[i] - from), or of its squares, in four times 16 lanes: one order for every instruction set. */
template <bool SQUARES>
inline double sum_of_differences(const float* v, int64_t n, float from) {
    constexpr int WIDTH = 16, MANY = 4;
    Lanes sums[MANY] = {};
    auto add = [&](int64_t at, Lanes& sum) {
        Lanes d;
        std::memcpy(&d, v + at, sizeof d);
        d -= from;
        sum += SQUARES ? d * d : d;
    };
    int64_t i = 0;
    for (; i + MANY * WIDTH <= n; i += MANY * WIDTH) {
        for (int k = 0; k < MANY; k++) {
            add(i + k * WIDTH, sums[k]);
        }
    }
    for (; i + WIDTH <= n; i += WIDTH) {
        add(i, sums[0]);
    }
    const Lanes all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float lanes[WIDTH];
    std::memcpy(lanes, &all, sizeof lanes);
    for (; i < n; i++) {
        const float d = v[i] - from;
        lanes[i % WIDTH] += SQUARES ? d * d : d;
    }
    for (int width = WIDTH / 2; width > 0; width /= 2) {
        for (int l = 0; l < width; l++) {
            lanes[l] += lanes[l + width];
        }
    }
    return lanes[0];
}

/* Of at most a tile: squares around its mean, so that one far from 0 costs no accuracy. */
inline void add_moments(const float* v, int64_t n, Moments& m) {
    const double sum = sum_of_differences<false>(v, n, 0);
    const float mean = (float)(sum / (double)n);
    m.sum += sum;
    m.squares += sum_of_differences<true>(v, n, mean) + mean * (2 * sum - (double)n * mean);
}

template <bool SILU>
inline void normalise(const float* x, int64_t n, Affine by, float* out) {
#pragma omp simd /* out may be x, and nothing else that overlaps it */
    for (int64_t i = 0; i < n; i++) {
        const float y = fmaf(x[i], by.scale, by.shift);
        out[i] = SILU ? silu(y) : y;
    }
}

inline Norm norm_of(const nt_norm_args& a, const Moments& m) {
    return norm_of_sums(m.sum, m.squares, (double)(a.channels / a.groups * a.pixels), a.epsilon);
}

/* Channel `c`'s of row `r`, whose group has this norm. */
inline Affine affine_of(const nt_norm_args& a, int64_t r, int64_t c, const Norm& norm) {
    return normalised(norm, a.weight[r * a.weight_stride + c], a.bias[r * a.bias_stride + c]);
}

inline void normalise(const nt_norm_args& a, const float* x, int64_t n, Affine by, float* out) {
    a.silu ? normalise<true>(x, n, by, out) : normalise<false>(x, n, by, out);
}

inline void store_all(const float* values, int32_t dtype, int64_t n, void* out, int64_t from) {
    store_as(dtype, [&](auto put) {
        for (int64_t i = 0; i < n; i++) {
            put(out, from + i, values[i]);
        }
    });
}

/* A group's values are neighbours, and still in a near cache when they are read again. */
void norm_group(const nt_norm_args& a, int64_t r, int64_t g) {
    constexpr int64_t WIDTH = 16;
    const int64_t channels = a.channels / a.groups, first = (r * a.channels + g * channels) * a.pixels, count = channels * a.pixels;
    const int32_t dtype = (int32_t)a.dtype;
    alignas(64) float tile[TILE], made[TILE];
    Moments m;
    for (int64_t i = 0; i < count; i += TILE) {
        const int64_t n = std::min(count - i, TILE);
        add_moments(floats_of(a.x, dtype, first + i, n, tile), n, m);
    }
    const Norm norm = norm_of(a, m);
    if (a.pixels % WIDTH != 0 && count <= TILE - WIDTH) {
        /* Small maps whose ends would be done one by one: each channel in whole vectors, what they overrun is the next one's to write. */
        if (dtype == NT_F32) {
            std::memcpy(tile, (const float*)a.x + first, (size_t)count * sizeof(float));
        }
        std::fill(tile + count, tile + count + WIDTH, 0.0f);
        for (int64_t c = 0; c < channels; c++) {
            normalise(a, tile + c * a.pixels, (a.pixels + WIDTH - 1) / WIDTH * WIDTH, affine_of(a, r, g * channels + c, norm), made + c * a.pixels);
        }
        store_all(made, dtype, count, a.out, first);
        return;
    }
    for (int64_t c = 0; c < channels; c++) {
        const Affine by = affine_of(a, r, g * channels + c, norm);
        for (int64_t i = 0; i < a.pixels; i += TILE) {
            const int64_t n = std::min(a.pixels - i, TILE), from = first + c * a.pixels + i;
            const float* x = floats_of(a.x, dtype, from, n, tile);
            normalise(a, x, n, by, dtype == NT_F32 ? (float*)a.out + from : made);
            if (dtype != NT_F32) {
                store_all(made, dtype, n, a.out, from);
            }
        }
    }
}

/* Channels last: each channel is summed pixel by pixel, in pieces of a row that no number of threads changes, then a group's channels and pieces in their order. */
struct LastNorm {
    const nt_norm_args& a;
    const int64_t piece = std::min<int64_t>(64, std::max<int64_t>(1, (1 << 13) / a.channels)); /* pixels: few enough for float32's sums */
    const int64_t pieces = (a.pixels + piece - 1) / piece;
    const std::unique_ptr<float[]> sums{new (std::nothrow) float[(size_t)(a.rows * pieces * 2 * a.channels)]};
    const std::unique_ptr<float[]> maps{new (std::nothrow) float[(size_t)(a.rows * 2 * a.channels)]};

    int64_t at(int64_t r, int64_t p) const {
        return (r * a.pixels + p) * a.channels;
    }

    int64_t end(int64_t task) const {
        return std::min(a.pixels, (task % pieces + 1) * piece);
    }

    /* Differences to the row's first pixel, so that means far from 0 cost no accuracy. */
    void sum(int64_t task) const {
        const int64_t r = task / pieces;
        float* __restrict sum = sums.get() + task * 2 * a.channels;
        float* __restrict squares = sum + a.channels;
        std::fill(sum, sum + 2 * a.channels, 0.0f);
        load_as((int32_t)a.dtype, [&](auto get) {
            for (int64_t p = task % pieces * piece; p < end(task); p++) {
#pragma omp simd
                for (int64_t c = 0; c < a.channels; c++) {
                    const float d = get(a.x, at(r, p) + c) - get(a.x, at(r, 0) + c);
                    sum[c] += d;
                    squares[c] = fmaf(d, d, squares[c]);
                }
            }
        });
    }

    void fold(int64_t r) const {
        const int64_t channels = a.channels / a.groups;
        float* scale = maps.get() + r * 2 * a.channels;
        load_as((int32_t)a.dtype, [&](auto get) {
            for (int64_t g = 0; g < a.groups; g++) {
                Moments m;
                for (int64_t c = g * channels; c < (g + 1) * channels; c++) {
                    double sum = 0, squares = 0;
                    for (int64_t i = 0; i < pieces; i++) {
                        const float* piece = sums.get() + (r * pieces + i) * 2 * a.channels;
                        sum += piece[c];
                        squares += piece[a.channels + c];
                    }
                    const double centre = get(a.x, at(r, 0) + c), n = (double)a.pixels;
                    m.sum += sum + n * centre;
                    m.squares += squares + centre * (2 * sum + n * centre);
                }
                const Norm norm = norm_of(a, m);
                for (int64_t c = g * channels; c < (g + 1) * channels; c++) {
                    const Affine by = affine_of(a, r, c, norm);
                    scale[c] = by.scale;
                    scale[a.channels + c] = by.shift;
                }
            }
        });
    }

    template <bool SILU>
    void apply(int64_t task) const {
        const int64_t r = task / pieces;
        const float* scale = maps.get() + r * 2 * a.channels;
        const float* shift = scale + a.channels;
        load_as((int32_t)a.dtype, [&](auto get) {
            store_as((int32_t)a.dtype, [&](auto put) {
                for (int64_t p = task % pieces * piece; p < end(task); p++) {
#pragma omp simd
                    for (int64_t c = 0; c < a.channels; c++) {
                        const float y = fmaf(get(a.x, at(r, p) + c), scale[c], shift[c]);
                        put(a.out, at(r, p) + c, SILU ? silu(y) : y);
                    }
                }
            });
        });
    }
};

int32_t group_norm(void*, const nt_norm_args& a) {
    const bool large = a.rows * a.channels * a.pixels >= PARALLEL;
    if (!a.channels_last) {
#pragma omp parallel for schedule(static) if (large)
        for (int64_t task = 0; task < a.rows * a.groups; task++) {
            norm_group(a, task / a.groups, task % a.groups);
        }
        return NT_OK;
    }
    const LastNorm norm{a};
    if (!norm.sums || !norm.maps) {
        return out_of_memory("group_norm");
    }
#pragma omp parallel if (large)
    {
#pragma omp for schedule(static)
        for (int64_t task = 0; task < a.rows * norm.pieces; task++) {
            norm.sum(task);
        }
#pragma omp for schedule(static)
        for (int64_t r = 0; r < a.rows; r++) {
            norm.fold(r);
        }
#pragma omp for schedule(static)
        for (int64_t task = 0; task < a.rows * norm.pieces; task++) {
            a.silu ? norm.apply<true>(task) : norm.apply<false>(task);
        }
    }
    return NT_OK;
}

#include "nt_winograd.inl"

int32_t stream_create(bool, void** out) {
    *out = nullptr;
    return NT_OK;
}

int32_t stream_nothing(void*) {
    return NT_OK;
}

uint64_t sum_of(const uint8_t* values, int64_t count) {
    uint64_t sum = 0;
    const int64_t piece = 1 << 20; /* of which the sum fits 32 bits */
    for (int64_t from = 0; from < count; from += piece) {
        const int64_t to = std::min(count, from + piece);
        uint32_t part = 0;
        for (int64_t i = from; i < to; i++) {
            part += values[i];
        }
        sum += part;
    }
    return sum;
}

int32_t luminance(void*, const ImageArgs& a, double* out) {
    const int64_t plane = (int64_t)a.height * a.width;
#pragma omp parallel for if (a.rows > 1 && a.rows * a.channels * plane >= 16 * PARALLEL)
    for (int64_t r = 0; r < a.rows; r++) {
        const uint8_t* image = a.images + r * a.channels * plane;
        out[r] = a.channels == 3 ? luminance_of(sum_of(image, plane), sum_of(image + plane, plane), sum_of(image + 2 * plane, plane), 3, plane)
                                 : luminance_of(sum_of(image, a.channels * plane), 0, 0, a.channels, plane);
    }
    return NT_OK;
}

int32_t jpeg_size(void*, const ImageArgs& a, double max_bytes, int32_t* bytes, double* score) {
    const int64_t size = (int64_t)a.channels * a.height * a.width;
    const JpegTables& tables = jpeg_tables();
#pragma omp parallel for schedule(dynamic) if (a.rows > 1)
    for (int64_t r = 0; r < a.rows; r++) {
        int32_t count = jpeg_bytes(tables, {a.images + r * size, a.channels, a.height, a.width});
        if (bytes) {
            bytes[r] = count;
        }
        if (score) {
            score[r] = compressibility(count, max_bytes);
        }
    }
    return NT_OK;
}

int32_t softmax_at(void*, const float* logits, int64_t rows, int64_t classes, const int32_t* labels, double* out) {
    for (int64_t r = 0; r < rows; r++) {
        if (labels[r] < 0 || labels[r] >= classes) {
            return fail(NT_INVALID, "label must be from 0 to %lld: %d", (long long)classes - 1, labels[r]);
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        const float* row = logits + r * classes;
        float most = row[0];
        for (int64_t c = 1; c < classes; c++) {
            most = row[c] > most ? row[c] : most;
        }
        double sum = 0;
        for (int64_t c = 0; c < classes; c++) {
            sum += std::exp((double)row[c] - (double)most);
        }
        out[r] = std::exp((double)row[labels[r]] - (double)most) / sum;
    }
    return NT_OK;
}

int32_t accumulate(void*, const double* score, int64_t rows, double weight, int32_t add, double* out) {
    for (int64_t r = 0; r < rows; r++) {
        out[r] = add ? std::fma(weight, score[r], out[r]) : weight * score[r];
    }
    return NT_OK;
}

int32_t select(void*, const SelectArgs& a) {
    for (int64_t g = 0; g < a.groups; g++) {
        const double* group = a.scores + g * a.size;
        int64_t index = 0;
        int32_t unknown = 0;
        for (int64_t i = 0; i < a.size; i++) {
            unknown += group[i] != group[i];
            index = ranked(group[i]) > ranked(group[index]) ? i : index;
        }
        if (a.nans) {
            a.nans[g] += unknown;
        }
        bool kept = a.keep && a.best[g] == a.best[g] && !(ranked(group[index]) > a.best[g]);
        a.winner[g] = kept ? -1 : (int32_t)index;
        a.best[g] = kept ? a.best[g] : group[index];
        if (a.history) {
            a.history[*a.cursor * a.groups + g] = a.winner[g];
        }
    }
    return NT_OK;
}

int32_t step_cursor(void*, int32_t* cursor, int32_t by) {
    *cursor = (int32_t)((uint32_t)*cursor + (uint32_t)by);
    return NT_OK;
}

int32_t gather(
        void*, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size,
        const int32_t* target, char* dst) {
    for (int64_t g = 0; g < count; g++) {
        int64_t to = target ? target[g] : g;
        if (index[g] >= 0 && index[g] < group_size && to >= 0) {
            std::memcpy(dst + to * row_bytes, src + ((g / per_group) * group_size + index[g]) * row_bytes, (size_t)row_bytes);
        }
    }
    return NT_OK;
}

int32_t sphere(void*, float* p, int64_t rows, int64_t elements, int32_t project, double* norm) {
    double root = std::sqrt((double)elements);
#pragma omp parallel for if (rows > 1 && rows * elements >= PARALLEL)
    for (int64_t r = 0; r < rows; r++) {
        float* row = p + r * elements;
        double length = norm_of(row, elements);
        if (norm) {
            norm[r] = length;
        }
        if (project && length > 0) {
            float scale = (float)(root / length);
            for (int64_t e = 0; e < elements; e++) {
                row[e] *= scale;
            }
        }
    }
    return NT_OK;
}

} // namespace

extern const Ops ops;
const Ops ops = {noise,      uniforms, propose, update, input,  quantise, penalise,      combine,        resample,      resize, luminance, jpeg_size, softmax_at,
                 accumulate, select,   gather, sphere, group_norm, step_cursor, stream_create, stream_nothing, stream_nothing,
                 nullptr,    nullptr,  nullptr, nullptr, nullptr, convolve};

} // namespace NT_LEVEL
} // namespace nt
