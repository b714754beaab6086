package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.ImageShape;

@Timeout(60)
class HostRewardTest {
    private static final ImageShape SHAPE = new ImageShape(3, 2, 4);

    private static double[] score(Reward reward, int rows) {
        return RewardsTest.score(
                reward,
                SHAPE,
                RewardsTest.pixels(SHAPE, rows),
                IntStream.range(0, rows).toArray());
    }

    static boolean oneProcessor() {
        return Runtime.getRuntime().availableProcessors() < 2;
    }

    @Test
    void eachImageIsSeenOnceWithItsOwnPixelsAndClass() {
        byte[] pixels = RewardsTest.pixels(SHAPE, 37);
        Set<Integer> seen = ConcurrentHashMap.newKeySet();
        double[] scores = score(
                Reward.of("own", image -> {
                    assertThat(seen.add(image.label())).isTrue();
                    assertThat(image.shape()).isEqualTo(SHAPE);
                    return image.label() * 1000 + image.at(2, 1, 3);
                }),
                37);
        assertThat(seen).hasSize(37);
        for (int row = 0; row < 37; row++) {
            assertThat(scores[row]).isEqualTo(row * 1000 + (pixels[row * 24 + (2 * 2 + 1) * 4 + 3] & 255));
        }
    }

    @Test
    @DisabledIf("oneProcessor")
    void twoImagesAreScoredAtOnce() {
        // Each call waits for another one: with one thread this would never end.
        CyclicBarrier barrier = new CyclicBarrier(2);
        double[] scores = score(
                Reward.of("meeting", image -> {
                    try {
                        barrier.await(30, TimeUnit.SECONDS);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                    return 1;
                }),
                8);
        assertThat(scores).containsOnly(1);
    }

    @Test
    void noMoreThreadsAreUsedThanThereAreProcessors() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        score(
                Reward.of("counting", image -> {
                    threads.add(Thread.currentThread());
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    Thread.yield();
                    running.decrementAndGet();
                    return 0;
                }),
                500);
        assertThat(most.get()).isLessThanOrEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(threads).allMatch(Thread::isDaemon);
    }

    @Test
    void aFailureNamesTheImageAndKeepsItsCause() {
        IllegalStateException cause = new IllegalStateException("no such server");
        AtomicInteger calls = new AtomicInteger();
        assertThatThrownBy(() -> score(
                        Reward.of("remote", image -> {
                            calls.incrementAndGet();
                            if (image.label() == 3) {
                                throw cause;
                            }
                            return 0;
                        }),
                        10000))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("reward remote failed on image 3 of its batch (class 3): " + cause)
                .hasCause(cause);
        assertThat(calls.get()).as("the rest is not scored").isLessThan(10000);
    }

    @Test
    void anErrorIsToldLikeAnException() {
        AssertionError cause = new AssertionError("wrong");
        assertThatThrownBy(() -> score(
                        Reward.of("own", image -> {
                            throw cause;
                        }),
                        1))
                .isInstanceOf(NoisetrailException.class)
                .hasCause(cause);
    }

