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
constexpr size_t PLAIN_SHARED = 48 * 1024; /* without asking for more */

enum class State { READY, BARRIER, SHUFFLE, ENDED };

struct Fiber {
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
int current = -1;
const std::function<void()>* body;

uint3 thread, block;
dim3 dimensions;
alignas(256) char shared[MOST_SHARED];
/* What ThreadSanitizer takes for what orders the begin and the end of a block, and its barriers. */
char ordered[2], passed[2];
int64_t barriers = 0;

Order order = Order::FORWARD;
Fault fault = Fault::NONE;
std::mt19937 generator(1);
std::map<const void*, size_t> allowed;

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "emulation: %s (block %u, thread %d)\n", what, block.x, current);
    std::_Exit(3);
}

/* memcpy that ThreadSanitizer does not see: a lane's value is handed over, not shared. */
void copy(void* to, const void* from, size_t size) {
    for (size_t i = 0; i < size; i++) {
        static_cast<volatile char*>(to)[i] = static_cast<const volatile char*>(from)[i];
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
    Fiber& fiber = *fibers[static_cast<size_t>(current)];
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
    fibers[static_cast<size_t>(current)]->state = State::ENDED;
    to_main();
    die("an ended thread went on");
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

void resume(int index) {
    Fiber& fiber = *fibers[static_cast<size_t>(index)];
    current = index;
    thread = {static_cast<unsigned>(index), 0, 0};
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
    current = -1;
}

/* Lets a warp go on if all that its shuffle names have come. */
bool exchange_values(int first, int threads) {
    const int width = std::min(WARP, threads - first);
    Fiber* lanes[WARP];
    unsigned here = 0, mask = 0, gone = 0;
    for (int l = 0; l < width; l++) {
        lanes[l] = fibers[static_cast<size_t>(first + l)].get();
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

void run_block(int threads, std::vector<int>& turns) {
    for (int t = 0; t < threads; t++) {
        prepare(*fibers[static_cast<size_t>(t)]);
    }
    release(&ordered[0]);
    for (;;) {
        if (order == Order::RANDOM) {
            std::shuffle(turns.begin(), turns.end(), generator);
        }
        bool moved = false;
        for (int t : turns) {
            if (fibers[static_cast<size_t>(t)]->state == State::READY) {
                resume(t);
                moved = true;
            }
        }
        for (int first = 0; first < threads; first += WARP) {
            moved = exchange_values(first, threads) || moved;
        }
        int ended = 0, waiting = 0;
        for (int t = 0; t < threads; t++) {
            ended += fibers[static_cast<size_t>(t)]->state == State::ENDED;
            waiting += fibers[static_cast<size_t>(t)]->state == State::BARRIER;
        }
        if (ended == threads) {
            break;
        }
        if (waiting == threads) {
            barriers++;
            for (int t = 0; t < threads; t++) {
                fibers[static_cast<size_t>(t)]->state = State::READY;
            }
        } else if (waiting + ended == threads) {
            die("threads wait at a barrier that others have passed by");
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

Fault planted() {
    return fault;
}

uint3 thread_index() {
    return thread;
}

uint3 block_index() {
    return block;
}

dim3 block_dimensions() {
    return dimensions;
}

int lane() {
    return current % WARP;
}

void* dynamic_shared() {
    return shared;
}

void barrier() {
    if (fault == Fault::NO_BARRIERS) {
        return;
    }
    Fiber& fiber = *fibers[static_cast<size_t>(current)];
    char* const tag = &passed[barriers % 2]; /* two are enough: nobody is two barriers ahead */
    fiber.state = State::BARRIER;
    release(tag);
    to_main();
    acquire(tag);
}

void exchange(unsigned mask, int from, const void* mine, void* got, size_t size) {
    Fiber& fiber = *fibers[static_cast<size_t>(current)];
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
    allowed[kernel] = static_cast<size_t>(bytes);
    return cudaSuccess;
}

cudaError_t accepted(const void* kernel, const cudaLaunchConfig_t& config) {
    const auto limit = allowed.find(kernel);
    const size_t most = limit == allowed.end() ? PLAIN_SHARED : limit->second;
    const bool good = config.blockDim.x > 0 && config.blockDim.x <= 1024 && config.gridDim.x > 0 && config.gridDim.x <= 0x7FFFFFFFu && config.dynamicSmemBytes <= most;
    return good ? cudaSuccess : failed(cudaErrorInvalidConfiguration);
}

void run(const cudaLaunchConfig_t& config, const std::function<void()>& one) {
    const int threads = static_cast<int>(config.blockDim.x);
    dimensions = config.blockDim;
    body = &one;
#ifdef EMULATION_TSAN
    main_tsan = __tsan_get_current_fiber();
#endif
    while (static_cast<int>(fibers.size()) < threads) {
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
    std::vector<int> turns(static_cast<size_t>(threads));
    std::iota(turns.begin(), turns.end(), 0);
    if (order == Order::REVERSE) {
        std::reverse(turns.begin(), turns.end());
    }
    std::vector<unsigned> blocks(config.gridDim.x);
    std::iota(blocks.begin(), blocks.end(), 0u);
    if (order == Order::REVERSE) {
        std::reverse(blocks.begin(), blocks.end());
    } else if (order == Order::RANDOM) {
        std::shuffle(blocks.begin(), blocks.end(), generator);
    }
    for (unsigned b : blocks) {
        block = {b, 0, 0};
#ifdef __SANITIZE_ADDRESS__
        __asan_unpoison_memory_region(shared, sizeof shared);
        std::memset(shared, 0xA5, sizeof shared);
        __asan_poison_memory_region(shared + config.dynamicSmemBytes, sizeof shared - config.dynamicSmemBytes);
#else
        for (volatile char* p = __start_emulated_shared; p != __stop_emulated_shared; p++) {
            *p = static_cast<char>(0xA5);
        }
        for (size_t i = 0; i < std::min(config.dynamicSmemBytes + 1024, sizeof shared); i++) {
            static_cast<volatile char*>(shared)[i] = static_cast<char>(0xA5);
        }
#endif
        run_block(threads, turns);
#ifndef __SANITIZE_ADDRESS__
        for (size_t i = config.dynamicSmemBytes; i < std::min(config.dynamicSmemBytes + 1024, sizeof shared); i++) {
            if (shared[i] != static_cast<char>(0xA5)) {
                die("shared memory was written that was not asked for");
            }
        }
#endif
    }
}

} // namespace emulation
