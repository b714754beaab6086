/*
 * The CUDA kernels without a card: the .cu files over an emulation of CUDA (emulation/), every kernel against its CPU form, bit for bit (softmax: to 1e-13), with the threads in
 * forward, reverse and random order, and from misaligned memory; a round recorded as a graph, against the same rounds on the CPU; then what only a device can be told; then faults planted in the emulation, which the same comparison must notice.
 * usage: kernels_emulated [PART OF A CASE'S NAME]
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "cases.h"
#include "cuda_runtime.h"
#include "nt_parts.cuh"
#include "round.h"

namespace {

using emulation::Fault;
using emulation::Order;

constexpr int32_t CARD = 0;

/* An array in memory of exactly its size, `skew` bytes from an address that is a multiple of 256. */
class Copy {
public:
    Copy(const std::vector<uint8_t>& bytes, size_t skew) : size_(bytes.size()), skew_(skew) {
        if (posix_memalign(&memory_, 256, skew + size_) != 0) {
            std::abort();
        }
        std::memcpy(at(), bytes.data(), size_);
    }
    Copy(Copy&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_), skew_(other.skew_) {}
    ~Copy() {
        std::free(memory_);
    }
    uint8_t* at() const {
        return static_cast<uint8_t*>(memory_) + skew_;
    }
    std::vector<uint8_t> bytes() const {
        return {at(), at() + size_};
    }

private:
    void* memory_ = nullptr;
    size_t size_, skew_;
};

#ifdef __SANITIZE_THREAD__
constexpr size_t MOST_BYTES = 400000; /* it has no room for the threads of eight whole blocks */
#else
constexpr size_t MOST_BYTES = SIZE_MAX;
#endif

struct Tested {
    const Case& made;
    std::vector<std::vector<uint8_t>> expected;
};

bool runs_as_on_cpu(const Tested& test, Order order, bool misaligned, bool quiet = false) {
    emulation::set_order(order);
    std::vector<Copy> memory;
    std::vector<void*> p;
    for (const Array& a : test.made.arrays) {
        memory.emplace_back(a.bytes, misaligned ? a.element : 0);
        p.push_back(memory.back().at());
    }
    if (test.made.call(CARD, nullptr, p.data()) != NT_OK) {
        std::printf("FAILED: %s: %s\n", test.made.name.c_str(), nt_last_error());
        return false;
    }
    bool good = true;
    for (size_t i = 0, k = 0; i < memory.size(); i++) {
        if (!test.made.arrays[i].out) {
            if (memory[i].bytes() != test.made.arrays[i].bytes) {
                std::printf("FAILED: %s: array %zu, which is only read, was written\n", test.made.name.c_str(), i);
                good = false;
            }
        } else {
            good = same(test.made, test.expected[k++], memory[i].bytes(), i, quiet) && good;
        }
    }
    return good;
}

bool check(bool holds, const char* what) {
    if (!holds) {
        std::printf("FAILED: %s (last error: %s)\n", what, nt_last_error());
    }
    return holds;
}

