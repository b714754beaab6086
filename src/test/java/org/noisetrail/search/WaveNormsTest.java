package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;

/** What norms can be read of by names alone. */
class WaveNormsTest {
    private static Recipe with(Move move, int at) {
        List<Move> moves = new ArrayList<>(Collections.nCopies(9, Move.down(List.of())));
        moves.set(at, move);
        return new Recipe(List.of(Draw.global(0, 0)), 0, moves);
    }

    @Test
    void normsOfOtherDrawsThanOneGlobalAreRefusedAndNotAnotherNoises() {
        for (Move move : List.of(
                Move.down(List.of(new Draw.Named(1, 2, true))),
                Move.down(List.of(Draw.global(1, 0), Draw.global(1, 1))),
                Move.down(List.of(new Draw.Combined(1, List.of(.5, -.5)))),
                Move.down(List.of(new Draw.Mixed(1, 0, .2))),
                new Move(0, List.of()))) {
            Method asking = new Method() {
                @Override
                public String name() {
                    return "asking";
                }

                @Override
                public int rowsPerImage(int maxBatch) {
                    return 1;
                }

                @Override
                public Outcome search(Wave wave) {
                    wave.norms(List.of(with(move, move.isUp() ? 7 : 1)));
                    throw new AssertionError("norms of " + move);
                }
            };
            assertThatThrownBy(() -> SmallWorld.edm().search(asking).build().run(ImageRequest.of(0, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("norms are read of steps with one global draw at most: " + move);
        }
    }
}
