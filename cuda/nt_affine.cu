/* A sampler's steps: what enters the network and what follows it. */
#include "nt_cuda.h"
#include "nt_parts.cuh"

namespace nt {
namespace cuda {
namespace {

/* A local proposal needs its direction's norm before its first element, so the normals are made into shared memory. */
template <bool VECTOR>
__global__ void __launch_bounds__(MOST_THREADS, 1) propose_kernel(nt_propose_args a, int shift, int64_t chunk) {
    NT_DYNAMIC_SHARED(shared);
    Part part(a.elements, shift, chunk, shared);
    const int64_t r = part.row;
    const nt_row row = a.table[r];
    /* What the CPU's form refuses is left alone here: the whole cluster returns. */
    const bool moves = a.state || a.input;
    const bool with_pivot = row.kind == NT_LOCAL || row.kind == NT_COIN || row.kind == NT_PIVOT;
    const int64_t added = a.round + (a.cursor ? *a.cursor : 0);
    if (added < 0 || added + (row.draw >> 16) > 65535 || row.kind < NT_NONE || row.kind > NT_PIVOT || (a.steps && (row.stage < 1 || row.stage > a.step_count))
            || ((moves || with_pivot) && (row.parent < 0 || row.parent >= a.parents)) || (with_pivot && !a.pivots)) {
        return;
    }
    const uint32_t round = static_cast<uint32_t>(added) << 16;
    const float* pivot = a.pivots + (with_pivot ? row.parent * a.elements : 0);
    const float* const z = part.values();
    auto normals_of_row = [&](int64_t e) { return normals_at(row, round, a.seed, e); };
    int32_t kind = row.kind;
    float factor = 0;
    float sphere = 1;
    if (kind == NT_COIN || kind == NT_LOCAL) {
        const Words w = philox(0xFFFFFFFFu, row.draw + round, row.stage, row.image, static_cast<uint32_t>(a.seed), static_cast<uint32_t>(a.seed >> 32));
        kind = kind == NT_COIN && uniform(w.r0) < a.epsilon ? NT_GLOBAL : NT_LOCAL;
        if (kind == NT_LOCAL) {
            const double root = sqrt(static_cast<double>(a.elements));
            part.chunks([&](int64_t from, int64_t count) {
                part.keep(from, count, normals_of_row);
                part.add_squares(from, count, [&](int64_t i) { return z[i]; });
            });
            factor = onto(uniform(w.r1) * a.lambda * root, part.norm());
            if (a.sphere) {
                part.chunks([&](int64_t from, int64_t count) {
                    part.keep(from, count, normals_of_row);
                    part.add_squares(from, count, [&](int64_t i) { return fmaf(factor, z[i], pivot[part.element(from + i)]); });
                });
                sphere = onto(root, part.norm());
            }
        }
    }
    float gain = 0, by_x = 0, by_f = 0, input_scale = 0;
    if (a.steps) {
        const nt_step& step = a.steps[row.stage - 1];
        gain = step.gain;
        by_x = step.propose_x;
        by_f = step.propose_f;
        input_scale = step.stage[a.stage].input_scale;
        if (a.level && part.speaks()) {
            a.level[r] = step.stage[a.stage].conditioning;
        }
    }
    const int64_t parent = moves ? row.parent * a.elements : 0;
    constexpr int W = VECTOR ? 4 : 1;
    part.chunks([&](int64_t from, int64_t count) {
        if (kind == NT_GLOBAL || kind == NT_LOCAL) {
            part.keep(from, count, normals_of_row);
        }
        for (int64_t i = W * static_cast<int64_t>(threadIdx.x); i < count; i += W * static_cast<int64_t>(blockDim.x)) {
            const int64_t e = part.element(from + i);
            float v[W] = {};
            if (kind == NT_PIVOT) {
                get<W>(pivot, e, v);
            } else if (kind != NT_NONE) {
                get<W>(z, i, v);
                if (kind == NT_LOCAL) {
                    float p[W];
                    get<W>(pivot, e, p);
                    for (int k = 0; k < W; k++) {
                        v[k] = fmaf(factor, v[k], p[k]);
                        v[k] = a.sphere ? v[k] * sphere : v[k];
                    }
                }
            }
            if (a.noise) {
                put<W>(a.noise, r * a.elements + e, v);
            }
            if (!moves) {
                continue;
            }
            float x[W];
            get<W>(a.x, parent + e, x);
            if (a.f) {
                float f[W];
                get<W>(a.f, parent + e, f);
                for (int k = 0; k < W; k++) {
                    v[k] = proposed(by_x, x[k], by_f, f[k], gain, v[k]);
                }
            } else {
                for (int k = 0; k < W; k++) {
                    v[k] = proposed(by_x, x[k], gain, v[k]);
                }
            }
            if (a.state) {
                put<W>(a.state, r * a.elements + e, v);
            }
            if (a.input) {
                for (int k = 0; k < W; k++) {
                    v[k] *= input_scale;
                }
                put<W>(a.input, r * a.elements + e, a.input_dtype, v);
            }
        }
    });
}

/* What of an update's four inputs there is, W elements of each. */
template <int W>
struct Terms {
    float x[W], f1[W], y[W], f2[W];
};

template <int W>
__device__ void combined(const nt_update_args& a, const nt_affine& by, const Terms<W>& t, float (&v)[W]) {
    for (int k = 0; k < W; k++) {
        v[k] = a.x_hat ? by.x * t.x[k] : 0.0f;
    }
    if (a.f1) {
        for (int k = 0; k < W; k++) {
            v[k] = fmaf(by.f1, t.f1[k], v[k]);
        }
    }
    if (a.y) {
        for (int k = 0; k < W; k++) {
            v[k] = fmaf(by.y, t.y[k], v[k]);
        }
    }
    if (a.f2) {
        for (int k = 0; k < W; k++) {
            v[k] = fmaf(by.f2, t.f2[k], v[k]);
        }
    }
}

/* All that is read of the rows is asked for before the row's stage is known, and the stage's numbers are read once, so that a thread waits for memory twice. */
template <int W>
__global__ void __launch_bounds__(BLOCK) update_kernel(nt_update_args a, unsigned per_row) {
    int64_t e;
    const int64_t r = place(per_row, W, e);
    if (e >= a.elements) {
        return;
    }
    const uint32_t stage = a.table[r].stage;
    const int64_t i = r * a.elements + e;
    Terms<W> terms;
    Raw<W> f1, f2;
    if (a.x_hat) {
        get<W>(a.x_hat, i, terms.x);
    }
    if (a.f1) {
        f1.get(a.f1, i, a.network_dtype);
    }
    if (a.y) {
        get<W>(a.y, i, terms.y);
    }
    if (a.f2) {
        f2.get(a.f2, i, a.network_dtype);
    }
    if (stage < 1 || stage > a.step_count) {
        return;
    }
    const nt_step& step = a.steps[stage - 1];
    const nt_affine to_clean = step.stage[a.stage].clean, to_next = step.stage[a.stage].next;
    const float scale = step.stage[1].input_scale;
    if (a.level && e == 0) {
        a.level[r] = step.stage[1].conditioning;
    }
    if (a.f1) {
        f1.floats(a.network_dtype, terms.f1);
    }
    if (a.f2) {
        f2.floats(a.network_dtype, terms.f2);
    }
    float v[W];
    if (a.clean) {
        combined<W>(a, to_clean, terms, v);
        put<W>(a.clean, i, v);
    }
    combined<W>(a, to_next, terms, v);
    if (a.next) {
        put<W>(a.next, i, v);
    }
    if (a.input) {
        for (int k = 0; k < W; k++) {
            v[k] *= scale;
        }
        put<W>(a.input, i, a.input_dtype, v);
    }
}

template <int W>
__global__ void __launch_bounds__(BLOCK) input_kernel(InputArgs a) {
    const int64_t t = static_cast<int64_t>(blockIdx.x) * BLOCK + threadIdx.x;
    const nt_stage& stage = a.step->stage[0];
    if (a.level && t < a.rows) {
        a.level[t] = stage.conditioning;
    }
    if (a.input && t * W < a.rows * a.elements) {
        float v[W];
        get<W>(a.x, t * W, v);
        for (int k = 0; k < W; k++) {
            v[k] *= stage.input_scale;
        }
        put<W>(a.input, t * W, a.input_dtype, v);
    }
}

} // namespace

int32_t propose(void* stream, const nt_propose_args& a) {
    const bool vector = a.elements % 4 == 0 && aligned(a.x, 16) && aligned(a.f, 16) && aligned(a.pivots, 16) && aligned(a.noise, 16)
            && aligned(a.state, 16) && aligned(a.input, four(a.input_dtype));
    return launch_parts("propose", vector ? propose_kernel<true> : propose_kernel<false>, a.rows, a.elements, stream, a);
}

int32_t update(void* stream, const nt_update_args& a) {
    const bool vector = a.elements % 4 == 0 && aligned(a.x_hat, 16) && aligned(a.f1, four(a.network_dtype)) && aligned(a.y, 16)
            && aligned(a.f2, four(a.network_dtype)) && aligned(a.next, 16) && aligned(a.clean, 16) && aligned(a.input, four(a.input_dtype));
    return launch_rows("update", vector ? update_kernel<4> : update_kernel<1>, a.rows, blocks_for(a.elements, vector ? 4 * BLOCK : BLOCK), BLOCK, stream, a);
}

int32_t input(void* stream, const InputArgs& a) {
    const int64_t count = a.rows * a.elements;
    const bool vector = count % 4 == 0 && aligned(a.x, 16) && aligned(a.input, four(a.input_dtype));
    const int64_t threads = vector ? count / 4 : count; /* at least one a row too, for the levels */
    return launch("input", vector ? input_kernel<4> : input_kernel<1>, blocks_for(threads > a.rows ? threads : a.rows, BLOCK), BLOCK, 0, stream, a);
}

} // namespace cuda
} // namespace nt
