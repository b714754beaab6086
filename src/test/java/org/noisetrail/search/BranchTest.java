package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.noise.Draw;

/** Trees of diffusion tree sampling whose values were worked out by hand. */
class BranchTest {
    private static Branch root() {
        return new Branch(null, null, -1);
    }

    private static Branch child(Branch parent, double score) {
        return parent.add(Particle.seed(0, 0, List.of(Draw.global(0, 0))).scored(score));
    }

    private static Branch end(Branch parent, double score, double lambda) {
        Branch end = child(parent, score);
        end.backUp(lambda);
        return end;
    }

    @Test
    void theBoundIsTheValueAndAnExplorationTermOfTheParentsVisits() {
        // n = 6: visits 3, 2, 1 with values .5, .5, .1. sqrt(ln 6) = 1.338566; bounds with c:
        //   child 0: .5 + .772822 c   child 1: .5 + .946509 c   child 2: .1 + 1.338566 c
        // child 2 overtakes child 1 where .392057 c > .4, at c = 1.020261.
        Branch root = root();
        int[] visits = {3, 2, 1};
        double[] values = {.5, .5, .1};
        for (int i = 0; i < 3; i++) {
            Branch child = end(root, values[i], 1);
            while (child.visits < visits[i]) {
                child.backUp(1);
            }
        }
        assertThat(root.visits).isEqualTo(6);
        assertThat(root.promising(0)).as("the first of equals").isSameAs(root.children.get(0));
        assertThat(root.promising(.001)).isSameAs(root.children.get(1));
        assertThat(root.promising(1.0202)).isSameAs(root.children.get(1));
        assertThat(root.promising(1.0203)).isSameAs(root.children.get(2));
    }

    @Test
    void aValueIsTheSoftMeanOfTheChildrensUpToTheRoot() {
        Branch root = root();
        Branch node = child(root, Double.NaN);
        end(node, 1, 1);
        assertThat(node.value).isEqualTo(1);
        assertThat(root.value).isEqualTo(1);
        end(node, 2, 1);
        // ln((e + e^2) / 2)
        assertThat(node.value).isCloseTo(1.620114507, within(1e-9));
        end(root, 0, 1);
        // ln(((e + e^2) / 2 + 1) / 2): children weigh alike, however often they were visited
        assertThat(root.value).isCloseTo(1.107517348, within(1e-9));
        assertThat(root.visits).isEqualTo(3);
        assertThat(node.visits).isEqualTo(2);
        assertThat(node.step).isZero();
    }

    @Test
    void theLargerLambdaTheNearerItIsToTheBest() {
        double[] lambdas = {1e-6, 2, 1000};
        // Nearly the mean, 1/2 + lambda / 8; ln((1 + e^2) / 2) / 2; 1 - ln(2) / 1000.
        double[] values = {.500000125, .716890415, .999306853};
        for (int i = 0; i < lambdas.length; i++) {
            Branch root = root();
            end(root, 0, lambdas[i]);
            end(root, 1, lambdas[i]);
            assertThat(root.value).isCloseTo(values[i], within(1e-9));
        }
    }

    @Test
    void aChildIsDrawnByTheExponentialOfItsValue() {
        Branch root = root();
        end(root, 0, 2);
        end(root, Math.log(3) / 2, 2);
        // Weights 1 : 3.
        assertThat(root.drawn(2, .249)).isSameAs(root.children.get(0));
        assertThat(root.drawn(2, .251)).isSameAs(root.children.get(1));
    }

    @Test
    void aRewardThatIsNoNumberIsTheWorstAndLeavesValuesNumbers() {
        Branch root = root();
        end(root, Double.NaN, 1);
        Branch good = end(root, -5, 1);
        end(root, Double.NEGATIVE_INFINITY, 1);
        assertThat(root.value).isCloseTo(-5 - Math.log(3), within(1e-9));
        assertThat(root.promising(1)).isSameAs(good);
        assertThat(root.drawn(1, .999)).isSameAs(good);
    }
}
