package org.noisetrail.noise;

import java.util.ArrayList;
import java.util.List;

/**
 * The noise of one image's trajectory as a recipe: the names of the draws that make it, a few hundred bytes. Immutable.
 *
 * @param start the draws that make the initial state's noise, the first of them global; none is {@link Draw.Shifted}
 * @param chain the candidate of round 0 that is each step's own noise, 0 to 65535
 * @param moves from the initial state to the end
 */
public record Recipe(List<Draw> start, int chain, List<Move> moves) {
    public Recipe {
        start = List.copyOf(start);
        moves = List.copyOf(moves);
        if (chain < 0 || chain > 0xFFFF) {
            throw new IllegalArgumentException("chain must be from 0 to 65535: " + chain);
        }
        if (start.isEmpty() || start.get(0) instanceof Draw.Named first && first.local()) {
            throw new IllegalArgumentException("start must begin with a noise of its own: " + start);
        }
        if (start.stream().anyMatch(Draw.Shifted.class::isInstance)) {
            throw new IllegalArgumentException(
                    "start must have no draw by way of clean estimates, which no step leads to: " + start);
        }
    }

    /** A trajectory that takes each step once, from candidate {@code start}'s initial noise. */
    public static Recipe steps(int start, int chain, List<List<Draw>> draws) {
        return new Recipe(
                List.of(Draw.global(0, start)),
                chain,
                draws.stream().map(Move::down).toList());
    }

    /** The steps at which the moves stand, one a move; the last is followed by the end if all is well. */
    private List<Integer> positions() {
        List<Integer> positions = new ArrayList<>();
        int step = 0;
        for (Move move : moves) {
            positions.add(step);
            step = move.isUp() ? move.up() : step + 1;
        }
        positions.add(step);
        return positions;
    }

    /**
     * @param steps of the schedule
     * @throws IllegalArgumentException if the moves do not lead from the first step to the end, or one goes up where it should come down
     */
    public void check(int steps) {
        List<Integer> positions = positions();
        for (int m = 0; m < moves.size(); m++) {
            int at = positions.get(m);
            Move move = moves.get(m);
            if (at >= steps || move.isUp() && move.up() >= at) {
                throw new IllegalArgumentException("move " + m + " must start at a step below " + steps
                        + " and go up to an earlier one: " + (move.isUp() ? "from " + at + " to " + move.up() : at));
            }
        }
        if (positions.get(moves.size()) != steps) {
            throw new IllegalArgumentException("steps must be " + steps + ": " + positions.get(moves.size()));
        }
    }

    /** How many transitions drawing it takes: one a move, and those of the candidates whose clean estimates a draw goes by. */
    public long transitions() {
        return moves.size()
                + moves.stream()
                        .flatMap(move -> move.draws().stream())
                        .filter(Draw.Shifted.class::isInstance)
                        .mapToLong(draw -> ((Draw.Shifted) draw).weights().size())
                        .sum();
    }

    /** The step that move {@code m} stands at. */
    public int position(int m) {
        return positions().get(m);
    }
}
