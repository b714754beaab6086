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

/* What noise a row is given, by its name. */
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

/* next or clean = x x^ + f1 F1 + y x' + f2 F2, in this order, each an fma; an input that is null contributes nothing. */
typedef struct nt_affine {
    float x, f1, y, f2;
} nt_affine;

/* One network evaluation of a step. */
typedef struct nt_stage {
    float input_scale;  /* the network's input = input_scale * state */
    float conditioning; /* the level that the network is told: c_noise, or the timestep */
    nt_affine next;     /* the state after it */
    nt_affine clean;    /* the clean estimate after it */
} nt_stage;

/*
 * What one step i multiplies with: a sampler is a table of these; row r uses entry stage - 1. 24 x float.
 * stage[0] is the evaluation at the state that the noise has entered (EDM's x^); stage[1] is EDM's second evaluation, or the evaluation after the step
 * where the noise enters AFTER the network (DDIM, flow SDE).
 */
typedef struct nt_step {
    float gain;                 /* standard deviation of the injected noise */
    float propose_x, propose_f; /* state = propose_x x + propose_f f + gain z */
    float reserved;
    nt_stage stage[2];
} nt_step;

/* Arguments of nt_propose: 21 fields of 8 bytes each, so that Java can write them as longs. */
typedef struct nt_propose_args {
    const nt_row* table; /* [rows] */
    int64_t rows;
    int64_t round; /* added to each row's round, with the cursor's value; together 0 to 65535 */
    uint64_t seed;
    int64_t elements;
    double epsilon;      /* a coin's chance of a global candidate, 0 to 1 */
    double lambda;       /* >= 0 */
    int64_t sphere;      /* not 0: z of a local candidate is scaled to |z| = sqrt(elements) */
    const float* x;      /* [parents, elements]; may be null with no state and no input */
    const float* f;      /* [parents, elements], the network's output at x; null: contributes nothing */
    int64_t parents;     /* rows of x, f and pivots */
    const float* pivots; /* [parents, elements]; may be null if no row needs one */
    const nt_step* steps; /* [step_count]; may be null with no state, input or level */
    int64_t step_count;
    int64_t stage;       /* which stage's network comes next: 0 where the noise enters BEFORE the network, 1 where AFTER */
    float* noise;        /* out [rows, elements], z; may be null, as each output */
    float* state;        /* out [rows, elements] */
    void* input;         /* out input_dtype [rows, elements] */
    int64_t input_dtype; /* nt_dtype */
    float* level;        /* out [rows] */
    const int32_t* cursor; /* [1], may be null: what is added to `round` when the call runs, so that a call given once makes each round's noise */
} nt_propose_args;

/* Arguments of nt_update: 16 fields of 8 bytes each. */
typedef struct nt_update_args {
    const nt_row* table; /* [rows]; only the stages are read */
    int64_t rows;
    int64_t elements;
    const nt_step* steps; /* [step_count] */
    int64_t step_count;
    int64_t stage;         /* 0 or 1: whose coefficients */
    const float* x_hat;    /* [rows, elements]; any of the four inputs may be null, not all */
    const void* f1;        /* network_dtype [rows, elements] */
    const float* y;        /* [rows, elements], x' */
    const void* f2;        /* network_dtype [rows, elements] */
    int64_t network_dtype; /* nt_dtype, of f1 and f2 */
    float* next;           /* out [rows, elements]; may be null, as each output, and may be y itself */
    float* clean;          /* out [rows, elements] */
    void* input;           /* out input_dtype [rows, elements]: at stage 0 only */
    int64_t input_dtype;   /* nt_dtype */
    float* level;          /* out [rows]: at stage 0 only */
} nt_update_args;

