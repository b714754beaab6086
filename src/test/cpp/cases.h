/* Calls of every kernel, with the memory they need: run on two devices (or instruction sets), they must leave the same bits. */
#ifndef CASES_H
#define CASES_H

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "noisetrail.h"
#include "nt_ops.h"

struct Array {
    std::vector<uint8_t> bytes;
    bool out;
    size_t element;     /* bytes of a value: how far a misaligned copy may be moved */
    bool floats;        /* float32 or float64, by `element`: a NaN is as good as another */
};

/* `call` gets the arrays' addresses on the device. */
struct Case {
    std::string name;
    std::vector<Array> arrays;
    std::function<int32_t(int32_t device, void* stream, void* const* p)> call;
    double tolerance = 0;  /* relative, of out arrays of doubles, and of floats above 1; 0: the same bits */
    int64_t touched = 0;   /* bytes read and written, where the case is worth timing */
    int32_t halves = NT_F16; /* what out arrays of 16 bits hold, with a tolerance: that, and a rounding */
};

template <class T>
Array in(const std::vector<T>& values) {
    Array a{std::vector<uint8_t>(values.size() * sizeof(T)), false, alignof(T), std::is_floating_point_v<T>};
    std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
    return a;
}

template <class T>
Array in_out(const std::vector<T>& values) {
    Array a = in(values);
    a.out = true;
    return a;
}

