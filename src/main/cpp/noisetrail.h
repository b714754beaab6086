/*
 * Noisetrail's native kernels: one interface over raw pointers, shapes and a stream, with a CPU and a CUDA implementation.
 *
 * Every function takes the device (NT_CPU, or a CUDA ordinal) and a stream (CUDA; ignored on the CPU, where a call has ended
 * when it returns), and returns NT_OK or a negative nt_status; nt_last_error() then says, for this thread, which argument
 * broke which constraint. All pointers are to memory of that device unless said otherwise. No function allocates memory that
 * outlives it, none aborts on bad arguments. Arrays are dense and row-major; `rows`, `groups`, `elements` count rows, groups of
 * rows, and elements of one row's state (C * H * W).
 *
 * Results have the same bits whatever the thread count, the batch and the device, as long as no network lies between.
 */
#ifndef NOISETRAIL_H
#define NOISETRAIL_H

#include <stdint.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define NT_CPU (-1)

enum nt_status { NT_OK = 0, NT_INVALID = -1, NT_NO_DEVICE = -2, NT_DEVICE_ERROR = -3, NT_OUT_OF_MEMORY = -4 };
enum nt_dtype { NT_F32 = 0, NT_F16 = 1, NT_BF16 = 2 };

/* What noise a row is given (DESIGN: noise has a name). */
enum nt_kind {
    NT_NONE = 0,   /* none: z = 0 */
    NT_GLOBAL = 1, /* z = the normals of the row's key */
    NT_LOCAL = 2,  /* z = pivot + u * lambda * sqrt(d) * v / |v|: v the key's normals, u its radius */
    NT_COIN = 3,   /* global if the key's coin < epsilon, else local */
    NT_PIVOT = 4   /* z = the pivot itself */
};

/* One row: whose noise, and from which state. 5 x int32, so that Java can write it as an int array. */
typedef struct nt_row {
    uint32_t image; /* c3 of the Philox counter */
    uint32_t stage; /* c2: 0 = the initial state, i + 1 = step i */
    uint32_t draw;  /* c1: round << 16 | candidate */
    int32_t parent; /* the row of x and of pivots it starts from */
    int32_t kind;   /* nt_kind */
} nt_row;

/* What one step i multiplies with; one entry a step, row r uses entry stage - 1. 12 x float. */
typedef struct nt_step {
    float gain;         /* standard deviation of the injected noise */
    float sigma_hat;    /* noise level of x_hat */
    float c_in, c_skip, c_out, c_noise;                     /* preconditioning at sigma_hat */
    float sigma_next;   /* noise level after the step; 0 for the last */
    float c_in_next, c_skip_next, c_out_next, c_noise_next; /* preconditioning at sigma_next (unused where that is 0) */
    float reserved;
} nt_step;

/* 1 if the library was compiled with CUDA. */
int32_t nt_cuda_compiled(void);
/* The number of CUDA devices that can be used now; 0 without a driver. */
int32_t nt_cuda_device_count(void);
/* The last error of this thread, never null; valid until the thread's next call. */
const char* nt_last_error(void);

/* The instruction set the CPU's kernels were chosen for: x86-64, x86-64-v3 (AVX2, FMA) or x86-64-v4 (AVX-512), at most what the environment's
 * NOISETRAIL_CPU names; same bits in all. */
const char* nt_cpu_level(void);

/* The generator itself, on the host: out = Philox4x32-10(counter, key), the key's low word first; counter and out are uint32 [4]. */
int32_t nt_philox(uint64_t key, const void* counter, void* out);

/* out[r] = scale * normals of row r's key (kind and parent are not read). Exact to 5e-5. */
int32_t nt_noise(int32_t device, void* stream, const void* rows_table, int64_t rows, uint64_t seed, int64_t elements,
                 float scale, void* out /* f32 [rows, elements] */);

/* out[r] = {coin, radius} in (0, 1) of row r's key. */
int32_t nt_uniforms(int32_t device, void* stream, const void* rows_table, int64_t rows, uint64_t seed,
                    void* out /* f64 [rows, 2] */);

/*
 * The candidates of a step: noise by key and kind, x_hat = x[parent] + gain * z, network input c_in * x_hat, all fused.
 * `round` is added to each row's round. If `sphere`, z of a local candidate is scaled to |z| = sqrt(d). Any output may be null;
 * with no x_hat, network_input and c_noise, `x` and `steps` may be null too; `pivots` only if no row needs one.
 */
int32_t nt_candidates(int32_t device, void* stream, const void* rows_table, int64_t rows, int32_t round, uint64_t seed,
                      int64_t elements, double epsilon, double lambda, int32_t sphere,
                      const void* x /* f32 [parents, elements] */, int64_t parents, const void* pivots /* f32, like x */,
                      const void* steps /* nt_step [step_count] */, int64_t step_count,
                      void* noise /* f32 [rows, elements] */, void* x_hat /* f32 [rows, elements] */,
                      void* network_input /* input_dtype [rows, elements] */, int32_t input_dtype,
                      void* c_noise /* f32 [rows] */);

