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
        Portions decoder = new Portions("--decode-batch");
        Portions network = new Portions("--max-batch");
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
        Portions network = new Portions("--max-batch", () -> true);
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
        Portions network = new Portions("--max-batch");
        assertThatThrownBy(() -> network.call(1, (from, count) -> call(count, 0, () -> {})))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("a single row is more than memory holds")
                .hasCause(FULL);
        assertThat(failed).containsExactly(1, 1);
        network.call(1, (from, count) -> call(count, 1, () -> {})).close();
    }

    /** A network that another is made of. */
    @Test
    void aCallWithinACallDoesNotWaitForItself() {
        Portions outer = new Portions("--max-batch");
        Portions inner = new Portions("--max-batch");
        assertThatThrownBy(() ->
                        outer.call(1, (from, count) -> inner.call(count, (some, few) -> call(few, 0, () -> {}))))
                .hasMessageStartingWith("a single row is more than memory holds");
    }
}
