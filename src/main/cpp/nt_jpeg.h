/*
 * The exact size of the baseline JPEG that libjpeg writes (and Pillow with it) at quality 80, 4:2:0, standard Huffman tables: the same integer
 * arithmetic, without the file. Tables: ITU-T T.81, annex K. Shared by the CPU and the GPU.
 */
#ifndef NT_JPEG_H
#define NT_JPEG_H

#include "nt_math.h"

namespace nt {

struct JpegTables {
    uint16_t half[2][64];       /* half a divisor (the quality-80 quantiser times the DCT's 8), natural order, luminance and chrominance */
    uint32_t inverse[2][64];    /* ceil(2^32 / divisor): the high word of a product is the exact quotient, for numerators below 2^20 */
    uint8_t zigzag[64];         /* natural index of each zigzag position */
    uint32_t dc[2][12];         /* code << 8 | length, by category */
    uint32_t ac[2][256];        /* code << 8 | length, by run << 4 | size */
};

#ifdef __CUDACC__
#define NT_JPEG_HD static inline __host__ __device__
#else
#define NT_JPEG_HD static inline
#endif

/* Bytes of the file before and after the entropy-coded data: SOI, APP0, DQT, SOF0, DHT, SOS, EOI. */
enum { JPEG_HEADER_GREY = 330, JPEG_HEADER_COLOUR = 625 };

/* How many of a word's bytes are 0xFF. */
NT_JPEG_HD int32_t full_bytes(uint32_t word) {
    uint32_t inverted = ~word;
    uint32_t other = (((inverted & 0x7F7F7F7Fu) + 0x7F7F7F7Fu) | inverted) & 0x80808080u; /* the top bit of each byte that is not 0xFF */
    return 4 - (int32_t)((other >> 7) * 0x01010101u >> 24);
}

/* Counts the bytes that a bit writer would write, a zero stuffed after each 0xFF. */
struct BitCounter {
    uint64_t buffer;
    int32_t bits;
    int32_t bytes;

    NT_HD void put(uint32_t code, int32_t length) {
        buffer = buffer << length | code;
        bits += length;
        if (bits >= 32) {
            bits -= 32;
            bytes += 4 + full_bytes((uint32_t)(buffer >> bits));
        }
    }