/*
 * Euler half of the step, preconditioning included: D = c_skip x_hat + c_out F; slope = (x_hat - D) / sigma_hat;
 * x_next = x_hat + (sigma_next - sigma_hat) slope. Writes what the second evaluation needs (c_in_next * x_next, c_noise_next) where
 * asked for, and D (the clean estimate) where `clean` is not null. `network` is F, of dtype network_dtype.
 */
int32_t nt_euler(int32_t device, void* stream, const void* rows_table, int64_t rows, int64_t elements, const void* steps,
                 int64_t step_count, const void* x_hat, const void* network, int32_t network_dtype,
                 void* slope /* f32, may be null */, void* x_next /* f32 */,
                 void* network_input /* may be null */, int32_t input_dtype, void* c_noise /* f32 [rows], may be null */,
                 void* clean /* f32, may be null */);

/*
 * Heun's correction: D = c_skip_next x_next + c_out_next F; x_next = x_hat + (sigma_next - sigma_hat) (slope + (x_next - D) / sigma_next) / 2,
 * in place; D to `clean` where not null. Rows whose sigma_next is 0 are invalid.
 */
int32_t nt_heun(int32_t device, void* stream, const void* rows_table, int64_t rows, int64_t elements, const void* steps,
                int64_t step_count, const void* x_hat, const void* slope, const void* network, int32_t network_dtype,
                void* x_next, void* clean);

/* out = u8(clip(x * 127.5 + 128, 0, 255)), truncated; NaN becomes 0. */
int32_t nt_quantise(int32_t device, void* stream, const void* x /* f32 [count] */, int64_t count, void* out /* u8 [count] */);

/* out[r] = mean of .2126 R + .7152 G + .0722 B over 255 (3 channels), else the mean over 255. Exact integer sums. */
int32_t nt_luminance(int32_t device, void* stream, const void* images /* u8 [rows, C, H, W] */, int64_t rows, int32_t channels,
                     int32_t height, int32_t width, void* out /* f64 [rows] */);

/*
 * The exact size of the baseline JPEG that libjpeg (and so Pillow) writes at quality 80, 4:2:0, standard Huffman tables; 1 channel is
 * grey, 3 are RGB. bytes (may be null): that size; score (may be null): 1 - clip(bytes / max_bytes, 0, 1).
 */
int32_t nt_jpeg_size(int32_t device, void* stream, const void* images /* u8 [rows, C, H, W] */, int64_t rows, int32_t channels,
                     int32_t height, int32_t width, double max_bytes, void* bytes /* i32 [rows] */, void* score /* f64 [rows] */);

/* out[r] = softmax(logits[r])[label[r]]. */
int32_t nt_softmax_at(int32_t device, void* stream, const void* logits /* f32 [rows, classes] */, int64_t rows, int64_t classes,
                      const void* labels /* i32 [rows] */, void* out /* f64 [rows] */);

/* out[r] = (accumulate ? out[r] : 0) + weight * score[r]. */
int32_t nt_accumulate(int32_t device, void* stream, const void* score /* f64 [rows] */, int64_t rows, double weight,
                      int32_t accumulate, void* out /* f64 [rows] */);

/*
 * The best of each group of `group_size` consecutive scores: winner[g] = its index within the group (the lowest of equals; NaN counts
 * as minus infinity), and best[g] = its score. If `keep`, a group whose best score is not strictly above best[g] gets winner -1 and
 * best[g] stays. nans[g] (may be null) grows by the NaN scores seen. A group of NaN only has winner 0 (or -1 with keep, unless
 * best[g] is NaN, which means "nothing yet" and always loses) and leaves NaN as its best.
 */
int32_t nt_select(int32_t device, void* stream, const void* scores /* f64 [groups, group_size] */, int64_t groups,
                  int64_t group_size, int32_t keep, void* best /* f64 [groups] */, void* winner /* i32 [groups] */,
                  void* nans /* i32 [groups] */);

/* index[g, 0..take) = the `take` best of each group of scores, best first, by the rules of nt_select. take <= group_size. */
int32_t nt_top(int32_t device, void* stream, const void* scores /* f64 [groups, group_size] */, int64_t groups, int64_t group_size,
               int64_t take, void* index /* i32 [groups, take] */, void* nans /* i32 [groups], may be null */);

/*
 * dst[target[g]] = src[base + index[g]] for each g in 0..count-1, rows of row_bytes bytes, base = (g / per_group) * group_size; target may be null: g itself.
 * A g whose index is < 0 or >= group_size, or whose target is < 0, leaves its row alone. src and dst must not overlap.
 */
int32_t nt_gather(int32_t device, void* stream, const void* src, int64_t row_bytes, const void* index /* i32 [count] */,
                  int64_t count, int64_t per_group, int64_t group_size, const void* target /* i32 [count] */, void* dst);

/* norm[r] = |p[r]|; if `project`, p[r] is then scaled to norm sqrt(elements) (norm holds what it was before). norm may be null. */
int32_t nt_sphere(int32_t device, void* stream, void* p /* f32 [rows, elements] */, int64_t rows, int64_t elements,
                  int32_t project, void* norm /* f64 [rows] */);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
