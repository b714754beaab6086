package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CrewTest {
    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    private static Runnable task(Work work) {
        return () -> {
            try {
                work.run();
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted", e);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        };
    }

    /** The number a thread has that runs its first operation now. */
    private static int ofANewThread() throws InterruptedException {
        AtomicInteger number = new AtomicInteger();
        Thread thread = new Thread(() -> number.set(Torch.threads()));
        thread.start();
        thread.join();
        return number.get();
    }

    @Test
    void eachHandHasItsShareOfTheMakersThreadsAndNobodyElseIsTouched() throws InterruptedException {
        int before = Torch.threads();
        try {
            Torch.setThreads(6);
            Set<Integer> shares = ConcurrentHashMap.newKeySet();
            Set<Integer> within = ConcurrentHashMap.newKeySet();
            CyclicBarrier together = new CyclicBarrier(2);
            try (Crew crew = new Crew(2)) {
                assertThat(ofANewThread()).isEqualTo(6);
                Runnable asks = task(() -> {
                    together.await(); // so that neither thread takes both
                    shares.add(Torch.threads());
                    try (Crew inner = new Crew(3)) {
                        inner.run(List.of(() -> within.add(Torch.threads())));
                    }
                    shares.add(Torch.threads());
                });
                crew.run(List.of(asks, asks));
            }
            assertThat(shares).containsExactly(3);
            assertThat(within).containsExactly(1);
            assertThat(Torch.threads()).isEqualTo(6);
            assertThat(ofANewThread()).isEqualTo(6);
        } finally {
            Torch.setThreads(before);
        }
    }

    @Test
    void aThreadThatBeginsWhileACrewIsWithinAnotherHasTheProcesssNumber() throws InterruptedException {
        int before = Torch.threads();
        try {
            Torch.setThreads(6);
            List<Integer> found = new CopyOnWriteArrayList<>();
            try (Crew crew = new Crew(2)) {
                crew.run(List.of(task(() -> {
                    try (Crew inner = new Crew(3)) {
                        inner.run(List.of(task(() -> found.add(ofANewThread()))));
                        found.add(ofANewThread());
                    }
                    found.add(ofANewThread());
                })));
            }
            assertThat(found).containsExactly(6, 6, 6);
        } finally {
            Torch.setThreads(before);
        }
    }

    @Test
    void aFailureInterruptsTheOthersAndIsWhatTheCallerSees() {
        AtomicBoolean interrupted = new AtomicBoolean();
        CountDownLatch waiting = new CountDownLatch(1);
        try (Crew crew = new Crew(2)) {
            Runnable waits = task(() -> {
                waiting.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                }
            });
            Runnable fails = task(() -> {
                waiting.await();
                throw new UnsupportedOperationException("first");
            });
            assertThatThrownBy(() -> crew.run(List.of(waits, fails))).hasRootCauseMessage("first");
            assertThat(interrupted).isTrue();
            // The crew is as good as before.
            AtomicBoolean clean = new AtomicBoolean();
            crew.run(List.of(() -> clean.set(!Thread.currentThread().isInterrupted())));
            assertThat(clean).isTrue();
        }
    }

    @Test
    void anInterruptOfTheCallerReachesTheHandsAndStays() throws InterruptedException {
        Thread caller = Thread.currentThread();
        AtomicInteger ended = new AtomicInteger();
        CountDownLatch waiting = new CountDownLatch(2);
        Thread other = new Thread(task(() -> {
            waiting.await();
            caller.interrupt();
        }));
        other.start();
        try (Crew crew = new Crew(2)) {
            Runnable waits = task(() -> {
                try {
                    waiting.countDown();
                    new CountDownLatch(1).await();
                } finally {
                    ended.incrementAndGet();
                }
            });
            assertThatThrownBy(() -> crew.run(List.of(waits, waits))).hasMessage("interrupted");
            assertThat(ended).hasValue(2);
        }
        assertThat(Thread.interrupted()).isTrue();
        other.join();
    }

    @Test
    void moreTasksThanHandsAllRun() {
        AtomicInteger runs = new AtomicInteger();
        try (Crew crew = new Crew(2)) {
            crew.run(java.util.Collections.nCopies(7, runs::incrementAndGet));
        }
        assertThat(runs).hasValue(7);
    }
}
