/*
 * The arithmetic that the CPU and the GPU share. Only add, mul, div, fma, sqrt and integer operations, each correctly rounded (nvcc's
 * default, -prec-div=true and -prec-sqrt=true) and in a fixed order, so that both give the same bits; compile with contraction off.
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

/* All 64 bits of a product. In CUDA one instruction by its name: its compiler would else keep Philox's words in 64 bits. */
NT_HD uint64_t product(uint32_t a, uint32_t b) {
#ifdef __CUDA_ARCH__
    uint64_t p;
    asm("mul.wide.u32 %0, %1, %2;" : "=l"(p) : "r"(a), "r"(b));
    return p;
#else
    return (uint64_t)a * b;
#endif
}

/* Philox4x32-10, Salmon et al. 2011. */
NT_HD Words philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = product(0xD2511F53u, c0);
        uint64_t p1 = product(0xCD9E8D57u, c2);
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

/*
 * sqrt(-2 ln u), u = (r + 1/2) / 2^32, to 2e-7 of itself everywhere, also near u = 1 where the logarithm vanishes: r + 1/2 has 33 bits, so it
 * is taken as a float x and what its rounding left over, which enters to first order.
 */
NT_HD float radius(uint32_t r) {
    float high = (float)(int32_t)(r >> 8) * 256.0f;
    float low = (float)(int32_t)(r & 255u) + 0.5f;
    float x = high + low;
    float rest = low - (x - high); /* exact */
    uint32_t bits = float_bits(x);
    uint32_t exponent = (bits - 0x3F3504F3u) & 0xFF800000u; /* the mantissa m's range is [sqrt(1/2), sqrt(2)) */
    float t = bits_float(bits - exponent) - 1.0f;
    float e = (float)(((int32_t)exponent >> 23) - 32);
    float scale = bits_float(0x3F800000u - exponent); /* m / x: stands for 1 / x, since m is 1 where `rest` counts */
    float z = t * t;
    /* (ln(1 + t) - t + t^2 / 2) / t^3, fitted so that the logarithm's relative error stays below 6e-9 */
    float p = -0x1.38b4ccp-4f;
    p = fmaf(p, t, 0x1.055b46p-3f);
    p = fmaf(p, t, -0x1.0d8552p-3f);
    p = fmaf(p, t, 0x1.22da22p-3f);
    p = fmaf(p, t, -0x1.547244p-3f);
    p = fmaf(p, t, 0x1.99a008p-3f);
    p = fmaf(p, t, -0x1.000228p-2f);
    p = fmaf(p, t, 0x1.555554p-2f);
    float y = fmaf(t * z, p, rest * scale);
    y = t + fmaf(z, -0.5f, y);
    float ln = fmaf(e, 0x1.62e430p-1f, y);
    return sqrtf(-2.0f * ln);
}

struct Turn {
    float cos, sin;
};

