package org.noisetrail.noise;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One move of a trajectory: a step down the schedule, or back up to an earlier step's noise level, where noise is added again.
 *
 * @param up the step whose level it goes back up to; {@link #DOWN} for taking the step it stands at
 * @param draws applied in turn to the move's own noise (round 0, the recipe's chain); none = the own noise as it is
 */
public record Move(int up, List<Draw> draws) {
    /** Taking a step. */
    public static final int DOWN = -1;

    public Move {
        if (up < DOWN || up > 10000) {
            throw new IllegalArgumentException("a move must go up to a step from 0 to 10000: " + up);
        }
        draws = List.copyOf(draws);
    }

    /** Taking a step. */
    public static Move down(List<Draw> draws) {
        return new Move(DOWN, draws);
    }

    /** Whether the trajectory goes up in noise here. */
    public boolean isUp() {
        return up != DOWN;
    }

    /** {@code g3.1 l4.0}; going up to step 3: {@code ^3 g1.0}. */
    @Override
    public String toString() {
        String names = draws.stream().map(Draw::toString).collect(Collectors.joining(" "));
        return isUp() ? ("^" + up + " " + names).strip() : names;
    }

    /**
     * The inverse of {@link #toString}.
     *
     * @throws IllegalArgumentException if it is no move
     */
    public static Move parse(String text) {
        String stripped = text.strip();
        int up = DOWN;
        if (stripped.startsWith("^")) {
            String[] two = stripped.substring(1).split(" ", 2);
            if (!two[0].matches("\\d{1,5}")) {
                throw new IllegalArgumentException("a move up must be like ^3 g1.0: " + text);
            }
            up = Integer.parseInt(two[0]);
            stripped = two.length == 1 ? "" : two[1].strip();
        }
        return new Move(
                up,
                stripped.isEmpty()
                        ? List.of()
                        : Arrays.stream(stripped.split(" ")).map(Draw::parse).toList());
    }
}
