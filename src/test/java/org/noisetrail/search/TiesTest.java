package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;

/** Of equals the lowest index is taken; what is no number counts as the worst, and is counted. */
class TiesTest {
    private static final SmallWorld WORLD = SmallWorld.ddim();

    private static List<ImageResult> run(String method, Reward reward) {
        return WORLD.search(Methods.parse(method))
                .reward(reward)
                .build()
                .run(ImageRequest.of(0, 3))
                .images();
    }

    private static void takesAtEveryStep(String method, Draw... draws) {
        for (ImageResult image : run(method, Reward.of("equal", any -> .5))) {
            for (int step = 0; step < WORLD.schedule().size(); step++) {
                List<Draw> taken = image.recipe().moves().get(step).draws();
                assertThat(taken).isEqualTo(WORLD.schedule().isDead(step) ? List.of() : List.of(draws));
            }
            assertThat(image.recipe().chain()).isZero();
            assertThat(image.recipe().start()).containsExactly(Draw.global(0, 0));
        }
    }

    @Test
    void ofEqualsTheFirstIsTaken() {
        takesAtEveryStep("best-of-n:candidates=5");
        takesAtEveryStep("pruned-best-of-n:candidates=5:keep=3@2,2@4");
        takesAtEveryStep("beam:candidates=3:beams=2", Draw.global(1, 0));
        takesAtEveryStep("lookahead-beam:candidates=3:beams=2", Draw.global(1, 0));
        takesAtEveryStep("mcts:candidates=3:simulations=4", Draw.global(1, 0));
        takesAtEveryStep("svdd:proposals=3", Draw.global(1, 0));
        takesAtEveryStep("eps-greedy:epsilon=1:rounds=2", Draw.global(2, 0));
        takesAtEveryStep("eps-greedy:epsilon=1:rounds=2:keep-pivot", Draw.global(1, 0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.NEGATIVE_INFINITY})
    void ofChainsWithoutAScoreTheFirstIsTakenHoweverManyGoToTheNetworkAtOnce(double last) {
        for (int batch : new int[] {1, 2, 3, 64}) {
            AtomicLong calls = new AtomicLong();
            ImageResult image = WORLD.search(new BestOfN(5))
                    .reward(Reward.of("none", any -> calls.getAndIncrement() < 4 ? Double.NaN : last))
                    .maxBatch(batch)
                    .decodeBatch(1)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            assertThat(image.recipe().chain()).as("batches of %d", batch).isZero();
            assertThat(image.reward()).isNaN();
        }
    }

    @Test
    void whatIsNoNumberRanksWithTheWorst() {
        double worst = Double.NEGATIVE_INFINITY;
        assertThat(Particle.ranking(new double[] {Double.NaN, 1, worst, 2, 1})).containsExactly(3, 1, 4, 0, 2);
        assertThat(Particle.best(new double[] {Double.NaN, 1, worst, 2, 1}, 3)).containsExactly(1, 3, 4);
    }

    /** Of image k every k-th score is no number; of the first none is. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "best-of-n:candidates=5", "beam:candidates=3", "eps-greedy:rounds=3", "eps-greedy:rounds=3:keep-pivot",
                "zero-order:rounds=2:patience=1:0.01", "ascent:candidates=3", "mcts:candidates=3:simulations=4",
                        "svdd:proposals=3",
                "smc:candidates=3", "x-t:candidates=3:rounds=2", "rbf:starts=3", "dts:iterations=8"
            })
    void scoresThatAreNoNumberAreCountedForTheirImages(String method) {
        AtomicLongArray calls = new AtomicLongArray(4);
        AtomicLongArray nans = new AtomicLongArray(4);
        Reward odd = Reward.of("odd", image -> {
            int label = image.label();
            if (label > 1 && calls.getAndIncrement(label) % label == 0) {
                nans.incrementAndGet(label);
                return Double.NaN;
            }
            return .1 * image.at(0, 0, 0);
        });
        List<ImageResult> images = Search.builder(new ExactMixture(new ImageShape(1, 2, 2), true, .3, 0, 0, 0, 0))
                .sampler(EdmSampler.DEFAULT.withSteps(6))
                .method(Methods.parse(method))
                .reward(odd)
                .build()
                .run(ImageRequest.of(0, 3, 1, 2, 3))
                .images();
        for (ImageResult image : images) {
            long expected = nans.get(image.pixels().label());
            // The final image's own score is no candidate's.
            assertThat(image.nanScores()).isBetween(Math.max(0, expected - 1), expected);
        }
        assertThat(nans.get(2)).isGreaterThan(2);
        assertThat(nans.get(2)).isNotEqualTo(nans.get(3));
    }
}
