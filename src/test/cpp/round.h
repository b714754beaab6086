/* A searched round but for its network: what is recorded as one graph, and must make every round. */
#ifndef ROUND_H
#define ROUND_H

#include "cases.h"

struct Round {
    int64_t groups, size, rounds;
    int32_t channels, height, width;
    bool by_value = false; /* planted fault: the round is read by the host, when the calls are made */

    enum At { TABLE, STEPS, X, PIVOTS, F1, F2, CURSOR, NOISE, STATE, INPUT, NEXT, CLEAN, LEVEL, IMAGES, BAD, SMALL, LIGHT, BYTES, SCORE, BEST, WINNER, NANS, HISTORY };

    int64_t rows() const {
        return groups * size;
    }

    int64_t elements() const {
        return static_cast<int64_t>(channels) * height * width;
    }

    std::vector<Array> arrays() const {
        const int64_t n = rows() * elements(), m = groups * elements(), small = channels * ((height + 1) / 2) * ((width + 1) / 2);
        std::vector<nt_row> table;
        for (int64_t r = 0; r < rows(); r++) {
            table.push_back({(uint32_t)(r / size), (uint32_t)(1 + r / size % 3), (uint32_t)(r % size), (int32_t)(r / size), r % 3 ? NT_COIN : NT_LOCAL});
        }
        return {in(table),
                in(some_steps()),
                in_out(gaussians(31, m, .5f)),
                in_out(gaussians(32, m, 1)),
                in(gaussians(33, n, .5f)),
                in(gaussians(34, n, .5f)),
                in_out(std::vector<int32_t>{0}),
                out<float>(n),
                out<float>(n),
                out<float>(n),
                out<float>(n),
                out<float>(n),
                out<float>(rows()),
                out<uint8_t>(n),
                out<int32_t>(rows()),
                out<uint8_t>(rows() * small),
                out<double>(rows()),
                out<int32_t>(rows()),
                out<double>(rows()),
                in_out(std::vector<double>((size_t)groups, NAN)),
                out<int32_t>(groups),
                in_out(std::vector<int32_t>((size_t)groups, 0)),
                out<int32_t>(rounds * groups)};
    }

    /* Gives the round's work to the stream; `p` are the arrays' addresses on the device. */
    int32_t call(int32_t device, void* stream, void* const* p) const {
        const int64_t d = elements();
        const int32_t half_height = (height + 1) / 2, half_width = (width + 1) / 2;
        nt_propose_args a = {};
        a.table = (const nt_row*)p[TABLE];
        a.rows = rows();
        a.round = by_value ? *(const int32_t*)p[CURSOR] : 0;
        a.cursor = by_value ? nullptr : (const int32_t*)p[CURSOR];
        a.seed = SEED;
        a.elements = d;
        a.epsilon = .4;
        a.lambda = .5;
        a.x = (const float*)p[X];
        a.parents = groups;
        a.pivots = (const float*)p[PIVOTS];
        a.steps = (const nt_step*)p[STEPS];
        a.step_count = 3;
        a.noise = (float*)p[NOISE];
        a.state = (float*)p[STATE];
        a.input = p[INPUT];
        a.level = (float*)p[LEVEL];
        nt_update_args first = {};
        first.table = a.table;
        first.rows = rows();
        first.elements = d;
        first.steps = a.steps;
        first.step_count = 3;
        first.x_hat = a.state;
        first.f1 = p[F1];
        first.next = (float*)p[NEXT];
        first.clean = (float*)p[CLEAN];
        first.input = p[INPUT];
        first.level = a.level;
        nt_update_args second = first;
        second.stage = 1;
        second.y = first.next;
        second.f2 = p[F2];
        second.input = second.level = nullptr;
        int32_t status = NT_OK;
        auto then = [&](int32_t next) { status = status == NT_OK ? next : status; };
        then(nt_propose(device, stream, &a));
        then(nt_update(device, stream, &first));
        then(nt_update(device, stream, &second));
        then(nt_quantise(device, stream, p[CLEAN], rows(), d, p[IMAGES], p[BAD]));
        then(nt_resize(device, stream, p[IMAGES], rows(), channels, height, width, half_height, half_width, half_height, half_width, p[SMALL]));
        then(nt_luminance(device, stream, p[SMALL], rows(), channels, half_height, half_width, p[LIGHT]));
        then(nt_jpeg_size(device, stream, p[IMAGES], rows(), channels, height, width, 3000, p[BYTES], p[SCORE]));
        then(nt_accumulate(device, stream, p[LIGHT], rows(), .5, 1, p[SCORE]));
        then(nt_penalise(device, stream, p[SCORE], p[BAD], rows()));
        then(nt_select(device, stream, p[SCORE], groups, size, 1, p[BEST], p[WINNER], p[NANS], p[HISTORY], rounds, p[CURSOR]));
        then(nt_gather(device, stream, p[NOISE], d * 4, p[WINNER], groups, 1, size, nullptr, p[PIVOTS]));
        then(nt_gather(device, stream, p[NEXT], d * 4, p[WINNER], groups, 1, size, nullptr, p[X]));
        then(nt_step_cursor(device, stream, p[CURSOR], 1));
        return status;
    }
};

/* All rounds: by one call after another on the CPU; on a card the first so, then one graph, recorded once and launched for each of the others. */
inline Case rounds_as_graph(const Round& round) {
    const std::string name = "graph of a round" + std::string(round.by_value ? " by value " : " ") + std::to_string(round.rows()) + "x" + std::to_string(round.channels) + "x"
            + std::to_string(round.height) + "x" + std::to_string(round.width);
    return {name, round.arrays(), [=](int32_t device, void*, void* const* p) {
                int32_t status = NT_OK;
                if (device == NT_CPU) {
                    for (int64_t k = 0; k < round.rounds && status == NT_OK; k++) {
                        status = round.call(device, nullptr, p);
                    }
                    return status;
                }
                void *stream = nullptr, *graph = nullptr;
                auto then = [&](int32_t next) { status = status == NT_OK ? next : status; };
                then(nt_stream_create(device, 0, &stream));
                then(round.call(device, stream, p));
                then(nt_graph_begin(device, stream));
                then(round.call(device, stream, p));
                then(nt_graph_end(device, stream, &graph));
                for (int64_t k = 1; k < round.rounds && status == NT_OK; k++) {
                    status = nt_graph_launch(device, stream, graph);
                }
                then(nt_stream_destroy(device, stream)); /* waits */
                then(nt_graph_destroy(device, graph));
                return status;
            }};
}

#endif
