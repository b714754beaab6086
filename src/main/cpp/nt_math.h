/*
 * The arithmetic that the CPU and the GPU share. Only add, mul, fma, sqrt and integer operations, each correctly rounded and in a fixed
 * order, so that both give the same bits; compile with contraction off.
 */
#ifndef NT_MATH_H
#define NT_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define NT_HD __host__ __device__ __forceinline__
#else
#define NT_HD inline __attribute__((always_inline))
#endif

namespace nt {

struct Words {
    uint32_t r0, r1, r2, r3;
};

/* Philox4x32-10, Salmon et al. 2011. */
NT_HD Words philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {c0, c1, c2, c3};
}

NT_HD float bits_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

NT_HD uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* r as a float, rounded once: there is no unsigned conversion below AVX-512. */
NT_HD float unsigned_float(uint32_t r) {
    return fmaf((float)(int32_t)(r >> 16), 65536.0f, (float)(int32_t)(r & 0xFFFFu));
}

/* sqrt(-2 ln u), u = (r + 1/2) / 2^32. Near u = 1 the argument is taken from the other end, where it is exact. */
NT_HD float radius(uint32_t r) {
    float x = unsigned_float(r) + 0.5f;
    uint32_t shifted = float_bits(x) - 0x3F3504F3u; /* the mantissa's range is [sqrt(1/2), sqrt(2)) */
    int32_t exponent = (int32_t)shifted >> 23;
    float m = bits_float((shifted & 0x007FFFFFu) + 0x3F3504F3u);
    float near_one = (unsigned_float(~r) + 0.5f) * -0x1p-32f;
    float f = exponent >= 32 ? near_one : m - 1.0f;
    float e = exponent >= 32 ? 0.0f : (float)(exponent - 32);
    float z = f * f;
    float p = 7.0376836292e-2f;
    p = fmaf(p, f, -1.1514610310e-1f);
    p = fmaf(p, f, 1.1676998740e-1f);
    p = fmaf(p, f, -1.2420140846e-1f);
    p = fmaf(p, f, 1.4249322787e-1f);
    p = fmaf(p, f, -1.6668057665e-1f);
    p = fmaf(p, f, 2.0000714765e-1f);
    p = fmaf(p, f, -2.4999993993e-1f);
    p = fmaf(p, f, 3.3333331174e-1f);
    float y = p * f * z;
    y = fmaf(e, -2.12194440e-4f, y);
    y = fmaf(z, -0.5f, y);
    float ln = fmaf(e, 0.693359375f, f + y);
    return sqrtf(-2.0f * ln);
}

struct Turn {
    float cos, sin;
};

/* cos and sin of 2 pi (r + 1/2) / 2^32: the nearest quarter turn is taken off as an integer. */
NT_HD Turn turn(uint32_t r) {
    uint32_t quarter = (r + 0x20000000u) >> 30;
    int32_t rest = (int32_t)(r - (quarter << 30));
    float a = ((float)rest + 0.5f) * 1.4629180792671596e-9f; /* 2 pi / 2^32 */
    float z = a * a;
    float s = fmaf(-1.9515295891e-4f, z, 8.3321608736e-3f);
    s = fmaf(s, z, -1.6666654611e-1f);
    s = fmaf(s * z, a, a);
    float c = fmaf(2.443315711809948e-5f, z, -1.388731625493765e-3f);
    c = fmaf(c, z, 4.166664568298827e-2f);
    c = fmaf(c * z, z, fmaf(z, -0.5f, 1.0f));
    float co = quarter & 1u ? s : c;
    float si = quarter & 1u ? c : s;
    uint32_t co_sign = ((quarter + 1u) & 2u) << 30;
    uint32_t si_sign = (quarter & 2u) << 30;
    return {bits_float(float_bits(co) ^ co_sign), bits_float(float_bits(si) ^ si_sign)};
}

/* The four normals of a counter, Box-Muller. */
NT_HD void normals(const Words& w, float& n0, float& n1, float& n2, float& n3) {
    float m0 = radius(w.r0);
    Turn t0 = turn(w.r1);
    float m1 = radius(w.r2);
    Turn t1 = turn(w.r3);
    n0 = m0 * t0.cos;
    n1 = m0 * t0.sin;
    n2 = m1 * t1.cos;
    n3 = m1 * t1.sin;
}

NT_HD double uniform(uint32_t r) {
    return ((double)r + 0.5) * 0x1p-32;
}

/* Where a squared norm is summed: lane l of LANES takes elements l, l + LANES, ... in order; then the lanes are folded in halves. */
enum { LANES = 1024 };

/* c_skip x + c_out F. */
NT_HD float denoised(float skip, float out, float x, float f) {
    return fmaf(out, f, skip * x);
}

NT_HD uint8_t quantised(float x) {
    float v = x * 127.5f + 128.0f;
    v = v > 0.0f ? v : 0.0f; /* NaN too */
    v = v < 255.0f ? v : 255.0f;
    return (uint8_t)(int32_t)v;
}

/* Mean luminance of exact sums; other than 3 channels: the mean of all. */
NT_HD double luminance_of(uint64_t first, uint64_t second, uint64_t third, int32_t channels, int64_t plane) {
    if (channels == 3) {
        double sum = fma(.2126, (double)first, fma(.7152, (double)second, .0722 * (double)third));
        return sum / (255.0 * (double)plane);
    }
    return (double)first / (255.0 * (double)plane * channels);
}

NT_HD double compressibility(int32_t bytes, double max_bytes) {
    double share = bytes / max_bytes;
    return 1 - (share < 1 ? share : 1);
}

/* A score's place: NaN counts as minus infinity. */
NT_HD double ranked(double score) {
    return score == score ? score : -INFINITY;
}

} // namespace nt
#endif
