/*
 * Group normalisation with SiLU: values are read once and written once. What a block has of a group stays in its shared memory, as far as that holds it; the blocks of a cluster share what is
 * too much for one. Sums are of differences to a value of the group's own, so that a mean far from 0 costs no accuracy.
 */
#include "nt_cuda.h"
#include "nt_parts.cuh"

namespace nt {
namespace cuda {
namespace {

constexpr int NORM_THREADS = 256;
constexpr int AT_ONCE = 4;                /* loads that a thread waits for together */
constexpr int FLUSH = 16;                 /* times AT_ONCE: values that are summed in float32 */
constexpr int64_t KEPT_BYTES = 48 * 1024; /* of values, that a block keeps: three blocks a multiprocessor */
constexpr int64_t LEAST_BYTES = 8 * 1024; /* that a block should have to do */
constexpr int MOST_GROUPS = 32;           /* of a slice */
constexpr int MOST_TABLE = 1024;          /* channels whose affine map a block keeps */

struct Sums {
    double sum, squares;
};

/* A block's shared memory: what it has of its groups' sums, the groups' norms, the threads' sums, the channels' maps, and values as they lie in memory. */
struct Shared {
    Sums* part;
    Norm* norms;
    Sums* threads;
    Affine* table;
    uint32_t* values;

    __host__ __device__ static size_t before_values(int groups, int sums, int table) {
        return sizeof(Sums) * static_cast<size_t>(2 * groups + sums) + sizeof(Affine) * static_cast<size_t>((table + 1) & ~1);
    }

    /* Bytes that no launch goes beyond. */
    static size_t most() {
        const size_t group = before_values(1, NORM_THREADS, MOST_TABLE), slice = before_values(MOST_GROUPS, 4 * NORM_THREADS, 0);
        return (group > slice ? group : slice) + static_cast<size_t>(KEPT_BYTES);
    }

    __device__ Shared(float* memory, int groups, int sums, int tabled)
            : part(reinterpret_cast<Sums*>(memory)), norms(reinterpret_cast<Norm*>(part + groups)), threads(reinterpret_cast<Sums*>(norms + groups)),
              table(reinterpret_cast<Affine*>(threads + sums)), values(reinterpret_cast<uint32_t*>(table + ((tabled + 1) & ~1))) {}
};

/* W values' words, side by side: a thread keeps its own, a number of them. */
template <int W>
struct Kept {
    uint32_t* const values;
    const int words; /* of W values: W, or W / 2 of halves, at least one */
    const int64_t most;

    __device__ void put(int64_t k, const Raw<W>& raw) const {
        for (int j = 0; j < W; j++) { /* of a fixed number: the words stay in registers */
            if (k < most && j < words) {
                values[(k * words + j) * NORM_THREADS + static_cast<int>(threadIdx.x)] = raw.words[j];
            }
        }
    }