    /* The last byte is filled up with ones. */
    NT_HD int32_t finish() {
        if (bits % 8 != 0) {
            int32_t fill = 8 - bits % 8;
            buffer = buffer << fill | ((1u << fill) - 1u);
            bits += fill;
        }
        for (; bits > 0; bits -= 8) {
            bytes += 1 + ((buffer >> (bits - 8) & 0xFF) == 0xFF);
        }
        return bytes;
    }
};

/* libjpeg's accurate integer DCT (Loeffler, Ligtenberg and Moschytz 1989): 13-bit constants, output scaled by 8, in place. */
NT_JPEG_HD void forward_dct(int32_t* data) {
    for (int pass = 0; pass < 2; pass++) {
        const int next = pass == 0 ? 1 : 8; /* rows, then columns */
        const int line = pass == 0 ? 8 : 1;
        const int shift = pass == 0 ? 11 : 15;
        const int32_t half = 1 << (shift - 1);
        for (int i = 0; i < 8; i++) {
            int32_t* p = data + i * line;
            int32_t s0 = p[0] + p[7 * next], d0 = p[0] - p[7 * next];
            int32_t s1 = p[next] + p[6 * next], d1 = p[next] - p[6 * next];
            int32_t s2 = p[2 * next] + p[5 * next], d2 = p[2 * next] - p[5 * next];
            int32_t s3 = p[3 * next] + p[4 * next], d3 = p[3 * next] - p[4 * next];
            int32_t e0 = s0 + s3, e3 = s0 - s3, e1 = s1 + s2, e2 = s1 - s2;
            if (pass == 0) {
                p[0] = (e0 + e1) * 4;
                p[4 * next] = (e0 - e1) * 4;
            } else {
                p[0] = (e0 + e1 + 2) >> 2;
                p[4 * next] = (e0 - e1 + 2) >> 2;
            }
            int32_t z = (e2 + e3) * 4433;
            p[2 * next] = (z + e3 * 6270 + half) >> shift;
            p[6 * next] = (z - e2 * 15137 + half) >> shift;
            int32_t z1 = d3 + d0, z2 = d2 + d1, z3 = d3 + d1, z4 = d2 + d0;
            int32_t z5 = (z3 + z4) * 9633;
            z1 *= -7373;
            z2 *= -20995;
            z3 = z3 * -16069 + z5;
            z4 = z4 * -3196 + z5;
            p[7 * next] = (d3 * 2446 + z1 + z3 + half) >> shift;
            p[5 * next] = (d2 * 16819 + z2 + z4 + half) >> shift;
            p[3 * next] = (d1 * 25172 + z2 + z3 + half) >> shift;
            p[next] = (d0 * 12299 + z1 + z4 + half) >> shift;
        }
    }
}

NT_JPEG_HD int32_t bit_length(uint32_t value) {
#ifdef __CUDA_ARCH__
    return 32 - __clz((int)value);
#else
    return value ? 32 - __builtin_clz(value) : 0;
#endif
}

NT_JPEG_HD int32_t lowest_bit(uint64_t value) {
#ifdef __CUDA_ARCH__
    return __ffsll((long long)value) - 1;
#else
    return __builtin_ctzll(value);
#endif
}

/* A block as it is coded: quantised, in zigzag order; bit k of `others` says that value k > 0 is not zero. */
struct JpegBlock {
    uint64_t others;
    int16_t values[64];
};

/* Transforms (in place) and quantises one block of level-shifted samples. */
NT_JPEG_HD void quantise_block(const JpegTables& t, int chroma, int32_t* samples, JpegBlock& out) {
    forward_dct(samples);
    uint64_t others = 0;
    for (int k = 0; k < 64; k++) {
        int natural = t.zigzag[k];
        int32_t value = samples[natural];
        uint32_t numerator = (uint32_t)(value < 0 ? -value : value) + t.half[chroma][natural];
        int32_t magnitude = (int32_t)((uint64_t)numerator * t.inverse[chroma][natural] >> 32);
        out.values[k] = (int16_t)(value < 0 ? -magnitude : magnitude);
        others |= (uint64_t)(magnitude != 0) << k;
    }
    out.others = others & ~(uint64_t)1;
}

/* `Out` takes bits: put(code, length). */
template <class Out>
NT_JPEG_HD void code_value(uint32_t code, int32_t value, int32_t size, Out& out) {
    out.put(code >> 8, (int32_t)(code & 0xFF));
    out.put((uint32_t)(value < 0 ? value - 1 : value) & ((1u << size) - 1u), size);
}

/* Codes one block, after one of the same component whose DC was `dc_before`. */
template <class Out>
NT_JPEG_HD void code_block(const JpegTables& t, int chroma, const JpegBlock& block, int32_t dc_before, Out& out) {
    int32_t value = block.values[0] - dc_before;
    int32_t size = bit_length((uint32_t)(value < 0 ? -value : value));
    code_value(t.dc[chroma][size], value, size, out);
    int32_t before = 0;
    for (uint64_t others = block.others; others; others &= others - 1) {
        int32_t k = lowest_bit(others);
        int32_t run = k - before - 1;
        before = k;
        for (; run > 15; run -= 16) {
            out.put(t.ac[chroma][0xF0] >> 8, (int32_t)(t.ac[chroma][0xF0] & 0xFF));
        }
        value = block.values[k];
        size = bit_length((uint32_t)(value < 0 ? -value : value));
        code_value(t.ac[chroma][run << 4 | size], value, size, out);
    }
    if (before < 63) {
        out.put(t.ac[chroma][0] >> 8, (int32_t)(t.ac[chroma][0] & 0xFF));
    }
}

/* A block that lies outside the image: the DC before it and nothing else. */
template <class Out>
NT_JPEG_HD void code_empty_block(const JpegTables& t, int chroma, Out& out) {
    out.put(t.dc[chroma][0] >> 8, (int32_t)(t.dc[chroma][0] & 0xFF));
    out.put(t.ac[chroma][0] >> 8, (int32_t)(t.ac[chroma][0] & 0xFF));
}

/* Reads an image as libjpeg's encoder sees it: edges repeated, RGB turned to Y, Cb, Cr in 16-bit fixed point. */
struct JpegSource {
    const uint8_t* pixels; /* [channels, height, width] */
    int32_t channels, height, width;

