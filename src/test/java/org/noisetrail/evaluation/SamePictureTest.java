package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Costs;

/** What a network says of one picture differs in the last digits with the batch that it is judged in: that is no difference of methods. */
class SamePictureTest {
    private static final int IMAGES = 5;

    /** Brightness, as a network would say it: the more calls and the larger their batch, the higher by some billionths. */
    private static final class Rounded implements Reward {
        private final Reward brightness = Rewards.brightness();
        private final AtomicInteger calls = new AtomicInteger();

        @Override
        public String name() {
            return "rounded";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            brightness.score(images, scores);
            double[] values = Tensors.toDoubles(scores);
            int call = calls.incrementAndGet();
            for (int i = 0; i < values.length; i++) {
                values[i] += 1e-9 * (call % 7 + .1 * values.length);
            }
            Tensors.copy(values, scores);
        }
    }

    @Test
    void aScreenThatChangesNoPictureChangesNoReward() {
        ComparisonTable table = Comparison.builder(new ExactMixture(new ImageShape(1, 8, 8), true, .2, -.4, 0, .4))
                .methods("beam:candidates=4:beams=2", "beam:candidates=4:beams=2:screen=first:verify-loss=0")
                .aim(new Comparison.Aim(
                        new Comparison.Judge("rounded", Rounded::new), new Comparison.Judge("again", Rounded::new)))
                .images(ImageRequest.of(0, IMAGES, 0, 1))
                .sampler(EdmSampler.DEFAULT.withSteps(6))
                .build()
                .run()
                .get(0);
        ComparisonTable.Row screened = table.rows().get(1);
        assertThat(screened.reward().mean())
                .isNotEqualTo(table.rows().get(0).reward().mean());
        assertNone(Objects.requireNonNull(screened.toUnscreened()));
    }

    private static void assertNone(ComparisonTable.Difference difference) {
        Interval none = new Interval(0, Double.NaN, Double.NaN);
        assertThat(difference.reward()).isEqualTo(none);
        assertThat(difference.heldOut()).isEqualTo(none);
        assertThat(difference.better().mean()).isEqualTo(.5);
        assertThat(List.of(difference.won(), difference.tied(), difference.lost()))
                .containsExactly(0, IMAGES, 0);
    }

    private static ComparisonTable.Row row(Method method, IntToDoubleFunction reward, byte... pictures) {
        List<CellResult.Drawn> images = IntStream.range(0, pictures.length)
                .mapToObj(i -> new CellResult.Drawn(
                        i,
                        Condition.NONE,
                        reward.applyAsDouble(i),
                        -reward.applyAsDouble(i),
                        Double.NaN,
                        1,
                        0,
                        new Costs(method instanceof Beam ? 51 : 35, 0, 0, 0, 0, 0),
                        null,
                        new double[0],
                        "" + pictures[i],
                        null))
                .toList();
        List<CellResult> cells = List.of(new CellResult(1, Double.NaN, Double.NaN, images));
        return new ComparisonTable.Row(method.name(), method, null, null, cells, null, null);
    }

    @Test
    void aPictureThatBothDrewIsATieWithBestOfN() {
        ComparisonTable.Row best = row(new BestOfN(1), i -> i, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5);
        ComparisonTable.Row beam =
                row(new Beam(2, 1), i -> i - 1e-8 * i - 1e-9, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5);
        ComparisonTable.Difference difference =
                Objects.requireNonNull(beam.against(best).difference());
        assertNone(difference);
        assertThat(difference.networkEvaluations()).isEqualTo(35);
        assertNone(Objects.requireNonNull(best.against(beam).difference()));
    }

    @Test
    void otherPicturesAreAsGoodAsTheirRewardsSay() {
        ComparisonTable.Row best = row(new BestOfN(1), i -> i, (byte) 1, (byte) 2, (byte) 3, (byte) 4);
        ComparisonTable.Row beam = row(
                new Beam(2, 1), i -> i == 3 ? Double.NEGATIVE_INFINITY : i + 1e-9, (byte) 1, (byte) 9, (byte) 3, (byte)
                        4);
        ComparisonTable.Difference difference =
                Objects.requireNonNull(beam.against(best).difference());
        // The last was not finite, and is shown as black as the other is.
        assertThat(List.of(difference.won(), difference.tied(), difference.lost()))
                .containsExactly(1, 2, 1);
    }
}
