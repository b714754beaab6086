/*
 * Times each kernel on the CPU beside a memory copy: bench [THREADS [MILLISECONDS]]. A kernel that touches B bytes is set beside memcpy of B / 2 bytes, which also
 * touches B; `of copy` is the share of the copy's speed it reaches, for the same working set and number of threads.
 */
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "noisetrail.h"

namespace {

double seconds_to_spend = 0.1;

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/* A run's time: the lower tenth of blocks of runs that each last about a millisecond, since what disturbs them only ever adds. */
double time_of(const std::function<void()>& run) {
    run();
    double start = now();
    run();
    const int64_t block = std::max<int64_t>(1, (int64_t)(1e-3 / std::max(now() - start, 1e-8)));
    std::vector<double> times;
    for (double end = now() + seconds_to_spend; now() < end || times.size() < 5;) {
        start = now();
        for (int64_t i = 0; i < block; i++) {
            run();
        }
        times.push_back((now() - start) / (double)block);
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 10, times.end());
    return times[times.size() / 10];
}

double copy_time(int64_t bytes) {
    const int64_t half = bytes / 2;
    std::vector<char> from(half, 1), to(half, 2);
    return time_of([&] {
        const int threads = half > (1 << 16) ? omp_get_max_threads() : 1;
#pragma omp parallel for num_threads(threads)
        for (int t = 0; t < threads; t++) {
            const int64_t begin = half * t / threads, end = half * (t + 1) / threads;
            std::memcpy(to.data() + begin, from.data() + begin, (size_t)(end - begin));
        }
    });
}

void must(int32_t status) {
    if (status != NT_OK) {
        std::fprintf(stderr, "%s\n", nt_last_error());
        std::exit(1);
    }
}

void report(const std::string& name, int64_t rows, int64_t elements, int64_t bytes, const std::function<void()>& run) {
    const double time = time_of(run), copy = copy_time(bytes);
    std::printf("%-26s %5lld %6lld %10.2f %9.3f %8.2f %8.2f %7.0f %%\n", name.c_str(), (long long)rows, (long long)elements, time * 1e6,
                time * 1e9 / (double)(rows * elements), (double)bytes / time * 1e-9, (double)bytes / copy * 1e-9, 100 * copy / time);
}

template <class T>
struct Array : std::vector<T> {
    explicit Array(int64_t n, T value = T()) : std::vector<T>((size_t)n, value) {}
};

} // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        omp_set_num_threads(std::max(1, std::atoi(argv[1])));
    }
    if (argc > 2) {
        seconds_to_spend = std::atof(argv[2]) * 1e-3;
    }
    std::printf("threads %d\n%-26s %5s %6s %10s %9s %8s %8s %9s\n", omp_get_max_threads(), "kernel", "rows", "d", "us",
                "ns/elem", "GB/s", "copy", "of copy");
    for (int64_t elements : {784, 12288}) {
        for (int64_t rows : {16, 64}) {
            const int64_t n = rows * elements, parents = std::max<int64_t>(1, rows / 4);
            std::vector<nt_row> table((size_t)rows);
            for (int64_t r = 0; r < rows; r++) {
                table[r] = {(uint32_t)(r / 4), 1, (uint32_t)(1 << 16 | r % 4), (int32_t)(r / 4), NT_GLOBAL};
            }
            nt_step step = {};
            step.gain = 20;
            step.propose_x = 1;
            step.stage[0] = {.0125f, 1, {.7f, -.4f, 0, 0}, {.1f, .9f, 0, 0}};
            step.stage[1] = {.016f, 1, {.85f, -.2f, .3f, -.2f}, {0, 0, .1f, .9f}};
            Array<float> x(parents * elements, .5f), pivots(parents * elements, .25f), z(n), state(n), input(n), next(n), clean(n), f1(n, .1f), f2(n, .2f);
            Array<uint16_t> half(n);
            Array<uint8_t> image(n);
            Array<float> level(rows);
            Array<double> score(rows);
            Array<int32_t> bytes(rows), index(parents, 1), bad(rows);
            report("noise", rows, elements, n * 4, [&] { must(nt_noise(NT_CPU, nullptr, table.data(), rows, 7, elements, 1, z.data())); });
            const int64_t moved = n * 12 + parents * elements * 8;
            auto propose = [&](int32_t kind, float* noise, int32_t dtype, void* in) {
                for (auto& row : table) {
                    row.kind = kind;
                }
                nt_propose_args a = {};
                a.table = table.data();
                a.rows = rows;
                a.seed = 7;
                a.elements = elements;
                a.epsilon = .4;
                a.lambda = .15;
                a.x = x.data();
                a.parents = parents;
                a.pivots = pivots.data();
                a.steps = &step;
                a.step_count = 1;
                a.noise = noise;
                a.state = state.data();
                a.input = in;
                a.input_dtype = dtype;
                a.level = level.data();
                must(nt_propose(NT_CPU, nullptr, &a));
            };
            report("propose global", rows, elements, moved, [&] { propose(NT_GLOBAL, z.data(), NT_F32, input.data()); });
            report("propose local", rows, elements, moved, [&] { propose(NT_LOCAL, z.data(), NT_F32, input.data()); });
            report("propose local, no z", rows, elements, moved - 4 * n, [&] { propose(NT_LOCAL, nullptr, NT_F32, input.data()); });
            report("propose pivot", rows, elements, moved, [&] { propose(NT_PIVOT, z.data(), NT_F32, input.data()); });
            report("propose coin, half", rows, elements, moved - 2 * n, [&] { propose(NT_COIN, z.data(), NT_F16, half.data()); });
            nt_update_args u = {};
            u.table = table.data();
            u.rows = rows;
            u.elements = elements;
            u.steps = &step;
            u.step_count = 1;
            u.x_hat = state.data();
            u.f1 = f1.data();
            u.next = next.data();
            u.input = input.data();
            u.level = level.data();
            report("update, first", rows, elements, n * 16, [&] { must(nt_update(NT_CPU, nullptr, &u)); });
            u.input = nullptr;
            u.level = nullptr;
            u.clean = clean.data();
            report("update, first and last", rows, elements, n * 16, [&] { must(nt_update(NT_CPU, nullptr, &u)); });
            u.stage = 1;
            u.y = next.data();
            u.f2 = f2.data();
            report("update, second, in place", rows, elements, n * 24, [&] { must(nt_update(NT_CPU, nullptr, &u)); });
            std::vector<nt_row> terms((size_t)rows * 4, table[0]);
            std::vector<double> weights((size_t)rows * 4, .5);
            report("combine of 4", rows, elements, n * 4, [&] {
                must(nt_combine(NT_CPU, nullptr, terms.data(), rows, 4, weights.data(), 7, elements, 1, z.data()));
            });
            report("quantise", rows, elements, n * 5, [&] { must(nt_quantise(NT_CPU, nullptr, clean.data(), rows, elements, image.data(), bad.data())); });
            for (int64_t i = 0; i < n; i++) {
                image[i] = (uint8_t)(128 + 100 * ((i / 7) % 2) - (i * 2654435761u >> 28));
            }
            const bool grey = elements == 784;
            const int32_t channels = grey ? 1 : 3, side = grey ? 28 : 64;
            report("luminance", rows, elements, n, [&] { must(nt_luminance(NT_CPU, nullptr, image.data(), rows, channels, side, side, score.data())); });
            report("jpeg size", rows, elements, n, [&] {
                must(nt_jpeg_size(NT_CPU, nullptr, image.data(), rows, channels, side, side, 1000, bytes.data(), score.data()));
            });
            report("gather", parents, elements, parents * elements * 8, [&] {
                must(nt_gather(NT_CPU, nullptr, state.data(), elements * 4, index.data(), parents, 1, 4, nullptr, x.data()));
            });
            report("sphere", parents, elements, parents * elements * 8, [&] { must(nt_sphere(NT_CPU, nullptr, pivots.data(), parents, elements, 1, nullptr)); });
        }
    }
    return 0;
}
