/* Scores: what they are, which are best, and copies of those. */
#include "nt_cuda.h"
#include "nt_device.cuh"

namespace nt {
namespace cuda {
namespace {

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

__global__ void penalise_kernel(double* scores, const int32_t* bad, int64_t rows) {
    const int64_t r = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (r < rows && bad[r]) {
        scores[r] = -INFINITY;
    }
}

/* A thread a group: what is summed must be summed in order. A uniform that the CPU would refuse counts as 0, or draws the last. */
__global__ void resample_kernel(const double* weights, const double* uniforms, int64_t groups, int64_t size, int32_t* out) {
    const int64_t g = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (g < groups) {
        const double u = uniforms[g];
        resample_group(weights + g * size, u >= 0 ? u : 0, size, out + g * size);
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

__global__ void select_kernel(SelectArgs a) {
    const int64_t g = blockIdx.x;
    const int32_t round = a.history ? *a.cursor : 0;
    if (a.history && (round < 0 || round >= a.rounds)) {
        return;
    }
    const double* group = a.scores + g * a.size;
    Ranked first = {-INFINITY, INT32_MAX};
    int32_t unknown = 0;
    for (int64_t i = threadIdx.x; i < a.size; i += WARP) {
        unknown += group[i] != group[i];
        Ranked one = {ranked(group[i]), static_cast<int32_t>(i)};
        first = before(one, first) ? one : first;
    }
    first = first_of_warp(first);
    unknown = sum_of_warp(unknown);
    if (threadIdx.x == 0) {
        if (a.nans) {
            a.nans[g] += unknown;
        }
        const bool kept = a.keep && a.best[g] == a.best[g] && !(first.rank > a.best[g]);
        const int32_t winner = kept ? -1 : first.index;
        a.winner[g] = winner;
        a.best[g] = kept ? a.best[g] : group[first.index];
        if (a.history) {
            a.history[round * a.groups + g] = winner;
        }
    }
}

__global__ void step_cursor_kernel(int32_t* cursor, uint32_t by) {
    *cursor = static_cast<int32_t>(static_cast<uint32_t>(*cursor) + by);
}

template <class Word>
__global__ void __launch_bounds__(BLOCK) gather_kernel(
        const Word* src, int64_t words, const int32_t* index, int64_t per_group, int64_t group_size, const int32_t* target, Word* dst, unsigned per_row) {
    int64_t w;
    const int64_t g = place(per_row, 1, w);
    const int32_t from = index[g];
    const int64_t to = target ? target[g] : g;
    if (w < words && from >= 0 && from < group_size && to >= 0) {
        dst[to * words + w] = src[((g / per_group) * group_size + from) * words + w];
    }
}

} // namespace

int32_t softmax_at(void* stream, const float* logits, int64_t rows, int64_t classes, const int32_t* labels, double* out) {
    return launch("softmax_at", softmax_kernel, rows, WARP, 0, stream, logits, classes, labels, out);
}

int32_t accumulate(void* stream, const double* score, int64_t rows, double weight, int32_t add, double* out) {
    return launch("accumulate", accumulate_kernel, blocks_for(rows, BLOCK), BLOCK, 0, stream, score, rows, weight, add, out);
}

int32_t penalise(void* stream, double* scores, const int32_t* bad, int64_t rows) {
    return launch("penalise", penalise_kernel, blocks_for(rows, BLOCK), BLOCK, 0, stream, scores, bad, rows);
}

int32_t select(void* stream, const SelectArgs& a) {
    return launch("select", select_kernel, a.groups, WARP, 0, stream, a);
}

int32_t step_cursor(void* stream, int32_t* cursor, int32_t by) {
    return launch("step_cursor", step_cursor_kernel, 1, 1, 0, stream, cursor, static_cast<uint32_t>(by));
}

int32_t resample(void* stream, const double* weights, const double* uniforms, int64_t groups, int64_t size, int32_t* out) {
    return launch("resample", resample_kernel, blocks_for(groups, WARP), WARP, 0, stream, weights, uniforms, groups, size, out);
}

namespace {

template <class Word>
int32_t copy_rows(
        void* stream, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size,
        const int32_t* target, char* dst) {
    const int64_t words = row_bytes / static_cast<int64_t>(sizeof(Word));
    return launch_rows("gather", gather_kernel<Word>, count, blocks_for(words, BLOCK), BLOCK, stream, reinterpret_cast<const Word*>(src), words, index, per_group, group_size,
                       target, reinterpret_cast<Word*>(dst));
}

} // namespace

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

} // namespace cuda
} // namespace nt
