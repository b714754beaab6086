/*
 * The fibers of the emulation. Under ThreadSanitizer this file is compiled without it (EMULATION_TSAN) and says by hand which fiber runs and what a barrier orders, so that what the
 * kernels do between barriers is judged as if their threads ran at once.
 */
#include "cuda_runtime.h"

#undef threadIdx
#undef blockIdx
#undef blockDim

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef EMULATION_TSAN
extern "C" {
void* __tsan_get_current_fiber(void);
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

/* Saves what a call must keep, goes to the other stack, and returns there. */
extern "C" void emulation_switch(void** save, void* load);
asm(R"(
.text
.globl emulation_switch
.type emulation_switch, @function
emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emulation_switch, .-emulation_switch
)");

#ifndef __SANITIZE_ADDRESS__
extern char __start_emulated_shared[], __stop_emulated_shared[];
#endif

namespace emulation {
namespace {

constexpr int WARP = 32;
constexpr size_t STACK = 1 << 18;
constexpr size_t MOST_SHARED = 227 * 1024; /* of a block, sm_90 */
constexpr unsigned MOST_BLOCKS = 8; /* of a cluster */
constexpr size_t PLAIN_SHARED = 48 * 1024; /* without asking for more */

enum class State { READY, BARRIER, CLUSTER_BARRIER, SHUFFLE, ENDED };

struct Fiber {
    unsigned thread = 0, block = 0; /* within the block; within the cluster */
    char* stack = nullptr;
    void* at = nullptr;
    State state = State::ENDED;
    unsigned mask = 0;
    int from = 0;
    alignas(16) char value[16] = {};
    void* tsan = nullptr;
    void* fake_stack = nullptr;
};

std::vector<std::unique_ptr<Fiber>> fibers;
void* main_at;
[[maybe_unused]] void* main_tsan;
[[maybe_unused]] void* main_fake_stack;
[[maybe_unused]] const void* main_stack;
[[maybe_unused]] size_t main_stack_size;
Fiber* current = nullptr;
const std::function<void()>* body;

unsigned blocks_together = 1;
unsigned first_block; /* of the cluster that runs */
dim3 dimensions;
alignas(256) char shared[MOST_BLOCKS][MOST_SHARED];
/* What ThreadSanitizer takes for what orders the begin and the end of a cluster, and its barriers; two of each are enough, for nobody is two barriers ahead. */
char ordered[2], passed[MOST_BLOCKS][2], passed_together[2];
int64_t barriers[MOST_BLOCKS], cluster_barriers;

Order order = Order::FORWARD;
Fault fault = Fault::NONE;
std::mt19937 generator(1);
std::map<const void*, size_t> allowed;
Card card = {132, true, 90};
unsigned largest = 1;
bool last_only = false;

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "emulation: %s (block %u", what, first_block + (current ? current->block : 0));
    std::fprintf(stderr, current ? ", thread %u)\n" : ")\n", current ? current->thread : 0);
    std::_Exit(3);
}

/* memcpy and memset that ThreadSanitizer does not see: a lane's value is handed over, not shared. */
void copy(void* to, const void* from, size_t size) {
    for (size_t i = 0; i < size; i++) {
        static_cast<volatile char*>(to)[i] = static_cast<const volatile char*>(from)[i];
    }
}

void fill(volatile char* from, const volatile char* to, char value) {
    while (from != to) {
        *from++ = value;
    }
}

void acquire(void* tag) {
    (void)tag;
#ifdef EMULATION_TSAN
    __tsan_acquire(tag);
#endif
}

void release(void* tag) {
    (void)tag;
#ifdef EMULATION_TSAN
    __tsan_release(tag);
#endif
}

void to_main() {
    Fiber& fiber = *current;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fiber.state == State::ENDED ? nullptr : &fiber.fake_stack, main_stack, main_stack_size);
#endif
#ifdef EMULATION_TSAN
    __tsan_switch_to_fiber(main_tsan, 1);
#endif
    emulation_switch(&fiber.at, main_at);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fiber.fake_stack, nullptr, nullptr);
#endif
}

void begin() {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, &main_stack, &main_stack_size);
#endif
    acquire(&ordered[0]);
    (*body)();
    release(&ordered[1]);
    current->state = State::ENDED;
    to_main();
    die("an ended thread went on");
}

