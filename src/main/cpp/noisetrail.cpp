/* The interface: every argument is checked here, once for all devices; then the device's kernel runs. */
#include "noisetrail.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "nt_ops.h"

namespace nt {

namespace v4 {
extern const Ops ops;
}
namespace v3 {
extern const Ops ops;
}
namespace base {
extern const Ops ops;
}

namespace {

thread_local char last_error[512] = "";

} // namespace

int32_t fail(int32_t status, const char* format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return status;
}

const Ops& cpu_ops() {
    static const Ops& chosen = []() -> const Ops& {
        /* For tests and for comparing: at most this level. */
        const char* most = std::getenv("NOISETRAIL_CPU");
        __builtin_cpu_init();
        const bool any = !most || !*most || std::strcmp(most, "x86-64-v4") == 0;
        if (any && __builtin_cpu_supports("x86-64-v4")) {
            return v4::ops;
        }
        return (any || std::strcmp(most, "x86-64-v3") == 0) && __builtin_cpu_supports("x86-64-v3") ? v3::ops : base::ops;
    }();
    return chosen;
}

namespace {

/* The first broken constraint of a call; what follows it is not looked at. */
class Check {
public:
    explicit Check(const char* function) : function_(function) {}

    Check& pointer(const char* name, const void* value, bool needed = true) {
        if (ok_ && needed && !value) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must not be null", function_, name);
        }
        return *this;
    }

    Check& only_at_stage_0(const char* name, const void* value, int64_t stage) {
        if (ok_ && value && stage != 0) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must be null at stage 1", function_, name);
        }
        return *this;
    }

    Check& some(const char* names, bool given) {
        if (ok_ && !given) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must not all be null", function_, names);
        }
        return *this;
    }

    Check& fraction(const char* name, double value) {
        if (ok_ && !(value >= 0 && value < 1)) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must be from 0 to 1, not 1 itself: %g", function_, name, value);
        }
        return *this;
    }

    Check& range(const char* name, int64_t value, int64_t low, int64_t high) {
        if (ok_ && value < low) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must be >= %lld: %lld", function_, name, (long long)low, (long long)value);
        } else if (ok_ && value > high) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must be <= %lld: %lld", function_, name, (long long)high, (long long)value);
        }
        return *this;
    }

    Check& number(const char* name, double value, double low, double high) {
        if (ok_ && !(value >= low && value <= high)) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must be from %g to %g: %g", function_, name, low, high, value);
        }
        return *this;
    }

    /* a * b * size must fit in memory's addresses. */
    Check& product(const char* names, int64_t a, int64_t b, int64_t size) {
        int64_t bytes;
        if (ok_ && (__builtin_mul_overflow(a, b, &bytes) || __builtin_mul_overflow(bytes, size, &bytes))) {
            ok_ = false;
            fail(NT_INVALID, "%s: %s must fit 63 bits: %lld x %lld", function_, names, (long long)a, (long long)b);
        }
        return *this;
    }

    /* A row's own round and the call's share the 16 bits of the counter's word. */
    Check& rounds(int32_t device, const void* table, int64_t rows, int32_t round) {
        for (int64_t r = 0; ok_ && device == NT_CPU && r < rows; r++) {
            range("a row's round + round", (int64_t)(((const nt_row*)table)[r].draw >> 16) + round, 0, 65535);
        }
        return *this;
    }

    Check& dtype(const char* name, int64_t value) {
        return range(name, value, NT_F32, NT_BF16);
    }

    /* On the CPU the rows themselves can be read; a card is trusted to have got what the CPU's caller would have. */
    Check& table(int32_t device, const void* table, int64_t rows, bool steps, int64_t step_count, bool parents, int64_t parent_count, bool pivots) {
        pointer("rows_table", table, rows > 0);
        if (device != NT_CPU) {
            return *this;
        }
        const nt_row* row = (const nt_row*)table;
        for (int64_t r = 0; ok_ && r < rows; r++) {
            if (parents) {
                range("kind", row[r].kind, NT_NONE, NT_PIVOT);
            }
            bool pivot = row[r].kind == NT_LOCAL || row[r].kind == NT_COIN || row[r].kind == NT_PIVOT;
            if (ok_ && parents && pivot && !pivots) {
                pointer("pivots", nullptr);
            }
            if (parents && (steps || pivot)) {
                range("parent", row[r].parent, 0, parent_count - 1);
            }
            if (steps) {
                range("stage", row[r].stage, 1, step_count);
            }
        }
        return *this;
    }

    bool ok() const {
        return ok_;
    }