template <class T>
Array out(int64_t count) {
    return {std::vector<uint8_t>((size_t)count * sizeof(T), 0xA5), true, alignof(T), std::is_floating_point_v<T>};
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

/* The same, with what a network that has gone astray gives. */
inline std::vector<float> wild(uint32_t seed, int64_t count, float scale) {
    std::vector<float> values = gaussians(seed, count, scale);
    const float strange[] = {NAN, INFINITY, -INFINITY, 1e-42f, -0.0f, 3e38f, 65520, 6e-8f};
    for (int64_t i = 0; i < count; i += 5) {
        values[(size_t)i] = strange[i / 5 % 8];
    }
    return values;
}

inline std::vector<uint16_t> words16(uint32_t seed, int64_t count, bool any) { /* any, or finite as halves and as bfloats */
    std::mt19937 generator(seed);
    std::vector<uint16_t> values((size_t)count);
    for (uint16_t& v : values) {
        v = (uint16_t)(any ? generator() : (generator() & 0x83FFu) | (14u + generator() % 2) << 10);
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

inline std::vector<uint8_t> random_bytes(uint32_t seed, int64_t count) {
    std::mt19937 generator(seed);
    std::vector<uint8_t> values((size_t)count);
    for (uint8_t& v : values) {
        v = (uint8_t)generator();
    }
    return values;
}

/* Chess boards whose blocks of 8 x 8 differ in brightness: their codes begin and end with ones, so that 0xFF lies across blocks too. */
inline std::vector<uint8_t> checks(uint32_t seed, int64_t count, int32_t width) {
    const std::vector<uint8_t> base = random_bytes(seed, count);
    std::vector<uint8_t> values((size_t)count);
    for (int64_t i = 0; i < count; i++) {
        const int64_t y = i / width, x = i % width, block = y / 8 * ((width + 7) / 8) + x / 8;
        values[(size_t)i] = (uint8_t)(64 + base[(size_t)(block % count)] / 2 + ((y + x) % 2 ? -50 : 50));
    }
    return values;
}

/* kind -1: each in turn */
inline std::vector<nt_row> table_of(int64_t rows, int64_t parents, int32_t kind) {
    std::vector<nt_row> table;
    for (int64_t r = 0; r < rows; r++) {
        table.push_back({(uint32_t)(r / 4), (uint32_t)(1 + r % 3), (uint32_t)(2 << 16 | r % 4), (int32_t)(r % parents), kind < 0 ? (int32_t)(r % 5) : kind});
    }
    return table;
}

inline std::vector<nt_step> some_steps() {
    std::vector<nt_step> steps(3);
    const std::vector<float> numbers = gaussians(20, 3 * 24, 1);
    std::memcpy(steps.data(), numbers.data(), sizeof(nt_step) * 3);
    return steps;
}

inline int64_t size_of(int32_t dtype) {
    return dtype == NT_F32 ? 4 : 2;
}

inline const char* name_of(int32_t dtype) {
    return dtype == NT_F32 ? "f32" : dtype == NT_F16 ? "f16" : "bf16";
}

inline Array network_in(uint32_t seed, int64_t count, int32_t dtype, bool any) {
    return dtype == NT_F32 ? in(any ? wild(seed, count, 1) : gaussians(seed, count, 1)) : in(words16(seed, count, any));
}

inline Array network_out(int64_t count, int32_t dtype) {
    return dtype == NT_F32 ? out<float>(count) : out<uint16_t>(count);
}

constexpr uint64_t SEED = 0xFEDCBA9876543210ull;

inline void add_proposal(std::vector<Case>& cases, int64_t rows, int64_t d, int32_t kind, int32_t dtype, bool sphere, bool with_f, bool any, bool timed) {
    const int64_t n = rows * d, parents = rows < 4 ? 1 : rows / 4;
    const std::string name = "propose kind " + std::to_string(kind) + " " + name_of(dtype) + (sphere ? " sphere" : "") + (with_f ? " f cursor" : "") + (any ? " wild" : "") + " "
            + std::to_string(rows) + "x" + std::to_string(d);
    cases.push_back({name,
                     {in(table_of(rows, parents, kind)), in(any ? wild(1, parents * d, 30) : gaussians(1, parents * d, 30)), in(gaussians(2, parents * d, 1)),
                      in(any ? wild(3, parents * d, 1) : gaussians(3, parents * d, 1)), in(some_steps()), out<float>(n), out<float>(n), network_out(n, dtype), out<float>(rows), in(std::vector<int32_t>{2})},
                     [=](int32_t device, void* stream, void* const* p) {
                         nt_propose_args a = {};
                         a.table = (const nt_row*)p[0];
                         a.rows = rows;
                         a.round = with_f ? 1 : 3;
                         a.cursor = with_f ? (const int32_t*)p[9] : nullptr;
                         a.seed = SEED;
                         a.elements = d;
                         a.epsilon = .4;
                         a.lambda = .15;
                         a.sphere = sphere;
                         a.x = (const float*)p[1];
                         a.f = with_f ? (const float*)p[2] : nullptr;
                         a.parents = parents;
                         a.pivots = (const float*)p[3];
                         a.steps = (const nt_step*)p[4];
                         a.step_count = 3;
                         a.stage = with_f;
                         a.noise = (float*)p[5];
                         a.state = (float*)p[6];
                         a.input = p[7];
                         a.input_dtype = dtype;
                         a.level = (float*)p[8];
                         return nt_propose(device, stream, &a);
                     },
                     0, timed ? n * (8 + size_of(dtype)) + parents * d * (with_f ? 12 : 8) : 0});
}

/* given: bits of x_hat, f1, y, f2 */
inline void add_update(std::vector<Case>& cases, int64_t rows, int64_t d, int32_t given, int32_t dtype, bool in_place, bool any, bool timed) {
    const int64_t n = rows * d, w = size_of(dtype);
    const std::string name = "update given " + std::to_string(given) + " " + name_of(dtype) + (in_place ? " in place" : "") + (any ? " wild" : "") + " " + std::to_string(rows) + "x"
            + std::to_string(d);
    const bool first = !(given & 8);
    std::vector<Array> arrays = {in(table_of(rows, 1, 0)),      in(some_steps()),  in(any ? wild(4, n, 20) : gaussians(4, n, 20)), network_in(5, n, dtype, any),
                                 in_out(gaussians(6, n, 18)),   network_in(7, n, dtype, any), out<float>(n), out<float>(n)};
    if (first) {
        arrays.push_back(network_out(n, dtype));
        arrays.push_back(out<float>(rows));
    }
    cases.push_back({name, arrays,
                     [=](int32_t device, void* stream, void* const* p) {
                         nt_update_args a = {};
                         a.table = (const nt_row*)p[0];
                         a.rows = rows;
                         a.elements = d;
                         a.steps = (const nt_step*)p[1];
                         a.step_count = 3;
                         a.stage = !first;
                         a.x_hat = given & 1 ? (const float*)p[2] : nullptr;
                         a.f1 = given & 2 ? p[3] : nullptr;
                         a.y = given & 4 ? (const float*)p[4] : nullptr;
                         a.f2 = given & 8 ? p[5] : nullptr;
                         a.network_dtype = dtype;
                         a.next = (float*)(in_place ? p[4] : p[6]);
                         a.clean = (float*)p[7];
                         a.input = first ? p[8] : nullptr;
                         a.input_dtype = dtype;
                         a.level = first ? (float*)p[9] : nullptr;
                         return nt_update(device, stream, &a);
                     },
                     0, timed ? n * (first ? 12 + 2 * w : 16 + 2 * w) : 0});
}

inline void add_combination(std::vector<Case>& cases, int64_t rows, int64_t d, int32_t project, bool timed) {
    std::vector<double> weights = {.5, -1.25, 3, 0};
    weights.resize((size_t)(rows * 3), .125);
    if (rows > 1) {
        weights[3] = NAN;
    }
    cases.push_back({std::string("combine") + (project ? " project " : " ") + std::to_string(rows) + "x" + std::to_string(d),
                     {in(table_of(rows * 3, 1, -1)), in(weights), out<float>(rows * d)},
                     [=](int32_t device, void* stream, void* const* p) { return nt_combine(device, stream, p[0], rows, 3, p[1], SEED, d, project, p[2]); }, 0,
                     timed ? rows * d * 4 : 0});
}

inline void add_norm(std::vector<Case>& cases, int64_t rows, int64_t d, int32_t project, bool timed) {
    cases.push_back({(project ? "sphere " : "norm ") + std::to_string(rows) + "x" + std::to_string(d),
                     {in_out(project ? gaussians(8, rows * d, 1.5f) : wild(8, rows * d, 1.5f)), out<double>(rows)},
                     [=](int32_t device, void* stream, void* const* p) { return nt_sphere(device, stream, p[0], rows, d, project, p[1]); }, 0, timed ? rows * d * 8 : 0});
}

inline void add_luminance(std::vector<Case>& cases, int64_t rows, int32_t channels, int32_t height, int32_t width, bool timed) {
    cases.push_back({"luminance " + std::to_string(rows) + "x" + std::to_string(channels) + "x" + std::to_string(height) + "x" + std::to_string(width),
                     {in(pictures(10, rows, channels, height, width)), out<double>(rows)},
                     [=](int32_t device, void* stream, void* const* p) { return nt_luminance(device, stream, p[0], rows, channels, height, width, p[1]); }, 0,
                     timed ? rows * channels * height * width : 0});
}

struct NormShape {
    int64_t rows, channels, pixels, groups;
};

/* The variants go round: SiLU or none, weights of each row or of all, in place or not. */
inline void add_group_norm(std::vector<Case>& cases, const NormShape& s, int32_t dtype, bool last, int variant, bool any, bool timed) {
    const int64_t n = s.rows * s.channels * s.pixels;
    const bool silu = variant % 2 == 0, by_row = variant / 2 % 2, in_place = variant / 4 % 2;
    const std::string name = std::string("group norm ") + name_of(dtype) + (last ? " last" : " first") + (silu ? " silu" : "") + (by_row ? " by row" : "") + (in_place ? " in place" : "")
            + (any ? " wild " : " ") + std::to_string(s.rows) + "x" + std::to_string(s.channels) + "x" + std::to_string(s.pixels) + "/" + std::to_string(s.groups);
    std::vector<float> values = gaussians(30, n, 2);
    for (float& v : values) {
        v += 3;
    }
    if (any) {
        values[0] = NAN;
        values[(size_t)(n - 1)] = INFINITY;
    }
    Array x = in(values);
    if (dtype != NT_F32) {
        std::vector<uint16_t> halves;
        for (float v : values) {
            halves.push_back(dtype == NT_F16 ? nt::to_half(v) : nt::to_bf16(v));
        }
        x = in(halves);
    }
    x.out = in_place;
    Case made = {name,
                 {x, in(gaussians(31, s.rows * (s.channels + 3), 1)), in(gaussians(32, s.rows * (s.channels + 3), 1)), network_out(in_place ? 1 : n, dtype)},
                 [=](int32_t device, void* stream, void* const* p) {
                     nt_norm_args a = {};
                     a.x = p[0];
                     a.dtype = dtype;
                     a.rows = s.rows;
                     a.channels = s.channels;
                     a.pixels = s.pixels;
                     a.groups = s.groups;
                     a.channels_last = last;
                     a.weight = (const float*)p[1];
                     a.bias = (const float*)p[2];
                     a.weight_stride = by_row ? s.channels + 3 : 0;
                     a.bias_stride = by_row ? s.channels + 2 : 0;
                     a.epsilon = 1e-5;
                     a.silu = silu;
                     a.out = in_place ? p[0] : p[3];
                     return nt_group_norm(device, stream, &a);
                 },
                 3e-6, timed ? 2 * n * size_of(dtype) : 0};
    made.halves = dtype;
    cases.push_back(made);
}

inline void add_group_norms(std::vector<Case>& cases, bool timed) {
    int variant = 0;
    /* One value a group, groups of a channel, sizes that no vector divides, a channel for each thread and more, slices of few groups, and more than a cluster keeps. */
    const NormShape shapes[] = {{2, 4, 1, 2}, {2, 8, 64, 8}, {3, 6, 49, 3}, {2, 40, 36, 8}, {1, 12, 500, 3}, {2, 3000, 3, 2}, {1, 2080, 4, 2}, {1, 96, 128, 32}, {1, 8, 16500, 1}};
    for (const NormShape& s : shapes) {
        const bool large = s.channels * s.pixels > 20000;
        for (bool last : {false, true}) {
            for (int32_t dtype : {NT_F32, NT_F16, NT_BF16}) {
                for (int k = 0; k < (large ? 1 : 3); k++) {
                    add_group_norm(cases, s, dtype, last, variant++, false, false);
                }
            }
            add_group_norm(cases, s, NT_F32, last, variant++, true, false);
        }
    }
    if (timed) {
        /* Of Stable Diffusion's U-Net, guided, 1 and 4 rows; of its decoder; of a small model. */
        for (const NormShape& s : {NormShape{2, 320, 4096, 32}, NormShape{8, 320, 4096, 32}, NormShape{8, 1280, 256, 32}, NormShape{1, 128, 262144, 32}, NormShape{64, 32, 784, 8}}) {
            for (int32_t dtype : {NT_F32, NT_F16}) {
                for (bool last : {false, true}) {
                    add_group_norm(cases, s, dtype, last, 0, false, true);
                }
            }
        }
    }
}

/* SMALL: for the emulation; TIMED: what a card is timed with too. */
enum class Extent { SMALL, ALL, TIMED };

inline std::vector<Case> all_cases(Extent extent) {
    std::vector<Case> cases;
    struct Size {
        int64_t rows, elements;
    };
    std::vector<Size> sizes = {{1, 1}, {3, 5}, {5, 783}, {6, 784}, {2, 4801}, {1, 17412}};
    if (extent != Extent::SMALL) {
        sizes.insert(sizes.end(), {{16, 784}, {7, 12288}, {2, 12289}});
    }
    if (extent == Extent::TIMED) {
        sizes.insert(sizes.end(), {{64, 784}, {64, 12288}, {256, 12288}, {2, 786432}});
    }
    for (const Size& s : sizes) {
        const int64_t rows = s.rows, d = s.elements, n = rows * d;
        const bool large = n >= 64 * 784, few = extent == Extent::SMALL && d > 1000;
        const std::string at = " " + std::to_string(rows) + "x" + std::to_string(d);
        cases.push_back({"noise" + at, {in(table_of(rows, 1, -1)), out<float>(n)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_noise(device, stream, p[0], rows, SEED, d, 80, p[1]); }, 0,
                         large ? n * 4 : 0});
        cases.push_back({"uniforms" + at, {in(table_of(rows, 1, -1)), out<double>(rows * 2)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_uniforms(device, stream, p[0], rows, SEED, p[1]); }});
        for (int32_t kind = NT_NONE; kind <= NT_PIVOT; kind++) {
            if (!few || kind == NT_GLOBAL || kind == NT_LOCAL) {
                add_proposal(cases, rows, d, kind, NT_F32, false, kind % 2, false, large && (kind == NT_GLOBAL || kind == NT_LOCAL));
            }
        }
        for (int32_t dtype = NT_F32; dtype <= (few ? NT_F32 : NT_BF16); dtype++) {
            add_proposal(cases, rows, d, few ? NT_LOCAL : -1, dtype, true, dtype == NT_F16, false, false);
            add_proposal(cases, rows, d, -1, dtype, dtype == NT_F16, true, true, false);
            add_update(cases, rows, d, 3, dtype, false, false, large);
            add_update(cases, rows, d, 15, dtype, true, false, large);
            add_update(cases, rows, d, 12, dtype, false, true, false);
            add_update(cases, rows, d, 3, dtype, false, true, false);
            cases.push_back({std::string("input ") + name_of(dtype) + at, {in(wild(21, n, 3)), in(some_steps()), network_out(n, dtype), out<float>(rows)},
                             [=](int32_t device, void* stream, void* const* p) { return nt_input(device, stream, p[0], rows, d, p[1], 3, 1, p[2], dtype, p[3]); }});
        }
        for (int32_t given = 1; given < 16 && !few && !large; given++) {
            add_update(cases, rows, d, given, NT_F32, false, false, false);
        }
        std::vector<float> x = gaussians(7, n, 1);
        x[0] = NAN;
        x[(size_t)(n - 1)] = INFINITY;
        for (bool marked : {false, true}) {
            cases.push_back({std::string(marked ? "quantise and mark" : "quantise") + at, {in(x), out<uint8_t>(n), out<int32_t>(rows)},
                             [=](int32_t device, void* stream, void* const* p) { return nt_quantise(device, stream, p[0], rows, d, p[1], marked ? p[2] : nullptr); }, 0,
                             large ? n * 5 : 0});
        }
        add_combination(cases, rows, d, 0, large);
        add_combination(cases, rows, d, 1, large);
        add_norm(cases, rows, d, 1, large);
        add_norm(cases, rows, d, 0, false);
        for (int64_t bytes : {d * 4, d * 2, d}) {
            std::vector<int32_t> index((size_t)rows), target((size_t)rows);
            for (int64_t g = 0; g < rows; g++) {
                index[(size_t)g] = (int32_t)(g % 7 == 6 ? -1 : g % 3);
                target[(size_t)g] = (int32_t)(g % 5 == 4 ? -1 : rows - 1 - g);
            }
            cases.push_back({"gather " + std::to_string(rows) + "x" + std::to_string(bytes),
                             {in(random_bytes(9, (rows + 1) / 2 * 3 * bytes)), in(index), in(target), out<uint8_t>(rows * bytes)},
                             [=](int32_t device, void* stream, void* const* p) { return nt_gather(device, stream, p[0], bytes, p[1], rows, 2, 3, p[2], p[3]); }, 0,
                             large && bytes == d * 4 ? rows * bytes * 2 : 0});
        }
    }
    add_group_norms(cases, extent == Extent::TIMED);
    std::vector<Size> shared_rows = {{1, 132100}}; /* longer than the blocks of a cluster keep */
    if (extent == Extent::TIMED) {
        shared_rows.insert(shared_rows.end(), {{4, 65536}, {16, 12288}, {64, 16384}});
        for (int32_t dtype : {NT_F32, NT_F16}) { /* 256 MB */
            add_update(cases, 64, 196608, 3, dtype, false, false, true);
            add_update(cases, 64, 196608, 15, dtype, false, false, true);
        }
    }
    for (const Size& s : shared_rows) {
        const bool timed = s.rows > 1;
        add_proposal(cases, s.rows, s.elements, NT_LOCAL, NT_F32, true, false, false, timed);
        add_proposal(cases, s.rows, s.elements, NT_GLOBAL, NT_F16, false, true, false, timed);
        add_combination(cases, s.rows, s.elements, 1, timed);
        add_norm(cases, s.rows, s.elements, 1, timed);
    }
    cases.push_back({"input 700x1", {in(wild(21, 700, 3)), in(some_steps()), out<float>(700), out<float>(700)},
                     [=](int32_t device, void* stream, void* const* p) { return nt_input(device, stream, p[0], 700, 1, p[1], 3, 2, p[2], NT_F32, p[3]); }});
    struct Shape {
        int64_t rows;
        int32_t channels, height, width;
    };
    /* 128 blocks are coded at a time on a card: fewer, as many, and more. */
    std::vector<Shape> shapes = {{9, 1, 28, 28}, {2, 3, 45, 71}, {3, 3, 17, 9}, {2, 1, 1, 1}, {2, 3, 1, 1}, {1, 1, 64, 128}, {1, 1, 65, 128}, {1, 3, 80, 96}, {24, 1, 20, 400}};
    if (extent != Extent::SMALL) {
        shapes.insert(shapes.end(), {{9, 3, 32, 32}, {2, 3, 256, 192}});
    }
    if (extent == Extent::TIMED) {
        shapes.insert(shapes.end(), {{64, 1, 28, 28}, {64, 3, 64, 64}, {4, 3, 512, 512}});
    }
    for (const Shape& s : shapes) {
        const int64_t n = s.rows * s.channels * s.height * s.width;
        const bool timed = s.height == 512 || (s.rows >= 16 && s.height != 20);
        const std::string at = " " + std::to_string(s.rows) + "x" + std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width);
        add_luminance(cases, s.rows, s.channels, s.height, s.width, timed);
        const std::pair<const char*, std::vector<uint8_t>> images[] = {
                {"jpeg size", pictures(11, s.rows, s.channels, s.height, s.width)}, {"jpeg size of noise", random_bytes(11, n)}, {"jpeg size of checks", checks(11, n, s.width)}};
        for (const auto& image : images) {
            cases.push_back({image.first + at,
                             {in(image.second), out<int32_t>(s.rows), out<double>(s.rows)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_jpeg_size(device, stream, p[0], s.rows, s.channels, s.height, s.width, 3000, p[1], p[2]);
                             },
                             0, timed ? n : 0});
        }
        for (const std::pair<int32_t, int32_t>& size : {std::pair<int32_t, int32_t>{s.height * 2 + 1, s.width + 3}, {(s.height + 2) / 3, (s.width + 1) / 2}}) {
            const int32_t height = size.first, width = size.second, kept_height = (height + 1) / 2, kept_width = width > 2 ? width - 2 : width;
            cases.push_back({"resize" + at + " to " + std::to_string(height) + "x" + std::to_string(width),
                             {in(pictures(14, s.rows, s.channels, s.height, s.width)), out<uint8_t>(s.rows * s.channels * kept_height * kept_width)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_resize(device, stream, p[0], s.rows, s.channels, s.height, s.width, height, width, kept_height, kept_width, p[1]);
                             }});
        }
    }
    add_luminance(cases, 2, 3, 120, 101, false); /* that blocks of a card share */
    add_luminance(cases, 1, 1, 301, 481, false);
    for (int64_t classes : {1, 10, 1000}) {
        const int64_t rows = 7;
        std::vector<int32_t> labels;
        for (int64_t r = 0; r < rows; r++) {
            labels.push_back((int32_t)(r * 7 % classes));
        }
        cases.push_back({"softmax " + std::to_string(rows) + "x" + std::to_string(classes), {in(gaussians(12, rows * classes, 5)), in(labels), out<double>(rows)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_softmax_at(device, stream, p[0], rows, classes, p[1], p[2]); }, 1e-13,
                         0});
    }
    for (int64_t size : {1, 4, 33, 200}) {
        const int64_t groups = 11, n = groups * size;
        std::mt19937 generator(13);
        std::vector<double> scores, best, weights, uniforms;
        for (int64_t i = 0; i < n; i++) {
            scores.push_back(generator() % 11 == 0 ? NAN : generator() % 13 == 0 ? -INFINITY : (double)(generator() % 8) / 3);
            const int64_t g = i / size;
            weights.push_back(g == 3 ? 0 : g == 5 && i % 3 == 0 ? INFINITY : generator() % 7 == 0 ? (g % 2 ? NAN : -1.0) : std::exp((double)(generator() % 100) / 9) * (g == 7 ? 1e300 : 1));
        }
        for (int64_t g = 0; g < groups; g++) {
            best.push_back(g % 5 == 0 ? NAN : (double)(g % 4));
            uniforms.push_back((double)(g * 7 % 11) / 11);
        }
        const std::vector<int32_t> none((size_t)groups, 2);
        const std::string at = " " + std::to_string(groups) + "x" + std::to_string(size);
        for (int32_t keep = 0; keep < 2; keep++) {
            cases.push_back({"select" + at + (keep ? " keep" : ""), {in(scores), in_out(best), out<int32_t>(groups), in_out(none)},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_select(device, stream, p[0], groups, size, keep, p[1], p[2], p[3], nullptr, 0, nullptr);
                             }});
            cases.push_back({"select history" + at + (keep ? " keep" : ""),
                             {in(scores), in_out(best), out<int32_t>(groups), out<int32_t>(4 * groups), in(std::vector<int32_t>{2 + keep})},
                             [=](int32_t device, void* stream, void* const* p) {
                                 return nt_select(device, stream, p[0], groups, size, keep, p[1], p[2], nullptr, p[3], 4, p[4]);
                             }});
            cases.push_back({"accumulate" + at, {in(scores), in_out(std::vector<double>((size_t)n, .1))},
                             [=](int32_t device, void* stream, void* const* p) { return nt_accumulate(device, stream, p[0], n, .3, keep, p[1]); }});
        }
        cases.push_back({"resample" + at, {in(weights), in(uniforms), out<int32_t>(n)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_resample(device, stream, p[0], p[1], groups, size, p[2]); }});
        std::vector<int32_t> bad((size_t)n);
        for (int64_t i = 0; i < n; i++) {
            bad[(size_t)i] = i % 3 == 1;
        }
        cases.push_back({"penalise" + at, {in_out(scores), in(bad)},
                         [=](int32_t device, void* stream, void* const* p) { return nt_penalise(device, stream, p[0], p[1], n); }});
    }
    for (int32_t by : {1, -3}) {
        cases.push_back({"step cursor by " + std::to_string(by), {in_out(std::vector<int32_t>{INT32_MAX - (by < 0), 7})},
                         [=](int32_t device, void* stream, void* const* p) { return nt_step_cursor(device, stream, p[0], by); }});
    }
    return cases;
}

/* Of what only the CPU has. */
inline std::vector<Case> cpu_cases() {
    struct Shape {
        int64_t rows, height, width, in, out;
    };
    std::vector<Case> cases;
    std::vector<Shape> shapes;
    for (int64_t tiles = 1; tiles <= 13; tiles++) {
        shapes.push_back({1, 4, 4 * tiles, 16, 32});
    }
    /* Less than a tile, whole tiles and parts of them, tiles that no register's sums divide, one panel and several, few and many channels. */
    shapes.insert(shapes.end(), {{1, 1, 1, 16, 32}, {2, 4, 8, 16, 64}, {3, 7, 7, 48, 32}, {1, 13, 5, 32, 96}, {2, 28, 28, 16, 32}, {1, 9, 6, 272, 256}});
    for (const Shape& s : shapes) {
        const int64_t pairs = s.in * s.out;
        std::vector<float> x = gaussians(41, s.rows * s.height * s.width * s.in, 1);
        for (int64_t i = 0; s.rows == 3 && i < s.in; i++) {
            x[(size_t)i] = i % 2 ? INFINITY : NAN; /* in one corner of the first row */
        }
        const std::string at = std::to_string(s.rows) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) + " " + std::to_string(s.in) + " to " + std::to_string(s.out);
        cases.push_back({"convolve " + at,
                         {in(x), in(gaussians(42, pairs * 9, .1f)), in(gaussians(43, s.out, 1)), out<float>(pairs * NT_TILE_POINTS * NT_TILE_POINTS), out<float>(s.rows * s.height * s.width * s.out)},
                         [=](int32_t, void*, void* const* p) {
                             const int32_t status = nt_convolution_weight(p[1], s.in, s.out, p[3]);
                             const nt_convolution_args a = {(const float*)p[0], s.rows, s.height, s.width, s.in, s.out, (const float*)p[3], (const float*)p[2], (float*)p[4]};
                             return status == NT_OK ? nt_convolve(&a) : status;
                         }});
    }
    return cases;
}

