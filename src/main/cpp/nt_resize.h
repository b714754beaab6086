/*
 * The weights of Pillow's 8-bit bicubic resampling (a = -1/2, antialiased: Pillow's Resample.c), as it computes them: in double precision, then
 * rounded to 22 bits. Shared by the CPU and the GPU.
 */
#ifndef NT_RESIZE_H
#define NT_RESIZE_H

#include "nt_math.h"

namespace nt {

enum { RESIZE_BITS = 22 };

/* One axis. */
struct ResizeAxis {
    int32_t from, to; /* pixels before and after */
    double scale, support;

    NT_HD ResizeAxis(int32_t from_pixels, int32_t to_pixels) : from(from_pixels), to(to_pixels) {
        scale = (double)from / to;
        support = 2.0 * (scale > 1 ? scale : 1.0);
    }

    /* The most weights that one output has. */
    NT_HD int32_t taps() const {
        return 2 * (int32_t)ceil(support) + 1;
    }

    NT_HD double centre(int32_t o) const {
        return ((double)o + 0.5) * scale;
    }

    /* The inputs of output o: first() to end(), not included. */
    NT_HD int32_t first(int32_t o) const {
        const int32_t low = (int32_t)(centre(o) - support + 0.5);
        return low > 0 ? low : 0;
    }

    NT_HD int32_t end(int32_t o) const {
        const int32_t high = (int32_t)(centre(o) + support + 0.5);
        return high < from ? high : from;
    }

    NT_HD double weight(int32_t o, int32_t i) const {
        double x = ((double)i - centre(o) + 0.5) * (1.0 / (scale > 1 ? scale : 1.0));
        x = x < 0 ? -x : x;
        return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    }

    /* The weights of output o, as 22-bit integers. */
    NT_HD void weights(int32_t o, int32_t* out) const {
        const int32_t low = first(o), high = end(o);
        double sum = 0;
        for (int32_t i = low; i < high; i++) {
            sum += weight(o, i);
        }
        for (int32_t i = low; i < high; i++) {
            const double share = weight(o, i) / sum;
            out[i - low] = (int32_t)((share < 0 ? -0.5 : 0.5) + share * (1 << RESIZE_BITS));
        }
    }
};

/* A weighted sum, rounded to 8 bits; its half is already in it. */
NT_HD uint8_t resized(int32_t sum) {
    const int32_t v = sum >> RESIZE_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

} // namespace nt
#endif