/* Rows that the CPU would refuse leave their outputs alone, and their neighbours are what they are without them. */
bool refused_rows_are_left_alone() {
    constexpr int64_t d = 40, rows = 11;
    const std::vector<nt_step> steps = some_steps();
    const std::vector<float> x = gaussians(1, 2 * d, 3);
    std::vector<nt_row> table = table_of(rows, 2, NT_LOCAL);
    for (int64_t r = 1; r < rows; r += 2) {
        nt_row& row = table[(size_t)r];
        switch (r) {
            case 1: row.kind = 5; break;
            case 3: row.stage = 4; break;
            case 5: row.parent = 2; break;
            case 7: row.draw = 65535u << 16; break;
            default: row.stage = 0;
        }
    }
    std::vector<nt_row> good_rows;
    for (int64_t r = 0; r < rows; r += 2) {
        good_rows.push_back(table[(size_t)r]);
    }
    int32_t cursor = 1;
    auto propose = [&](int32_t device, const std::vector<nt_row>& named, std::vector<float>& state) {
        nt_propose_args a = {};
        a.table = named.data();
        a.rows = (int64_t)named.size();
        a.elements = d;
        a.lambda = .15;
        a.x = a.pivots = x.data();
        a.parents = 2;
        a.steps = steps.data();
        a.step_count = 3;
        a.state = state.data();
        a.cursor = &cursor;
        return nt_propose(device, nullptr, &a);
    };
    auto update = [&](int32_t device, const std::vector<nt_row>& named, std::vector<float>& y) {
        nt_update_args a = {};
        a.table = named.data();
        a.rows = (int64_t)named.size();
        a.elements = d;
        a.steps = steps.data();
        a.step_count = 3;
        a.y = a.next = y.data();
        return nt_update(device, nullptr, &a);
    };
    std::vector<float> state(rows * d, 7), expected(good_rows.size() * d, 7), moved(rows * d, 7), other(rows * d, 7);
    bool good = check(propose(NT_CPU, table, state) == NT_INVALID, "the CPU refuses a bad row");
    good = check(propose(CARD, table, state) == NT_OK && propose(NT_CPU, good_rows, expected) == NT_OK, "propose runs") && good;
    good = check(update(CARD, table, moved) == NT_OK, "update runs") && good;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t e = 0; e < d; e++) {
            const float value = state[(size_t)(r * d + e)];
            good = check(r % 2 ? value == 7 : value == expected[(size_t)(r / 2 * d + e)], "propose leaves what is refused") && good;
            const bool known = r != 3 && r != 9; /* a stage that is none; `update` reads nothing else of a row */
            good = check(known ? moved[(size_t)(r * d + e)] == steps[(size_t)(r % 3)].stage[0].next.y * 7 : moved[(size_t)(r * d + e)] == 7, "update leaves what is refused") && good;
        }
    }
    for (int32_t outside : {-1, 65536, INT32_MIN, INT32_MAX}) {
        cursor = outside;
        std::vector<float> untouched(good_rows.size() * d, 7);
        good = check(propose(NT_CPU, good_rows, untouched) == NT_INVALID && propose(CARD, good_rows, untouched) == NT_OK
                             && untouched == std::vector<float>(good_rows.size() * d, 7),
                     "propose leaves all alone where the cursor is outside")
                && good;
    }
    const std::vector<double> scores = {1, 2};
    for (int32_t outside : {-1, 3, INT32_MIN, INT32_MAX}) {
        std::vector<double> best = {NAN};
        std::vector<int32_t> seen = {-7, -7, 0, -7, -7}; /* winner, nans, and the history's three */
        auto select = [&](int32_t device) { return nt_select(device, nullptr, scores.data(), 1, 2, 1, best.data(), &seen[0], &seen[1], &seen[2], 3, &outside); };
        good = check(select(NT_CPU) == NT_INVALID && select(CARD) == NT_OK && std::isnan(best[0]) && seen == std::vector<int32_t>({-7, -7, 0, -7, -7}),
                     "select leaves all alone where the cursor is outside")
                && good;
    }
    const std::vector<float> logits(20, 1);
    const std::vector<int32_t> labels = {3, 10};
    std::vector<double> probability(2, 7);
    good = check(nt_softmax_at(CARD, nullptr, logits.data(), 2, 10, labels.data(), probability.data()) == NT_OK && std::fabs(probability[0] - .1) < 1e-15
                         && std::isnan(probability[1]),
                 "a label that is none gives NaN")
            && good;
    const std::vector<double> weights = {1, 2, 1, 2, 1, 2}, uniforms = {NAN, -3, 1};
    std::vector<int32_t> index(6, -7);
    good = check(nt_resample(CARD, nullptr, weights.data(), uniforms.data(), 3, 2, index.data()) == NT_OK && index == std::vector<int32_t>({0, 1, 0, 1, 1, 1}),
                 "uniforms that are none draw something")
            && good;
    return good;
}