private:
    const char* function_;
    bool ok_ = true;
};

/* The bytes of `nt_propose_args` and `nt_update_args` are written by Java, field by field. */
static_assert(sizeof(nt_propose_args) == 21 * 8 && sizeof(nt_update_args) == 16 * 8 && sizeof(nt_norm_args) == 14 * 8 && sizeof(nt_convolution_args) == 9 * 8, "every field has 8 bytes");
static_assert(sizeof(nt_step) == 24 * sizeof(float) && sizeof(nt_row) == 5 * sizeof(int32_t), "tables without gaps");

/* Calls `body` with the device's kernels; the calling thread's current CUDA device is afterwards what it was. */
template <class Run>
int32_t run(int32_t device, bool ok, const Run& body) {
    if (!ok) {
        return NT_INVALID;
    }
    if (device == NT_CPU) {
        return body(cpu_ops());
    }
    if (device < NT_CPU) {
        return fail(NT_INVALID, "device must be >= -1: %d", device);
    }
#ifdef NT_WITH_CUDA
    int32_t previous;
    const Ops* ops = cuda_ops(device, previous);
    if (!ops) {
        return NT_NO_DEVICE;
    }
    int32_t status = body(*ops);
    cuda_leave(previous);
    return status;
#else
    return fail(NT_NO_DEVICE, "this build has no CUDA kernels: device %d", device);
#endif
}

/* The same for what only a card can do. */
template <class Run>
int32_t run_on_card(const char* function, int32_t device, bool ok, const Run& body) {
    if (ok && device == NT_CPU) {
        return fail(NT_NO_DEVICE, "%s: the CPU has no graphs: a CUDA device is needed", function);
    }
    return run(device, ok, body);
}

constexpr int64_t ANY = std::numeric_limits<int64_t>::max();
/* c0 counts elements / 4 in 32 bits; its last value is the uniforms'. */
constexpr int64_t MOST_ELEMENTS = 4ll * 0xFFFFFFFFll;

Check& shape(Check& check, int64_t rows, int64_t elements) {
    return check.range("rows", rows, 0, ANY).range("elements", elements, 1, MOST_ELEMENTS).product("rows x elements", rows, elements, 8);
}

/* A convolution's. */
Check& channels(Check& check, int64_t in, int64_t out) {
    return check.range("in", in, 1, INT32_MAX)
            .range("the rest of in / 16", in % 16, 0, 0)
            .range("out", out, 1, INT32_MAX)
            .range("the rest of out / 32", out % NT_PANEL, 0, 0)
            .product("in x out", in, out, 4 * NT_TILE_POINTS * NT_TILE_POINTS);
}

Check& image(Check& check, const void* images, int64_t rows, int32_t channels, int32_t height, int32_t width, bool jpeg) {
    check.range("rows", rows, 0, ANY).range("channels", channels, 1, INT32_MAX);
    if (jpeg && channels != 1) {
        check.range("channels of a JPEG that is not grey", channels, 3, 3);
    }
    const int64_t most = jpeg ? 16384 : INT32_MAX; /* a JPEG's size is then sure to fit 31 bits */
    return check.range("height", height, 1, most)
            .range("width", width, 1, most)
            .product("channels x height x width", (int64_t)height * width, channels, 8)
            .product("rows x pixels", rows, (int64_t)channels * height * width, 8)
            .pointer("images", images, rows > 0);
}

} // namespace
} // namespace nt

using namespace nt;