    @Test
    void anInterruptEndsItEvenWhileTheRewardWaits() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        Reward slow = Reward.of("slow", image -> {
            calls.incrementAndGet();
            waiting.countDown();
            try {
                Thread.sleep(50_000);
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw new IllegalStateException(e);
            }
            return 0;
        });
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<Boolean> flag = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                score(slow, 1000);
            } catch (Throwable e) {
                thrown.set(e);
            }
            flag.set(Thread.currentThread().isInterrupted());
        });
        thread.start();
        waiting.await();
        thread.interrupt();
        thread.join(10_000);
        assertThat(thread.isAlive()).isFalse();
        assertThat(thrown.get()).isInstanceOf(NoisetrailException.class).hasMessage("reward slow was interrupted");
        assertThat(flag.get()).as("the interrupt flag").isTrue();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(calls.get()).isLessThanOrEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(score(Reward.of("next", image -> 1), 4))
                .as("the pool lives on")
                .containsOnly(1);
    }

    /** Calls that wait for good and heed no interrupt, on a thread that scores. */
    private static final class Hanging implements AutoCloseable {
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch end = new CountDownLatch(1);
        final AtomicReference<Throwable> thrown = new AtomicReference<>();
        final Thread scoring;

        Hanging(int rows) {
            Reward hangs = Reward.of("hanging", image -> {
                entered.countDown();
                await(end);
                return 0;
            });
            scoring = new Thread(() -> {
                try {
                    score(hangs, rows);
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            scoring.start();
        }

        @Override
        public void close() {
            end.countDown();
        }
    }

    @Test
    void aRewardThatHangsHoldsUpNoOther() throws Exception {
        try (Hanging one = new Hanging(100);
                Hanging two = new Hanging(100)) {
            one.entered.await();
            two.entered.await();
            assertThat(score(Reward.of("other", image -> image.label()), 50)[49])
                    .isEqualTo(49);
        }
    }

    @Test
    void cancellingDoesNotWaitForARewardThatHeedsNoInterrupt() throws Exception {
        try (Hanging hanging = new Hanging(100)) {
            hanging.entered.await();
            hanging.scoring.interrupt();
            hanging.scoring.join(10_000);
            assertThat(hanging.scoring.isAlive()).isFalse();
            assertThat(hanging.thrown.get()).hasMessage("reward hanging was interrupted");
            assertThat(score(Reward.of("next", image -> 1), 4)).containsOnly(1);
        }
    }

    @Test
    void aFailureIsToldWhileAnotherImagesCallHangs() {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch hanging = new CountDownLatch(oneProcessor() ? 0 : 1);
        try {
            assertThatThrownBy(() -> score(
                            Reward.of("half", image -> {
                                if (image.label() == 0 && !oneProcessor()) {
                                    hanging.countDown();
                                    await(end);
                                }
                                await(hanging);
                                throw new IllegalStateException("no such server");
                            }),
                            2))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("no such server");
        } finally {
            end.countDown();
        }
    }

    /** Heeds no interrupt. */
    private static void await(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // Not heeded.
            }
        }
    }

    @Test
    void aRewardMayWaitForAnotherThreadsScores() {
        // As many calls at once as there are processors, each of which needs a thread that scores.
        double[] scores = score(
                Reward.of(
                        "outer",
                        image -> CompletableFuture.supplyAsync(
                                        () -> score(Reward.of("inner", other -> image.label()), 3)[2],
                                        work -> new Thread(work).start())
                                .join()),
                64);
        assertThat(scores[63]).isEqualTo(63);
    }

    @Test
    void scoringWithinARewardIsCancelledWithIt() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicReference<String> within = new AtomicReference<>();
        AtomicInteger inner = new AtomicInteger();
        Reward counts = Reward.of("counts", image -> {
            inner.incrementAndGet();
            entered.countDown();
            try {
                Thread.sleep(50_000);
            } catch (InterruptedException e) {
                // Told to who asks for it.
                Thread.currentThread().interrupt();
            }
            return 0;
        });
        Thread thread = new Thread(() -> {
            try {
                score(
                        Reward.of("outer", image -> {
                            try {
                                return score(counts, 100)[0];
                            } catch (NoisetrailException e) {
                                within.set(e.getMessage());
                                throw e;
                            } finally {
                                ended.countDown();
                            }
                        }),
                        1);
            } catch (NoisetrailException e) {
                // What is looked at is the call within.
            }
        });
        thread.start();
        entered.await();
        thread.interrupt();
        thread.join(10_000);
        assertThat(thread.isAlive()).isFalse();
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(inner.get()).isEqualTo(1);
        assertThat(within.get()).isEqualTo("reward counts was interrupted");
    }

    @Test
    void aRewardMayScoreImagesItself() {
        Reward inner = Reward.of("inner", image -> 2);
        Reward outer = Reward.of("outer", image -> score(inner, 3)[1] + image.label());
        double[] scores = score(outer, 16);
        assertThat(scores[15]).isEqualTo(17);
    }

    @Test
    void callersOnSeveralThreadsGetTheirOwnScores() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            int own = t;
            threads[t] = new Thread(() -> {
                try {
                    for (int i = 0; i < 50; i++) {
                        assertThat(score(Reward.of("own", image -> own), 5)).containsOnly(own);
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }
}