/* What somebody else's call left behind is neither ours nor lost; what fails of ours is said once and leaves nothing allocated. */
bool errors_keep_their_owners() {
    std::vector<float> values(8);
    const std::vector<nt_row> table = table_of(2, 1, NT_GLOBAL);
    emulation::leave_error(cudaErrorInvalidValue);
    bool good = check(nt_noise(CARD, nullptr, table.data(), 2, SEED, 4, 1, values.data()) == NT_OK, "an error of others is not ours");
    good = check(cudaGetLastError() == cudaErrorInvalidValue, "an error of others stays theirs") && good;
    std::vector<uint8_t> image(64), out(64);
    emulation::fail_memory();
    good = check(nt_resize(CARD, nullptr, image.data(), 1, 1, 8, 8, 4, 4, 4, 4, out.data()) == NT_OUT_OF_MEMORY
                         && std::strcmp(nt_last_error(), "resize: out of memory") == 0,
                 "no memory is said")
            && good;
    good = check(cudaGetLastError() == cudaSuccess, "our error is not left to others") && good;
    good = check(nt_noise(1, nullptr, table.data(), 2, SEED, 4, 1, values.data()) == NT_NO_DEVICE, "a card that is not there") && good;
    good = check(nt_noise(CARD, nullptr, table.data(), 1ll << 40, SEED, 4, 1, values.data()) == NT_INVALID, "a grid that cannot be") && good;
    void* stream = nullptr;
    good = check(nt_stream_create(CARD, &stream) == NT_OK && stream && nt_stream_synchronize(CARD, stream) == NT_OK && nt_stream_destroy(CARD, stream) == NT_OK, "streams") && good;
    return check(emulation::allocations() == 0, "all that was allocated is freed") && good;
}

/* Rows and images have the same bits however many blocks share them, which more processors make more. */
bool what_blocks_share_is_the_same(const std::vector<Tested>& tests) {
    bool good = true;
    unsigned seen = 0;
    auto run_on = [&](const emulation::Card& card, unsigned most) {
        emulation::set_card(card);
        for (const Tested& test : tests) {
            const std::string& name = test.made.name;
            auto is = [&](const char* kernel) { return name.rfind(kernel, 0) == 0; };
            const bool cut = is("propose") || is("combine project") || is("sphere") || is("norm") || is("luminance");
            if (!cut || std::all_of(test.made.arrays.begin(), test.made.arrays.end(), [](const Array& a) { return a.bytes.size() < 8192; })) {
                continue;
            }
            for (Order order : {Order::FORWARD, Order::REVERSE, Order::RANDOM}) {
                emulation::largest_cluster();
                good = runs_as_on_cpu(test, order, order == Order::REVERSE) && good;
                const unsigned blocks = emulation::largest_cluster();
                good = check(blocks <= most, "no more blocks share one than may") && good;
                seen |= blocks;
            }
        }
    };
    for (int processors : {1, 2, 4, 8}) {
        run_on({processors, true, 90}, 8);
    }
    good = check(seen == (1 | 2 | 4 | 8), "rows of one, two, four and eight blocks") && good;
    run_on({132, false, 90}, 1);
    run_on({132, true, 80}, 1);
    emulation::set_card({132, true, 90});
    return good;
}

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
    return parts_cover_rows() && good;
}

