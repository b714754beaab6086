/*
 * The CUDA kernels without a card: the .cu files over an emulation of CUDA (emulation/), every kernel against its CPU form, bit for bit (softmax: to 1e-13), with the threads in
 * forward, reverse and random order, and from misaligned memory; then what only a device can be told, arrays beyond 2^31 elements, and recorded rounds; then faults planted in the
 * emulation, which the same comparison must notice.
 * usage: kernels_emulated [PART OF A CASE'S NAME]
 */
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "emulated.h"

namespace {

using emulation::Fault;
using emulation::Order;

/* ThreadSanitizer has no room for the threads of eight whole blocks. */
bool fits([[maybe_unused]] const Case& c) {
#ifdef __SANITIZE_THREAD__
    const size_t most = c.name.rfind("luminance", 0) == 0 || c.name.rfind("group norm", 0) == 0 ? 131071 : 400000;
    return std::all_of(c.arrays.begin(), c.arrays.end(), [=](const Array& a) { return a.bytes.size() <= most; });
#else
    return true;
#endif
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
    good = check(nt_stream_create(CARD, 0, &stream) == NT_OK && stream && nt_stream_synchronize(CARD, stream) == NT_OK && nt_stream_destroy(CARD, stream) == NT_OK, "streams") && good;
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
            const bool cut = is("propose") || is("combine project") || is("sphere") || is("norm") || is("luminance") || is("group norm");
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
    const bool good = both == "driver=13010\nruntime=13000\nleast=80\ndevices=1\nerror=\nname=Emulated card\ncapability=9.1\nmemory=12345678901\n" &&
                      none == "driver=13010\nruntime=13000\nleast=80\ndevices=0\nerror=emulated error\n" &&
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
        if ((argc > 1 && c.name.find(argv[1]) == std::string::npos) || !fits(c)) {
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
    if (failures > 0) {
        std::printf("%zu cases, %d runs: %d failures\n", tests.size(), runs, failures);
        return 1;
    }
    failures += !refused_rows_are_left_alone();
    failures += !errors_keep_their_owners();
    failures += argc == 1 && !what_blocks_share_is_the_same(tests);
    failures += !indices_hold();
    failures += !graphs_hold();
    failures += !the_machine_is_described();
    int faults = 0;
    if (argc == 1 && !std::getenv("NOISETRAIL_NO_FAULTS")) {
        const std::pair<Fault, std::vector<const char*>> planted[] = {
                {Fault::NO_BARRIERS, {"propose", "combine project", "sphere", "luminance", "jpeg", "group norm"}},
                {Fault::NO_CLUSTER_BARRIERS, {"propose", "combine project", "sphere", "luminance", "group norm"}},
                {Fault::OWN_SHARED, {"propose", "combine project", "sphere", "luminance", "group norm"}},
                {Fault::OWN_SHUFFLES, {"luminance", "jpeg", "softmax", "select"}},
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