    __device__ bool get(int64_t k, Raw<W>& raw) const {
        for (int j = 0; j < W; j++) {
            if (k < most && j < words) {
                raw.words[j] = values[(k * words + j) * NORM_THREADS + static_cast<int>(threadIdx.x)];
            }
        }
        return k < most;
    }
};

/* Adds sums[t + columns], sums[t + 2 columns], ... to sums[t], t < columns, in halves. All threads of the block call it. */
__device__ inline void fold(Sums* sums, int columns, int lanes) {
    const int lane = static_cast<int>(threadIdx.x) / columns;
    int width = 1;
    while (width < lanes) {
        width *= 2;
    }
    for (width /= 2; width > 0; width /= 2) {
        __syncthreads();
        if (lane < width && lane + width < lanes) {
            Sums& own = sums[threadIdx.x];
            const Sums& other = sums[static_cast<int>(threadIdx.x) + width * columns];
            own.sum += other.sum;
            own.squares += other.squares;
        }
    }
    __syncthreads();
}

/* From each block's part of `groups` groups, about `centre(g)`, to their norms. All threads of the cluster call it; afterwards all that is read of x by others was read. */
template <class Centre>
__device__ void norms_of(const nt_norm_args& a, const Shared& shared, int groups, int shift, const Centre& centre) {
    __syncthreads();
    if (shift > 0) {
        cluster_barrier(); /* the parts are there */
    }
    for (int g = static_cast<int>(threadIdx.x); g < groups; g += NORM_THREADS) {
        Sums all = {0, 0};
        for (unsigned rank = 0; rank < 1u << shift; rank++) {
            const Sums& part = shift > 0 ? of_block(shared.part, rank)[g] : shared.part[g];
            all.sum += part.sum;
            all.squares += part.squares;
        }
        const double count = static_cast<double>(a.channels / a.groups) * static_cast<double>(a.pixels), c = centre(g);
        Norm norm = norm_of_sums(all.sum, all.squares, count, a.epsilon); /* of the differences */
        norm.mean += c;
        shared.norms[g] = norm;
    }
    if (shift > 0) {
        cluster_barrier(); /* the others have read mine: the block may end */
    }
    __syncthreads();
}

__device__ inline Affine map_of(const nt_norm_args& a, int64_t row, int64_t channel, const Norm& norm) {
    return normalised(norm, a.weight[row * a.weight_stride + channel], a.bias[row * a.bias_stride + channel]);
}

/* Writes W values, each by its channel's map. */
template <int W, class Maps>
__device__ void finish(const nt_norm_args& a, const Raw<W>& raw, int64_t at, const Maps& by) {
    float v[W];
    raw.floats(a.dtype, v);
    for (int j = 0; j < W; j++) {
        const Affine map = by(j);
        const float y = fmaf(v[j], map.scale, map.shift);
        v[j] = a.silu ? silu(y) : y;
    }
    put<W>(a.out, at, a.dtype, v);
}

__device__ inline float first_of(const void* x, int64_t at, int64_t dtype) {
    Raw<1> raw;
    float v[1];
    raw.get(x, at, dtype);
    raw.floats(dtype, v);
    return v[0];
}

/* The thread's sums of differences, moved to float64 now and then. */
template <int N>
struct Running {
    float sum[N] = {}, squares[N] = {};
    double sums[N] = {}, all_squares[N] = {};
    int steps = 0;

    __device__ void add(int j, float d) {
        sum[j] += d;
        squares[j] = fmaf(d, d, squares[j]);
    }

    __device__ void flush() {
        for (int j = 0; j < N; j++) {
            sums[j] += static_cast<double>(sum[j]);
            all_squares[j] += static_cast<double>(squares[j]);
            sum[j] = squares[j] = 0;
        }
        steps = 0;
    }

