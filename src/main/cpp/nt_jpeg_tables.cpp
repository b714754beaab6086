#include "nt_jpeg.h"

namespace nt {
namespace {

const uint8_t LUMINANCE[64] = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  14, 13, 16, 24, 40,  57,
    69, 56, 14, 17, 22,  29,  51,  87,  80, 62, 18, 22, 37,  56,  68,  109, 103, 77, 24, 35, 55,  64,
    81, 104, 113, 92, 49, 64, 78,  87,  103, 121, 120, 101, 72, 92, 95,  98,  112, 100, 103, 99};

const uint8_t CHROMINANCE[64] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

/* How many codes have each length 1..16. */
const uint8_t DC_LENGTHS[2][16] = {
    {0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}};
const uint8_t AC_LENGTHS[2][16] = {
    {0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125}, {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119}};

/* The symbols in the order of their codes; those not listed follow in ascending order. */
const uint8_t AC_FIRST_LUMINANCE[] = {
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33, 0x62, 0x72, 0x82};
const uint8_t AC_FIRST_CHROMINANCE[] = {
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14,
    0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0, 0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1};

void assign(const uint8_t* lengths, const uint8_t* symbols, int count, uint32_t* codes) {
    uint32_t code = 0;
    int k = 0;
    for (uint32_t length = 1; length <= 16; length++, code <<= 1) {
        for (int i = 0; i < lengths[length - 1] && k < count; i++, k++, code++) {
            codes[symbols[k]] = code << 8 | length;
        }
    }
}

void assign_ac(const uint8_t* lengths, const uint8_t* first, int first_count, uint32_t* codes) {
    uint8_t symbols[162];
    bool listed[256] = {};
    int count = 0;
    for (; count < first_count; count++) {
        symbols[count] = first[count];
        listed[first[count]] = true;
    }
    for (int symbol = 0; symbol < 256; symbol++) {
        int size = symbol & 15;
        bool exists = (size >= 1 && size <= 10) || symbol == 0x00 || symbol == 0xF0;
        if (exists && !listed[symbol]) {
            symbols[count++] = (uint8_t)symbol;
        }
    }
    assign(lengths, symbols, count, codes);
}

JpegTables build() {
    JpegTables t = {};
    const int scale = 200 - 2 * 80; /* of quality 80, in percent */
    for (int i = 0; i < 64; i++) {
        for (int chroma = 0; chroma < 2; chroma++) {
            uint32_t divisor = (uint32_t)(((chroma ? CHROMINANCE : LUMINANCE)[i] * scale + 50) / 100) * 8;
            t.half[chroma][i] = (uint16_t)(divisor / 2);
            t.inverse[chroma][i] = (uint32_t)((0x100000000ull + divisor - 1) / divisor);
        }
    }
    int k = 0;
    for (int diagonal = 0; diagonal < 15; diagonal++) {
        for (int i = 0; i <= diagonal; i++) {
            int row = diagonal % 2 ? i : diagonal - i;
            int column = diagonal - row;
            if (row < 8 && column < 8) {
                t.zigzag[k++] = (uint8_t)(row * 8 + column);
            }
        }
    }
    const uint8_t categories[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    for (int chroma = 0; chroma < 2; chroma++) {
        assign(DC_LENGTHS[chroma], categories, 12, t.dc[chroma]);
    }
    assign_ac(AC_LENGTHS[0], AC_FIRST_LUMINANCE, sizeof AC_FIRST_LUMINANCE, t.ac[0]);
    assign_ac(AC_LENGTHS[1], AC_FIRST_CHROMINANCE, sizeof AC_FIRST_CHROMINANCE, t.ac[1]);
    return t;
}

} // namespace

const JpegTables& jpeg_tables() {
    static const JpegTables tables = build();
    return tables;
}

} // namespace nt
