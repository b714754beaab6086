/*
 * 3 x 3 convolutions by Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin and Gray 2015, arXiv 1509.09308): for each pair of channels 36 products give a tile of 4 x 4 results, where the sum
 * itself takes 144. Polynomials are taken at 0, +-sqrt(1/2), +-sqrt(2) and infinity: with these the transforms' numbers stay near 1, and float32's errors with them.
 * A result is summed over the input's channels in their order, whatever else is worked on: its bits depend on neither batch nor threads.
 * A part of nt_cpu.inl, in a level's namespace.
 */
constexpr int64_t SIDE = NT_TILE, POINTS = NT_TILE_POINTS, PLACES = POINTS * POINTS, PANEL = NT_PANEL;
constexpr int64_t APART = 16; /* floats between two tiles: without them all would fall into the same lines of the nearest cache */

/* As many lanes as a register has, and as many tiles as the registers hold the sums of, of a panel's channels. */
#if defined(__AVX512F__)
constexpr int64_t WIDTH = 16, TILES = 12;
#elif defined(__AVX2__)
constexpr int64_t WIDTH = 8, TILES = 3;
#else
constexpr int64_t WIDTH = 4, TILES = 1;
#endif
constexpr int64_t WIDES = PANEL / WIDTH; /* registers of a panel's channels */
typedef float Wide __attribute__((vector_size(WIDTH * sizeof(float))));

inline Wide fused(Wide a, Wide b, Wide c) {
#if defined(__AVX512F__)
    return (Wide)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (Wide)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    for (int64_t l = 0; l < WIDTH; l++) {
        c[l] = fmaf(a[l], b[l], c[l]);
    }
    return c;
#endif
}

inline Wide load(const float* from) {
    Wide v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

inline void store(float* to, Wide v) {
    std::memcpy(to, &v, sizeof v);
}

inline Wide lanes_of(float value) {
    return value - Wide{};
}

constexpr float ROOT_HALF = 0.70710678f, ROOT_TWO = 1.41421356f;

/* Six values of an input, `from` apart, as a polynomial's at the six points, `to` apart. */
inline void to_points(const Wide* d, int64_t from, Wide* v, int64_t to) {
    const Wide d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from], d5 = d[5 * from];
    const Wide half = lanes_of(-0.5f), two = lanes_of(-2), both = lanes_of(-2.5f);
    const Wide even = fused(two, d2, d4), odd = ROOT_HALF * fused(two, d1, d3);
    const Wide even_2 = fused(half, d2, d4), odd_2 = ROOT_TWO * fused(half, d1, d3);
    v[0] = fused(both, d2, d0 + d4);
    v[to] = even + odd;
    v[2 * to] = even - odd;
    v[3 * to] = even_2 + odd_2;
    v[4 * to] = even_2 - odd_2;
    v[5 * to] = fused(both, d3, d1 + d5);
}

/* Six values of a product at the points as its four coefficients. */
inline void from_points(const Wide* m, int64_t from, Wide* y, int64_t to) {
    const Wide even = m[from] + m[2 * from], odd = m[from] - m[2 * from];
    const Wide even_2 = m[3 * from] + m[4 * from], odd_2 = m[3 * from] - m[4 * from];
    y[0] = m[0] + even + even_2;
    y[to] = fused(lanes_of(ROOT_HALF), odd, ROOT_TWO * odd_2);
    y[2 * to] = fused(lanes_of(0.5f), even, 2 * even_2);
    y[3 * to] = fused(lanes_of(ROOT_HALF / 2), odd, fused(lanes_of(2 * ROOT_TWO), odd_2, m[5 * from]));
}

struct Winograd {
    const nt_convolution_args& a;
    const int64_t down = (a.height + SIDE - 1) / SIDE, across = (a.width + SIDE - 1) / SIDE;
    const int64_t tiles = a.rows * down * across;
    const int64_t block = block_of(a.in + a.out < 512 ? 24 : 48); /* tiles that a thread works on at a time */
    const int64_t in_tile = PLACES * a.in + APART, out_tile = PLACES * a.out + APART; /* floats from tile to tile: [6, 6, in] and [6, 6, out] */

    /* About `good` tiles, for which weights are read once, in the same number of blocks for each thread. */
    int64_t block_of(int64_t good) const {
        const int64_t threads = omp_get_max_threads(), share = (tiles + threads - 1) / threads;
        const int64_t blocks = std::max<int64_t>(1, (share + good / 2) / good);
        return std::max<int64_t>(1, (share + blocks - 1) / blocks);
    }

    struct Corner {
        int64_t row, top, left; /* of the tile's results */
    };

    Corner corner(int64_t tile) const {
        return {tile / (down * across), tile / across % down * SIDE, tile % across * SIDE};
    }

    /* The tiles' inputs, with a border of one, at the points. `zeros` [6, in] stand in rows where the map has ended. */
    void gather(int64_t first, int64_t count, const float* zeros, float* points) const {
        const int64_t in = a.in, width = a.width;
        for (int64_t t = 0; t < count; t++) {
            const Corner at = corner(first + t);
            const int64_t top = at.top - 1, left = at.left - 1;
            const float* lines[POINTS]; /* where a map begins a pixel early, which is not read */
            for (int64_t i = 0; i < POINTS; i++) {
                const bool there = top + i >= 0 && top + i < a.height;
                lines[i] = there ? a.x + ((at.row * a.height + top + i) * width + left) * in : zeros;
            }
            float* tile = points + t * in_tile;
            for (int64_t c = 0; c < in; c += WIDTH) {
                Wide half[PLACES];
#pragma GCC unroll 6
                for (int64_t j = 0; j < POINTS; j++) {
                    Wide d[POINTS] = {};
                    if (left + j >= 0 && left + j < width) {
#pragma GCC unroll 6
                        for (int64_t i = 0; i < POINTS; i++) {
                            d[i] = load(lines[i] + j * in + c);
                        }
                    }
                    to_points(d, 1, half + j, POINTS);
                }
                float* to = tile + c;
#pragma GCC unroll 6
                for (int64_t i = 0; i < POINTS; i++) {
                    Wide v[POINTS];
                    to_points(half + i * POINTS, 1, v, 1);
#pragma GCC unroll 6
                    for (int64_t j = 0; j < POINTS; j++, to += in) {
                        store(to, v[j]);
                    }
                }
            }
        }
    }