/* Arguments of nt_group_norm: 14 fields of 8 bytes each. */
typedef struct nt_norm_args {
    const void* x;         /* dtype [rows, channels, pixels] */
    int64_t dtype;         /* nt_dtype, of x and out */
    int64_t rows, channels, pixels;
    int64_t groups;        /* of channels / groups neighbouring channels */
    int64_t channels_last; /* not 0: x and out are [rows, pixels, channels] */
    const float* weight;   /* [channels], of row r from weight + r * weight_stride on */
    const float* bias;     /* the same */
    int64_t weight_stride; /* >= 0; 0: all rows' */
    int64_t bias_stride;
    double epsilon;        /* >= 0, added to the variance */
    int64_t silu;          /* not 0: SiLU follows */
    void* out;             /* of x's dtype and shape; may be x itself, else must not overlap it */
} nt_norm_args;

/* nt_convolve's tiles of 4 x 4 results, their 6 x 6 points, and the channels of a result whose weights lie together. */
#define NT_TILE 4
#define NT_TILE_POINTS 6
#define NT_PANEL 32

/* Arguments of nt_convolve: 9 fields of 8 bytes each. */
typedef struct nt_convolution_args {
    const float* x;      /* [rows, height, width, in] */
    int64_t rows, height, width;
    int64_t in;          /* channels, a multiple of 16 */
    int64_t out;         /* channels, a multiple of NT_PANEL */
    const float* weight; /* [6, 6, out / 32, in, 32], of nt_convolution_weight */
    const float* bias;   /* [out] */
    float* y;            /* out [rows, height, width, out], must not overlap x */
} nt_convolution_args;

/* 1 if the library was compiled with CUDA. */
int32_t nt_cuda_compiled(void);
/* The number of CUDA devices that can be used now; 0 without a driver. */
int32_t nt_cuda_device_count(void);
/* The last error of this thread, never null; valid until the thread's next call. */
const char* nt_last_error(void);

/*
 * A stream of the device's own; *out is null on the CPU, which has none. Its work and the default stream's keep the order they were given in, unless it is `apart`. `out` is in host memory.
 */
int32_t nt_stream_create(int32_t device, int32_t apart, void* out /* void* [1] */);
/* Waits for the stream's work and frees it; null is left alone. */
int32_t nt_stream_destroy(int32_t device, void* stream);
/* Returns when the stream's work is done, with the error of any of it that failed. */
int32_t nt_stream_synchronize(int32_t device, void* stream);

/*
 * Graphs, CUDA's only (NT_NO_DEVICE on the CPU): what is given to a stream between begin and end is not run but recorded, as one piece of work that `launch` gives to a stream
 * again and again. Memory that it names must stay where it is; a value that changes between launches must lie in it, not be an argument. Between begin and end the thread that
 * began, which must also end, may not wait for the device, and nobody may use the default stream, unless the recording one is apart from it. What is recorded should have run before, so
 * that nothing is loaded then.
 */
int32_t nt_graph_begin(int32_t device, void* stream); /* not the default stream; where it fails nothing is being recorded that was not before */
/* Whether a stream is being recorded, by a recording that may have failed. `out` is in host memory. */
int32_t nt_graph_recording(int32_t device, void* stream, void* out /* i32 [1] */);
/* Nothing is recorded afterwards, also where it fails (something was not allowed); *out is then null. `out` is in host memory. */
int32_t nt_graph_end(int32_t device, void* stream, void* out /* void* [1], the graph */);
int32_t nt_graph_launch(int32_t device, void* stream, void* graph);
/* Frees a graph whose launches are done; null is left alone. */
int32_t nt_graph_destroy(int32_t device, void* graph);

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
 * The proposals of a step: noise z by key and kind, state = propose_x x[parent] + propose_f f[parent] + gain z, input = input_scale * state and
 * level = conditioning of the stage named, all fused.
 */
int32_t nt_propose(int32_t device, void* stream, const nt_propose_args* args);

/*
 * What follows a network evaluation: next = stage.next . (x^, F1, x', F2), clean = stage.clean . (the same); at stage 0 also what the second evaluation
 * needs, input = stage[1].input_scale * next and level = stage[1].conditioning.
 */
