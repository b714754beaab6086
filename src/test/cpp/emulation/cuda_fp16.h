/* Halves by the compiler's own type: another way than nt_ops.h's. NaN is 0x7FFF, as on the card. */
#ifndef EMULATED_CUDA_FP16_H
#define EMULATED_CUDA_FP16_H

#include "cuda_runtime.h"

struct __half {
    uint16_t bits;
};
struct alignas(4) __half2 {
    __half x, y;
};
inline __half __float2half_rn(float value) {
    if (value != value) {
        return {0x7FFF};
    }
    const _Float16 rounded = static_cast<_Float16>(value);
    __half half;
    std::memcpy(&half, &rounded, 2);
    return half;
}
inline float __half2float(__half half) {
    _Float16 value;
    std::memcpy(&value, &half, 2);
    return static_cast<float>(value);
}
inline __half2 __floats2half2_rn(float x, float y) {
    return {__float2half_rn(x), __float2half_rn(y)};
}
inline __half __ushort_as_half(uint16_t bits) {
    return {bits};
}

#endif