extern "C" {

int32_t nt_cuda_compiled(void) {
#ifdef NT_WITH_CUDA
    return 1;
#else
    return 0;
#endif
}

#ifndef NT_WITH_CUDA
int32_t nt_cuda_device_count(void) {
    return 0;
}
#endif

int32_t nt_stream_create(int32_t device, int32_t apart, void* out) {
    Check check("stream_create");
    check.pointer("out", out);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.stream_create(apart != 0, (void**)out); });
}

int32_t nt_stream_destroy(int32_t device, void* stream) {
    return stream ? run(device, true, [&](const Ops& ops) { return ops.stream_destroy(stream); }) : NT_OK;
}

int32_t nt_stream_synchronize(int32_t device, void* stream) {
    return run(device, true, [&](const Ops& ops) { return ops.stream_synchronize(stream); });
}

int32_t nt_graph_begin(int32_t device, void* stream) {
    Check check("graph_begin");
    check.pointer("stream", stream, device != NT_CPU);
    return run_on_card("graph_begin", device, check.ok(), [&](const Ops& ops) { return ops.graph_begin(stream); });
}

int32_t nt_graph_recording(int32_t device, void* stream, void* out) {
    Check check("graph_recording");
    check.pointer("out", out);
    return run_on_card("graph_recording", device, check.ok(), [&](const Ops& ops) { return ops.graph_recording(stream, *(int32_t*)out); });
}

int32_t nt_graph_end(int32_t device, void* stream, void* out) {
    Check check("graph_end");
    check.pointer("out", out).pointer("stream", stream, device != NT_CPU);
    if (out) {
        *(void**)out = nullptr;
    }
    return run_on_card("graph_end", device, check.ok(), [&](const Ops& ops) { return ops.graph_end(stream, (void**)out); });
}

int32_t nt_graph_launch(int32_t device, void* stream, void* graph) {
    Check check("graph_launch");
    check.pointer("graph", graph, device != NT_CPU);
    return run_on_card("graph_launch", device, check.ok(), [&](const Ops& ops) { return ops.graph_launch(stream, graph); });
}

int32_t nt_graph_destroy(int32_t device, void* graph) {
    return graph ? run_on_card("graph_destroy", device, true, [&](const Ops& ops) { return ops.graph_destroy(graph); }) : NT_OK;
}

const char* nt_last_error(void) {
    return last_error;
}

const char* nt_cpu_level(void) {
    const Ops* chosen = &cpu_ops();
    return chosen == &v4::ops ? "x86-64-v4" : chosen == &v3::ops ? "x86-64-v3" : "x86-64";
}

int32_t nt_philox(uint64_t key, const void* counter_words, void* out_words) {
    const uint32_t* counter = (const uint32_t*)counter_words;
    uint32_t* out = (uint32_t*)out_words;
    if (!Check("philox").pointer("counter", counter).pointer("out", out).ok()) {
        return NT_INVALID;
    }
    Words w = philox(counter[0], counter[1], counter[2], counter[3], (uint32_t)key, (uint32_t)(key >> 32));
    out[0] = w.r0;
    out[1] = w.r1;
    out[2] = w.r2;
    out[3] = w.r3;
    return NT_OK;
}

int32_t nt_noise(int32_t device, void* stream, const void* rows_table, int64_t rows, uint64_t seed, int64_t elements, float scale, void* out) {
    Check check("noise");
    shape(check, rows, elements).pointer("rows_table", rows_table, rows > 0).pointer("out", out, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.noise(stream, (const nt_row*)rows_table, rows, seed, elements, scale, (float*)out);
    });
}

int32_t nt_uniforms(int32_t device, void* stream, const void* rows_table, int64_t rows, uint64_t seed, void* out) {
    Check check("uniforms");
    check.range("rows", rows, 0, ANY).product("rows", rows, 2, 8).pointer("rows_table", rows_table, rows > 0).pointer("out", out, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.uniforms(stream, (const nt_row*)rows_table, rows, seed, (double*)out);
    });
}

