/*
 * Kernels as LibTorch's operators. LibTorch's C interface (torch/csrc/stable and aoti_torch/c/shim.h; seen with 2.10) is looked up by name in the process: neither its headers nor its library
 * is needed to build this, and the kernels stay usable without it.
 */
#include "noisetrail.h"

#include <dlfcn.h>

#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

#include "nt_ops.h"

namespace nt {
namespace {

using Handle = void*;    /* of a tensor, or of a piece of the library of operators */
using Value = uint64_t;  /* an argument or result: a handle, or a number's bytes */
using Boxed = void (*)(Value* stack, uint64_t arguments, uint64_t results);

constexpr int32_t TORCH_F16 = 5, TORCH_F32 = 6, TORCH_BF16 = 15; /* c10::ScalarType */
constexpr int32_t TORCH_CPU = 0, TORCH_CUDA = 1;                 /* c10::DeviceType */

/* The functions that are used, each 0 if it succeeds. */
struct Shim {
    int32_t (*library_init_fragment)(const char* space, const char* file, uint32_t line, Handle* library);
    int32_t (*library_init_impl)(const char* space, const char* key, const char* file, uint32_t line, Handle* library);
    int32_t (*library_def)(Handle library, const char* schema);
    int32_t (*library_impl)(Handle library, const char* name, Boxed kernel);
    int32_t (*delete_tensor_object)(Handle tensor);
    int32_t (*get_data_ptr)(Handle tensor, void** data);
    int32_t (*get_dim)(Handle tensor, int64_t* dimensions);
    int32_t (*get_sizes)(Handle tensor, int64_t** sizes);
    int32_t (*get_strides)(Handle tensor, int64_t** strides);
    int32_t (*get_dtype)(Handle tensor, int32_t* dtype);
    int32_t (*get_device_type)(Handle tensor, int32_t* type);
    int32_t (*get_device_index)(Handle tensor, int32_t* index);
    int32_t (*empty_strided)(int64_t dimensions, const int64_t* sizes, const int64_t* strides, int32_t dtype, int32_t device_type, int32_t device_index, Handle* tensor);
    int32_t (*get_current_cuda_stream)(int32_t device_index, void** stream); /* null in LibTorch's CPU build */
};

Shim shim;

void must(int32_t failed, const char* what) {
    if (failed) {
        throw std::runtime_error(std::string("noisetrail: LibTorch refused ") + what);
    }
}

/* A tensor that an operator was handed, and has to let go of. */
class Tensor {
public:
    explicit Tensor(Value value) : handle_((Handle)value) {
        must(shim.get_dim(handle_, &dimensions), "a tensor's dimensions");
        must(shim.get_sizes(handle_, &sizes), "a tensor's sizes");
        must(shim.get_strides(handle_, &strides), "a tensor's strides");
        must(shim.get_dtype(handle_, &dtype), "a tensor's type");
        must(shim.get_device_type(handle_, &device_type), "a tensor's device");
        must(shim.get_device_index(handle_, &device_index), "a tensor's device");
        must(shim.get_data_ptr(handle_, &data), "a tensor's memory");
    }
    Tensor(const Tensor&) = delete;
    Tensor& operator=(const Tensor&) = delete;
    ~Tensor() {
        if (handle_) {
            shim.delete_tensor_object(handle_);
        }
    }

    /* Hands it on, as a result. */
    Value release() {
        const Value value = (Value)handle_;
        handle_ = nullptr;
        return value;
    }

    /* Whether the dimensions lie in memory in this order, the last one's values side by side; where a size is 1 its stride is anything. */
    bool dense(bool channels_last) const {
        int64_t expected = 1;
        const int64_t last = channels_last ? 1 : dimensions - 1;
        for (int64_t k = 0; k < dimensions; k++) {
            /* last, then the ones before it, the rows at the end; channels last: the channels, then the places from the last on */
            const int64_t d = !channels_last ? last - k : k == 0 ? 1 : k == dimensions - 1 ? 0 : dimensions - k;
            if (sizes[d] != 1 && strides[d] != expected) {
                return false;
            }
            expected *= sizes[d];
        }
        return true;
    }

    int64_t dimensions = 0;
    int64_t *sizes = nullptr, *strides = nullptr;
    int32_t dtype = 0, device_type = 0, device_index = 0;
    void* data = nullptr;

private:
    Handle handle_;
};

/* What an operator must find. */
struct Operator {
    const char* name;

