package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.testing.Wrapped;

/** When a time limit ends a search whose calls take what calls of so many rows always take: nothing but they takes time. */
class TimeLimitTest {
    private static final int IMAGES = 3;
    /** So long that every call is of the same rows, round after round. */
    private static final String ENDLESS = "zero-order:candidates=8:rounds=1000";

    private static final Duration NETWORK_ROW = Duration.ofMillis(10);
    private static final Duration REWARD_ROW = Duration.ofMillis(3);
    /** The final images', which may be the first that are judged: until then nobody knows what it takes. */
    private static final Duration JUDGING = time(REWARD_ROW, IMAGES);

    private final ManualClock clock = new ManualClock();
    private Duration longest = Duration.ZERO;

    /** Few rows take as long as eight, as on a processor. */
    private static Duration time(Duration row, long rows) {
        return row.multipliedBy(Math.max(rows, Device.CPU.leastRows()));
    }

    private Search.Builder search(String text, SmallWorld world) {
        Denoiser denoiser = new Wrapped(world.denoiser()) {
            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                Duration time = time(NETWORK_ROW, input.size(0));
                longest = time.compareTo(longest) > 0 ? time : longest;
                clock.pass(time);
                return super.network(input, level, conditions, entries);
            }
        };
        Reward reward = new Reward() {
            @Override
            public String name() {
                return "timed";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                clock.pass(time(REWARD_ROW, images.rows()));
                Rewards.brightness().score(images, scores);
            }
        };
        return clock.of(Search.builder(denoiser)
                .sampler(world.sampler())
                .method(Methods.parse(text))
                .reward(reward)
                .maxBatch(256)
                .seed(5));
    }

    private static Duration elapsed(Search.Builder search) {
        return search.build().run(ImageRequest.of(0, IMAGES)).elapsed();
    }

    /** A folder's files are read for it. */
    @Test
    void whatAModelsNameTakesIsWithinTheTime() {
        Duration reading = Duration.ofHours(1);
        Denoiser large = new Wrapped(SmallWorld.edm().denoiser()) {
            @Override
            public String id() {
                clock.pass(reading);
                return super.id();
            }

            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                clock.pass(NETWORK_ROW);
                return super.network(input, level, conditions, entries);
            }
        };
        Search search = clock.of(Search.builder(large))
                .sampler(SmallWorld.edm().sampler())
                .method(Methods.parse(ENDLESS))
                .reward(Rewards.brightness())
                .timeLimit(Duration.ofMinutes(1))
                .build();
        assertThat(search.run(ImageRequest.of(0, IMAGES)).elapsed())
                .isBetween(reading, reading.plus(plain(SmallWorld.edm())));
        assertThat(search.run(ImageRequest.of(0, IMAGES)).elapsed())
                .as("known by now")
                .isBetween(Duration.ofSeconds(50), Duration.ofSeconds(61));
    }

    private static Duration plain(SmallWorld world) {
        return time(NETWORK_ROW, IMAGES)
                .multipliedBy(world.schedule().evaluations())
                .plus(JUDGING);
    }

    /** A limit may lie between what these cost and a plain trajectory. */
    static Stream<Arguments> cases() {
        List<String> tooShort = List.of(
                "naive", "pruned-best-of-n:candidates=1:keep=none:noises=2", "evolve:candidates=3:generations=none");
        return MethodContractTest.ending().filter(each -> !tooShort.contains(each.get()[0].toString()));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aSearchEndsSoEarlyThatItsPlainEndIsInTimeButForTheCallThatRuns(String text, SmallWorld world) {
        Duration free = elapsed(search(text, world));
        // The first calls of a search do not count: where they leave no more than a plain trajectory, that is what is
        // exceeded.
        Duration least = plain(world).plus(longest.multipliedBy(2));
        assertThat(free).isGreaterThan(least);
        for (int part = 0; part < 8; part++) {
            Duration limit = least.plus(free.minus(least).multipliedBy(part).dividedBy(8));
            assertThat(elapsed(search(text, world).timeLimit(limit)))
                    .isLessThanOrEqualTo(limit.plus(longest).plus(JUDGING));
        }
    }

    /** Together, or one after the other: then each takes its part of what is left, and keeps back what its own plain end takes. */
    @ParameterizedTest
    @ValueSource(ints = {256, 8})
    void anEndlessSearchEndsAtItsLimitWithinTheTimeOfACallOrTwo(int maxBatch) {
        for (SmallWorld world : List.of(SmallWorld.edm(), SmallWorld.ddim())) {
            // Wherever in a round time is up: one takes 208 ms here, or less.
            for (int millis = 0; millis < 208; millis += 13) {
                Duration limit = Duration.ofMillis(9000 + millis);
                Duration elapsed =
                        elapsed(search(ENDLESS, world).maxBatch(maxBatch).timeLimit(limit));
                // The step that it is on, two calls, may be finished by one of the candidates.
                assertThat(elapsed).isBetween(limit.minus(longest.multipliedBy(2)), limit.plus(longest));
            }
        }
    }
}