/* cos and sin of 2 pi (r + 1/2) / 2^32: the nearest quarter turn is taken off as an integer, polynomials of our own fit do the rest. */
NT_HD Turn turn(uint32_t r) {
    uint32_t quarter = r + 0x20000000u; /* its two highest bits */
    int32_t rest = (int32_t)(r - (quarter & 0xC0000000u)) * 2 + 1;
    float a = (float)rest * 0x1.921fb6p-31f; /* 2 pi / 2^33 */
    float z = a * a;
    float s = -0x1.994eb2p-13f;
    s = fmaf(s, z, 0x1.110760p-7f);
    s = fmaf(s, z, -0x1.555546p-3f);
    s = fmaf(s * z, a, a);
    float c = 0x1.9a0258p-16f;
    c = fmaf(c, z, -0x1.6c0c8cp-10f);
    c = fmaf(c, z, 0x1.55554ap-5f);
    c = fmaf(c, z, -0.5f);
    c = fmaf(c, z, 1.0f);
    bool odd = quarter & 0x40000000u;
    float co = odd ? s : c;
    float si = odd ? c : s;
    return {bits_float(float_bits(co) ^ ((quarter ^ quarter << 1) & 0x80000000u)), bits_float(float_bits(si) ^ (quarter & 0x80000000u))};
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

/* What takes a vector of norm `from` to norm `to`; the zero vector stays. */
NT_HD float onto(double to, double from) {
    return from > 0 ? (float)(to / from) : 0.0f;
}

/* propose_x x + propose_f f + gain z. */
NT_HD float proposed(float by_x, float x, float gain, float z) {
    return fmaf(gain, z, by_x * x);
}

NT_HD float proposed(float by_x, float x, float by_f, float f, float gain, float z) {
    return fmaf(gain, z, fmaf(by_f, f, by_x * x));
}

/* x / (1 + exp(-x)), to 3e-7 of itself where |x| < 87 and to 1e-36 beyond; NaN stays. The polynomial, exp on a half of ln 2 to each side, is our own fit. */
NT_HD float silu(float x) {
    float t = -x;
    t = t < 87.0f ? t : 87.0f;
    t = t > -87.0f ? t : -87.0f;
    const float whole = fmaf(t, 0x1.715476p+0f, 0x1.8p+23f); /* its last bits are the nearest integer to t / ln 2 */
    const float n = whole - 0x1.8p+23f;
    const float r = fmaf(n, 0x1.bd0106p-13f, fmaf(n, -0x1.63p-1f, t));
    float e = 0x1.6a2434p-10f;
    e = fmaf(e, r, 0x1.1239e2p-7f);
    e = fmaf(e, r, 0x1.5558f2p-5f);
    e = fmaf(e, r, 0x1.555492p-3f);
    e = fmaf(e, r, 0x1.fffffcp-2f);
    e = fmaf(e, r * r, r) + 1.0f;
    return x / fmaf(e, bits_float((float_bits(whole) << 23) + 0x3F800000u), 1.0f);
}

/* A group's mean and what its deviations are multiplied with. */
struct Norm {
    double mean, scale;
};

/* Of the sums of n values and of their squares. */
NT_HD Norm norm_of_sums(double sum, double squares, double n, double epsilon) {
    const double mean = sum / n, variance = squares / n - mean * mean;
    return {mean, 1 / sqrt((variance < 0 ? 0 : variance) + epsilon)};
}

/* What a channel's values are multiplied with and then added to. */
struct Affine {
    float scale, shift;
};

NT_HD Affine normalised(const Norm& norm, float weight, float bias) {
    const double scale = weight * norm.scale;
    return {(float)scale, (float)(bias - norm.mean * scale)};
}

NT_HD uint8_t quantised(float x) {
    float v = x * 127.5f + 128.0f;
    v = v > 0.0f ? v : 0.0f; /* NaN too */
    v = v < 255.0f ? v : 255.0f;
    return (uint8_t)(int32_t)v;
}

/* NaN or infinite. */
NT_HD bool not_finite(float x) {
    return (float_bits(x) & 0x7F800000u) == 0x7F800000u;
}

/* A weight's share of the group's largest: what is not > 0 counts as 0, infinite ones as 1 and all beside them as 0. */
NT_HD double share_of(double weight, double most) {
    if (!(weight > 0)) {
        return 0;
    }
    return isinf(most) ? (isinf(weight) ? 1.0 : 0.0) : weight / most;
}

/* Systematic resampling of one group, in one pass over ascending indices. */
NT_HD void resample_group(const double* weights, double uniform, int64_t size, int32_t* out) {
    double most = 0;
    for (int64_t i = 0; i < size; i++) {
        most = weights[i] > most ? weights[i] : most;
    }
    double total = 0;
    for (int64_t i = 0; i < size; i++) {
        total += share_of(weights[i], most);
    }
    int64_t i = -1;
    int64_t last = 0; /* the last index of which the share is not 0: rounding must not go beyond it */
    double below = 0; /* shares up to and with `last` */
    for (int64_t k = 0; k < size; k++) {
        if (!(most > 0)) {
            out[k] = (int32_t)k;
            continue;
        }
        const double place = (uniform + (double)k) / (double)size * total;
        while (!(below > place) && i + 1 < size) {
            i++;
            const double share = share_of(weights[i], most);
            below += share;
            last = share > 0 ? i : last;
        }
        out[k] = (int32_t)last;
    }
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