/* Makes all NaNs of a float array one: which of them an operation gives is the device's affair. */
inline void unify_nans(const Array& array, std::vector<uint8_t>& bytes) {
    auto unify = [&](auto nan) {
        for (size_t i = 0; array.floats && i + sizeof nan <= bytes.size(); i += sizeof nan) {
            auto value = nan;
            std::memcpy(&value, &bytes[i], sizeof nan);
            if (value != value) {
                std::memcpy(&bytes[i], &nan, sizeof nan);
            }
        }
    };
    if (array.element == 4) {
        unify(std::numeric_limits<float>::quiet_NaN());
    } else {
        unify(std::numeric_limits<double>::quiet_NaN());
    }
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
            unify_nans(c.arrays[i], copies[i]);
            results.push_back(std::move(copies[i]));
        }
    }
    return results;
}

inline double value_at(const uint8_t* bytes, size_t size, int32_t halves) {
    if (size == 8) {
        double v;
        std::memcpy(&v, bytes, 8);
        return v;
    }
    if (size == 4) {
        float v;
        std::memcpy(&v, bytes, 4);
        return v;
    }
    uint16_t v;
    std::memcpy(&v, bytes, 2);
    return halves == NT_F16 ? nt::from_half(v) : nt::from_bf16(v);
}

