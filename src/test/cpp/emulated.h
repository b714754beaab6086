/* What the tests over the emulation share. */
#ifndef EMULATED_H
#define EMULATED_H

#include <cstdlib>

#include "cases.h"
#include "cuda_runtime.h"

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

struct Tested {
    const Case& made;
    std::vector<std::vector<uint8_t>> expected;
};

inline bool runs_as_on_cpu(const Tested& test, emulation::Order order, bool misaligned, bool quiet = false) {
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

inline bool check(bool holds, const char* what) {
    if (!holds) {
        std::printf("FAILED: %s (last error: %s)\n", what, nt_last_error());
    }
    return holds;
}

/* emulated_graphs.cpp */
bool graphs_hold();
/* emulated_indices.cpp */
bool indices_hold();

#endif