int32_t nt_propose(int32_t device, void* stream, const nt_propose_args* args) {
    Check check("propose");
    if (!check.pointer("args", args).ok()) {
        return NT_INVALID;
    }
    const nt_propose_args& a = *args;
    const bool moves = a.state || a.input;
    const bool stepped = moves || a.level;
    shape(check, a.rows, a.elements)
            .range("round", a.round, 0, 65535)
            .number("epsilon", a.epsilon, 0, 1)
            .number("lambda", a.lambda, 0, 1e30)
            .range("parents", a.parents, 0, ANY)
            .product("parents x elements", a.parents, a.elements, 4)
            .range("step_count", a.step_count, 0, INT32_MAX)
            .range("stage", a.stage, 0, 1)
            .dtype("input_dtype", a.input_dtype)
            .pointer("x", a.x, moves && a.rows > 0)
            .pointer("steps", a.steps, stepped && a.rows > 0)
            .table(device, a.table, a.rows, stepped, a.step_count, true, a.parents, a.pivots != nullptr);
    nt_propose_args used = a;
    used.steps = stepped ? a.steps : nullptr;
    if (device == NT_CPU && a.cursor && check.ok()) {
        used.round += *a.cursor;
        check.range("round + cursor", used.round, 0, 65535);
    }
    check.rounds(device, a.table, a.rows, (int32_t)used.round);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.propose(stream, used); });
}

int32_t nt_update(int32_t device, void* stream, const nt_update_args* args) {
    Check check("update");
    if (!check.pointer("args", args).ok()) {
        return NT_INVALID;
    }
    const nt_update_args& a = *args;
    shape(check, a.rows, a.elements)
            .range("step_count", a.step_count, 0, INT32_MAX)
            .range("stage", a.stage, 0, 1)
            .dtype("network_dtype", a.network_dtype)
            .dtype("input_dtype", a.input_dtype)
            .pointer("steps", a.steps, a.rows > 0)
            .some("x_hat, f1, y and f2", a.x_hat || a.f1 || a.y || a.f2 || a.rows == 0)
            .only_at_stage_0("input", a.input, a.stage)
            .only_at_stage_0("level", a.level, a.stage)
            .table(device, a.table, a.rows, true, a.step_count, false, 0, true);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.update(stream, a); });
}

int32_t nt_input(
        int32_t device, void* stream, const void* x, int64_t rows, int64_t elements, const void* steps, int64_t step_count, int64_t step, void* input,
        int32_t input_dtype, void* level) {
    Check check("input");
    shape(check, rows, elements)
            .range("step_count", step_count, 1, INT32_MAX)
            .range("step", step, 0, step_count - 1)
            .dtype("input_dtype", input_dtype)
            .pointer("steps", steps, rows > 0)
            .pointer("x", x, input && rows > 0);
    InputArgs args = {(const float*)x, rows, elements, (const nt_step*)steps + (check.ok() ? step : 0), input, input_dtype, (float*)level};
    return run(device, check.ok(), [&](const Ops& ops) { return rows == 0 ? NT_OK : ops.input(stream, args); });
}

int32_t nt_quantise(int32_t device, void* stream, const void* x, int64_t rows, int64_t elements, void* out, void* bad) {
    Check check("quantise");
    check.range("rows", rows, 0, ANY)
            .range("elements", elements, 1, ANY)
            .product("rows x elements", rows, elements, 4)
            .pointer("x", x, rows > 0)
            .pointer("out", out, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.quantise(stream, (const float*)x, rows, elements, (uint8_t*)out, (int32_t*)bad);
    });
}

int32_t nt_penalise(int32_t device, void* stream, void* scores, const void* bad, int64_t rows) {
    Check check("penalise");
    check.range("rows", rows, 0, ANY / 8).pointer("scores", scores, rows > 0).pointer("bad", bad, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.penalise(stream, (double*)scores, (const int32_t*)bad, rows); });
}

