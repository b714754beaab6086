/* The size of a JPEG, a block of threads an image. */
#include "nt_cuda.h"
#include "nt_device.cuh"

namespace nt {
namespace cuda {
namespace {

constexpr int JPEG_THREADS = 128; /* image blocks that are coded at a time */
constexpr int MOST_WORDS = 52;    /* of a block's bits: a DC has 11 + 11 at most, each AC 16 + 10 */
static_assert(22 + 63 * 26 <= 32 * MOST_WORDS, "a block's bits fit");

struct BitLength {
    int32_t bits = 0;

    __device__ void put(uint32_t, int32_t length) {
        bits += length;
    }
};

/* Writes bits from a place on, the highest of a word first; neighbours write the same words. */
struct BitPacker {
    uint32_t* word;
    int32_t bits; /* of `buffer`, those before the first included, which are 0 */
    uint64_t buffer = 0;

    __device__ BitPacker(uint32_t* words, int32_t at) : word(words + at / 32), bits(at % 32) {}

    __device__ void put(uint32_t code, int32_t length) {
        buffer = buffer << length | code;
        bits += length;
        if (bits >= 32) {
            bits -= 32;
            atomicOr(word++, static_cast<uint32_t>(buffer >> bits));
        }
    }

    __device__ void finish() {
        if (bits > 0) {
            atomicOr(word, static_cast<uint32_t>(buffer << (32 - bits)));
        }
    }
};

/* The sum of `value` over the threads before this one, and over all. */
__device__ int32_t sum_before(int32_t value, int32_t* warps, int32_t& all) {
    const int lane = static_cast<int>(threadIdx.x) % WARP, warp = static_cast<int>(threadIdx.x) / WARP;
    int32_t sum = value;
    for (int offset = 1; offset < WARP; offset *= 2) {
        const int32_t other = __shfl_up_sync(0xFFFFFFFFu, sum, static_cast<unsigned>(offset));
        sum += lane >= offset ? other : 0;
    }
    if (lane == WARP - 1) {
        warps[warp] = sum;
    }
    __syncthreads();
    int32_t before = sum - value;
    all = 0;
    for (int w = 0; w < JPEG_THREADS / WARP; w++) {
        before += w < warp ? warps[w] : 0;
        all += warps[w];
    }
    return before;
}

template <class Out>
__device__ void code(const JpegTables& tables, int32_t which, const JpegBlock& block, int32_t dc_before, Out& out) {
    if (which < 0) {
        code_empty_block(tables, 0, out);
    } else {
        code_block(tables, which > 0, block, dc_before, out);
    }
}

/*
 * JPEG_THREADS blocks of the scan at a time: each thread transforms and quantises one, counts its bits, learns from a prefix sum where they begin, and packs them; then all count
 * the bytes that are 0xFF. What does not fill a byte goes to the next round.
 */
__global__ void __launch_bounds__(JPEG_THREADS) jpeg_kernel(JpegTables constant_tables, ImageArgs a, double max_bytes, int32_t* bytes, double* score) {
    __shared__ JpegTables tables;
    __shared__ JpegBlock blocks[JPEG_THREADS];
    __shared__ int32_t which[JPEG_THREADS];
    __shared__ uint32_t words[JPEG_THREADS * MOST_WORDS + 1];
    __shared__ int32_t warps[JPEG_THREADS / WARP];
    __shared__ int32_t last[3];
    __shared__ int32_t stuffed;
    const int32_t t = static_cast<int32_t>(threadIdx.x);
    const int64_t r = blockIdx.x;
    const JpegSource image = {a.images + r * a.channels * a.height * a.width, a.channels, a.height, a.width};
    const JpegScan scan(image);
    for (size_t i = threadIdx.x; i < sizeof tables / 4; i += JPEG_THREADS) {
        reinterpret_cast<uint32_t*>(&tables)[i] = reinterpret_cast<const uint32_t*>(&constant_tables)[i];
    }
    if (t < 3) {
        last[t] = 0;
    }
    if (t == 0) {
        stuffed = 0;
    }
    int32_t whole = 0;    /* bytes that are done, without the stuffed */
    int32_t carried = 0;  /* bits of the byte that is not */
    uint32_t partial = 0; /* those bits, in the highest of 8 */
    int32_t full = 0;     /* 0xFF among what this thread looked at */
    int32_t used = JPEG_THREADS * MOST_WORDS + 1;
    for (int32_t from = 0; from < scan.blocks; from += JPEG_THREADS) {
        const int32_t count = scan.blocks - from < JPEG_THREADS ? scan.blocks - from : JPEG_THREADS;
        __syncthreads(); /* the words were read */
        for (int32_t w = t; w < used; w += JPEG_THREADS) {
            words[w] = w == 0 ? partial << 24 : 0;
        }
        if (t < count) {
            int32_t samples[64];
            which[t] = samples_of(image, scan, from + t, samples);
            if (which[t] >= 0) {
                quantise_block(tables, which[t] > 0, samples, blocks[t]);
            }
        }
        __syncthreads();
        int32_t dc_before = 0;
        BitLength length;
        if (t < count) {
            if (which[t] >= 0) { /* a component comes again within six blocks */
                int32_t b = t - 1;
                while (b >= 0 && which[b] != which[t]) {
                    b--;
                }
                dc_before = b >= 0 ? blocks[b].values[0] : last[which[t]];
            }
            code(tables, which[t], blocks[t], dc_before, length);
        }
        int32_t bits;
        const int32_t at = carried + sum_before(length.bits, warps, bits);
        bits += carried;
        if (t < count) {
            BitPacker packer(words, at);
            code(tables, which[t], blocks[t], dc_before, packer);
            packer.finish();
        }
        if (t < 3) { /* all have read `last`: sum_before has a barrier */
            for (int32_t b = count - 1; b >= 0; b--) {
                if (which[b] == t) {
                    last[t] = blocks[b].values[0];
                    break;
                }
            }
        }
        __syncthreads();
        used = (bits + 31) / 32;
        for (int32_t w = t; w < used; w += JPEG_THREADS) {
            full += full_bytes(words[w]);
        }
        whole += bits / 8;
        carried = bits % 8;
        partial = carried ? words[bits / 32] >> (24 - bits % 32 / 8 * 8) & 0xFFu : 0;
    }
    if (full > 0) {
        atomicAdd(&stuffed, full);
    }
    __syncthreads();
    if (t == 0) {
        if (carried > 0) { /* filled up with ones */
            whole += 1 + ((partial | 0xFFu >> carried) == 0xFFu);
        }
        const int32_t size = jpeg_header(a.channels) + whole + stuffed;
        if (bytes) {
            bytes[r] = size;
        }
        if (score) {
            score[r] = compressibility(size, max_bytes);
        }
    }
}

} // namespace

int32_t jpeg_size(void* stream, const ImageArgs& a, double max_bytes, int32_t* bytes, double* score) {
    return launch("jpeg_size", jpeg_kernel, a.rows, JPEG_THREADS, 0, stream, jpeg_tables(), a, max_bytes, bytes, score);
}

} // namespace cuda
} // namespace nt
