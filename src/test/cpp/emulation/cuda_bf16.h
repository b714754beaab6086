/* bfloat16 by comparing with both neighbours in double: another way than nt_ops.h's. NaN is 0x7FFF, as on the card. */
#ifndef EMULATED_CUDA_BF16_H
#define EMULATED_CUDA_BF16_H

#include "cuda_runtime.h"

struct __nv_bfloat16 {
    uint16_t bits;
};
struct alignas(4) __nv_bfloat162 {
    __nv_bfloat16 x, y;
};
inline float __bfloat162float(__nv_bfloat16 value) {
    const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
    float f;
    std::memcpy(&f, &bits, 4);
    return f;
}
inline __nv_bfloat16 __float2bfloat16_rn(float value) {
    if (value != value) {
        return {0x7FFF};
    }
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const __nv_bfloat16 toward_zero = {static_cast<uint16_t>(bits >> 16)}, away = {static_cast<uint16_t>((bits >> 16) + 1)};
    if ((bits & 0xFFFFu) == 0) {
        return toward_zero;
    }
    const double low = __bfloat162float(toward_zero);
    const double high = (away.bits & 0x7F80u) == 0x7F80u ? std::copysign(0x1p128, static_cast<double>(value)) : static_cast<double>(__bfloat162float(away));
    const double to_low = std::fabs(value - low), to_high = std::fabs(high - value);
    return to_low < to_high || (to_low == to_high && toward_zero.bits % 2 == 0) ? toward_zero : away;
}
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) {
    return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}

#endif