/* A graph launched for each round is the rounds called one by one, and would not be if it had kept the round that it was recorded in. */
bool graphs_make_every_round() {
    const Round round = {3, 4, 5, 3, 12, 20};
    Round frozen = round;
    frozen.by_value = true;
    bool good = true;
    for (const Round& one : {round, frozen}) {
        const Case c = rounds_as_graph(one);
        int32_t status;
        const Tested test = {c, run_on_cpu(c, status)};
        good = check(status == NT_OK, "the rounds run on the CPU") && good;
        for (Order order : {Order::FORWARD, Order::REVERSE, Order::RANDOM}) {
            const bool equal = runs_as_on_cpu(test, order, order == Order::REVERSE, one.by_value);
            good = check(equal != one.by_value, one.by_value ? "a frozen round is noticed" : "a graph makes every round") && good;
        }
    }
    return check(emulation::graphs() == 0 && emulation::allocations() == 0, "all graphs are freed") && good;
}

/* Recording fails with one line, and is over then. */
bool graphs_fail_cleanly() {
    std::vector<float> values(8, 7);
    const std::vector<nt_row> table = table_of(2, 1, NT_GLOBAL);
    void *stream = nullptr, *graph = &stream;
    auto noise = [&](void* on) { return nt_noise(CARD, on, table.data(), 2, SEED, 4, 1, values.data()); };
    auto says = [](int32_t status, int32_t expected, const char* message) { return check(status == expected && std::strcmp(nt_last_error(), message) == 0, message); };
    bool good = check(nt_stream_create(CARD, &stream) == NT_OK, "a stream");
    good = says(nt_graph_begin(NT_CPU, nullptr), NT_NO_DEVICE, "graph_begin: the CPU has no graphs: a CUDA device is needed") && good;
    good = says(nt_graph_begin(CARD, nullptr), NT_INVALID, "graph_begin: stream must not be null") && good;
    good = says(nt_graph_launch(CARD, stream, nullptr), NT_INVALID, "graph_launch: graph must not be null") && good;
    good = check(nt_graph_end(CARD, stream, &graph) == NT_DEVICE_ERROR && !graph, "there is nothing to end") && good;
    good = check(nt_graph_destroy(CARD, nullptr) == NT_OK && nt_graph_destroy(NT_CPU, nullptr) == NT_OK, "no graph is left alone") && good;
    good = check(nt_graph_begin(CARD, stream) == NT_OK && nt_graph_begin(CARD, stream) == NT_DEVICE_ERROR && noise(stream) == NT_OK && values == std::vector<float>(8, 7),
                 "what is recorded does not run, nor does a second begin disturb it")
            && good;
    good = check(nt_graph_end(CARD, stream, &graph) == NT_OK && graph && nt_graph_launch(CARD, stream, graph) == NT_OK && values != std::vector<float>(8, 7), "a launch runs it") && good;
    good = check(nt_graph_destroy(CARD, graph) == NT_OK, "a graph is destroyed") && good;
    good = check(nt_graph_begin(CARD, stream) == NT_OK, "begin") && good;
    good = says(nt_stream_synchronize(CARD, stream), NT_DEVICE_ERROR, "stream_synchronize: operation not permitted when stream is capturing") && good;
    good = says(nt_graph_end(CARD, stream, &graph), NT_DEVICE_ERROR, "graph_end: operation failed due to a previous error during capture") && good;
    good = check(!graph && nt_graph_begin(CARD, stream) == NT_OK && noise(nullptr) == NT_DEVICE_ERROR && nt_graph_end(CARD, stream, &graph) == NT_DEVICE_ERROR,
                 "the default stream has to keep out")
            && good;
    good = check(nt_graph_begin(CARD, stream) == NT_OK, "begin") && good;
    emulation::fail_memory();
    good = says(nt_graph_end(CARD, stream, &graph), NT_OUT_OF_MEMORY, "graph_end: out of memory") && good;
    good = check(!graph && noise(nullptr) == NT_OK && nt_stream_destroy(CARD, stream) == NT_OK, "afterwards all is as before") && good;
    return check(emulation::graphs() == 0 && cudaGetLastError() == cudaSuccess, "nothing is left") && good;
}