int32_t nt_update(int32_t device, void* stream, const nt_update_args* args);

/* input = input_scale * x and level = conditioning of stage 0 of steps[step], for all rows: the initial states of a sampler whose noise enters AFTER the network. */
int32_t nt_input(int32_t device, void* stream, const void* x /* f32 [rows, elements] */, int64_t rows, int64_t elements,
                 const void* steps /* nt_step [step_count] */, int64_t step_count, int64_t step,
                 void* input /* input_dtype [rows, elements], may be null */, int32_t input_dtype, void* level /* f32 [rows], may be null */);

/*
 * out = u8(clip(x * 127.5 + 128, 0, 255)), truncated; NaN becomes 0. bad[r] (bad may be null) = 1 where row r holds a NaN or an infinity, else 0.
 */
int32_t nt_quantise(int32_t device, void* stream, const void* x /* f32 [rows, elements] */, int64_t rows, int64_t elements,
                    void* out /* u8 [rows, elements] */, void* bad /* i32 [rows] */);

/* scores[r] = minus infinity where bad[r] is not 0. */
int32_t nt_penalise(int32_t device, void* stream, void* scores /* f64 [rows] */, const void* bad /* i32 [rows] */, int64_t rows);

/*
 * out[r] = sum over m of weight[r, m] * the normals of term [r, m]'s key (kind and parent are not read): the noise is made again, never stored.
 * If `project`, then scaled to |out[r]| = sqrt(elements) (the zero vector stays). Weights are taken as float32.
 */
int32_t nt_combine(int32_t device, void* stream, const void* terms_table /* nt_row [rows, terms] */, int64_t rows, int64_t terms,
                   const void* weights /* f64 [rows, terms] */, uint64_t seed, int64_t elements, int32_t project,
                   void* out /* f32 [rows, elements] */);

/*
 * Systematic resampling (Kitagawa 1996): out[g, k] = the i whose share of group g's weights holds (uniform[g] + k) / size, so index i is drawn floor or ceil of
 * size * weight_i / sum times; ascending. A weight that is not > 0 counts as 0, infinite weights share all; if all are 0, out[g, k] = k. Uniforms are from 0 (with) to 1 (without).
 */
int32_t nt_resample(int32_t device, void* stream, const void* weights /* f64 [groups, size] */, const void* uniforms /* f64 [groups] */,
                    int64_t groups, int64_t size, void* out /* i32 [groups, size] */);

/*
 * Pillow's bicubic resize of 8-bit images to resized_height x resized_width, bit for bit (two passes with 22-bit weights, rounded to 8 bits between them), of which
 * the centre crop_height x crop_width is kept: what CLIP's image processor does. No side above 65536.
 */
int32_t nt_resize(int32_t device, void* stream, const void* images /* u8 [rows, C, H, W] */, int64_t rows, int32_t channels, int32_t height,
                  int32_t width, int32_t resized_height, int32_t resized_width, int32_t crop_height, int32_t crop_width,
                  void* out /* u8 [rows, C, crop_height, crop_width] */);

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
 * best[g] is NaN, which means "nothing yet" and always loses) and leaves NaN as its best. history (may be null) gets a copy of winner in
 * its row *cursor, 0 to rounds - 1: a call given once keeps each round's winners. A card leaves all alone where *cursor is outside.
 */
int32_t nt_select(int32_t device, void* stream, const void* scores /* f64 [groups, group_size] */, int64_t groups,
                  int64_t group_size, int32_t keep, void* best /* f64 [groups] */, void* winner /* i32 [groups] */,
                  void* nans /* i32 [groups] */, void* history /* i32 [rounds, groups] */, int64_t rounds, const void* cursor /* i32 [1] */);

/* *cursor += by, when the call runs: what nt_propose and nt_select read next. */
int32_t nt_step_cursor(int32_t device, void* stream, void* cursor /* i32 [1] */, int32_t by);

