package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;

/** Calls of several threads that share a memory. */
@Timeout(60)
class PortionsTest {
    private static final RuntimeException FULL = new RuntimeException("CUDA out of memory. Tried to allocate ...");

    private final AtomicInteger held = new AtomicInteger();
    private final List<Integer> failed = Collections.synchronizedList(new ArrayList<>());

    private static Portions portions(String option) {
        return new Portions(option, 64, "less");
    }

    /** A network in a memory of so many rows. */
    private Tensor call(int rows, int memory, Runnable work) {
        try {
            if (held.addAndGet(rows) > memory) {
                failed.add(rows);
                throw FULL;
            }
            work.run();
            return Tensors.floats(Device.CPU, rows);
        } finally {
            held.addAndGet(-rows);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Rows of a call that is made while another's have all of the memory, which end once {@code failures} calls have failed of it. */
    private long beside(int other, int rows, int failures) {
        Portions decoder = portions("--decode-batch");
        Portions network = portions("--max-batch");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(failures);
        CompletableFuture<Tensor> first = CompletableFuture.supplyAsync(() -> decoder.call(
                other,
                (from, count) -> call(count, 4, () -> {
                    begun.countDown();
                    await(end);
                })));
        await(begun);
        try (Tensor result = network.call(rows, (from, count) -> {
            try {
                return call(count, 4, () -> {});
            } catch (RuntimeException e) {
                end.countDown();
                throw e;
            }
        })) {
            return result.size(0);
        } finally {
            first.join().close();
        }
    }

    @Test
    void aRowThatFitsOnceTheOthersHaveEndedIsDrawn() {
        assertThat(beside(4, 1, 1)).isEqualTo(1);
        assertThat(failed).containsExactly(1);
    }

    @Test
    void halvesThatDoNotFitBesideOthersAreDrawnAlone() {
        assertThat(beside(3, 4, 2)).isEqualTo(4);
        assertThat(failed).containsExactly(4, 2);
    }

    @Test
    void whatARecordingMayHaveKeptMemoryFromIsMadeAgainAndKeepsItsRows() {
        Portions network = new Portions("--max-batch", 64, "less", () -> true);
        AtomicInteger calls = new AtomicInteger();
        for (int again = 0; again < 2; again++) {
            network.call(4, (from, count) -> call(count, calls.getAndIncrement() == 0 ? 0 : 4, () -> {}))
                    .close();
        }
        assertThat(failed).containsExactly(4);
        assertThat(calls).hasValue(3);
    }

    @Test
    void whatDoesNotFitAloneFails() {
        Portions network = portions("--max-batch");
        assertThatThrownBy(() -> network.call(1, (from, count) -> call(count, 0, () -> {})))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("a single row is more than memory holds")
                .hasCause(FULL);
        assertThat(failed).containsExactly(1, 1);
        network.call(1, (from, count) -> call(count, 1, () -> {})).close();
    }

    /** Sixteen rows, then every half beside others, of which there are none, and alone. */
    @Test
    void callsAreHalvedUntilMemoryHoldsThem() {
        Portions decoder = portions("--decode-batch");
        List<Integer> begun = new ArrayList<>();
        for (int again = 0; again < 2; again++) {
            try (Tensor result = decoder.call(13, (from, count) -> call(count, 3, () -> begun.add(from)))) {
                assertThat(result.size(0)).isEqualTo(13);
            }
        }
        assertThat(failed).containsExactly(13, 7, 7, 4, 4);
        assertThat(begun).containsExactly(0, 2, 4, 6, 8, 10, 12, 0, 2, 4, 6, 8, 10, 12);
    }

    @Test
    void whatIsMadeAlreadyIsKeptWhenLaterRowsAreTooMany() {
        List<Integer> begun = new ArrayList<>();
        try (Tensor result = portions("--max-batch")
                .call(8, (from, count) -> call(count, from == 0 ? 4 : 1, () -> begun.add(from)))) {
            assertThat(result.size(0)).isEqualTo(8);
        }
        assertThat(begun).containsExactly(0, 4, 5, 6, 7);
    }

    @Test
    void aCallHasNoMoreRowsThanAreAllowedFromTheStart() {
        List<Integer> counts = new ArrayList<>();
        new Portions("--decode-batch", 4, "less")
                .call(10, (from, count) -> call(count, 10, () -> counts.add(count)))
                .close();
        assertThat(counts).containsExactly(4, 4, 2);
    }

    /** A decoder that fails of want of memory above so many rows, and its calls. */
    private Decoder decoder(int side, int memory, List<Integer> rows) {
        return new Decoder() {
            @Override
            public String id() {
                return "";
            }

            @Override
            public ImageShape image() {
                return new ImageShape(3, side, side);
            }

            @Override
            public Tensor decode(Tensor states) {
                int count = (int) states.size(0);
                rows.add(count);
                return call(count, memory, () -> {});
            }

            @Override
            public void close() {}
        };
    }

    private List<Integer> decoded(int side, int memory) {
        List<Integer> rows = new ArrayList<>();
        try (Tensor states = Tensors.floats(Device.CPU, 20, 4, 1, 1);
                Decoder decoder = Decoder.withinMemory(decoder(side, memory, rows))) {
            decoder.decode(states).close();
        }
        return rows;
    }

    /** A row takes .66 GiB at 512 x 512 and 2.66 at 1024 x 1024. */
    @Test
    void aDecoderHasFewerRowsOfLargerImages() {
        assertThat(decoded(28, 20)).containsExactly(20);
        assertThat(decoded(512, 20)).containsExactly(16, 4);
        assertThat(decoded(1024, 20)).containsExactly(4, 4, 4, 4, 4);
        assertThat(decoded(4096, 20)).hasSize(20).containsOnly(1);
    }

    @Test
    void aDecoderIsNotToldToBeOfAnotherPrecision() {
        assertThatThrownBy(() -> decoded(512, 0))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("a single row is more than memory holds: a smaller image needs less");
    }

    /** A network that another is made of. */
    @Test
    void aCallWithinACallIsHalvedWithoutWaitingForItself() {
        Portions outer = portions("--max-batch");
        Portions inner = portions("--max-batch");
        try (Tensor result = outer.call(4, (from, count) -> inner.call(count, (some, few) -> call(few, 1, () -> {})))) {
            assertThat(result.size(0)).isEqualTo(4);
        }
        assertThat(failed).containsExactly(4, 2);
    }

    /** A network that another is made of. */
    @Test
    void aCallWithinACallDoesNotWaitForItself() {
        Portions outer = portions("--max-batch");
        Portions inner = portions("--max-batch");
        assertThatThrownBy(() ->
                        outer.call(1, (from, count) -> inner.call(count, (some, few) -> call(few, 0, () -> {}))))
                .hasMessageStartingWith("a single row is more than memory holds");
    }
}
