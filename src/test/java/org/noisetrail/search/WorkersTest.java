package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screened;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.trace.Progress;

/** What several workers are told, where they run, and how they end; that they change no result is MethodContractTest's. */
@Timeout(120)
class WorkersTest {
    private static final SmallWorld WORLD = SmallWorld.edm();
    private static final Method METHOD = Methods.parse("eps-greedy:rounds=3");

    private static Reward seen(Runnable look) {
        return new Reward() {
            @Override
            public String name() {
                return "seen";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                look.run();
                Rewards.brightness().score(images, scores);
            }
        };
    }

    @Test
    void imagesAreSpreadOverThreadsAndOneImagesCandidatesAre() {
        for (int images : new int[] {6, 1}) {
            Meeting meeting = new Meeting(3);
            // Six candidates are two for each of three hands.
            WORLD.search(Methods.parse("eps-greedy:candidates=6:rounds=3"))
                    .reward(seen(meeting::join))
                    .workers(3)
                    .build()
                    .run(ImageRequest.of(0, images));
            meeting.threads.remove(Thread.currentThread());
            assertThat(meeting.threads).as(images + " images").hasSize(3);
        }
    }

    /** Workers that wait, each at first, until all are there: on a busy machine one might be done before another has begun. */
    private static final class Meeting {
        final Set<Thread> threads = ConcurrentHashMap.newKeySet();
        private final CountDownLatch all;

        Meeting(int workers) {
            all = new CountDownLatch(workers);
        }

