package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;

/** Impossible settings are refused where they are made, with the constraint and the value. */
class ArgumentsTest {
    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void methodsRefuseSettingsOutOfTheirRange() {
        refused("candidates must be >= 1: 0", () -> new BestOfN(0));
        refused("candidates must be <= 65536: 65537", () -> new BestOfN(65537));
        refused(
                "candidates must be >= 1: -1",
                () -> LocalSearch.builder().candidates(-1).build());
        refused(
                "epsilon must be <= 1: 1.5",
                () -> LocalSearch.builder().epsilon(1.5).build());
        refused(
                "epsilon must be >= 0: NaN",
                () -> LocalSearch.builder().epsilon(Double.NaN).build());
        refused(
                "lambda must be >= 0: -0.1",
                () -> LocalSearch.builder().lambda(-.1).build());
        refused("rounds must be >= 0: -1", () -> LocalSearch.builder().rounds(-1));
        refused("rounds must be <= 65535: 65536", () -> Rounds.byNoiseLevel(0, 1, 1, 65536));
    }

    @Test
    void aScheduleThatGivesImpossibleRoundsIsRefused() {
        ExactMixture mixture = new ExactMixture(new ImageShape(1, 1, 1), false, 1, 0);
        Search search = Search.builder(mixture)
                .method(LocalSearch.builder().rounds((step, sigma) -> 65536).build())
                .reward(Rewards.brightness())
                .build();
        refused("rounds must be <= 65535: 65536", () -> search.run(ImageRequest.of(0, 1)));
    }

    @Test
    void samplersRefuseSettingsThatAreNone() {
        refused("steps must be >= 2: 1", () -> EdmSampler.DEFAULT.withSteps(1));
        refused("steps must be <= 10000: 10001", () -> EdmSampler.DEFAULT.withSteps(10001));
        refused("s-churn must be >= 0: NaN", () -> EdmSampler.DEFAULT.withChurn(Double.NaN));
        refused("sigma-min must be > 0: 0", () -> new EdmSampler(18, 0, 80, 7, 40, .05, 50, 1));
        refused("sigma-min must be < sigma-max 80.0: 80.0", () -> new EdmSampler(18, 80, 80, 7, 40, .05, 50, 1));
        refused("rho must be > 0: -7", () -> new EdmSampler(18, .002, 80, -7, 40, .05, 50, 1));
    }

    @Test
    void searchesRefuseWhatCannotBeRun() {
        ExactMixture mixture = new ExactMixture(new ImageShape(1, 1, 1), false, 1, 0);
        refused("images must be <= 1048576: 2147483647", () -> ImageRequest.of(0, Integer.MAX_VALUE));
        refused("max-batch must be >= 1: 0", () -> Search.builder(mixture).maxBatch(0));
        refused(
                "reward must be given for method best-of-n",
                () -> Search.builder(mixture).method(new BestOfN(2)).build());
        refused(
                "target reward must be a number: NaN",
                () -> Search.builder(mixture).targetReward(Double.NaN));
        refused("time limit must be >= 0: PT-1S", () -> Search.builder(mixture).timeLimit(Duration.ofSeconds(-1)));
        refused("images must be >= 1: 0", () -> Search.builder(mixture).build().run(List.of()));
        refused("images must be >= 1: 0", () -> ImageRequest.of(0, 0));
        refused("image must be <= 4294967295: 4294967296", () -> new ImageRequest(1L << 32, 0));
        refused("image must be >= 0: -1", () -> new ImageRequest(-1, 0));
    }

    @Test
    void aTimeLimitOfCenturiesIsNoLimit() {
        ExactMixture mixture = new ExactMixture(new ImageShape(1, 1, 1), false, 1, 0);
        Search search = Search.builder(mixture)
                .reward(Rewards.brightness())
                .method(LocalSearch.builder().rounds(1).build())
                .timeLimit(Duration.ofDays(365L * 10_000))
                .build();
        assertThat(search.run(ImageRequest.of(0, 1)).images().get(0).costs().networkEvaluations())
                .isGreaterThan(35);
    }

    @Test
    void anImageIsDrawnOnceARun() {
        ExactMixture mixture = new ExactMixture(new ImageShape(1, 1, 1), true, 1, 0, 1, 2);
        Search search = Search.builder(mixture).build();
        List<ImageRequest> twice = List.of(new ImageRequest(7, 1), new ImageRequest(8, 1), new ImageRequest(7, 2));
        refused("each image must be there once: 7", () -> search.run(twice));
        refused("each image must be there once: 7", () -> search.draw(twice));
        assertThat(mixture.calls).hasValue(0);
    }

    @Test
    void theLastImageNumberIsAnImage() {
        ExactMixture mixture = new ExactMixture(new ImageShape(1, 1, 1), false, 1, 0);
        SearchResult last = Search.builder(mixture).build().run(List.of(new ImageRequest(0xFFFFFFFFL, -1)));
        SearchResult first = Search.builder(mixture).build().run(List.of(new ImageRequest(0, -1)));
        assertThat(last.images().get(0).state())
                .isNotEqualTo(first.images().get(0).state());
    }
}
