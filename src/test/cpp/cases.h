/* Calls of every kernel, with the memory they need: run on two devices (or instruction sets), they must leave the same bits. */
#ifndef CASES_H
#define CASES_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "noisetrail.h"

struct Array {
    std::vector<uint8_t> bytes;
    bool out;
};

/* `call` gets the arrays' addresses on the device. */
struct Case {
    std::string name;
    std::vector<Array> arrays;
    std::function<int32_t(int32_t device, void* stream, void* const* p)> call;
    double tolerance = 0;  /* relative, of out arrays of doubles; 0: the same bits */
    int64_t touched = 0;   /* bytes read and written, where the case is worth timing */
};

template <class T>
Array in(const std::vector<T>& values) {
    Array a{std::vector<uint8_t>(values.size() * sizeof(T)), false};
    std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
    return a;
}

template <class T>
Array in_out(const std::vector<T>& values) {
    Array a = in(values);
    a.out = true;
    return a;
}

inline Array out(int64_t bytes) {
    return {std::vector<uint8_t>((size_t)bytes, 0xA5), true};
}

inline std::vector<float> gaussians(uint32_t seed, int64_t count, float scale) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal(0, scale);
    std::vector<float> values((size_t)count);
    for (float& v : values) {
        v = normal(generator);
    }
    return values;
}

inline std::vector<uint16_t> words16(uint32_t seed, int64_t count) { /* finite as halves and as bfloats */
    std::mt19937 generator(seed);
    std::vector<uint16_t> values((size_t)count);
    for (uint16_t& v : values) {
        v = (uint16_t)((generator() & 0x83FFu) | (14u + generator() % 2) << 10);
    }
    return values;
}

inline std::vector<uint8_t> pictures(uint32_t seed, int64_t rows, int32_t channels, int32_t height, int32_t width) {
    std::mt19937 generator(seed);
    std::vector<uint8_t> values;
    for (int64_t r = 0; r < rows; r++) {
        int noise = 1 << (r % 8);
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int v = 128 + (int)(90 * std::sin(.1 * (double)(r + 1) * x + c) * std::cos(.07 * y * (c + 1))) + (int)(generator() % (unsigned)noise);
                    values.push_back((uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v));
                }
            }
        }
    }
    return values;
}

inline std::vector<nt_row> table_of(int64_t rows, int64_t parents, int32_t kind) {
    std::vector<nt_row> table;
    for (int64_t r = 0; r < rows; r++) {
        table.push_back({(uint32_t)(r / 4), (uint32_t)(1 + r % 3), (uint32_t)(2 << 16 | r % 4), (int32_t)(r % parents), kind < 0 ? (int32_t)(r % 5) : kind});
    }
    return table;
}

inline std::vector<nt_edm_step> edm_steps() {
    return {{20.5f, 80, .0125f, .00004f, .5f, 1.1f, 57, .0175f, .00008f, .5f, 1.01f, 0},
            {.7f, 3, .33f, .027f, .49f, .27f, 1.5f, .63f, .1f, .47f, .1f, 0},
            {0, .01f, 1.99f, .9996f, .01f, -1.15f, .002f, 2, .99998f, .002f, -1.55f, 0}};
}

inline int64_t size_of(int32_t dtype) {
    return dtype == NT_F32 ? 4 : 2;
}

inline const char* name_of(int32_t dtype) {
    return dtype == NT_F32 ? "f32" : dtype == NT_F16 ? "f16" : "bf16";
}

