package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Methods that some settings make another method: the same images, at the same cost, by the same recipe. */
class EqualSettingsTest {
    static Stream<Arguments> pairs() {
        return Stream.of(
                        new String[] {"evolve:candidates=5:generations=none", "best-of-n:candidates=5"},
                        // Nothing is left to mutate after the last step that injects noise.
                        new String[] {"evolve:candidates=5:generations=3@50", "best-of-n:candidates=5"},
                        new String[] {"sop:candidates=4:start=50", "best-of-n:candidates=4"},
                        new String[] {"smc:lambda=0", "best-of-n"},
                        new String[] {"smc:ess=0", "best-of-n"},
                        new String[] {"lookahead-beam:lookahead=0", "beam"},
                        new String[] {"svdd:proposals=6", "beam:candidates=6:beams=1"},
                        new String[] {"svdd:proposals=6:score-at-first", "beam:candidates=6:beams=1:score-at-first"},
                        // One that keeps halfway states in another workspace.
                        new String[] {
                            "svdd:proposals=6:score-at-first",
                            "eps-greedy:candidates=6:rounds=1:epsilon=1:score-at-first"
                        },
                        new String[] {"svdd:proposals=6", "eps-greedy:candidates=6:rounds=1:epsilon=1"},
                        new String[] {"dts:iterations=1", "best-of-n:candidates=1"},
                        // A root that branches at every visit.
                        new String[] {"dts:iterations=5:exponent=1:branching=2", "best-of-n:candidates=5"},
                        new String[] {"svdd:proposals=1", "best-of-n:candidates=1"})
                .flatMap(pair -> Stream.of(SmallWorld.edm(), SmallWorld.ddim())
                        .map(world -> Arguments.of(pair[0], pair[1], world)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void theyAreTheSame(String one, String other, SmallWorld world) {
        SearchResult first = world.search(Methods.parse(one)).build().run(ImageRequest.of(0, 5));
        SearchResult second = world.search(Methods.parse(other)).build().run(ImageRequest.of(0, 5));
        boolean judgedOnTheWay = one.startsWith("smc");
        for (int i = 0; i < 5; i++) {
            ImageResult a = first.images().get(i);
            ImageResult b = second.images().get(i);
            assertThat(a.state()).isEqualTo(b.state());
            assertThat(a.recipe()).isEqualTo(b.recipe());
            assertThat(a.reward()).isEqualTo(b.reward());
            assertThat(a.pivotNorm()).isEqualTo(b.pivotNorm());
            assertThat(a.costs().networkEvaluations()).isEqualTo(b.costs().networkEvaluations());
            if (!judgedOnTheWay) {
                assertThat(a.costs()).isEqualTo(b.costs());
            }
        }
    }
}