    void require(bool holds, const char* constraint) const {
        if (!holds) {
            throw std::runtime_error(std::string(name) + ": " + constraint);
        }
    }
};

constexpr Operator GROUP_NORM{"noisetrail_group_norm"}, CONVOLUTION{"noisetrail_convolution"};

/* A norm's weight or bias: [channels], or [rows, channels, 1, ...], which gives the stride of the rows. */
const float* of_channels(const Tensor& t, const Tensor& x, int64_t& stride) {
    GROUP_NORM.require(t.dtype == TORCH_F32, "weight and bias must be float32");
    GROUP_NORM.require(t.device_type == x.device_type && t.device_index == x.device_index, "weight and bias must be on x's device");
    const bool by_row = t.dimensions > 1;
    bool fits = t.dimensions > 0 && t.sizes[by_row] == x.sizes[1] && (t.strides[by_row] == 1 || x.sizes[1] == 1) && (!by_row || t.sizes[0] == x.sizes[0]);
    for (int64_t d = 2; d < t.dimensions; d++) {
        fits = fits && t.sizes[d] == 1;
    }
    GROUP_NORM.require(fits, "weight and bias must be [channels] or [rows, channels, 1, ...], their channels neighbours");
    stride = by_row ? t.strides[0] : 0;
    return (const float*)t.data;
}

void done(int32_t status) {
    if (status != NT_OK) {
        throw std::runtime_error(nt_last_error());
    }
}

/* The card that x is on and LibTorch's current stream of it; NT_CPU and none. */
struct Place {
    int32_t device = NT_CPU;
    void* stream = nullptr;

    explicit Place(const Tensor& x) {
        if (x.device_type == TORCH_CUDA) {
            device = x.device_index;
            must(shim.get_current_cuda_stream(device, &stream), "its stream");
        }
    }
};

/* A new one of x's type and device. */
Tensor make(const Tensor& x, const int64_t* sizes, const int64_t* strides) {
    Handle made = nullptr;
    /*
     * LibTorch writes why to the error stream alone. Sizes that its own tensors' come from are sound, so memory is wanting; or the card has failed before, and then its stream says so, unless
     * it is recorded and must not be asked.
     */
    if (shim.empty_strided(x.dimensions, sizes, strides, x.dtype, x.device_type, x.device_index, &made)) {
        const Place place(x);
        int32_t recording = 0;
        done(place.device == NT_CPU ? NT_OK : nt_graph_recording(place.device, place.stream, &recording));
        done(recording ? NT_OK : nt_stream_synchronize(place.device, place.stream));
        throw std::runtime_error("noisetrail: out of memory");
    }
    return Tensor((Value)made);
}

double number(Value value) {
    double d;
    std::memcpy(&d, &value, sizeof d);
    return d;
}

/* (Tensor x, Tensor weight, Tensor bias, int groups, float epsilon, bool silu) -> Tensor */
void group_norm(Value* stack, bool in_place) {
    Tensor x(stack[0]), weight(stack[1]), bias(stack[2]);
    GROUP_NORM.require(x.dimensions >= 2, "x must be [rows, channels, ...]");
    GROUP_NORM.require(x.dtype == TORCH_F32 || x.dtype == TORCH_F16 || x.dtype == TORCH_BF16, "x must be float32, float16 or bfloat16");
    nt_norm_args a = {};
    a.channels_last = !x.dense(false);
    GROUP_NORM.require(!a.channels_last || x.dense(true), "x must be dense, its channels second or last");
    a.dtype = x.dtype == TORCH_F32 ? NT_F32 : x.dtype == TORCH_F16 ? NT_F16 : NT_BF16;
    a.rows = x.sizes[0];
    a.channels = x.sizes[1];
    a.pixels = 1;
    for (int64_t d = 2; d < x.dimensions; d++) {
        a.pixels *= x.sizes[d];
    }
    a.weight = of_channels(weight, x, a.weight_stride);
    a.bias = of_channels(bias, x, a.bias_stride);
    a.groups = (int64_t)stack[3];
    a.epsilon = number(stack[4]);
    a.silu = stack[5] & 0xFF;
    a.x = x.data;
    a.out = x.data;
    const Place place(x);
    auto run = [&] { done(a.rows > 0 ? nt_group_norm(place.device, place.stream, &a) : NT_OK); };
    if (in_place) {
        run();
        stack[0] = x.release();
        return;
    }
    Tensor out = make(x, x.sizes, x.strides);
    a.out = out.data;
    run();
    stack[0] = out.release();
}

/* (Tensor x, Tensor weight, Tensor bias) -> Tensor */
void convolution(Value* stack, uint64_t, uint64_t) {
    Tensor x(stack[0]), weight(stack[1]), bias(stack[2]);
    auto all_float = [](const Tensor& t) { return t.dtype == TORCH_F32; };
    CONVOLUTION.require(all_float(x) && all_float(weight) && all_float(bias), "x, weight and bias must be float32");
    CONVOLUTION.require(x.dimensions == 4 && x.dense(true), "x must be [rows, channels, height, width], dense, its channels last");
    CONVOLUTION.require(
            weight.dimensions == 5 && weight.dense(false) && weight.sizes[0] == NT_TILE_POINTS && weight.sizes[1] == NT_TILE_POINTS && weight.sizes[4] == NT_PANEL &&
                    weight.sizes[3] == x.sizes[1],
            "weight must be [6, 6, out / 32, x's channels, 32], dense");
    const int64_t out = weight.sizes[2] * NT_PANEL;
    CONVOLUTION.require(bias.dimensions == 1 && bias.dense(false) && bias.sizes[0] == out, "bias must be [out], dense");
    const int64_t rows = x.sizes[0], height = x.sizes[2], width = x.sizes[3];
    const int64_t sizes[] = {rows, out, height, width}, strides[] = {height * width * out, 1, width * out, out};
    Tensor y = make(x, sizes, strides);
    const nt_convolution_args a = {(const float*)x.data, rows, height, width, x.sizes[1], out, (const float*)weight.data, (const float*)bias.data, (float*)y.data};
    done(rows > 0 ? nt_convolve(&a) : NT_OK);
    stack[0] = y.release();
}

void group_norm_new(Value* stack, uint64_t, uint64_t) {
    group_norm(stack, false);
}

void group_norm_in_place(Value* stack, uint64_t, uint64_t) {
    group_norm(stack, true);
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = library ? (Function)dlsym(library, name) : nullptr;
    return function || (fail(NT_INVALID, "torch_operators: LibTorch must be in the process, with the C interface of 2.10: no %s", name), false);
}

/* Only what is in the process already. */
void* loaded(const char* library) {
    return dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
}

bool find_all() {
    void* cpu = loaded("libtorch_cpu.so");
    return find(cpu, "aoti_torch_library_init_fragment", shim.library_init_fragment) && find(cpu, "aoti_torch_library_init_impl", shim.library_init_impl) &&
           find(cpu, "aoti_torch_library_def", shim.library_def) && find(cpu, "aoti_torch_library_impl", shim.library_impl) &&
           find(cpu, "aoti_torch_delete_tensor_object", shim.delete_tensor_object) && find(cpu, "aoti_torch_get_data_ptr", shim.get_data_ptr) &&
           find(cpu, "aoti_torch_get_dim", shim.get_dim) && find(cpu, "aoti_torch_get_sizes", shim.get_sizes) &&
           find(cpu, "aoti_torch_get_strides", shim.get_strides) && find(cpu, "aoti_torch_get_dtype", shim.get_dtype) &&
           find(cpu, "aoti_torch_get_device_type", shim.get_device_type) && find(cpu, "aoti_torch_get_device_index", shim.get_device_index) &&
           find(cpu, "aoti_torch_empty_strided", shim.empty_strided);
}

bool accepted(bool good) {
    return good || (fail(NT_INVALID, "torch_operators: LibTorch refused an operator; it wrote why to the error stream"), false);
}

bool implement(const char* key, bool convolutions) {
    Handle library;
    return accepted(
            shim.library_init_impl("aten", key, __FILE__, __LINE__, &library) == 0 && shim.library_impl(library, "noisetrail_group_norm", group_norm_new) == 0 &&
            shim.library_impl(library, "noisetrail_group_norm_", group_norm_in_place) == 0 &&
            (!convolutions || shim.library_impl(library, "noisetrail_convolution", convolution) == 0));
}

/* In LibTorch's own namespace, since the text of a script can name no other. */
bool define() {
    Handle library;
    return accepted(
                   shim.library_init_fragment("aten", __FILE__, __LINE__, &library) == 0 &&
                   shim.library_def(library, "noisetrail_group_norm(Tensor x, Tensor weight, Tensor bias, int groups, float epsilon, bool silu) -> Tensor") == 0 &&
                   shim.library_def(
                           library, "noisetrail_group_norm_(Tensor(a!) x, Tensor weight, Tensor bias, int groups, float epsilon, bool silu) -> Tensor(a!)") == 0 &&
                   shim.library_def(library, "noisetrail_convolution(Tensor x, Tensor weight, Tensor bias) -> Tensor") == 0) &&
           implement("CPU", true);
}

} // namespace
} // namespace nt