/* Runs cases in a process of its own, since a broken kernel may do anything. */
bool notices(Fault fault, const char* kernel, const std::vector<Tested>& tests) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr)) {
            _exit(0);
        }
        emulation::plant(fault);
        for (const Tested& test : tests) {
            if (test.made.name.rfind(kernel, 0) == 0 && !runs_as_on_cpu(test, Order::RANDOM, false, true)) {
                _exit(1);
            }
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const bool noticed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (!noticed) {
        std::printf("FAILED: a fault in %s was not noticed\n", kernel);
    }
    return noticed;
}

/* What nt_cuda_describe writes. */
std::string described(int32_t device, int64_t size) {
    std::vector<char> out(256, 'x');
    const int32_t status = nt_cuda_describe(device, out.data(), size);
    return status == NT_OK ? out.data() : nt_last_error();
}

bool the_machine_is_described() {
    const std::string both = described(NT_CPU, 256) + described(0, 256);
    emulation::take_card(true);
    const std::string none = described(NT_CPU, 256);
    emulation::take_card(false);
    const bool good = both == "driver=13010\nruntime=13000\ndevices=1\nerror=\nname=Emulated card\ncapability=9.1\nmemory=12345678901\n" &&
                      none == "driver=13010\nruntime=13000\ndevices=0\nerror=emulated error\n" &&
                      described(1, 256) == "cuda_describe: emulated error" &&
                      cudaGetLastError() == cudaSuccess &&
                      described(0, 53) == "cuda_describe: size must be > 53: 53" &&
                      described(0, 54).size() == 53 &&
                      described(-2, 256) == "cuda_describe: device must be >= -1: -2";
    if (!good) {
        std::printf("FAILED: the machine is described as\n%s%s", both.c_str(), none.c_str());
    }
    return good;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<Case> cases = all_cases(Extent::SMALL);
    std::vector<Tested> tests;
    int failures = 0, runs = 0;
    for (const Case& c : cases) {
        const bool asked = argc == 1 || c.name.find(argv[1]) != std::string::npos;
        if (!asked || std::any_of(c.arrays.begin(), c.arrays.end(), [](const Array& a) { return a.bytes.size() > MOST_BYTES; })) {
            continue;
        }
        int32_t status;
        tests.push_back({c, run_on_cpu(c, status)});
        if (status != NT_OK) {
            std::printf("FAILED: %s: %s\n", c.name.c_str(), nt_last_error());
            return 1;
        }
        for (Order order : {Order::FORWARD, Order::REVERSE, Order::RANDOM}) {
            failures += !runs_as_on_cpu(tests.back(), order, order == Order::REVERSE);
            runs++;
        }
    }
    failures += !refused_rows_are_left_alone();
    failures += !errors_keep_their_owners();
    failures += argc == 1 && !what_blocks_share_is_the_same(tests);
    failures += !large_arrays_are_indexed();
    failures += !graphs_make_every_round();
    failures += !graphs_fail_cleanly();
    failures += !the_machine_is_described();
    int faults = 0;
    if (argc == 1 && !std::getenv("NOISETRAIL_NO_FAULTS")) {
        const std::pair<Fault, std::vector<const char*>> planted[] = {
                {Fault::NO_BARRIERS, {"propose", "combine project", "sphere", "luminance", "jpeg"}},
                {Fault::NO_CLUSTER_BARRIERS, {"propose", "combine project", "sphere", "luminance"}},
                {Fault::OWN_SHARED, {"propose", "combine project", "sphere", "luminance"}},
                {Fault::OWN_SHUFFLES, {"luminance", "jpeg", "softmax", "select", "top"}},
                {Fault::PLAIN_ATOMICS, {"jpeg"}}};
        for (const auto& one : planted) {
            for (const char* kernel : one.second) {
                failures += !notices(one.first, kernel, tests);
                faults++;
            }
        }
    }
    std::printf("%zu cases, %d runs, %d planted faults: %d failures\n", tests.size(), runs, faults, failures);
    return failures == 0 ? 0 : 1;
}