void wait(State state, char* tag) {
    current->state = state;
    release(tag);
    to_main();
    acquire(tag);
}

void prepare(Fiber& fiber) {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(fiber.stack, STACK);
#endif
    void** top = reinterpret_cast<void**>(fiber.stack + STACK);
    top[-2] = reinterpret_cast<void*>(begin); /* where the switch returns to, with the stack as after a call */
    std::fill(top - 8, top - 2, nullptr);
    fiber.at = top - 8;
    fiber.state = State::READY;
    fiber.fake_stack = nullptr;
}

void resume(Fiber& fiber) {
    current = &fiber;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&main_fake_stack, fiber.stack, STACK);
#endif
#ifdef EMULATION_TSAN
    __tsan_switch_to_fiber(fiber.tsan, 1);
#endif
    emulation_switch(&main_at, fiber.at);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(main_fake_stack, nullptr, nullptr);
#endif
    current = nullptr;
}

/* Lets a warp go on if all that its shuffle names have come. */
bool exchange_values(size_t first, int width) {
    Fiber* lanes[WARP];
    unsigned here = 0, mask = 0, gone = 0;
    for (int l = 0; l < width; l++) {
        lanes[l] = fibers[first + static_cast<size_t>(l)].get();
        if (lanes[l]->state == State::SHUFFLE) {
            here |= 1u << l;
            mask = lanes[l]->mask;
        } else if (lanes[l]->state != State::READY) {
            gone |= 1u << l;
        }
    }
    if (here == 0) {
        return false;
    }
    const unsigned there = width == WARP ? ~0u : (1u << width) - 1;
    if (mask & ~there) {
        die("a shuffle names lanes that do not exist");
    }
    if (mask & gone) {
        die("a shuffle names lanes that wait elsewhere or have ended");
    }
    if (mask != here) {
        return false;
    }
    char values[WARP][16];
    for (int l = 0; l < width; l++) {
        if (lanes[l]->state == State::SHUFFLE && lanes[l]->mask != mask) {
            die("shuffles of one warp with different masks");
        }
        copy(values[l], lanes[l]->value, 16);
    }
    for (int l = 0; l < width; l++) {
        if (here >> l & 1) {
            const int from = lanes[l]->from;
            if (from >= 0 && from < WARP && (mask >> from & 1) && fault != Fault::OWN_SHUFFLES) {
                copy(lanes[l]->value, values[from], 16);
            }
            lanes[l]->state = State::READY;
        }
    }
    return true;
}

/* Lets a block's threads go on until each waits or has ended; whether any went. */
bool run_threads(unsigned block, int threads, std::vector<int>& turns) {
    const size_t base = static_cast<size_t>(block) * static_cast<size_t>(threads);
    if (order == Order::RANDOM) {
        std::shuffle(turns.begin(), turns.end(), generator);
    }
    bool moved = false;
    for (int t : turns) {
        Fiber& fiber = *fibers[base + static_cast<size_t>(t)];
        if (fiber.state == State::READY) {
            resume(fiber);
            moved = true;
        }
    }
    for (int first = 0; first < threads; first += WARP) {
        moved = exchange_values(base + static_cast<size_t>(first), std::min(WARP, threads - first)) || moved;
    }
    int states[5] = {};
    for (int t = 0; t < threads; t++) {
        states[static_cast<int>(fibers[base + static_cast<size_t>(t)]->state)]++;
    }
    const int ended = states[static_cast<int>(State::ENDED)], waiting = states[static_cast<int>(State::BARRIER)];
    if (waiting == threads) {
        barriers[block]++;
        for (int t = 0; t < threads; t++) {
            fibers[base + static_cast<size_t>(t)]->state = State::READY;
        }
        return true;
    }
    if (waiting > 0 && waiting + ended == threads) {
        die("threads wait at a barrier that others have passed by");
    }
    return moved;
}

bool all_are(State state, size_t first, size_t end) {
    return std::all_of(fibers.begin() + static_cast<ptrdiff_t>(first), fibers.begin() + static_cast<ptrdiff_t>(end), [=](const auto& fiber) { return fiber->state == state; });
}

/*
 * A block goes as far as it can before the next one does, so that what does not wait is far ahead or far behind; in random order any that can go on goes one step. What a block that
 * has ended leaves in its shared memory is gone.
 */