int32_t nt_combine(
        int32_t device, void* stream, const void* terms_table, int64_t rows, int64_t terms, const void* weights, uint64_t seed, int64_t elements,
        int32_t project, void* out) {
    Check check("combine");
    shape(check, rows, elements)
            .range("terms", terms, 1, INT32_MAX)
            .product("rows x terms", rows, terms, sizeof(nt_row))
            .pointer("terms_table", terms_table, rows > 0)
            .pointer("weights", weights, rows > 0)
            .pointer("out", out, rows > 0);
    CombineArgs args = {(const nt_row*)terms_table, rows, terms, (const double*)weights, seed, elements, project, (float*)out};
    return run(device, check.ok(), [&](const Ops& ops) { return ops.combine(stream, args); });
}

int32_t nt_resample(int32_t device, void* stream, const void* weights, const void* uniforms, int64_t groups, int64_t size, void* out) {
    Check check("resample");
    check.range("groups", groups, 0, ANY)
            .range("size", size, 1, INT32_MAX)
            .product("groups x size", groups, size, 8)
            .pointer("weights", weights, groups > 0)
            .pointer("uniforms", uniforms, groups > 0)
            .pointer("out", out, groups > 0);
    for (int64_t g = 0; check.ok() && device == NT_CPU && g < groups; g++) {
        check.fraction("uniform", ((const double*)uniforms)[g]);
    }
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.resample(stream, (const double*)weights, (const double*)uniforms, groups, size, (int32_t*)out);
    });
}

int32_t nt_resize(
        int32_t device, void* stream, const void* images, int64_t rows, int32_t channels, int32_t height, int32_t width, int32_t resized_height,
        int32_t resized_width, int32_t crop_height, int32_t crop_width, void* out) {
    const int64_t most = 65536; /* sums then fit 31 bits, rounding of the weights included */
    Check check("resize");
    image(check, images, rows, channels, height, width, false)
            .range("height", height, 1, most)
            .range("width", width, 1, most)
            .range("resized_height", resized_height, 1, most)
            .range("resized_width", resized_width, 1, most)
            .range("crop_height", crop_height, 1, resized_height)
            .range("crop_width", crop_width, 1, resized_width)
            .product("rows x channels", rows, channels, 1)
            .pointer("out", out, rows > 0);
    if (check.ok()) {
        check.product("rows x cropped pixels", rows * channels, (int64_t)crop_height * crop_width, 8);
    }
    ResizeArgs args = {{(const uint8_t*)images, rows, channels, height, width}, resized_height, resized_width, crop_height, crop_width, (uint8_t*)out};
    return run(device, check.ok(), [&](const Ops& ops) { return ops.resize(stream, args); });
}

int32_t nt_luminance(int32_t device, void* stream, const void* images, int64_t rows, int32_t channels, int32_t height, int32_t width, void* out) {
    Check check("luminance");
    image(check, images, rows, channels, height, width, false).pointer("out", out, rows > 0);
    ImageArgs args = {(const uint8_t*)images, rows, channels, height, width};
    return run(device, check.ok(), [&](const Ops& ops) { return ops.luminance(stream, args, (double*)out); });
}

int32_t nt_jpeg_size(
        int32_t device, void* stream, const void* images, int64_t rows, int32_t channels, int32_t height, int32_t width, double max_bytes,
        void* bytes, void* score) {
    Check check("jpeg_size");
    image(check, images, rows, channels, height, width, true).number("max_bytes", max_bytes, 1e-300, 1e300);
    ImageArgs args = {(const uint8_t*)images, rows, channels, height, width};
    return run(device, check.ok(), [&](const Ops& ops) { return ops.jpeg_size(stream, args, max_bytes, (int32_t*)bytes, (double*)score); });
}

int32_t nt_softmax_at(int32_t device, void* stream, const void* logits, int64_t rows, int64_t classes, const void* labels, void* out) {
    Check check("softmax_at");
    check.range("rows", rows, 0, ANY)
            .range("classes", classes, 1, INT32_MAX)
            .product("rows x classes", rows, classes, 8)
            .pointer("logits", logits, rows > 0)
            .pointer("labels", labels, rows > 0)
            .pointer("out", out, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.softmax_at(stream, (const float*)logits, rows, classes, (const int32_t*)labels, (double*)out);
    });
}