    NT_HD int32_t component(int which, int32_t y, int32_t x) const {
        y = y < height ? y : height - 1;
        x = x < width ? x : width - 1;
        const int64_t plane = (int64_t)height * width;
        const uint8_t* p = pixels + (int64_t)y * width + x;
        if (channels == 1) {
            return p[0];
        }
        int32_t r = p[0], g = p[plane], b = p[2 * plane];
        switch (which) {
            case 0: return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
            case 1: return (-11059 * r - 21709 * g + 32768 * b + (128 << 16) + 32767) >> 16;
            default: return (32768 * r - 27439 * g - 5329 * b + (128 << 16) + 32767) >> 16;
        }
    }

    /* Half resolution both ways; the rounding alternates between columns. Rows below the last pair repeat it. */
    NT_HD int32_t halved(int which, int32_t y, int32_t x) const {
        int32_t last = (height + 1) / 2 - 1;
        y = y < last ? y : last;
        int32_t sum = component(which, 2 * y, 2 * x) + component(which, 2 * y, 2 * x + 1)
                + component(which, 2 * y + 1, 2 * x) + component(which, 2 * y + 1, 2 * x + 1);
        return (sum + 1 + (x & 1)) >> 2;
    }
};

/* The order of an image's blocks: row by row (grey), or in units of 2 x 2 luminance blocks and one of each chrominance (4:2:0). */
struct JpegScan {
    int32_t rows, columns; /* luminance blocks that hold some of the image */
    int32_t units;         /* units in a row of them */
    int32_t blocks;        /* in all */

    NT_HD explicit JpegScan(const JpegSource& image) {
        rows = (image.height + 7) / 8;
        columns = (image.width + 7) / 8;
        units = image.channels == 1 ? columns : (image.width + 15) / 16;
        blocks = image.channels == 1 ? rows * columns : 6 * units * ((image.height + 15) / 16);
    }
};

/* The samples of block i of the scan, less 128; gives its component, or -1 where it lies outside the image. */
NT_JPEG_HD int32_t samples_of(const JpegSource& image, const JpegScan& scan, int32_t i, int32_t* samples) {
    const bool grey = image.channels == 1;
    const int32_t unit = grey ? i : i / 6, part = grey ? 0 : i % 6;
    const int32_t uy = unit / scan.units, ux = unit % scan.units;
    if (part >= 4) {
        for (int k = 0; k < 64; k++) {
            samples[k] = image.halved(part - 3, uy * 8 + k / 8, ux * 8 + k % 8) - 128;
        }
        return part - 3;
    }
    const int32_t by = grey ? uy : 2 * uy + part / 2, bx = grey ? ux : 2 * ux + part % 2;
    if (by >= scan.rows || bx >= scan.columns) {
        return -1;
    }
    for (int k = 0; k < 64; k++) {
        samples[k] = image.component(0, by * 8 + k / 8, bx * 8 + k % 8) - 128;
    }
    return 0;
}

NT_JPEG_HD int32_t jpeg_header(int32_t channels) {
    return channels == 1 ? JPEG_HEADER_GREY : JPEG_HEADER_COLOUR;
}

NT_JPEG_HD int32_t jpeg_bytes(const JpegTables& t, const JpegSource& image) {
    BitCounter out = {0, 0, 0};
    const JpegScan scan(image);
    int32_t samples[64];
    JpegBlock block;
    int32_t last[3] = {0, 0, 0};
    for (int32_t i = 0; i < scan.blocks; i++) {
        int32_t which = samples_of(image, scan, i, samples);
        if (which < 0) {
            code_empty_block(t, 0, out);
        } else {
            quantise_block(t, which > 0, samples, block);
            code_block(t, which > 0, block, last[which], out);
            last[which] = block.values[0];
        }
    }
    return jpeg_header(image.channels) + out.finish();
}

/* Builds the tables; on the host. */
const JpegTables& jpeg_tables();

} // namespace nt
#endif
