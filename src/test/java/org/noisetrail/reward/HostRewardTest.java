package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
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