extern "C" int32_t nt_torch_operators(void) {
    static std::mutex once;
    static bool on_cpu = false, on_cards = false;
    const std::lock_guard<std::mutex> lock(once);
    on_cpu = on_cpu || (nt::find_all() && nt::define());
    if (on_cpu && !on_cards) {
        void* cuda = nt::loaded("libtorch_cuda.so"); /* LibTorch may load it later than the rest, or never */
        on_cards = cuda && nt::find(cuda, "aoti_torch_get_current_cuda_stream", nt::shim.get_current_cuda_stream) && nt::implement("CUDA", false);
        return cuda && !on_cards ? NT_INVALID : NT_OK;
    }
    return on_cpu ? NT_OK : NT_INVALID;
}

extern "C" int32_t nt_torch_threads(int32_t threads) {
    if (threads < 1) {
        return nt::fail(NT_INVALID, "torch_threads: threads must be >= 1: %d", (int)threads);
    }
    /* LibTorch's own OpenMP, of which the kernels may have another copy. */
    void* cpu = nt::loaded("libtorch_cpu.so");
    const auto set = cpu ? (void (*)(int))dlsym(cpu, "omp_set_num_threads") : nullptr;
    if (!set) {
        return nt::fail(NT_INVALID, "torch_threads: LibTorch must be in the process, and its threads be OpenMP's");
    }
    set(threads);
    return NT_OK;
}