int32_t nt_accumulate(int32_t device, void* stream, const void* score, int64_t rows, double weight, int32_t accumulate, void* out) {
    Check check("accumulate");
    check.range("rows", rows, 0, ANY / 8).pointer("score", score, rows > 0).pointer("out", out, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.accumulate(stream, (const double*)score, rows, weight, accumulate, (double*)out);
    });
}

int32_t nt_select(
        int32_t device, void* stream, const void* scores, int64_t groups, int64_t group_size, int32_t keep, void* best, void* winner, void* nans,
        void* history, int64_t rounds, const void* cursor) {
    Check check("select");
    check.range("groups", groups, 0, ANY)
            .range("group_size", group_size, 1, INT32_MAX)
            .product("groups x group_size", groups, group_size, 8)
            .pointer("scores", scores, groups > 0)
            .pointer("best", best, groups > 0)
            .pointer("winner", winner, groups > 0);
    if (history) {
        check.range("rounds", rounds, 1, INT32_MAX).product("rounds x groups", rounds, groups, 4).pointer("cursor", cursor);
        if (check.ok() && device == NT_CPU) {
            check.range("cursor", *(const int32_t*)cursor, 0, rounds - 1);
        }
    }
    SelectArgs args = {(const double*)scores, groups, group_size, keep, (double*)best, (int32_t*)winner, (int32_t*)nans,
                       (int32_t*)history,     rounds, (const int32_t*)cursor};
    return run(device, check.ok(), [&](const Ops& ops) { return ops.select(stream, args); });
}

int32_t nt_step_cursor(int32_t device, void* stream, void* cursor, int32_t by) {
    Check check("step_cursor");
    check.pointer("cursor", cursor);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.step_cursor(stream, (int32_t*)cursor, by); });
}

int32_t nt_gather(
        int32_t device, void* stream, const void* src, int64_t row_bytes, const void* index, int64_t count, int64_t per_group,
        int64_t group_size, const void* target, void* dst) {
    Check check("gather");
    check.range("row_bytes", row_bytes, 1, ANY)
            .range("count", count, 0, ANY)
            .range("per_group", per_group, 1, ANY)
            .range("group_size", group_size, 0, INT32_MAX)
            .product("count x row_bytes", count, row_bytes, 1)
            .product("group_size x row_bytes", group_size, row_bytes, 1);
    if (check.ok()) {
        check.product("groups x rows' bytes", count / per_group + 1, group_size * row_bytes, 1);
    }
    check.pointer("src", src, count > 0)
            .pointer("index", index, count > 0)
            .pointer("dst", dst, count > 0);
    return run(device, check.ok(), [&](const Ops& ops) {
        return ops.gather(stream, (const char*)src, row_bytes, (const int32_t*)index, count, per_group, group_size, (const int32_t*)target, (char*)dst);
    });
}

int32_t nt_sphere(int32_t device, void* stream, void* p, int64_t rows, int64_t elements, int32_t project, void* norm) {
    Check check("sphere");
    shape(check, rows, elements).pointer("p", p, rows > 0);
    return run(device, check.ok(), [&](const Ops& ops) { return ops.sphere(stream, (float*)p, rows, elements, project, (double*)norm); });
}

int32_t nt_group_norm(int32_t device, void* stream, const nt_norm_args* args) {
    Check check("group_norm");
    if (!check.pointer("args", args).ok()) {
        return NT_INVALID;
    }
    const nt_norm_args& a = *args;
    check.range("rows", a.rows, 0, ANY)
            .range("channels", a.channels, 1, INT32_MAX)
            .range("pixels", a.pixels, 1, ANY)
            .range("groups", a.groups, 1, a.channels)
            .dtype("dtype", a.dtype)
            .range("weight_stride", a.weight_stride, 0, ANY)
            .range("bias_stride", a.bias_stride, 0, ANY)
            .number("epsilon", a.epsilon, 0, 1e30)
            .product("channels x pixels", a.channels, a.pixels, 8);
    if (check.ok()) {
        check.product("rows x elements", a.rows, a.channels * a.pixels, 8)
                .range("the rest of channels / groups", a.channels % a.groups, 0, 0)
                .pointer("x", a.x, a.rows > 0)
                .pointer("weight", a.weight, a.rows > 0)
                .pointer("bias", a.bias, a.rows > 0)
                .pointer("out", a.out, a.rows > 0);
    }
    return run(device, check.ok(), [&](const Ops& ops) { return ops.group_norm(stream, a); });
}