void run_cluster(int threads, std::vector<int>& turns, size_t bytes) {
    const size_t width = static_cast<size_t>(threads), all = width * blocks_together;
    for (size_t f = 0; f < all; f++) {
        Fiber& fiber = *fibers[f];
        prepare(fiber);
        fiber.thread = static_cast<unsigned>(f % width);
        fiber.block = static_cast<unsigned>(f / width);
    }
    release(&ordered[0]);
    std::vector<unsigned> blocks(blocks_together);
    std::iota(blocks.begin(), blocks.end(), 0u);
    if (order == Order::REVERSE) {
        std::reverse(blocks.begin(), blocks.end());
    }
    std::vector<bool> gone(blocks_together);
    for (;;) {
        if (order == Order::RANDOM) {
            std::shuffle(blocks.begin(), blocks.end(), generator);
        }
        bool moved = false;
        for (unsigned b : blocks) {
            while (!gone[b] && run_threads(b, threads, turns)) {
                moved = true;
                if (order == Order::RANDOM && generator() % 2) {
                    break;
                }
            }
            if (!gone[b] && all_are(State::ENDED, b * width, (b + 1) * width)) {
                gone[b] = true;
                fill(shared[b], shared[b] + bytes, static_cast<char>(0x5A));
            }
        }
        if (all_are(State::ENDED, 0, all)) {
            break;
        }
        if (all_are(State::CLUSTER_BARRIER, 0, all)) {
            cluster_barriers++;
            for (size_t f = 0; f < all; f++) {
                fibers[f]->state = State::READY;
            }
        } else if (!moved) {
            die("no thread can go on");
        }
    }
    acquire(&ordered[1]);
}

} // namespace

void set_order(Order chosen) {
    order = chosen;
    generator.seed(1);
}

void plant(Fault chosen) {
    fault = chosen;
}

void set_card(const Card& chosen) {
    card = chosen;
}

void only_last(bool only) {
    last_only = only;
}

unsigned largest_cluster() {
    return std::exchange(largest, 1u);
}

Fault planted() {
    return fault;
}

uint3 thread_index() {
    return {current->thread, 0, 0};
}

uint3 block_index() {
    return {first_block + current->block, 0, 0};
}

dim3 block_dimensions() {
    return dimensions;
}

int lane() {
    return static_cast<int>(current->thread % WARP);
}

void* dynamic_shared() {
    return shared[current->block];
}

void barrier() {
    if (fault == Fault::NO_BARRIERS) {
        return;
    }
    const unsigned block = current->block;
    wait(State::BARRIER, &passed[block][barriers[block] % 2]);
}

void cluster_barrier() {
    if (fault == Fault::NO_CLUSTER_BARRIERS) {
        barrier(); /* at least the block's own threads wait */
    } else {
        wait(State::CLUSTER_BARRIER, &passed_together[cluster_barriers % 2]);
    }
}

void* shared_of_block(void* own, int rank) {
    const size_t at = static_cast<size_t>(static_cast<char*>(own) - shared[current->block]);
    if (at >= MOST_SHARED || rank < 0 || static_cast<unsigned>(rank) >= blocks_together) {
        die("that is no shared memory of the cluster");
    }
    return fault == Fault::OWN_SHARED ? own : shared[rank] + at;
}

void exchange(unsigned mask, int from, const void* mine, void* got, size_t size) {
    Fiber& fiber = *current;
    if (!(mask >> lane() & 1)) {
        die("a lane shuffles whose mask does not name it");
    }
    copy(fiber.value, mine, size);
    fiber.mask = mask;
    fiber.from = from;
    fiber.state = State::SHUFFLE;
    to_main();
    copy(got, fiber.value, size);
}

cudaError_t allow_shared(const void* kernel, int bytes) {
    if (bytes < 0 || static_cast<size_t>(bytes) > MOST_SHARED) {
        return failed(cudaErrorInvalidValue);
    }
    /* The limit is the kernel's and not the call's: between a thread's setting it and its launch, another's smaller one would make the launch fail. */
    const auto before = allowed.emplace(kernel, static_cast<size_t>(bytes));
    if (before.first->second != static_cast<size_t>(bytes)) {
        die("a kernel's limit of shared memory is set to another size");
    }
    return cudaSuccess;
}