/* Whether out array `array` of a case is what the CPU made of it; says what is not, unless `quiet`. */
inline bool same(const Case& c, const std::vector<uint8_t>& expected, std::vector<uint8_t> actual, size_t array, bool quiet = false) {
    unify_nans(c.arrays[array], actual);
    if (expected == actual) {
        return true;
    }
    if (c.tolerance > 0) {
        const size_t size = c.arrays[array].element;
        for (size_t i = 0; i + size <= expected.size(); i += size) {
            const double a = value_at(&expected[i], size, c.halves), b = value_at(&actual[i], size, c.halves);
            const double rounding = size == 8 ? 0 : size == 4 ? c.tolerance : c.tolerance + (c.halves == NT_F16 ? 0x1p-10 : 0x1p-7) * std::fabs(a);
            if (!(std::fabs(a - b) <= c.tolerance * std::fabs(a) + rounding) && !(a == b) && !(std::isnan(a) && std::isnan(b))) {
                if (!quiet) {
                    std::printf("FAILED: %s: array %zu, value %zu: %.17g on the CPU, %.17g on the device\n", c.name.c_str(), array, i / size, a, b);
                }
                return false;
            }
        }
        return true;
    }
    size_t at = 0, count = 0;
    for (size_t i = expected.size(); i-- > 0;) {
        if (expected[i] != actual[i]) {
            at = i;
            count++;
        }
    }
    if (!quiet) {
        std::printf("FAILED: %s: array %zu: %zu of %zu bytes differ, the first is %zu\n", c.name.c_str(), array, count, expected.size(), at);
    }
    return false;
}

#endif