int32_t nt_convolve(const nt_convolution_args* args) {
    Check check("convolve");
    if (!check.pointer("args", args).ok()) {
        return NT_INVALID;
    }
    const nt_convolution_args& a = *args;
    channels(check, a.in, a.out)
            .range("rows", a.rows, 0, ANY)
            .range("height", a.height, 1, INT32_MAX)
            .range("width", a.width, 1, INT32_MAX)
            .product("height x width", a.height, a.width, 1);
    if (check.ok()) {
        check.product("pixels x in", a.height * a.width, a.in, 4).product("pixels x out", a.height * a.width, a.out, 4);
    }
    if (check.ok()) {
        check.product("rows x pixels of x", a.rows, a.height * a.width * a.in, 4)
                .product("rows x pixels of y", a.rows, a.height * a.width * a.out, 4)
                .pointer("x", a.x, a.rows > 0)
                .pointer("weight", a.weight, a.rows > 0)
                .pointer("bias", a.bias, a.rows > 0)
                .pointer("y", a.y, a.rows > 0);
    }
    return run(NT_CPU, check.ok(), [&](const Ops& ops) { return ops.convolve(a); });
}

int32_t nt_convolution_weight(const void* weight, int64_t in, int64_t out, void* result) {
    Check check("convolution_weight");
    if (!channels(check, in, out).pointer("weight", weight).pointer("result", result).ok()) {
        return NT_INVALID;
    }
    /* A polynomial of three coefficients at each point, divided by what the points' own polynomial leaves there. */
    const double a = std::sqrt(0.5), b = std::sqrt(2), at_a = -2 / 3., at_b = 1 / 6.;
    const double points[NT_TILE_POINTS][3] = {{1, 0, 0},
                                              {at_a, at_a * a, at_a * .5},
                                              {at_a, -at_a * a, at_a * .5},
                                              {at_b, at_b * b, at_b * 2},
                                              {at_b, -at_b * b, at_b * 2},
                                              {0, 0, 1}};
#pragma omp parallel for
    for (int64_t k = 0; k < out; k++) {
        for (int64_t c = 0; c < in; c++) {
            const float* w = (const float*)weight + (k * in + c) * 9;
            for (int i = 0; i < NT_TILE_POINTS; i++) {
                double row[3];
                for (int v = 0; v < 3; v++) {
                    row[v] = points[i][0] * w[v] + points[i][1] * w[3 + v] + points[i][2] * w[6 + v];
                }
                for (int j = 0; j < NT_TILE_POINTS; j++) {
                    const int64_t panel = (i * NT_TILE_POINTS + j) * (out / NT_PANEL) + k / NT_PANEL;
                    ((float*)result)[(panel * in + c) * NT_PANEL + k % NT_PANEL] =
                            (float)(row[0] * points[j][0] + row[1] * points[j][1] + row[2] * points[j][2]);
                }
            }
        }
    }
    return NT_OK;
}

int32_t nt_cuda_describe(int32_t device, void* out, int64_t size) {
    if (!Check("cuda_describe").pointer("out", out).range("size", size, 1, ANY).range("device", device, NT_CPU, ANY).ok()) {
        return NT_INVALID;
    }
#ifdef NT_WITH_CUDA
    return cuda_describe(device, (char*)out, size);
#else
    *(char*)out = 0;
    return NT_OK;
#endif
}

} // extern "C"