cudaError_t accepted(const void* kernel, const cudaLaunchConfig_t& config) {
    const auto limit = allowed.find(kernel);
    const size_t most = limit == allowed.end() ? PLAIN_SHARED : limit->second;
    const bool good = config.blockDim.x > 0 && config.blockDim.x <= 1024 && config.gridDim.x > 0 && config.gridDim.x <= 0x7FFFFFFFu && config.dynamicSmemBytes <= most;
    const unsigned cluster = cluster_of(config);
    const bool possible = cluster == 1 || (card.clusters && cluster <= MOST_BLOCKS && config.gridDim.x % cluster == 0);
    return good && possible ? cudaSuccess : failed(cudaErrorInvalidConfiguration);
}

cudaError_t code_of(cudaFuncAttributes& attributes) {
    attributes.ptxVersion = card.code;
    return cudaSuccess;
}

unsigned cluster_of(const cudaLaunchConfig_t& config) {
    return config.numAttrs > 0 ? config.attrs[0].val.clusterDim.x : 1;
}

namespace {

void make_fibers(size_t count) {
    while (fibers.size() < count) {
        auto fiber = std::make_unique<Fiber>();
        void* stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED) {
            die("no memory for a stack");
        }
        fiber->stack = static_cast<char*>(stack);
#ifdef EMULATION_TSAN
        fiber->tsan = __tsan_create_fiber(0);
#endif
        fibers.push_back(std::move(fiber));
    }
}

constexpr char RUBBISH = static_cast<char>(0xA5);
constexpr size_t FENCE = 1024; /* rubbish behind what a launch asked for, which must stay */

void fill_shared(size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
    for (unsigned b = 0; b < blocks_together; b++) {
        __asan_unpoison_memory_region(shared[b], sizeof shared[b]);
        std::memset(shared[b], RUBBISH, sizeof shared[b]);
        __asan_poison_memory_region(shared[b] + bytes, sizeof shared[b] - bytes);
    }
#else
    fill(__start_emulated_shared, __stop_emulated_shared, RUBBISH);
    for (unsigned b = 0; b < blocks_together; b++) {
        fill(shared[b], shared[b] + std::min(bytes + FENCE, MOST_SHARED), RUBBISH);
    }
#endif
}

void check_shared([[maybe_unused]] size_t bytes) {
#ifndef __SANITIZE_ADDRESS__
    for (unsigned b = 0; b < blocks_together; b++) {
        for (size_t i = bytes; i < std::min(bytes + FENCE, MOST_SHARED); i++) {
            if (shared[b][i] != RUBBISH) {
                die("shared memory was written that was not asked for");
            }
        }
    }
    for (const char* p = __start_emulated_shared; p != __stop_emulated_shared && blocks_together > 1; p++) {
        if (*p != RUBBISH) {
            die("the blocks of a cluster have no static shared memory here");
        }
    }
#endif
}

} // namespace

void run(const cudaLaunchConfig_t& config, unsigned cluster, const std::function<void()>& one) {
    const int threads = static_cast<int>(config.blockDim.x);
    dimensions = config.blockDim;
    body = &one;
    blocks_together = cluster;
    largest = std::max(largest, cluster);
#ifdef EMULATION_TSAN
    main_tsan = __tsan_get_current_fiber();
#endif
    make_fibers(static_cast<size_t>(threads) * cluster);
    std::vector<int> turns(static_cast<size_t>(threads));
    std::iota(turns.begin(), turns.end(), 0);
    if (order == Order::REVERSE) {
        std::reverse(turns.begin(), turns.end());
    }
    const unsigned count = config.gridDim.x / cluster;
    std::vector<unsigned> clusters(last_only ? 1 : count);
    std::iota(clusters.begin(), clusters.end(), last_only ? count - 1 : 0);
    if (order == Order::REVERSE) {
        std::reverse(clusters.begin(), clusters.end());
    } else if (order == Order::RANDOM) {
        std::shuffle(clusters.begin(), clusters.end(), generator);
    }
    for (unsigned c : clusters) {
        first_block = c * cluster;
        fill_shared(config.dynamicSmemBytes);
        run_cluster(threads, turns, config.dynamicSmemBytes);
        check_shared(config.dynamicSmemBytes);
    }
}

} // namespace emulation

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    *value = attribute == cudaDevAttrMultiProcessorCount ? emulation::card.processors : emulation::card.clusters;
    return cudaSuccess;
}
