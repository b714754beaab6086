/* Recorded rounds over the emulation, and what goes wrong with recordings. */
#include "emulated.h"
#include "round.h"

namespace {

using emulation::Order;

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
    bool good = check(nt_stream_create(CARD, 0, &stream) == NT_OK, "a stream");
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
    void* apart = nullptr;
    int32_t recording = 7, before = 7;
    good = check(nt_stream_create(CARD, 1, &apart) == NT_OK && nt_graph_recording(CARD, apart, &before) == NT_OK && before == 0 && nt_graph_begin(CARD, apart) == NT_OK
                         && nt_graph_recording(CARD, apart, &recording) == NT_OK && recording == 1 && noise(nullptr) == NT_OK && nt_graph_end(CARD, apart, &graph) == NT_OK
                         && nt_graph_destroy(CARD, graph) == NT_OK && nt_stream_destroy(CARD, apart) == NT_OK,
                 "but for a stream that is apart from it")
            && good;
    good = check(nt_graph_begin(CARD, stream) == NT_OK, "begin") && good;
    emulation::fail_memory();
    good = says(nt_graph_end(CARD, stream, &graph), NT_OUT_OF_MEMORY, "graph_end: out of memory") && good;
    good = check(!graph && noise(nullptr) == NT_OK && nt_stream_destroy(CARD, stream) == NT_OK, "afterwards all is as before") && good;
    return check(emulation::graphs() == 0 && cudaGetLastError() == cudaSuccess, "nothing is left") && good;
}

} // namespace

bool graphs_hold() {
    const bool rounds = graphs_make_every_round();
    return graphs_fail_cleanly() && rounds;
}
