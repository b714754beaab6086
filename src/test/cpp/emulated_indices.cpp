/* Whose elements a block's are, up to sizes that no index of 32 bits has. */
#include <sys/mman.h>

#include <algorithm>
#include <numeric>

#include "emulated.h"
#include "nt_parts.cuh"

namespace {

using emulation::Order;

/* What block b has of a row: how many elements, and which is the last of them. */
void part_kernel(int64_t elements, int shift, int64_t* numbers, int64_t* last) {
    NT_DYNAMIC_SHARED(shared);
    nt::cuda::Part part(elements, shift, INT64_MAX / 2, shared);
    part.chunks([&](int64_t, int64_t count) {
        numbers[blockIdx.x] = count;
        last[blockIdx.x] = part.element(count - 1);
    });
}

/* The parts of a row are the whole row, and none begins beyond its end, also for rows of more than 2^31 elements. */
bool parts_cover_rows() {
    bool good = true;
    for (const int64_t elements : {8192ll, 8193ll, 9000ll, 10239ll, (1ll << 31) + 511, (1ll << 33) + 1025}) {
        for (int shift = 0; shift < 4; shift++) {
            std::vector<int64_t> numbers(8), last(8);
            const int32_t status = nt::cuda::launch("parts", part_kernel, 1 << shift, 1, 0, nullptr, elements, shift, numbers.data(), last.data());
            good = check(status == NT_OK && std::accumulate(numbers.begin(), numbers.end(), int64_t{0}) == elements && *std::max_element(last.begin(), last.end()) == elements - 1,
                         "the parts of a row are the row")
                    && good;
        }
    }
    return good;
}

/* Memory of which only what is touched exists. */
class Sparse {
public:
    explicit Sparse(size_t bytes) : size_(bytes), memory_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
    Sparse(const Sparse&) = delete;
    Sparse& operator=(const Sparse&) = delete;
    ~Sparse() {
        munmap(memory_, size_);
    }
    bool there() const {
        return memory_ != MAP_FAILED;
    }
    template <class T>
    T* at(int64_t index) const {
        return static_cast<T*>(memory_) + index;
    }

private:
    size_t size_;
    void* memory_;
};

/* The last blocks of arrays of more than 2^31 elements, whose indices must not be 32 bits anywhere, do what the CPU does to those elements alone. */
bool large_arrays_are_indexed() {
    constexpr int64_t LAST = 512;
    bool good = true;
    emulation::set_order(Order::FORWARD);
    emulation::only_last(true);
    for (const std::pair<int64_t, int64_t>& size : {std::pair<int64_t, int64_t>{1, (1ll << 31) + 1028}, {3, (1ll << 31) + 3}, {1ll << 30, 5}}) {
        const int64_t rows = size.first, d = size.second, n = rows * d, from = n - std::min(d, LAST), count = n - from;
        const Sparse x((size_t)n * 4), y((size_t)n * 4), bytes((size_t)n), table((size_t)rows * sizeof(nt_row));
        if (!x.there() || !y.there() || !bytes.there() || !table.there()) {
            std::printf("no address space for %lld elements: their indices were not looked at\n", static_cast<long long>(n));
            continue;
        }
        const std::vector<nt_step> steps = some_steps();
        const std::vector<float> values = gaussians(40, count, 1);
        std::copy(values.begin(), values.end(), x.at<float>(from));
        *table.at<nt_row>(rows - 1) = {0, 2, 0, 0, 0};
        auto update = [&](int32_t device, const nt_row* named, int64_t named_rows, int64_t elements, const float* in_values, float* out_values) {
            nt_update_args a = {};
            a.table = named;
            a.rows = named_rows;
            a.elements = elements;
            a.steps = steps.data();
            a.step_count = 3;
            a.x_hat = in_values;
            a.next = out_values;
            return nt_update(device, nullptr, &a);
        };
        std::vector<float> expected(values.size());
        std::vector<uint8_t> quantised(values.size());
        good = check(update(CARD, table.at<nt_row>(0), rows, d, x.at<float>(0), y.at<float>(0)) == NT_OK
                             && update(NT_CPU, table.at<nt_row>(rows - 1), 1, count, values.data(), expected.data()) == NT_OK
                             && std::equal(expected.end() - 2, expected.end(), y.at<float>(n - 2)),
                     "update of a large array")
                && good;
        good = check(nt_quantise(CARD, nullptr, x.at<float>(0), rows, d, bytes.at<uint8_t>(0), nullptr) == NT_OK
                             && nt_quantise(NT_CPU, nullptr, values.data(), 1, count, quantised.data(), nullptr) == NT_OK
                             && std::equal(quantised.end() - 2, quantised.end(), bytes.at<uint8_t>(n - 2)),
                     "quantise of a large array")
                && good;
        good = check(nt_input(CARD, nullptr, x.at<float>(0), rows, d, steps.data(), 3, 1, y.at<float>(0), NT_F32, nullptr) == NT_OK
                             && nt_input(NT_CPU, nullptr, values.data(), 1, count, steps.data(), 3, 1, expected.data(), NT_F32, nullptr) == NT_OK
                             && std::equal(expected.end() - 2, expected.end(), y.at<float>(n - 2)),
                     "input of a large array")
                && good;
    }
    constexpr int64_t bytes = (1ll << 32) + 16;
    const Sparse from(2 * bytes), to(2 * bytes);
    if (from.there() && to.there()) {
        *from.at<int32_t>(bytes / 2 - 1) = 7;
        const std::vector<int32_t> index = {0, 1};
        good = check(nt_gather(CARD, nullptr, from.at<char>(0), bytes, index.data(), 2, 2, 2, nullptr, to.at<char>(0)) == NT_OK && *to.at<int32_t>(bytes / 2 - 1) == 7,
                     "gather of large rows")
                && good;
    }
    emulation::only_last(false);
    return good;
}

} // namespace

bool indices_hold() {
    const bool parts = parts_cover_rows();
    return large_arrays_are_indexed() && parts;
}
