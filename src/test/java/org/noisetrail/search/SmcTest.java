package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
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

    /** Which particle's noise the image's way took at each step. */
    private static List<Integer> taken(String method, Reward reward) {
        ImageResult image = SmallWorld.ddim()
                .search(Methods.parse(method))
                .reward(reward)
                .build()
                .run(ImageRequest.of(0, 1))
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
}