    /* COUNT tiles' sums over the input's channels, of a panel's channels of the result. */
    template <int64_t COUNT>
    static inline void sums_of(const float* points, int64_t in_tile, const float* weight, int64_t in, int64_t out_tile, float* results) {
        Wide sums[COUNT][WIDES];
#pragma GCC unroll 12
        for (int64_t t = 0; t < COUNT; t++) {
#pragma GCC unroll 8
            for (int64_t w = 0; w < WIDES; w++) {
                sums[t][w] = Wide{};
            }
        }
        for (int64_t c = 0; c < in; c++) {
            Wide by[WIDES];
#pragma GCC unroll 8
            for (int64_t w = 0; w < WIDES; w++) {
                by[w] = load(weight + c * PANEL + w * WIDTH);
            }
#pragma GCC unroll 12
            for (int64_t t = 0; t < COUNT; t++) {
                const Wide v = lanes_of(points[t * in_tile + c]);
#pragma GCC unroll 8
                for (int64_t w = 0; w < WIDES; w++) {
                    sums[t][w] = fused(v, by[w], sums[t][w]);
                }
            }
        }
#pragma GCC unroll 12
        for (int64_t t = 0; t < COUNT; t++) {
#pragma GCC unroll 8
            for (int64_t w = 0; w < WIDES; w++) {
                store(results + t * out_tile + w * WIDTH, sums[t][w]);
            }
        }
    }

    /* The same of fewer tiles than TILES. */
    template <int64_t COUNT>
    static void rest_of(int64_t count, const float* points, int64_t in_tile, const float* weight, int64_t in, int64_t out_tile, float* results) {
        if constexpr (COUNT > 0) {
            count == COUNT ? sums_of<COUNT>(points, in_tile, weight, in, out_tile, results) : rest_of<COUNT - 1>(count, points, in_tile, weight, in, out_tile, results);
        }
    }

    void multiply(int64_t count, const float* points, float* results) const {
        for (int64_t p = 0; p < PLACES; p++) {
            for (int64_t k = 0; k < a.out; k += PANEL) {
                const float* weight = a.weight + (p * a.out + k) * a.in;
                const float* from = points + p * a.in;
                float* to = results + p * a.out + k;
                int64_t t = 0;
                for (; t + TILES <= count; t += TILES) {
                    sums_of<TILES>(from + t * in_tile, in_tile, weight, a.in, out_tile, to + t * out_tile);
                }
                rest_of<TILES - 1>(count - t, from + t * in_tile, in_tile, weight, a.in, out_tile, to + t * out_tile);
            }
        }
    }

    void scatter(int64_t first, int64_t count, const float* results) const {
        const int64_t out = a.out, line = a.width * out;
        for (int64_t t = 0; t < count; t++) {
            const Corner at = corner(first + t);
            const int64_t height = std::min(SIDE, a.height - at.top), width = std::min(SIDE, a.width - at.left);
            float* y = a.y + ((at.row * a.height + at.top) * a.width + at.left) * out;
            const float* from = results + t * out_tile;
            for (int64_t k = 0; k < out; k += WIDTH) {
                Wide half[SIDE * POINTS];
#pragma GCC unroll 6
                for (int64_t j = 0; j < POINTS; j++) {
                    Wide m[POINTS];
#pragma GCC unroll 6
                    for (int64_t i = 0; i < POINTS; i++) {
                        m[i] = load(from + (i * POINTS + j) * out + k);
                    }
                    from_points(m, 1, half + j, POINTS);
                }
                const Wide bias = load(a.bias + k);
                for (int64_t i = 0; i < height; i++) {
                    Wide made[SIDE];
                    from_points(half + i * POINTS, 1, made, 1);
                    for (int64_t j = 0; j < width; j++) {
                        store(y + i * line + j * out + k, made[j] + bias);
                    }
                }
            }
        }
    }
};

int32_t convolve(const nt_convolution_args& a) {
    const Winograd by{a};
    int32_t status = NT_OK;
#pragma omp parallel if (by.tiles > by.block)
    {
        const std::unique_ptr<float[]> points(new (std::nothrow) float[(size_t)(by.block * by.in_tile)]), results(new (std::nothrow) float[(size_t)(by.block * by.out_tile)]);
        const std::unique_ptr<float[]> zeros(new (std::nothrow) float[(size_t)(POINTS * a.in)]());
        const bool room = points && results && zeros;
        if (!room) {
#pragma omp atomic write
            status = NT_OUT_OF_MEMORY;
        }
#pragma omp for schedule(static)
        for (int64_t first = 0; first < by.tiles; first += by.block) {
            if (room) {
                const int64_t count = std::min(by.block, by.tiles - first);
                by.gather(first, count, zeros.get(), points.get());
                by.multiply(count, points.get(), results.get());
                by.scatter(first, count, results.get());
            }
        }
    }
    return status == NT_OK ? NT_OK : out_of_memory("convolve");
}