    __device__ void step() {
        if (++steps == FLUSH) {
            flush();
        }
    }
};

/*
 * A cluster for each group of each row. Channels first, a group's values are neighbours; else (W is 1) they are looked up one by one: for shapes that the kernel below does not take.
 */
template <int W, bool LAST>
__global__ void __launch_bounds__(NORM_THREADS) norm_group_kernel(nt_norm_args a, int shift, int tabled, int64_t kept) {
    NT_DYNAMIC_SHARED(memory);
    const Shared shared(memory, 1, NORM_THREADS, tabled);
    const int64_t unit = blockIdx.x >> shift, row = unit / a.groups, group = unit % a.groups;
    const unsigned rank = blockIdx.x & ((1u << shift) - 1);
    const int64_t channels = a.channels / a.groups, count = channels * a.pixels;
    const int64_t base = LAST ? row * a.channels * a.pixels + group * channels : unit * count;
    const int64_t first = W * (static_cast<int64_t>(rank) * NORM_THREADS + threadIdx.x), stride = static_cast<int64_t>(W * NORM_THREADS) << shift;
    const Kept<W> keep = {shared.values, W == 1 || a.dtype == NT_F32 ? W : W / 2, kept};
    auto place = [&](int64_t e) { return base + (LAST ? e / channels * a.channels + e % channels : e); };

    const float centre = first_of(a.x, base, a.dtype);
    Running<1> own;
    for (int64_t k = 0, e = first; e < count; k += AT_ONCE, e += AT_ONCE * stride) {
        Raw<W> raw[AT_ONCE];
        for (int u = 0; u < AT_ONCE; u++) {
            if (e + u * stride < count) {
                raw[u].get(a.x, place(e + u * stride), a.dtype);
            }
        }
        for (int u = 0; u < AT_ONCE; u++) {
            if (e + u * stride >= count) {
                break;
            }
            float v[W];
            raw[u].floats(a.dtype, v);
            for (int j = 0; j < W; j++) {
                own.add(0, v[j] - centre);
            }
            keep.put(k + u, raw[u]);
        }
        own.step();
    }
    own.flush();
    shared.threads[threadIdx.x] = {own.sums[0], own.all_squares[0]};
    fold(shared.threads, 1, NORM_THREADS);
    if (threadIdx.x == 0) {
        shared.part[0] = shared.threads[0];
    }
    norms_of(a, shared, 1, shift, [&](int) { return static_cast<double>(centre); });
    const Norm norm = shared.norms[0];
    for (int64_t c = threadIdx.x; c < tabled; c += NORM_THREADS) {
        shared.table[c] = map_of(a, row, group * channels + c, norm);
    }
    __syncthreads();

    /* The channel of e, and its place in it, without a division each time. */
    int64_t channel = LAST ? 0 : first / a.pixels, pixel = LAST ? 0 : first % a.pixels;
    const int64_t channels_on = LAST ? 0 : stride / a.pixels, pixels_on = LAST ? 0 : stride % a.pixels;
    for (int64_t k = 0, e = first; e < count; k++, e += stride) {
        const int64_t at = place(e), c = LAST ? e % channels : channel;
        Raw<W> raw;
        if (!keep.get(k, raw)) {
            raw.get(a.x, at, a.dtype);
        }
        const Affine by = tabled > 0 ? shared.table[c] : map_of(a, row, group * channels + c, norm);
        finish(a, raw, at, [&](int) { return by; });
        channel += channels_on;
        pixel += pixels_on;
        if (pixel >= a.pixels) {
            pixel -= a.pixels;
            channel++;
        }
    }
}

/* Channels last: a cluster for each slice of some groups of a row; a thread has four neighbouring channels of every so many pixels. */
__global__ void __launch_bounds__(NORM_THREADS) norm_last_kernel(nt_norm_args a, int groups, int shift, int64_t kept) {
    constexpr int W = 4;
    NT_DYNAMIC_SHARED(memory);
    const Shared shared(memory, groups, W * NORM_THREADS, 0);
    const int64_t slices = a.groups / groups, unit = blockIdx.x >> shift, row = unit / slices, slice = unit % slices;
    const unsigned rank = blockIdx.x & ((1u << shift) - 1);
    const int channels = static_cast<int>(a.channels / a.groups), columns = groups * channels / W, lanes = NORM_THREADS / columns;
    const int column = static_cast<int>(threadIdx.x) % columns, lane = static_cast<int>(threadIdx.x) / columns;
    const bool works = lane < lanes;
    const int64_t base = row * a.channels * a.pixels + slice * groups * channels;
    const int64_t first = static_cast<int64_t>(rank) * lanes + lane, stride = static_cast<int64_t>(lanes) << shift;
    const int64_t end = works ? a.pixels : 0;
    const Kept<W> keep = {shared.values, a.dtype == NT_F32 ? W : W / 2, kept};

    auto centre = [&](int g) { return first_of(a.x, base + static_cast<int64_t>(g) * channels, a.dtype); };
    float centres[W];
    for (int j = 0; j < W; j++) {
        centres[j] = centre((column * W + j) / channels);
    }
    Running<W> own;
    for (int64_t k = 0, p = first; p < end; k += AT_ONCE, p += AT_ONCE * stride) {
        Raw<W> raw[AT_ONCE];
        for (int u = 0; u < AT_ONCE; u++) {
            if (p + u * stride < end) {
                raw[u].get(a.x, base + (p + u * stride) * a.channels + column * W, a.dtype);
            }
        }
        for (int u = 0; u < AT_ONCE; u++) {
            if (p + u * stride >= end) {
                break;
            }
            float v[W];
            raw[u].floats(a.dtype, v);
            for (int j = 0; j < W; j++) {
                own.add(j, v[j] - centres[j]);
            }
            keep.put(k + u, raw[u]);
        }
        own.step();
    }
    own.flush();
    for (int j = 0; j < W; j++) {
        Sums* const sums = shared.threads + j * NORM_THREADS;
        sums[threadIdx.x] = {own.sums[j], own.all_squares[j]};
        fold(sums, columns, lanes);
    }
    for (int g = static_cast<int>(threadIdx.x); g < groups; g += NORM_THREADS) {
        Sums all = {0, 0};
        for (int c = g * channels; c < (g + 1) * channels; c++) {
            const Sums& one = shared.threads[c % W * NORM_THREADS + c / W];
            all.sum += one.sum;
            all.squares += one.squares;
        }
        shared.part[g] = all;
    }
    norms_of(a, shared, groups, shift, [&](int g) { return static_cast<double>(centre(g)); });
    Affine by[W];
    for (int j = 0; j < W; j++) {
        const int c = column * W + j;
        by[j] = map_of(a, row, slice * groups * channels + c, shared.norms[c / channels]);
    }
    for (int64_t k = 0, p = first; p < end; k++, p += stride) {
        const int64_t at = base + p * a.channels + column * W;
        Raw<W> raw;
        if (!keep.get(k, raw)) {
            raw.get(a.x, at, a.dtype);
        }
        finish(a, raw, at, [&](int j) { return by[j]; });
    }
}

/* Cuts the units, each of `bytes`, and launches kernel(args..., shift, extra..., kept), of which a thread has the values of `sets(shift)` loads. */
template <class... Parameters, class Sets, class Launch>
int32_t launch_norm(void (*kernel)(Parameters...), int64_t units, int64_t bytes, size_t before, int words, const Sets& sets, const Launch& launch) {
    int shift;
    int32_t status = cut("group_norm", kernel, units, bytes, LEAST_BYTES, KEPT_BYTES, shift);
    const int64_t room = KEPT_BYTES / (NORM_THREADS * static_cast<int64_t>(sizeof(uint32_t)) * words), needed = sets(shift);
    const int64_t kept = needed < room ? needed : room;
    const size_t shared = before + static_cast<size_t>(kept * words) * NORM_THREADS * sizeof(uint32_t);
    status = status == NT_OK ? allow_shared("group_norm", kernel, shared, Shared::most()) : status;
    return status == NT_OK ? launch(shift, kept, shared) : status;
}

template <int W, bool LAST>
int32_t norm_groups(void* stream, const nt_norm_args& a) {
    const int64_t channels = a.channels / a.groups, count = channels * a.pixels;
    const int tabled = channels <= MOST_TABLE ? static_cast<int>(channels) : 0;
    return launch_norm(
            norm_group_kernel<W, LAST>, a.rows * a.groups, count * (a.dtype == NT_F32 ? 4 : 2), Shared::before_values(1, NORM_THREADS, tabled),
            W == 1 || a.dtype == NT_F32 ? W : W / 2, [&](int shift) { return blocks_for(count, static_cast<int64_t>(W * NORM_THREADS) << shift); },
            [&](int shift, int64_t kept, size_t shared) {
                return launch_clusters("group_norm", norm_group_kernel<W, LAST>, a.rows * a.groups << shift, 1u << shift, NORM_THREADS, shared, stream, a, shift, tabled, kept);
            });
}

/* Groups whose channels together are at least a line of memory, and whole fours; 0 where that does not fit a block. */
int slice_of(const nt_norm_args& a) {
    const int64_t channels = a.channels / a.groups, bytes = a.dtype == NT_F32 ? 4 : 2;
    int groups = 1;
    while (groups < MOST_GROUPS && a.groups % (2 * groups) == 0 && (groups * channels * bytes < 128 || groups * channels % 4 != 0)) {
        groups *= 2;
    }
    return groups * channels % 4 == 0 && groups * channels / 4 <= NORM_THREADS ? groups : 0;
}

} // namespace

int32_t group_norm(void* stream, const nt_norm_args& a) {
    const bool fours = aligned(a.x, four(a.dtype)) && aligned(a.out, four(a.dtype));
    if (!a.channels_last) {
        return fours && a.pixels % 4 == 0 ? norm_groups<4, false>(stream, a) : norm_groups<1, false>(stream, a);
    }
    const int groups = slice_of(a);
    if (!fours || a.channels % 4 != 0 || groups == 0) {
        return norm_groups<1, true>(stream, a);
    }
    const int64_t units = a.rows * (a.groups / groups), channels = groups * (a.channels / a.groups), lanes = NORM_THREADS / (channels / 4);
    return launch_norm(
            norm_last_kernel, units, channels * a.pixels * (a.dtype == NT_F32 ? 4 : 2), Shared::before_values(groups, 4 * NORM_THREADS, 0), a.dtype == NT_F32 ? 4 : 2,
            [&](int shift) { return blocks_for(a.pixels, lanes << shift); },
            [&](int shift, int64_t kept, size_t shared) {
                return launch_clusters("group_norm", norm_last_kernel, units << shift, 1u << shift, NORM_THREADS, shared, stream, a, groups, shift, kept);
            });
}

} // namespace cuda
} // namespace nt
