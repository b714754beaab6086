/*
 * Compares every kernel on the card with its CPU form, bit for bit (softmax: to 1e-13), and times the large cases beside a device-to-device copy of as many bytes; then rounds, called one by
 * one and as graphs.
 * usage: kernels_gpu [ORDINAL [untimed]]. Untimed: each of the emulation's cases once, as for a sanitizer. Exits with 77, saying why, where there is no card.
 */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cases.h"
#include "round.h"

#ifndef NT_WITH_CUDA

int main() {
    std::printf("SKIPPED: built without CUDA\n");
    return 77;
}

#else

#include <cuda_runtime.h>

namespace {

void must(cudaError_t error, const char* what) {
    if (error != cudaSuccess) {
        std::printf("FAILED: %s: %s\n", what, cudaGetErrorString(error));
        std::exit(1);
    }
}

/* Median time of a call in seconds, from batches between two events. */
double time_of(cudaStream_t stream, const std::function<void()>& call) {
    cudaEvent_t begin, end;
    must(cudaEventCreate(&begin), "event");
    must(cudaEventCreate(&end), "event");
    std::vector<float> times;
    const int batch = 20;
    for (int i = 0; i < 11; i++) {
        must(cudaEventRecord(begin, stream), "record");
        for (int k = 0; k < batch; k++) {
            call();
        }
        must(cudaEventRecord(end, stream), "record");
        must(cudaEventSynchronize(end), "synchronize");
        float ms;
        must(cudaEventElapsedTime(&ms, begin, end), "elapsed");
        times.push_back(ms / batch);
    }
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    std::nth_element(times.begin(), times.begin() + 5, times.end());
    return times[5] * 1e-3;
}

/* The arrays of a case on the card. */
class Memory {
public:
    Memory(const std::vector<Array>& arrays, cudaStream_t stream) {
        for (const Array& a : arrays) {
            void* memory;
            must(cudaMalloc(&memory, a.bytes.size()), "cudaMalloc");
            at.push_back(memory);
            must(cudaMemcpyAsync(memory, a.bytes.data(), a.bytes.size(), cudaMemcpyHostToDevice, stream), "copy in");
        }
        must(cudaStreamSynchronize(stream), "copy in"); /* a case may have streams of its own */
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
        for (void* memory : at) {
            cudaFree(memory);
        }
    }

    std::vector<void*> at;
};

double time_of_copy(cudaStream_t stream, size_t bytes) {
    void *from, *to;
    must(cudaMalloc(&from, bytes + 1), "cudaMalloc");
    must(cudaMalloc(&to, bytes + 1), "cudaMalloc");
    const double time = time_of(stream, [&] { cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream); });
    cudaFree(from);
    cudaFree(to);
    return time;
}

/* One round of a search without its network, called one by one and as a graph. */
bool time_round(int device, cudaStream_t stream, const Round& round) {
    const Memory memory(round.arrays(), stream);
    int32_t status = NT_OK;
    auto then = [&](int32_t next) { status = status == NT_OK ? next : status; };
    const double eager = time_of(stream, [&] { then(round.call(device, stream, memory.at.data())); });
    void* graph = nullptr;
    then(nt_graph_begin(device, stream));
    then(round.call(device, stream, memory.at.data()));
    then(nt_graph_end(device, stream, &graph));
    const double launched = time_of(stream, [&] { then(nt_graph_launch(device, stream, graph)); });
    const std::string name = std::to_string(round.rows()) + "x" + std::to_string(round.channels) + "x" + std::to_string(round.height) + "x" + std::to_string(round.width);
    if (status == NT_OK) {
        std::printf("round %-34s %10.2f us one by one, %10.2f us as a graph\n", name.c_str(), eager * 1e6, launched * 1e6);
        then(nt_graph_destroy(device, graph));
    }
    if (status != NT_OK) {
        std::printf("FAILED: a round of %s: %s\n", name.c_str(), nt_last_error());
    }
    return status == NT_OK;
}

} // namespace

int main(int argc, char** argv) {
    const int device = argc > 1 ? std::atoi(argv[1]) : 0;
    const bool timed = argc <= 2 || std::strcmp(argv[2], "untimed") != 0;
    if (nt_cuda_device_count() <= device) {
        std::printf("SKIPPED: no CUDA device %d here (%d in all)\n", device, nt_cuda_device_count());
        return 77;
    }
    must(cudaSetDevice(device), "cudaSetDevice");
    cudaDeviceProp properties;
    must(cudaGetDeviceProperties(&properties, device), "properties");
    cudaStream_t stream;
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
    std::printf("%s, sm_%d%d, CPU form %s\n", properties.name, properties.major, properties.minor, nt_cpu_level());
    if (timed) {
        std::printf("%-40s %10s %8s %10s\n", "timed", "us", "GB/s", "of a copy");
    }
    int failures = 0, count = 0;
    std::vector<Case> cases = all_cases(timed ? Extent::TIMED : Extent::SMALL);
    cases.push_back(rounds_as_graph({3, 4, 5, 3, 12, 20}));
    if (timed) {
        cases.push_back(rounds_as_graph({16, 4, 5, 3, 64, 64}));
    }
    for (const Case& c : cases) {
        count++;
        int32_t cpu_status;
        const auto expected = run_on_cpu(c, cpu_status);
        const Memory memory(c.arrays, stream);
        const std::vector<void*>& p = memory.at;
        const int32_t status = c.call(device, stream, p.data());
        if (status != NT_OK || cpu_status != NT_OK) {
            std::printf("FAILED: %s: %s\n", c.name.c_str(), nt_last_error());
            return 1; /* a sticky error would fail all that follows */
        }
        bool good = true;
        for (size_t i = 0, k = 0; i < p.size(); i++) {
            if (c.arrays[i].out) {
                std::vector<uint8_t> actual(c.arrays[i].bytes.size());
                must(cudaMemcpyAsync(actual.data(), p[i], actual.size(), cudaMemcpyDeviceToHost, stream), c.name.c_str());
                must(cudaStreamSynchronize(stream), c.name.c_str());
                good = same(c, expected[k++], actual, i) && good;
            }
        }
        failures += !good;
        if (timed && c.touched > 0) {
            const double time = time_of(stream, [&] { c.call(device, stream, p.data()); });
            const double copy = time_of_copy(stream, (size_t)c.touched / 2);
            std::printf("%-40s %10.2f %8.1f %8.0f %%\n", c.name.c_str(), time * 1e6, (double)c.touched / time * 1e-9, 100 * copy / time);
        }
    }
    if (timed) {
        for (const Round& round : {Round{1, 4, 1024, 3, 64, 64}, Round{16, 4, 1024, 3, 64, 64}, Round{1, 4, 1024, 3, 512, 512}}) {
            failures += !time_round(device, stream, round);
        }
    }
    cudaStreamDestroy(stream);
    std::printf("%d of %d cases differ from the CPU\n", failures, count);
    return failures == 0 ? 0 : 1;
}

#endif
