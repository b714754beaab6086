/* 8-bit images: from states, their luminance, and Pillow's resize. */
#include "nt_cuda.h"
#include "nt_parts.cuh"
#include "nt_resize.h"

namespace nt {
namespace cuda {
namespace {

template <int W>
__global__ void __launch_bounds__(BLOCK) quantise_kernel(const float* x, int64_t elements, uint8_t* out, int32_t* bad, unsigned per_row) {
    int64_t e;
    const int64_t r = place(per_row, W, e);
    if (e >= elements) {
        return;
    }
    const int64_t i = r * elements + e;
    float v[W];
    get<W>(x, i, v);
    bool unusable = false;
    for (int k = 0; k < W; k++) {
        unusable = unusable || not_finite(v[k]);
    }
    if (bad && unusable) {
        bad[r] = 1; /* all who write it write the same */
    }
    if constexpr (W == 4) {
        *reinterpret_cast<uchar4*>(out + i) = make_uchar4(quantised(v[0]), quantised(v[1]), quantised(v[2]), quantised(v[3]));
    } else {
        out[i] = quantised(v[0]);
    }
}

constexpr int SUM_THREADS = 1024;

__device__ unsigned sum_of_bytes(unsigned word) {
    const unsigned pairs = (word & 0x00FF00FFu) + (word >> 8 & 0x00FF00FFu);
    return (pairs & 0xFFFFu) + (pairs >> 16);
}

/* 2^shift blocks an image: 16 bytes an access where they are aligned. The sums are integers, so whose they are does not matter. */
__global__ void __launch_bounds__(SUM_THREADS) luminance_kernel(ImageArgs a, int shift, double* out) {
    NT_DYNAMIC_SHARED(shared); /* sums of the warps, of the block */
    constexpr int WARPS = SUM_THREADS / WARP;
    unsigned long long* const of_warps = reinterpret_cast<unsigned long long*>(shared);
    unsigned long long* const sums = of_warps + 3 * WARPS;
    const unsigned blocks = 1u << shift, rank = blockIdx.x & (blocks - 1);
    const int64_t image = blockIdx.x >> shift, plane = static_cast<int64_t>(a.height) * a.width;
    const int64_t first = static_cast<int64_t>(rank) * SUM_THREADS + threadIdx.x, step = static_cast<int64_t>(blocks) * SUM_THREADS;
    const int parts = a.channels == 3 ? 3 : 1;
    const int64_t length = a.channels == 3 ? plane : plane * a.channels;
    for (int c = 0; c < parts; c++) {
        const uint8_t* p = a.images + image * plane * a.channels + c * length;
        const int64_t skew = static_cast<int64_t>(reinterpret_cast<uintptr_t>(p) % 16);
        const int64_t before = skew == 0 ? 0 : 16 - skew < length ? 16 - skew : length;
        const int64_t words = (length - before) / 16;
        const uint4* aligned_part = reinterpret_cast<const uint4*>(p + before);
        unsigned long long sum = 0;
        for (int64_t i = first; i < words; i += step) {
            const uint4 w = aligned_part[i];
            sum += sum_of_bytes(w.x) + sum_of_bytes(w.y) + sum_of_bytes(w.z) + sum_of_bytes(w.w);
        }
        for (int64_t i = first; i < before; i += step) {
            sum += p[i];
        }
        for (int64_t i = before + words * 16 + first; i < length; i += step) {
            sum += p[i];
        }
        sum = sum_of_warp(sum);
        if (threadIdx.x % WARP == 0) {
            of_warps[c * WARPS + threadIdx.x / WARP] = sum;
        }
    }
    __syncthreads();
    for (int c = 0; c < 3 && threadIdx.x < WARP; c++) {
        const unsigned long long sum = c < parts ? sum_of_warp(of_warps[c * WARPS + threadIdx.x]) : 0;
        if (threadIdx.x == 0) {
            sums[c] = sum;
        }
    }
    if (shift > 0) {
        cluster_barrier(); /* the sums are there */
    }
    if (rank == 0 && threadIdx.x == 0) {
        for (unsigned other = 1; other < blocks; other++) {
            const unsigned long long* more = of_block(sums, other);
            for (int c = 0; c < parts; c++) {
                sums[c] += more[c];
            }
        }
        out[image] = luminance_of(sums[0], sums[1], sums[2], a.channels, plane);
    }
    if (shift > 0) {
        cluster_barrier(); /* the first block has them: the others may end */
    }
}

/* One axis of a resize: what is kept of it, and where its weights are, [kept, taps]. */
struct Axis {
    ResizeAxis shape;
    int32_t crop, kept, taps;
    int32_t* weights;

    Axis(int32_t from, int32_t to, int32_t kept_pixels) : shape(from, to), crop((to - kept_pixels) / 2), kept(kept_pixels), taps(shape.taps()), weights(nullptr) {}