/* `timed`: the large cases too. */
inline std::vector<Case> all_cases(bool timed) {
    std::vector<Case> cases;
    const uint64_t seed = 0xFEDCBA9876543210ull;
    struct Size {
        int64_t rows, elements;
    };
    std::vector<Size> sizes = {{1, 1}, {3, 5}, {5, 783}, {16, 784}, {7, 12288}, {2, 12289}};
    if (timed) {
        sizes.push_back({64, 784});
        sizes.push_back({64, 12288});
        sizes.push_back({256, 12288});
        sizes.push_back({2, 786432});
    }
    for (const Size& s : sizes) {
        const int64_t rows = s.rows, d = s.elements, n = rows * d, parents = rows < 4 ? 1 : rows / 4;
        const bool large = n >= 64 * 784;
        const std::string at = " " + std::to_string(rows) + "x" + std::to_string(d);
        cases.push_back({"noise" + at, {in(table_of(rows, parents, -1)), out(n * 4)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_noise(device, stream, p[0], rows, seed, d, 80, p[1]); }, 0,
                         large ? n * 4 : 0});
        cases.push_back({"uniforms" + at, {in(table_of(rows, parents, -1)), out(rows * 16)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_uniforms(device, stream, p[0], rows, seed, p[1]); }});
        for (int32_t kind = -1; kind <= NT_PIVOT; kind++) {
            for (int32_t dtype = NT_F32; dtype <= NT_BF16; dtype++) {
                for (int32_t sphere = 0; sphere < 2; sphere++) {
                    if (kind >= 0 && (dtype == NT_BF16 || (sphere && kind != NT_LOCAL))) {
                        continue;
                    }
                    const bool worth = large && !sphere && kind > NT_NONE && kind <= NT_COIN;
                    cases.push_back({"candidates kind " + std::to_string(kind) + " " + name_of(dtype) + (sphere ? " sphere" : "") + at,
                                     {in(table_of(rows, parents, kind)), in(gaussians(1, parents * d, 30)), in(gaussians(2, parents * d, 1)),
                                      in(edm_steps()), out(n * 4), out(n * 4), out(n * size_of(dtype)), out(rows * 4)},
                                     [=](int32_t device, void* stream, void* const* p) {
                                         return nt_candidates(device, stream, p[0], rows, 3, seed, d, .4, .15, sphere, p[1], parents, p[2], p[3], 3,
                                                              p[4], p[5], p[6], dtype, p[7]);
                                     },
                                     0, worth ? n * (8 + size_of(dtype)) + parents * d * 8 : 0});
                }
            }
        }
        for (int32_t dtype = NT_F32; dtype <= NT_BF16; dtype++) {
            Array network = dtype == NT_F32 ? in(gaussians(3, n, 1)) : in(words16(3, n));
            const int64_t w = size_of(dtype);
            cases.push_back({std::string("euler ") + name_of(dtype) + at,
                             {in(table_of(rows, parents, 0)), in(edm_steps()), in(gaussians(4, n, 20)), network, out(n * 4), out(n * 4), out(n * w),
                              out(rows * 4), out(n * 4)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_euler(device, stream, p[0], rows, d, p[1], 3, p[2], p[3], dtype, p[4], p[5], p[6], dtype, p[7], p[8]);
                             },
                             0, large ? n * (16 + 2 * w) : 0});
            cases.push_back({std::string("heun ") + name_of(dtype) + at,
                             {in(table_of(rows, parents, 0)), in(edm_steps()), in(gaussians(4, n, 20)), in(gaussians(5, n, 1)), network,
                              in_out(gaussians(6, n, 18)), out(n * 4)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_heun(device, stream, p[0], rows, d, p[1], 3, p[2], p[3], p[4], dtype, p[5], p[6]);
                             },
                             0, large ? n * (20 + w) : 0});
        }
        std::vector<float> x = gaussians(7, n, 1);
        x[0] = NAN;
        x[(size_t)(n - 1)] = INFINITY;
        cases.push_back({"quantise" + at, {in(x), out(n)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_quantise(device, stream, p[0], rows, d, p[1], nullptr); }, 0,
                         large ? n * 5 : 0});
        cases.push_back({"sphere" + at, {in_out(gaussians(8, n, 1.5f)), out(rows * 8)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_sphere(device, stream, p[0], rows, d, 1, p[1]); }, 0,
                         large ? n * 8 : 0});
        for (int64_t bytes : {d * 4, d * 2, d}) {
            std::vector<int32_t> index((size_t)rows), target((size_t)rows);
            for (int64_t g = 0; g < rows; g++) {
                index[(size_t)g] = (int32_t)(g % 7 == 6 ? -1 : g % 3);
                target[(size_t)g] = (int32_t)(rows - 1 - g);
            }
            cases.push_back({"gather " + std::to_string(rows) + "x" + std::to_string(bytes),
                             {in(pictures(9, 1, 1, (int32_t)(((rows + 1) / 2) * 3), (int32_t)bytes)), in(index), in(target), out(rows * bytes)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_gather(device, stream, p[0], bytes, p[1], rows, 2, 3, p[2], p[3]);
                             },
                             0, large && bytes == d * 4 ? rows * bytes * 2 : 0});
        }
    }
    struct Shape {
        int64_t rows;
        int32_t channels, height, width;
    };
    std::vector<Shape> shapes = {{9, 1, 28, 28}, {9, 3, 32, 32}, {5, 3, 45, 71}, {3, 3, 17, 9}, {2, 1, 1, 1}, {2, 3, 1, 1}, {2, 3, 256, 192}};
    if (timed) {
        shapes.push_back({64, 1, 28, 28});
        shapes.push_back({64, 3, 64, 64});
        shapes.push_back({16, 3, 512, 512});
    }
    for (const Shape& s : shapes) {
        const int64_t n = s.rows * s.channels * s.height * s.width;
        const std::string at = " " + std::to_string(s.rows) + "x" + std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width);
        cases.push_back({"luminance" + at, {in(pictures(10, s.rows, s.channels, s.height, s.width)), out(s.rows * 8)},
                         [=](int32_t device, void* stream, void* const* p) {
                             return nt_luminance(device, stream, p[0], s.rows, s.channels, s.height, s.width, p[1]);
                         },
                         0, s.rows >= 16 ? n : 0});
        cases.push_back({"jpeg size" + at, {in(pictures(11, s.rows, s.channels, s.height, s.width)), out(s.rows * 4), out(s.rows * 8)},
                         [=](int32_t device, void* stream, void* const* p) {
                             return nt_jpeg_size(device, stream, p[0], s.rows, s.channels, s.height, s.width, 3000, p[1], p[2]);
                         },
                         0, s.rows >= 16 ? n : 0});
    }
    for (int64_t classes : {1, 10, 1000}) {
        const int64_t rows = 65;
        std::vector<int32_t> labels;
        for (int64_t r = 0; r < rows; r++) {
            labels.push_back((int32_t)(r * 7 % classes));
        }
        cases.push_back({"softmax " + std::to_string(rows) + "x" + std::to_string(classes), {in(gaussians(12, rows * classes, 5)), in(labels), out(rows * 8)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_softmax_at(device, stream, p[0], rows, classes, p[1], p[2]); }, 1e-13,
                         0});
    }
    for (int64_t size : {1, 4, 33, 500}) {
        const int64_t groups = 37, n = groups * size, take = size < 3 ? size : size / 2;
        std::mt19937 generator(13);
        std::vector<double> scores, best;
        for (int64_t i = 0; i < n; i++) {
            scores.push_back(generator() % 11 == 0 ? NAN : generator() % 13 == 0 ? -INFINITY : (double)(generator() % 8) / 3);
        }
        for (int64_t g = 0; g < groups; g++) {
            best.push_back(g % 5 == 0 ? NAN : (double)(g % 4));
        }
        const std::vector<int32_t> none((size_t)groups, 2);
        const std::string at = " " + std::to_string(groups) + "x" + std::to_string(size);
        for (int32_t keep = 0; keep < 2; keep++) {
            cases.push_back({"select" + at + (keep ? " keep" : ""), {in(scores), in_out(best), out(groups * 4), in_out(none)},
                             [=](int32_t device, void* stream, void* const* p) { return nt_select(device, stream, p[0], groups, size, keep, p[1], p[2], p[3]); }});
            cases.push_back({"accumulate" + at, {in(scores), in_out(std::vector<double>((size_t)n, .1))},
                             [=](int32_t device, void* stream, void* const* p) { return nt_accumulate(device, stream, p[0], n, .3, keep, p[1]); }});
        }
        cases.push_back({"top" + at, {in(scores), out(groups * take * 4), in_out(none)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_top(device, stream, p[0], groups, size, take, p[1], p[2]); }});
    }
    return cases;
}

/* The out arrays after a run on the CPU. */
inline std::vector<std::vector<uint8_t>> run_on_cpu(const Case& c, int32_t& status) {
    std::vector<std::vector<uint8_t>> copies;
    std::vector<void*> p;
    for (const Array& a : c.arrays) {
        copies.push_back(a.bytes);
    }
    for (auto& copy : copies) {
        p.push_back(copy.data());
    }
    status = c.call(NT_CPU, nullptr, p.data());
    std::vector<std::vector<uint8_t>> results;
    for (size_t i = 0; i < copies.size(); i++) {
        if (c.arrays[i].out) {
            results.push_back(std::move(copies[i]));
        }
    }
    return results;
}

#endif
