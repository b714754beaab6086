package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;

/**
 * The moves of a particle's way, the last first: particles share what they have in common. Every draw is named here, own noises too.
 *
 * @param before null for an initial state, whose draws the move then holds
 */
record Path(@Nullable Path before, Move move) {
    static Path start(List<Draw> draws) {
        return new Path(null, Move.down(draws));
    }

    Path down(List<Draw> draws) {
        return new Path(this, Move.down(draws));
    }

    Path up(int step, List<Draw> draws) {
        return new Path(this, new Move(step, draws));
    }

    /** The draws of its initial state. */
    List<Draw> first() {
        Path path = this;
        while (path.before != null) {
            path = path.before;
        }
        return path.move.draws();
    }

    /** The moves after the initial state. */
    List<Move> moves() {
        Deque<Move> moves = new ArrayDeque<>();
        for (Path path = this; path.before != null; path = path.before) {
            moves.addFirst(path.move);
        }
        return List.copyOf(moves);
    }

    /** Its recipe, short: own noises of the chain that its last step is of are not named. */
    Recipe recipe() {
        List<Move> moves = moves();
        int chain = -1;
        for (Move move : moves) {
            int own = own(move);
            chain = own < 0 ? chain : own;
        }
        int named = Math.max(0, chain);
        return new Recipe(
                first(),
                named,
                moves.stream().map(move -> shortened(move, named)).toList());
    }

    /** The chain whose own noise a move begins with; -1 for none. */
    private static int own(Move move) {
        return !move.draws().isEmpty()
                        && move.draws().get(0) instanceof Draw.Named first
                        && !first.local()
                        && first.round() == 0
                ? first.candidate()
                : -1;
    }

    private static Move shortened(Move move, int chain) {
        List<Draw> draws = move.draws();
        return own(move) == chain ? new Move(move.up(), new ArrayList<>(draws.subList(1, draws.size()))) : move;
    }
}
