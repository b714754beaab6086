package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.testing.LogLines;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.testing.Wrapped;

/** Searches whose networks fail above some number of rows, as a card's do. */
class WithinMemoryTest {
    private static final SmallWorld WORLD = SmallWorld.edm();
    private static final Method METHOD = Methods.parse("eps-greedy:candidates=4:rounds=2");
    private static final String LIBTORCH =
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ...\nException raised from malloc";

    @RegisterExtension
    private final LogLines log = new LogLines("org.noisetrail.model");

    /** Calls that were made, in rows; negative those that failed. */
    private final List<Integer> calls = Collections.synchronizedList(new ArrayList<>());

    private void hold(Tensor rows, int most, String words) {
        int count = (int) rows.size(0);
        calls.add(count > most ? -count : count);
        if (count > most) {
            throw new RuntimeException(words);
        }
    }

    private Denoiser denoiser(int most, String words) {
        return new Wrapped(WORLD.denoiser()) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                hold(input, most, words);
                return inner.network(input, level, conditions, entries);
            }
        };
    }

    /** Images are half as far from grey as states. */
    private Decoder decoder(int most) {
        return new Decoder() {
            @Override
            public String id() {
                return "half";
            }

            @Override
            public ImageShape image() {
                return SmallWorld.SHAPE;
            }

            @Override
            public Tensor decode(Tensor states) {
                hold(states, most, LIBTORCH);
                try (Scalar half = new Scalar(2.0)) {
                    return states.div(half);
                }
            }

            @Override
            public void close() {}
        };
    }

    private Search.Builder search(Denoiser denoiser) {
        return Search.builder(denoiser)
                .sampler(WORLD.sampler())
                .method(METHOD)
                .reward(Rewards.brightness())
                .seed(5)
                .maxBatch(12);
    }

    private static void assertSame(SearchResult actual, SearchResult expected) {
        assertThat(actual.images()).hasSameSizeAs(expected.images());
        for (int i = 0; i < expected.images().size(); i++) {
            ImageResult mine = actual.images().get(i);
            ImageResult others = expected.images().get(i);
            assertThat(mine.pixels().pixels()).isEqualTo(others.pixels().pixels());
            assertThat(mine.state()).isEqualTo(others.state());
            assertThat(mine.reward()).isEqualTo(others.reward());
            assertThat(mine.costs()).isEqualTo(others.costs());
            assertThat(mine.recipe()).isEqualTo(others.recipe());
        }
    }

    private List<Integer> failed() {
        return calls.stream().filter(rows -> rows < 0).map(rows -> -rows).toList();
    }

    /** Three waves: 12 rows a round in two of them, 4 in the last. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                LIBTORCH,
                "The following operation failed in the TorchScript interpreter.\nRuntimeError: CUDA error: out of memory",
                "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried ...",
                "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
                "jpeg_size: out of memory"
            })
    void aNetworkThatHoldsHalfOfTheRowsDrawsTheSameAtTheSameCost(String words) {
        List<ImageRequest> images = ImageRequest.of(0, 7);
        SearchResult expected = search(WORLD.denoiser()).build().run(images);
        SearchResult actual = search(denoiser(7, words)).build().run(images);
        assertSame(actual, expected);
        assertThat(failed()).containsExactly(12);
        assertThat(Collections.max(calls)).isEqualTo(6);
        assertThat(log.messages())
                .containsExactly("out of memory with 12 rows: going on with 6 (--max-batch 6 says so from the start)");
    }

    @Test
    void anOddNumberOfRowsIsHalvedUpwards() {
        List<ImageRequest> images = ImageRequest.of(0, 3);
        Method three = Methods.parse("eps-greedy:candidates=3:rounds=2");
        SearchResult expected = search(WORLD.denoiser()).method(three).build().run(images);
        assertSame(search(denoiser(5, LIBTORCH)).method(three).build().run(images), expected);
        assertThat(failed()).containsExactly(9);
        assertThat(calls).containsSubsequence(-9, 5, 4, 5, 4).doesNotContain(9);
    }

    @Test
    void handsThatShareARoundAreHalvedTogether() {
        List<ImageRequest> images = ImageRequest.of(0, 1);
        SearchResult expected = search(WORLD.denoiser()).build().run(images);
        CyclicBarrier both = new CyclicBarrier(2);
        Denoiser together = new Wrapped(denoiser(1, LIBTORCH)) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                try {
                    return inner.network(input, level, conditions, entries);
                } catch (RuntimeException e) {
                    await(both);
                    throw e;
                }
            }
        };
        assertSame(search(together).workers(2).build().run(images), expected);
        assertThat(failed()).containsExactly(2, 2);
        assertThat(log.messages())
                .containsExactly("out of memory with 2 rows: going on with 1 (--max-batch 1 says so from the start)");
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eachRowKeepsItsLevelAndItsCondition() {
        try (Denoiser network = Nets.load(Nets.FASHION)) {
            Denoiser limited = new Wrapped(network) {
                @Override
                public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                    hold(input, 3, LIBTORCH);
                    return inner.network(input, level, conditions, entries);
                }
            };
            float[] input = Nets.normals(1, 5 * network.shape().elements());
            float[] level = {-1, -.5f, 0, .5f, 1};
            long[] labels = {9, 0, 3, 5, 7};
            assertThat(Nets.network(Denoiser.withinMemory(limited), input, level, labels))
                    .isEqualTo(Nets.network(network, input, level, labels));
            assertThat(calls).containsExactly(-5, 3, 2);
        }
    }

    @Test
    void aDecoderThatHoldsHalfOfTheImagesJudgesTheSameAtTheSameCost() {
        List<ImageRequest> images = ImageRequest.of(0, 7);
        SearchResult expected = search(WORLD.denoiser())
                .decoder(decoder(100))
                .decodeBatch(8)
                .build()
                .run(images);
        calls.clear();
        SearchResult actual = search(WORLD.denoiser())
                .decoder(decoder(4))
                .decodeBatch(8)
                .build()
                .run(images);
        assertSame(actual, expected);
        assertThat(failed()).containsExactly(8);
        assertThat(log.messages())
                .containsExactly(
                        "out of memory with 8 rows: going on with 4 (--decode-batch 4 says so from the start)");
    }

    @Test
    void whereHalfIsTooMuchTheSearchGoesOnWithLessUnlessItIsASingleRow() {
        List<ImageRequest> images = ImageRequest.of(0, 3);
        SearchResult expected = search(WORLD.denoiser()).build().run(images);
        assertSame(search(denoiser(3, LIBTORCH)).build().run(images), expected);
        // But for the first these are made beside others, of which there are none, then alone.
        assertThat(failed()).containsExactly(12, 6, 6);
        assertThat(log.messages())
                .hasSize(2)
                .endsWith("out of memory with 6 rows: going on with 3 (--max-batch 3 says so from the start)");
        assertThatThrownBy(() -> search(denoiser(0, LIBTORCH)).build().run(ImageRequest.of(0, 1)))
                .hasMessage("a single row is more than memory holds: a smaller image or --precision bf16 needs less");
    }

    /** The last wave has 4 rows a round. */
    @Test
    void aSecondFailureOfFewerRowsIsHalvedAsWell() {
        Denoiser shrinking = new Wrapped(denoiser(7, LIBTORCH)) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                hold(input, input.size(0) == 4 ? 3 : 100, LIBTORCH);
                return inner.network(input, level, conditions, entries);
            }
        };
        List<ImageRequest> images = ImageRequest.of(0, 7);
        SearchResult expected = search(WORLD.denoiser()).build().run(images);
        assertSame(search(shrinking).build().run(images), expected);
        assertThat(failed()).containsExactly(12, 4, 4);
    }

    @Test
    void whatFailsForAnotherReasonGoesThroughAsItIs() {
        Denoiser broken = denoiser(3, "mat1 and mat2 differ");
        assertThatThrownBy(() -> search(broken).build().run(ImageRequest.of(0, 3)))
                .isExactlyInstanceOf(RuntimeException.class)
                .hasMessage("mat1 and mat2 differ");
        assertThat(failed()).containsExactly(12);
        assertThat(log.messages()).isEmpty();
    }

    @Test
    void aCallInHalvesLeavesNothingBehind() {
        List<ImageRequest> images = ImageRequest.of(0, 3);
        search(denoiser(7, LIBTORCH)).build().run(images);
        long before = NativeObjects.settled();
        search(denoiser(7, LIBTORCH)).build().run(images);
        search(denoiser(1, LIBTORCH)).build().run(images);
        assertThatThrownBy(() -> search(denoiser(0, LIBTORCH)).build().run(images));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
}
