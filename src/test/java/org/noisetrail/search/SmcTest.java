package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.Tensors;

class SmcTest {
    private static final int PARTICLES = 4;

    /** Gives every particle the same, but for one call: that of particle 1 at a step. */
    private static Reward but(int step, double once, double always) {
        int[] calls = {0};
        return new Reward() {
            @Override
            public String name() {
                return "but one";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                double[] all = new double[PARTICLES];
                Arrays.fill(all, always);
                all[1] = calls[0]++ == step ? once : always;
                Tensors.copy(all, scores);
            }
        };
    }

    /** Which particle's noise an image's way took at each step. */
    private static List<Integer> taken(String method, Reward reward) {
        return taken(method, reward, 0);
    }

    private static List<Integer> taken(String method, Reward reward, long number) {
        ImageResult image = SmallWorld.ddim()
                .search(Methods.parse(method))
                .reward(reward)
                .build()
                .run(ImageRequest.of(number, 1))
                .images()
                .get(0);
        int chain = image.recipe().chain();
        return image.recipe().moves().stream()
                .map(move -> move.draws().isEmpty()
                        ? chain
                        : ((Draw.Named) move.draws().get(0)).candidate())
                .toList();
    }

    /** Three of four are enough not to be resampled; and where rewards are alike afterwards, the first wins. */
    @ParameterizedTest
    @ValueSource(strings = {"NaN", "-Infinity", "Infinity"})
    void aParticleThatWasOnceBadDoesNotWinEverythingAfterwards(double bad) {
        for (double always : new double[] {-50, 50}) {
            assertThat(taken("smc:candidates=4:lambda=10", but(1, bad, always))).containsOnly(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"NaN, difference", "NaN, max", "NaN, sum", "-Infinity, difference", "Infinity, difference"})
    void aBadParticleIsNotResampledWhereItIsBad(double bad, String potential) {
        for (int step = 0; step < 5; step++) {
            List<Integer> taken = taken("smc:candidates=4:lambda=10:ess=1:potential=" + potential, but(step, bad, -50));
            assertThat(taken.get(step)).isNotEqualTo(1);
        }
    }

    private static final double[] ALIKE = new double[PARTICLES];

    private static double[] logs(double... weights) {
        return Arrays.stream(weights).map(Math::log).toArray();
    }

    /** Of weights 1, w, w, w the effective number is (1 + 3 w)^2 / (1 + 3 w^2): 2 at w = .1547. */
    @ParameterizedTest
    @CsvSource({".1548, false", ".1546, true"})
    void particlesAreResampledWhereLessThanHalfOfThemAreEffective(double weight, boolean resampled) {
        // Whatever was resampled first, the rest leaves no weights for a second time.
        double[] rest = {0, 0, -1, -1};
        Reward reward =
                SmallWorld.scripted(logs(1, weight, weight, weight), rest, rest, rest, rest, new double[] {0, 1, 0, 0});
        List<Integer> taken = taken("smc:candidates=4:lambda=1", reward);
        // The first weighs more than two thirds of all, and so takes the second's place, whatever the coin.
        assertThat(taken.get(0)).isEqualTo(resampled ? 0 : 1);
        assertThat(taken.subList(1, 5)).containsOnly(1);
    }

    /** Resampled after every step but the last two: by the coin of candidate 0 of round 65535 in the step's stage. */
    @Test
    void whereParticlesComeFromIsReckonedFromTheirCoins() {
        double[][] said = {logs(1, 5, 2, 3), logs(4, 1, 6, 1), logs(2, 3, 1, 4), logs(5, 2, 4, 3), new double[PARTICLES]
        };
        Set<List<Integer>> ways = new HashSet<>();
        for (long image = 0; image < 6; image++) {
            List<List<Integer>> way = Collections.nCopies(PARTICLES, List.of());
            // Of the particle that each is a copy of: weights grow by differences.
            double[] before = new double[PARTICLES];
            for (int step = 0; step < 5; step++) {
                List<List<Integer>> moved = new ArrayList<>();
                double[] weights = new double[PARTICLES];
                for (int p = 0; p < PARTICLES; p++) {
                    moved.add(Stream.concat(way.get(p).stream(), Stream.of(p)).toList());
                    weights[p] = Math.exp(said[step][p] - before[p]);
                }
                way = moved;
                if (step < 4) {
                    double coin = SmallWorld.ddim().coin(image, step, 0);
                    int[] sources = IntStream.range(0, PARTICLES)
                            .map(p -> Weights.draw(weights, (p + coin) / PARTICLES))
                            .toArray();
                    double[] scores = said[step];
                    way = Arrays.stream(sources).mapToObj(moved::get).toList();
                    before = Arrays.stream(sources).mapToDouble(p -> scores[p]).toArray();
                }
            }
            for (int best = 0; best < PARTICLES; best++) {
                double[] last = new double[PARTICLES];
                last[best] = 1;
                Reward reward = SmallWorld.scripted(said[0], said[1], said[2], said[3], said[4], last);
                assertThat(taken("smc:candidates=4:lambda=1:ess=1", reward, image)
                                .subList(0, 5))
                        .isEqualTo(way.get(best));
            }
            ways.addAll(way);
        }
        assertThat(ways).as("told apart").hasSizeGreaterThan(12);
    }

    /** Never resampled, they weigh exp(lambda r) of the last step's rewards; candidate 1 of its stage draws. */
    @Test
    void theImageThatIsDrawnIsReckonedFromItsCoin() {
        double[] weights = {1, 5, 2, 3};
        double[] alike = new double[PARTICLES];
        Set<Integer> drawn = new HashSet<>();
        for (long image = 0; image < 12; image++) {
            Reward reward = SmallWorld.scripted(logs(4, 1, 6, 1), alike, alike, alike, alike, logs(weights));
            int expected = Weights.draw(weights, SmallWorld.ddim().coin(image, 5, 1));
            assertThat(taken("smc:candidates=4:lambda=1:ess=0:sample", reward, image))
                    .containsOnly(expected);
            drawn.add(expected);
        }
        assertThat(drawn).hasSizeGreaterThan(2);
    }
}