        void join() {
            if (threads.add(Thread.currentThread())) {
                all.countDown();
                try {
                    // Without end, were they fewer, but for the test's own timeout.
                    all.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void theListenerIsToldOneThingAtATimeAndEachImageOnce() {
        List<Progress> told = new ArrayList<>();
        List<Long> images = new ArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        AtomicBoolean overlap = new AtomicBoolean();
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(Progress progress) {
                alone(() -> told.add(progress));
            }

            @Override
            public void onImages(List<ImageResult> finished) {
                alone(() -> finished.forEach(image -> images.add(image.request().image())));
            }

            private void alone(Runnable work) {
                overlap.compareAndSet(false, inside.incrementAndGet() > 1);
                work.run();
                pause();
                inside.decrementAndGet();
            }
        };
        SearchResult result =
                WORLD.search(METHOD).workers(4).listener(listener).build().run(ImageRequest.of(0, 8));
        assertThat(overlap).isFalse();
        assertThat(images).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
        assertThat(result.images()).extracting(image -> image.request().image()).isSorted();
        assertThat(told).extracting(Progress::imageSteps).isSorted();
        assertThat(told).extracting(Progress::networkEvaluations).isSorted();
        Progress last = told.get(told.size() - 1);
        assertThat(last.imageSteps()).isEqualTo(last.imageStepsTotal()).isEqualTo(8 * 8);
        assertThat(last.networkEvaluations())
                .isEqualTo(result.images().stream()
                        .mapToLong(image -> image.costs().networkEvaluations())
                        .sum());
    }

    @Test
    void anInterruptEndsAllWorkersAndFreesWhatTheyHeld() {
        long before = NativeObjects.settled();
        for (int images : new int[] {6, 1}) {
            Thread caller = Thread.currentThread();
            AtomicInteger calls = new AtomicInteger();
            Reward reward = seen(() -> {
                if (calls.incrementAndGet() == 5) {
                    caller.interrupt();
                }
                pause();
            });
            Search search = WORLD.search(Methods.parse("eps-greedy"))
                    .reward(reward)
                    .workers(3)
                    .build();
            assertThatThrownBy(() -> search.run(ImageRequest.of(0, images)))
                    .isInstanceOf(SearchCancelledException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(NativeObjects.settled()).isLessThanOrEqualTo(before);
    }

    /** Its own exception, and the flag set again: what Java's libraries do. */
    @ParameterizedTest
    @CsvSource({"1,6", "3,6", "3,1"})
    void aRewardThatSeesTheInterruptAndFailsCancelsTheSearch(int workers, int images) {
        Thread caller = Thread.currentThread();
        AtomicInteger calls = new AtomicInteger();
        Reward waiting = seen(() -> {
            if (calls.incrementAndGet() < 5) {
                return;
            }
            caller.interrupt();
            try {
                Thread.sleep(60_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("the reward gave up", e);
            }
        });
        Search search = WORLD.search(METHOD).reward(waiting).workers(workers).build();
        try {
            AbstractThrowableAssert<?, ?> thrown = assertThatThrownBy(() -> search.run(ImageRequest.of(0, images)))
                    .isInstanceOf(SearchCancelledException.class);
            // Of several, another may have seen it first.
            if (workers == 1) {
                thrown.hasRootCauseInstanceOf(InterruptedException.class)
                        .cause()
                        .hasMessage("the reward gave up");
            }
            assertThat(caller.isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void oneWorkersFailureIsTheSearchs() {
        for (int images : new int[] {6, 1}) {
            AtomicInteger calls = new AtomicInteger();
            Reward reward = seen(() -> {
                if (calls.incrementAndGet() == 7) {
                    throw new NoisetrailException("the seventh call");
                }
            });
            Search search = WORLD.search(METHOD).reward(reward).workers(2).build();
            assertThatThrownBy(() -> search.run(ImageRequest.of(0, images)))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("the seventh call");
        }
    }

    @Test
    void workersMustDrawAndJudgeAlike() {
        Networks networks = Networks.of(WORLD.denoiser());
        Reward reward = Rewards.brightness();
        Worker own = new Worker(networks, reward, null, null, null);
        own.checkSame(new Worker(networks, Rewards.brightness(), null, null, null));
        refused(
                own,
                new Worker(
                        networks.with(SmallWorld.edm(EdmSampler.DEFAULT, .2, .1).denoiser()), reward, null, null, null),
                "denoiser");
        refused(
                own,
                new Worker(
                        new Networks(networks.denoiser(), networks.decoder(), networks.decoder()),
                        reward,
                        null,
                        null,
                        null),
                "preview decoder");
        refused(own, new Worker(networks, null, null, null, null), "reward");
        refused(own, new Worker(networks, reward, reward, null, null), "held-out reward");
        refused(own, new Worker(networks, reward, null, reward, null), "screen's reward");
        refused(own, new Worker(networks, reward, null, null, reward), "guard");
        assertThatThrownBy(() -> WORLD.search(METHOD).workers(0)).hasMessageContaining("workers must be");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 9})
    void whatIsScreenedAndVerifiedIsTheSame(int workers) {
        Search.Builder search = WORLD.search(Methods.parse("zero-order:candidates=8:rounds=3"))
                .screening(Screening.parse("first+half", LossBound.parse("50%"), .2));
        List<ImageResult> one = search.build().run(ImageRequest.of(0, 3)).images();
        List<ImageResult> many =
                search.workers(workers).build().run(ImageRequest.of(0, 3)).images();
        for (int i = 0; i < one.size(); i++) {
            Screened screened = Objects.requireNonNull(one.get(i).screened());
            assertThat(screened.verified()).isLessThan(screened.candidates());
            assertThat(many.get(i).screened()).isEqualTo(screened);
            assertThat(many.get(i).recipe()).isEqualTo(one.get(i).recipe());
            assertThat(many.get(i).costs()).isEqualTo(one.get(i).costs());
        }
    }

    private static final Method ENDLESS = Methods.parse("zero-order:candidates=4:rounds=1000");

    private static void replays(SearchResult result) {
        SearchResult again =
                Trail.parse("test", result.trail().toJson()).replay(WORLD.denoiser(), 64, SearchListener.NONE);
        for (int i = 0; i < result.images().size(); i++) {
            assertThat(again.images().get(i).state())
                    .isEqualTo(result.images().get(i).state());
        }
    }

    /** A worker's time passes by what it asks of the reward, as if each had a machine of its own. */
    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void aTimeLimitLeavesEveryImageItsShareAndATrailThatReplays(int images) {
        Duration call = Duration.ofMillis(2);
        ThreadLocal<AtomicLong> now = ThreadLocal.withInitial(AtomicLong::new);
        Meeting meeting = new Meeting(2);
        Reward slow = seen(() -> {
            meeting.join();
            now.get().addAndGet(call.toNanos());
        });
        SearchResult result = WORLD.search(ENDLESS)
                .reward(slow)
                .workers(2)
                .clock(() -> now.get().get())
                .timeLimit(call.multipliedBy(150))
                .build()
                .run(ImageRequest.of(0, images));
        replays(result);
        // Each worker has one group of images: a call judges its round of four candidates, of two evaluations each.
        assertThat(result.images())
                .extracting(image -> image.costs().networkEvaluations())
                .allSatisfy(evaluations -> assertThat(evaluations)
                        .isBetween(148L * 8, 150 * 8 + WORLD.schedule().evaluations()));
    }

    /** Two calls at once take as long as one, of the single row of a plain end. */
    @Test
    void handsThatShareAnImageEndAtItsTimeLimit() {
        ManualClock clock = new ManualClock();
        Duration call = Duration.ofMillis(40);
        Denoiser timed = new Wrapped(WORLD.denoiser()) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                clock.pass(input.size(0) == 1 ? call : call.dividedBy(2));
                return super.network(input, level, conditions, entries);
            }
        };
        Duration limit = call.multipliedBy(150);
        SearchResult result = clock.of(Search.builder(timed))
                .sampler(WORLD.sampler())
                .method(ENDLESS)
                .reward(Rewards.brightness())
                .workers(2)
                .timeLimit(limit)
                .build()
                .run(ImageRequest.of(0, 1));
        replays(result);
        // A step of two calls may be spared; and whose call is told first, of two, weighs a little less.
        assertThat(result.elapsed()).isBetween(limit.minus(call.multipliedBy(5)), limit.plus(call.multipliedBy(3)));
    }

    @ParameterizedTest
    @CsvSource({
        "8,2,1,0,.25",
        "8,2,1,6,1",
        "8,2,2,0,.5",
        "8,2,2,2,.5",
        "8,2,2,4,1",
        "5,2,2,0,.6666666666666666",
        "5,2,2,2,1",
        "5,2,2,4,1"
    })
    void aWaveMayTakeItsShareOfWhatItsWorkerHasStillToDraw(int images, int size, int workers, int from, double share) {
        assertThat(Waves.share(images, size, workers, from)).isEqualTo(share);
    }

    private static void refused(Worker own, Worker other, String what) {
        assertThatThrownBy(() -> other.checkSame(own))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("workers must have the same " + what + ": ");
    }
}
