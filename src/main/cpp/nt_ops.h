/* What each device implements, after noisetrail.cpp has checked the arguments. */
#ifndef NT_OPS_H
#define NT_OPS_H

#include "nt_jpeg.h"
#include "noisetrail.h"

namespace nt {

struct ImageArgs {
    const uint8_t* images;
    int64_t rows;
    int32_t channels, height, width;
};

struct CombineArgs {
    const nt_row* terms;
    int64_t rows, term_count;
    const double* weights;
    uint64_t seed;
    int64_t elements;
    int32_t project;
    float* out;
};

struct ResizeArgs {
    ImageArgs in;
    int32_t resized_height, resized_width, crop_height, crop_width;
    uint8_t* out;
};

struct InputArgs {
    const float* x;
    int64_t rows, elements;
    const nt_step* step; /* not yet read: it may be a card's memory */
    void* input;
    int32_t input_dtype;
    float* level;
};

struct SelectArgs {
    const double* scores;
    int64_t groups, size;
    int32_t keep;
    double* best;
    int32_t *winner, *nans;
    int32_t* history; /* null: no cursor is read */
    int64_t rounds;
    const int32_t* cursor;
};

/* One set of kernels; each returns an nt_status. `stream` is the device's own. */
struct Ops {
    int32_t (*noise)(void* stream, const nt_row* table, int64_t rows, uint64_t seed, int64_t elements, float scale, float* out);
    int32_t (*uniforms)(void* stream, const nt_row* table, int64_t rows, uint64_t seed, double* out);
    int32_t (*propose)(void* stream, const nt_propose_args& a);
    int32_t (*update)(void* stream, const nt_update_args& a);
    int32_t (*input)(void* stream, const InputArgs& a);
    int32_t (*quantise)(void* stream, const float* x, int64_t rows, int64_t elements, uint8_t* out, int32_t* bad);
    int32_t (*penalise)(void* stream, double* scores, const int32_t* bad, int64_t rows);
    int32_t (*combine)(void* stream, const CombineArgs& a);
    int32_t (*resample)(void* stream, const double* weights, const double* uniforms, int64_t groups, int64_t size, int32_t* out);
    int32_t (*resize)(void* stream, const ResizeArgs& a);
    int32_t (*luminance)(void* stream, const ImageArgs& a, double* out);
    int32_t (*jpeg_size)(void* stream, const ImageArgs& a, double max_bytes, int32_t* bytes, double* score);
    int32_t (*softmax_at)(void* stream, const float* logits, int64_t rows, int64_t classes, const int32_t* labels, double* out);
    int32_t (*accumulate)(void* stream, const double* score, int64_t rows, double weight, int32_t add, double* out);
    int32_t (*select)(void* stream, const SelectArgs& a);
    int32_t (*gather)(void* stream, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size, const int32_t* target, char* dst);
    int32_t (*sphere)(void* stream, float* p, int64_t rows, int64_t elements, int32_t project, double* norm);
    int32_t (*group_norm)(void* stream, const nt_norm_args& a);
    int32_t (*step_cursor)(void* stream, int32_t* cursor, int32_t by);
    int32_t (*stream_create)(bool apart, void** out);
    int32_t (*stream_destroy)(void* stream);
    int32_t (*stream_synchronize)(void* stream);
    int32_t (*graph_begin)(void* stream); /* null, as the others, where a device has no graphs */
    int32_t (*graph_recording)(void* stream, int32_t& out);
    int32_t (*graph_end)(void* stream, void** out);
    int32_t (*graph_launch)(void* stream, void* graph);
    int32_t (*graph_destroy)(void* graph);
    int32_t (*convolve)(const nt_convolution_args& a); /* null but on the CPU */
};

const Ops& cpu_ops();

#ifdef NT_WITH_CUDA
/* Makes the device the calling thread's current one until `cuda_leave(previous)`; null if it cannot be used. */
const Ops* cuda_ops(int32_t device, int32_t& previous);
void cuda_leave(int32_t previous);
/* nt_cuda_describe, of arguments that were checked. */
int32_t cuda_describe(int32_t device, char* out, int64_t size);
#endif

/* Keeps a message for nt_last_error and gives the status back. */
int32_t fail(int32_t status, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* Conversions of the network's dtypes, round to nearest even, NaN to 0x7FFF; the GPU has its own instructions for the same. */
NT_HD uint16_t to_bf16(float value) {
    uint32_t bits = float_bits(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
        return 0x7FFFu;
    }
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

NT_HD float from_bf16(uint16_t value) {
    return bits_float((uint32_t)value << 16);
}

NT_HD uint16_t to_half(float value) {
    uint32_t bits = float_bits(value);
    uint32_t sign = bits >> 16 & 0x8000u;
    bits &= 0x7FFFFFFFu;
    if (bits > 0x7F800000u) {
        return 0x7FFFu;
    }
    if (bits >= 0x477FF000u) {
        return (uint16_t)(sign | 0x7C00u); /* beyond 65504 + half a step: infinite */
    }
    if (bits < 0x38800000u) {
        /* Subnormal: adding .5 leaves the value, rounded, in the last bits. */
        return (uint16_t)(sign | (float_bits(bits_float(bits) + 0.5f) - 0x3F000000u));
    }
    return (uint16_t)(sign | ((bits - 0x38000000u + 0xFFFu + (bits >> 13 & 1u)) >> 13));
}

NT_HD float from_half(uint16_t value) {
    uint32_t sign = (uint32_t)(value & 0x8000u) << 16;
    uint32_t rest = value & 0x7FFFu;
    if (rest >= 0x7C00u) {
        return bits_float(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
    }
    if (rest < 0x400u) {
        float subnormal = (float)(int32_t)rest * 0x1p-24f;
        return sign ? -subnormal : subnormal;
    }
    return bits_float(sign | ((rest << 13) + 0x38000000u));
}

} // namespace nt
#endif