    int64_t count() const {
        return static_cast<int64_t>(kept) * taps;
    }
};

__global__ void weights_kernel(Axis axis) {
    const int32_t o = static_cast<int32_t>(blockIdx.x * blockDim.x + threadIdx.x);
    if (o < axis.kept) {
        axis.shape.weights(axis.crop + o, axis.weights + static_cast<int64_t>(o) * axis.taps);
    }
}

/* Output o of an axis: `line` is its input 0 (which need not be there if no output asks for it), `step` what neighbours are apart. */
__device__ uint8_t resize_at(const Axis& axis, int32_t o, const uint8_t* pixels, int64_t line, int64_t step) {
    const int32_t first = axis.shape.first(axis.crop + o), count = axis.shape.end(axis.crop + o) - first;
    const int32_t* w = axis.weights + static_cast<int64_t>(o) * axis.taps;
    int32_t sum = 1 << (RESIZE_BITS - 1);
    for (int32_t k = 0; k < count; k++) {
        sum += w[k] * pixels[line + (first + k) * step];
    }
    return resized(sum);
}

/* [planes, height, width] -> [planes, bottom - top, kept columns] */
__global__ void __launch_bounds__(BLOCK) columns_kernel(ImageArgs in, Axis columns, int32_t top, int32_t bottom, uint8_t* narrow) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * BLOCK + threadIdx.x;
    const int64_t line = i / columns.kept, lines = bottom - top;
    if (line < in.rows * in.channels * lines) {
        const int64_t y = line / lines * in.height + top + line % lines;
        narrow[i] = resize_at(columns, static_cast<int32_t>(i % columns.kept), in.images, y * in.width, 1);
    }
}

/* [planes, bottom - top, width] -> [planes, kept rows, width] */
__global__ void __launch_bounds__(BLOCK) rows_kernel(const uint8_t* narrow, int64_t planes, Axis rows, int32_t top, int32_t bottom, int32_t width, uint8_t* out) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * BLOCK + threadIdx.x;
    const int64_t line = i / width, plane = line / rows.kept;
    if (plane < planes) {
        out[i] = resize_at(rows, static_cast<int32_t>(line % rows.kept), narrow, (plane * (bottom - top) - top) * width + i % width, width);
    }
}

} // namespace

int32_t quantise(void* stream, const float* x, int64_t rows, int64_t elements, uint8_t* out, int32_t* bad) {
    if (rows == 0) {
        return NT_OK;
    }
    if (!bad) { /* one long row */
        elements *= rows;
        rows = 1;
    } else {
        const int32_t status = told("quantise", cudaMemsetAsync(bad, 0, static_cast<size_t>(rows) * sizeof(int32_t), static_cast<cudaStream_t>(stream)));
        if (status != NT_OK) {
            return status;
        }
    }
    const bool vector = elements % 4 == 0 && aligned(x, 16) && aligned(out, 4);
    return launch_rows("quantise", vector ? quantise_kernel<4> : quantise_kernel<1>, rows, blocks_for(elements, vector ? 4 * BLOCK : BLOCK), BLOCK, stream, x, elements, out, bad);
}

int32_t luminance(void* stream, const ImageArgs& a, double* out) {
    int shift;
    const int32_t status = cut("luminance", luminance_kernel, a.rows, static_cast<int64_t>(a.channels) * a.height * a.width, 16ll * SUM_THREADS, INT64_MAX, shift);
    if (status != NT_OK) {
        return status;
    }
    const size_t shared = (3 * SUM_THREADS / WARP + 3) * sizeof(unsigned long long);
    return launch_clusters("luminance", luminance_kernel, a.rows << shift, 1u << shift, SUM_THREADS, shared, stream, a, shift, out);
}

int32_t resize(void* stream, const ResizeArgs& a) {
    Axis columns(a.in.width, a.resized_width, a.crop_width), rows(a.in.height, a.resized_height, a.crop_height);
    const int32_t top = rows.shape.first(rows.crop), bottom = rows.shape.end(rows.crop + rows.kept - 1);
    const int64_t planes = a.in.rows * a.in.channels, lines = planes * (bottom - top);
    if (planes == 0) {
        return NT_OK;
    }
    /* Scratch of the stream's own order: made and freed between its other work, so nothing waits. */
    const size_t weights = static_cast<size_t>(columns.count() + rows.count()) * sizeof(int32_t);
    void* scratch = nullptr;
    int32_t status = told("resize", cudaMallocAsync(&scratch, weights + static_cast<size_t>(lines * columns.kept), static_cast<cudaStream_t>(stream)));
    if (status != NT_OK) {
        return status;
    }
    columns.weights = static_cast<int32_t*>(scratch);
    rows.weights = columns.weights + columns.count();
    uint8_t* narrow = static_cast<uint8_t*>(scratch) + weights;
    status = launch("resize", weights_kernel, blocks_for(columns.kept, BLOCK), BLOCK, 0, stream, columns);
    if (status == NT_OK) {
        status = launch("resize", weights_kernel, blocks_for(rows.kept, BLOCK), BLOCK, 0, stream, rows);
    }
    if (status == NT_OK) {
        status = launch("resize", columns_kernel, blocks_for(lines * columns.kept, BLOCK), BLOCK, 0, stream, a.in, columns, top, bottom, narrow);
    }
    if (status == NT_OK) {
        status = launch("resize", rows_kernel, blocks_for(planes * rows.kept * columns.kept, BLOCK), BLOCK, 0, stream, narrow, planes, rows, top, bottom, columns.kept, a.out);
    }
    const int32_t freed = told("resize", cudaFreeAsync(scratch, static_cast<cudaStream_t>(stream)));
    return status == NT_OK ? freed : status;
}

} // namespace cuda
} // namespace nt