/*
 * dst[target[g]] = src[base + index[g]] for each g in 0..count-1, rows of row_bytes bytes, base = (g / per_group) * group_size; target may be null: g itself.
 * A g whose index is < 0 or >= group_size, or whose target is < 0, leaves its row alone. src and dst must not overlap.
 */
int32_t nt_gather(int32_t device, void* stream, const void* src, int64_t row_bytes, const void* index /* i32 [count] */,
                  int64_t count, int64_t per_group, int64_t group_size, const void* target /* i32 [count] */, void* dst);

/* norm[r] = |p[r]|; if `project`, p[r] is then scaled to norm sqrt(elements) (norm holds what it was before). norm may be null. */
int32_t nt_sphere(int32_t device, void* stream, void* p /* f32 [rows, elements] */, int64_t rows, int64_t elements,
                  int32_t project, void* norm /* f64 [rows] */);

/*
 * Group normalisation (Wu and He 2018) and SiLU, of a network's maps: out = silu((x - mean) / sqrt(variance + epsilon) * weight + bias), mean and variance those of a row's group. Sums are
 * float64's of float32's, the rest is float32. On the CPU a row's result has the same bits in every batch, for any number of threads and at every level; a card
 * sums in an order that depends on its multiprocessors and the rows.
 */
int32_t nt_group_norm(int32_t device, void* stream, const nt_norm_args* args);

/*
 * A convolution of 3 x 3, stride 1, with a border of zeros, on the CPU: y[r, i, j, k] = bias[k] + sum over u, v, c of x[r, i + u - 1, j + v - 1, c] * weight[k, c, u, v], by Winograd's minimal
 * filtering in float32 (errors of about 1e-6 of the results' size, twice those of the sum itself). A row's result has the same bits in every batch, for any number of threads and at
 * every level. An infinity or NaN of x makes the results of all tiles that see it NaN.
 */
int32_t nt_convolve(const nt_convolution_args* args);

/* What nt_convolve takes of a convolution's weight [out, in, 3, 3], computed in float64. */
int32_t nt_convolution_weight(const void* weight /* f32 [out, in, 3, 3] */, int64_t in, int64_t out, void* result /* f32 [6, 6, out / 32, in, 32] */);

/*
 * Gives LibTorch the kernels that its networks call, as operators of TorchScript: `torch.noisetrail_group_norm(x, weight, bias, groups, epsilon, silu)`, and `torch.noisetrail_group_norm_`,
 * which overwrites x. x is [rows, channels, ...], float32, float16 or bfloat16, dense with the channels second or last; weight and bias are float32 [channels] or [rows, channels, 1, ...], whose rows may lie apart. No gradients.
 * On the CPU also `torch.noisetrail_convolution(x, weight, bias)`: nt_convolve, of x float32 [rows, in, height, width] whose channels are last in memory, as the result's.
 * They run on the thread's current stream of LibTorch's. Again it does what there was to do before and could not be done: LibTorch may load its part for cards later. Needs LibTorch in the process, with the C interface that 2.10 has; it is found by name.
 */
int32_t nt_torch_operators(void);

/*
 * Sets how many threads LibTorch's operations use on the CPU where the calling thread runs them, until it is set again; LibTorch's own function would also set it for threads to come.
 * threads >= 1. A thread's first operation takes the process's number: have it run one before. Needs LibTorch in the process.
 */
int32_t nt_torch_threads(int32_t threads);

/*
 * What the CUDA runtime finds here, as lines `key=value`. For NT_CPU, of the machine: `driver` and `runtime` (the newest CUDA that the driver knows, 0 without one, and the kernels' own:
 * 1000 * major + 10 * minor), `devices`, and `error`, why they cannot be counted. For a device: `name`, `capability` (as 9.0) and `memory` (bytes). Without CUDA kernels: nothing.
 */
int32_t nt_cuda_describe(int32_t device, void* out /* char [size], ends with 0 */, int64_t size);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop
#endif
