/* The CUDA form of the kernels, as nt_ops.h has them. Nothing here waits for the device: a call launches on the caller's stream and returns. */
#ifndef NT_CUDA_H
#define NT_CUDA_H

#include "nt_ops.h"

namespace nt {
namespace cuda {

int32_t noise(void* stream, const nt_row* table, int64_t rows, uint64_t seed, int64_t elements, float scale, float* out);
int32_t uniforms(void* stream, const nt_row* table, int64_t rows, uint64_t seed, double* out);
int32_t combine(void* stream, const CombineArgs& a);
int32_t sphere(void* stream, float* p, int64_t rows, int64_t elements, int32_t project, double* norm);

int32_t propose(void* stream, const nt_propose_args& a);
int32_t update(void* stream, const nt_update_args& a);
int32_t input(void* stream, const InputArgs& a);

int32_t quantise(void* stream, const float* x, int64_t rows, int64_t elements, uint8_t* out, int32_t* bad);
int32_t luminance(void* stream, const ImageArgs& a, double* out);
int32_t resize(void* stream, const ResizeArgs& a);
int32_t jpeg_size(void* stream, const ImageArgs& a, double max_bytes, int32_t* bytes, double* score);

int32_t softmax_at(void* stream, const float* logits, int64_t rows, int64_t classes, const int32_t* labels, double* out);
int32_t accumulate(void* stream, const double* score, int64_t rows, double weight, int32_t add, double* out);
int32_t penalise(void* stream, double* scores, const int32_t* bad, int64_t rows);
int32_t select(void* stream, const SelectArgs& a);
int32_t group_norm(void* stream, const nt_norm_args& a);
int32_t step_cursor(void* stream, int32_t* cursor, int32_t by);
int32_t resample(void* stream, const double* weights, const double* uniforms, int64_t groups, int64_t size, int32_t* out);
int32_t gather(
        void* stream, const char* src, int64_t row_bytes, const int32_t* index, int64_t count, int64_t per_group, int64_t group_size,
        const int32_t* target, char* dst);

} // namespace cuda
} // namespace nt
#endif
