package org.noisetrail.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;

class SearchMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final SearchMeters meters = new SearchMeters(registry, Tag.of("model", "mixture"));

    private static Denoiser mixture() {
        return GaussianMixture.builder(new ImageShape(1, 2, 3), 0)
                .component(1, .3, -.4)
                .component(1, .3, .4)
                .build();
    }

    private SearchResult run(Reward reward, int maxBatch) {
        try (Denoiser denoiser = mixture()) {
            return Search.builder(denoiser)
                    .method(Methods.parse("best-of-n:candidates=3"))
                    .reward(reward)
                    .maxBatch(maxBatch)
                    .listener(meters)
                    .build()
                    .run(ImageRequest.of(0, 4));
        }
    }

    private static double light(org.noisetrail.reward.Image image) {
        return image.at(0, 0, 0) / 255.;
    }

    @Test
    void countsAreTheLedgersWhateverTheGroups() {
        SearchResult together = run(Reward.of("light", SearchMetersTest::light), 64);
        run(Reward.of("light", SearchMetersTest::light), 3);
        assertThat(registry.get("noisetrail.images")
                        .tag("finite", "true")
                        .tag("model", "mixture")
                        .counter()
                        .count())
                .isEqualTo(8);
        assertThat(registry.get("noisetrail.images")
                        .tag("finite", "false")
                        .counter()
                        .count())
                .isZero();
        // EDM's 18 steps are 35 evaluations, for each of three chains.
        assertThat(registry.get("noisetrail.nfe").summary().count()).isEqualTo(8);
        assertThat(registry.get("noisetrail.nfe").summary().totalAmount()).isEqualTo(8 * 3 * 35);
        assertThat(registry.get("noisetrail.reward").summary().mean()).isCloseTo(together.meanReward(), within(1e-9));
    }

    @Test
    void theTimesOfImagesAddUpToNoMoreThanTheSearchs() {
        Timer timer = registry.get("noisetrail.seconds").timer();
        double before = 0;
        // One after the other, and all together.
        for (int maxBatch : new int[] {3, 64}) {
            SearchResult result = run(Reward.of("light", SearchMetersTest::light), maxBatch);
            double all = timer.totalTime(TimeUnit.NANOSECONDS);
            assertThat(all - before)
                    .isPositive()
                    .isLessThanOrEqualTo(result.elapsed().toNanos());
            before = all;
        }
        assertThat(timer.count()).isEqualTo(8);
    }

    @Test
    void eachWorkersImagesAreTimed() {
        try (Denoiser denoiser = mixture()) {
            SearchResult result = Search.builder(denoiser)
                    .method(Methods.parse("best-of-n:candidates=3"))
                    .reward(Reward.of("light", SearchMetersTest::light))
                    .maxBatch(3)
                    .workers(2)
                    .listener(meters)
                    .build()
                    .run(ImageRequest.of(0, 6));
            Timer timer = registry.get("noisetrail.seconds").timer();
            assertThat(timer.count()).isEqualTo(6);
            assertThat(timer.totalTime(TimeUnit.NANOSECONDS))
                    .isPositive()
                    .isLessThanOrEqualTo(2. * result.elapsed().toNanos());
        }
    }

    @Test
    void searchesOfEqualRequestsAtTheSameTimeHaveTimesOfTheirOwn() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        Reward waiting = Reward.of("waiting", image -> {
            begun.countDown();
            try {
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return light(image);
        });
        CompletableFuture<SearchResult> first = CompletableFuture.supplyAsync(() -> run(waiting, 64));
        begun.await();
        Thread.sleep(100);
        SearchResult second = run(Reward.of("light", SearchMetersTest::light), 64);
        over.countDown();
        first.get();
        Timer timer = registry.get("noisetrail.seconds").timer();
        assertThat(timer.count()).isEqualTo(8);
        // Images that are drawn together share their time.
        assertThat(timer.totalTime(TimeUnit.NANOSECONDS))
                .isGreaterThan(100e6 + second.elapsed().toNanos());
    }

    @Test
    void aTimedRewardScoresAsItselfAndItsCallsAreTimed() {
        Reward slow = Reward.of("slow", image -> {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return light(image);
        });
        List<Double> plain =
                run(slow, 64).images().stream().map(ImageResult::reward).toList();
        List<Double> timed = run(meters.timed(slow), 64).images().stream()
                .map(ImageResult::reward)
                .toList();
        assertThat(timed).isEqualTo(plain);
        var timer = registry.get("noisetrail.verifier.seconds")
                .tag("reward", "slow")
                .timer();
        assertThat(timer.count()).isPositive();
        assertThat(timer.totalTime(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(5. * timer.count());
    }

    @Test
    void aSearchThatFailsIsCountedNowhere() {
        Reward broken = Reward.of("broken", image -> {
            throw new IllegalStateException("no");
        });
        assertThatThrownBy(() -> run(meters.timed(broken), 64)).isInstanceOf(NoisetrailException.class);
        assertThat(registry.get("noisetrail.images")
                        .tag("finite", "true")
                        .counter()
                        .count())
                .isZero();
        assertThat(registry.get("noisetrail.seconds").timer().count()).isZero();
    }
}
