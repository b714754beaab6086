/* The emulation's runtime: errors, memory, streams, and graphs, which are lists of what a stream would have done. */
#include "cuda_runtime.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace emulation {
namespace {

/* What a stream has recorded. A card gives memory for as long as the graph lives; between launches, and before its node, nobody can rely on what it holds. */
struct Recording {
    std::vector<std::function<void()>> work;
    std::map<void*, size_t> memory;
    bool invalid = false;

    ~Recording() {
        for (const auto& block : memory) {
            std::free(block.first);
        }
    }
};

cudaError_t last_error = cudaSuccess;
bool next_fails = false;
bool card_is_away = false;
int64_t allocated = 0, alive = 0;
std::map<cudaStream_t, std::shared_ptr<Recording>> recordings;
std::set<cudaStream_t> apart; /* streams that keep no order with the default stream */

Recording* recording_of(cudaStream_t stream) {
    const auto found = recordings.find(stream);
    return found == recordings.end() ? nullptr : found->second.get();
}

bool no_memory() {
    return std::exchange(next_fails, false);
}

} // namespace

int64_t allocations() {
    return allocated;
}

int64_t graphs() {
    return alive;
}

void leave_error(cudaError_t error) {
    last_error = error;
}

void fail_memory() {
    next_fails = true;
}

void take_card(bool away) {
    card_is_away = away;
}

cudaError_t failed(cudaError_t error) {
    last_error = error;
    return error;
}

cudaError_t submit(cudaStream_t stream, std::function<void()> work) {
    if (Recording* recording = recording_of(stream)) {
        recording->work.push_back(std::move(work));
        return cudaSuccess;
    }
    bool waits = false; /* the default stream would, for what is only recorded */
    for (auto& open : recordings) {
        if (!stream && !apart.count(open.first)) {
            open.second->invalid = waits = true;
        }
    }
    if (waits) {
        return failed(cudaErrorStreamCaptureImplicit);
    }
    work();
    return cudaSuccess;
}

} // namespace emulation

using namespace emulation;

struct emulated_graph {
    std::shared_ptr<Recording> recording;
};

struct emulated_launchable {
    std::shared_ptr<Recording> recording;
};

cudaError_t cudaGetLastError() {
    return std::exchange(last_error, cudaSuccess);
}

const char* cudaGetErrorString(cudaError_t error) {
    switch (error) {
        case cudaSuccess: return "no error";
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
        case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
        default: return "emulated error";
    }
}

cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaGetDeviceCount(int* count) {
    *count = card_is_away ? 77 : 1;
    return card_is_away ? failed(cudaErrorNoDevice) : cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* card, int device) {
    if (device != 0) {
        return failed(cudaErrorInvalidDevice);
    }
    std::snprintf(card->name, sizeof card->name, "Emulated card");
    card->totalGlobalMem = 12345678901;
    card->major = 9;
    card->minor = 1;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
    *version = 13010;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream) {
    if (no_memory() || posix_memalign(memory, 256, bytes) != 0) {
        return failed(cudaErrorMemoryAllocation);
    }
    allocated++;
    if (Recording* recording = recording_of(stream)) {
        recording->memory[*memory] = bytes;
    }
    return submit(stream, [at = *memory, bytes] { std::memset(at, 0xA5, bytes); });
}

cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
    allocated--;
    if (Recording* recording = recording_of(stream)) {
        const auto block = recording->memory.find(memory);
        if (block == recording->memory.end()) {
            return failed(cudaErrorInvalidValue);
        }
        return submit(stream, [at = memory, bytes = block->second] { std::memset(at, 0x5A, bytes); });
    }
    return submit(stream, [memory] { std::free(memory); });
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream) {
    return submit(stream, [=] { std::memset(memory, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    *stream = new char;
    if (flags & cudaStreamNonBlocking) {
        apart.insert(*stream);
    }
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    apart.erase(stream);
    delete static_cast<char*>(stream);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (Recording* recording = recording_of(stream)) {
        recording->invalid = true;
        return failed(cudaErrorStreamCaptureUnsupported);
    }
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    const Recording* recording = recording_of(stream);
    *status = !recording ? cudaStreamCaptureStatusNone : recording->invalid ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (!stream) {
        return failed(cudaErrorStreamCaptureUnsupported);
    }
    if (recording_of(stream)) {
        return failed(cudaErrorIllegalState);
    }
    recordings[stream] = std::make_shared<Recording>();
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = nullptr;
    const auto found = recordings.find(stream);
    if (found == recordings.end()) {
        return failed(cudaErrorIllegalState);
    }
    const std::shared_ptr<Recording> recording = found->second;
    recordings.erase(found);
    if (recording->invalid) {
        return failed(cudaErrorStreamCaptureInvalidated);
    }
    *graph = new emulated_graph{recording};
    alive++;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* launchable, cudaGraph_t graph, unsigned long long) {
    if (no_memory()) {
        return failed(cudaErrorMemoryAllocation);
    }
    *launchable = new emulated_launchable{graph->recording};
    alive++;
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    alive--;
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t launchable, cudaStream_t stream) {
    return submit(stream, [recording = launchable->recording] {
        for (const auto& work : recording->work) {
            work();
        }
    });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t launchable) {
    delete launchable;
    alive--;
    return cudaSuccess;
}
