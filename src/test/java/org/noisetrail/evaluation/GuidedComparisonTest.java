package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.testing.Noises;

/** Comparisons of a model whose calls cost two evaluations. Where guidance moves away from what it moves to, its images are the network's own. */
class GuidedComparisonTest {
    private static final Sampler SAMPLER = Samplers.parse("ddim:steps=6:steps-offset=1");
    private static final Denoiser NETWORK = GaussianMixture.builder(new ImageShape(1, 4, 4), 0)
            .parameterisation(Noises.toPureNoise(DiscreteNoise.Prediction.EPSILON))
            .component(1, .3, -.4)
            .component(1, .3, .4)
            .build();
    private static final Denoiser GUIDED = Guided.of(NETWORK, 3, 0);
    /** Twice the start's and five steps' calls. */
    private static final int PLAIN = 12;
    /** The last two ask for as much as the rewards they meet let them. */
    private static final String[] METHODS = {
        "naive", "beam:candidates=3", "eps-greedy:rounds=2", "pruned-best-of-n", "rbf:starts=2", "dts:iterations=5"
    };

    private static final Schedule SCHEDULE = SAMPLER.schedule(NETWORK.parameterisation());

    private static List<ComparisonTable.Row> rows(Denoiser denoiser, long... budgets) {
        List<ImageRequest> images = IntStream.range(0, 6)
                .mapToObj(i -> new ImageRequest(i, Condition.prompt("image " + i)))
                .toList();
        return Comparison.builder(denoiser)
                .methods(METHODS)
                .reward("brightness")
                .images(images)
                .sampler(SAMPLER)
                .equalNfe(budgets)
                .build()
                .run()
                .get(0)
                .rows();
    }

    @Test
    void bestOfNBesideASearchCostsItsEvaluations() {
        List<ComparisonTable.Row> rows = rows(GUIDED);
        for (ComparisonTable.Row row : rows.subList(1, METHODS.length)) {
            ComparisonTable.Difference difference = row.difference();
            ComparisonTable.Row partner = rows.stream()
                    .filter(other -> other.label().equals(difference.label()))
                    .findFirst()
                    .orElseThrow();
            assertThat(partner.networkEvaluations())
                    .isEqualTo(PLAIN * ((BestOfN) partner.method()).candidates())
                    .isCloseTo(row.networkEvaluations(), within(PLAIN / 2.));
        }
    }

    /** Methods, sizes, partners and images. */
    @ParameterizedTest
    @ValueSource(longs = {0, 60, 101})
    void twiceTheEvaluationsAreTheSameComparison(long budget) {
        long[] plain = budget == 0 ? new long[0] : new long[] {budget / 2};
        long[] guided = budget == 0 ? new long[0] : new long[] {budget};
        List<ComparisonTable.Row> expected = rows(NETWORK, plain);
        List<ComparisonTable.Row> rows = rows(GUIDED, guided);
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            ComparisonTable.Row row = rows.get(i);
            assertThat(row.label()).isEqualTo(expected.get(i).label());
            assertThat(row.method()).as(row.label()).isEqualTo(expected.get(i).method());
            assertThat(row.networkEvaluations()).isEqualTo(2 * expected.get(i).networkEvaluations());
            assertThat(row.reward()).as(row.label()).isEqualTo(expected.get(i).reward());
            ComparisonTable.Difference difference = row.difference();
            assertThat(difference)
                    .usingRecursiveComparison()
                    .ignoringFields("networkEvaluations")
                    .isEqualTo(expected.get(i).difference());
            if (difference != null) {
                assertThat(difference.networkEvaluations())
                        .isEqualTo(2 * expected.get(i).difference().networkEvaluations());
            }
            if (budget > 0 && row.method().evaluations(SCHEDULE).isEmpty()) {
                assertThat(row.cells().get(0).images())
                        .as(row.label())
                        .allMatch(image -> image.costs().networkEvaluations() <= budget);
            }
        }
    }

    @Test
    void lessThanAPlainTrajectoryIsRefused() {
        assertThatThrownBy(() -> rows(GUIDED, PLAIN - 1))
                .hasMessage("network evaluations must be >= 12, one plain trajectory's: 11");
    }
}
