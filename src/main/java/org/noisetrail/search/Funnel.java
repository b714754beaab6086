package org.noisetrail.search;

import java.util.List;

/**
 * How many of a population's trajectories go on after how many steps. Immutable.
 *
 * @param linear whether they fall evenly from all to one, at every step; then there are no marks
 * @param marks in the order of their steps, which go up while their numbers go down; none = all go on
 */
public record Funnel(boolean linear, List<Mark> marks) {
    /** All go on. */
    public static final Funnel NONE = new Funnel(false, List.of());

    /** From all to one, evenly: n_i = n - i (n - 1) / (T - 1) at step i. */
    public static final Funnel LINEAR = new Funnel(true, List.of());

    public Funnel {
        marks = List.copyOf(marks);
        if (linear && !marks.isEmpty()) {
            throw new IllegalArgumentException("keep must be linear or have marks, not both: " + marks);
        }
        for (int i = 0; i < marks.size(); i++) {
            int before = i == 0 ? 0 : marks.get(i - 1).step();
            if (marks.get(i).step() <= before
                    || i > 0 && marks.get(i).count() > marks.get(i - 1).count()) {
                throw new IllegalArgumentException(
                        "keep must fall from mark to mark, at later steps: " + Mark.text(marks));
            }
        }
    }

    /**
     * Reads {@code 6@2,2@6} (6 after 2 steps, 2 after 6), {@code linear} or {@code none}.
     *
     * @throws IllegalArgumentException if it is none of them
     */
    public static Funnel parse(String text) {
        return switch (text.strip()) {
            case "linear" -> LINEAR;
            case "none" -> NONE;
            default -> new Funnel(false, Mark.parse("keep", text));
        };
    }

    /** How many of {@code candidates} go on once {@code done} of {@code steps} steps are done. */
    int width(int done, int candidates, int steps) {
        if (linear) {
            return steps == 1
                    ? candidates
                    : (int) Math.round(candidates - (double) done * (candidates - 1) / (steps - 1));
        }
        int width = candidates;
        for (Mark mark : marks) {
            width = mark.step() <= done ? Math.min(width, mark.count()) : width;
        }
        return width;
    }

    /** Steps that are done at the last pruning of {@code steps}; 0 where there is none. */
    int last(int steps) {
        if (linear) {
            return steps - 1;
        }
        return marks.isEmpty() ? 0 : marks.get(marks.size() - 1).step();
    }

    /** The same form for another number of candidates. */
    Funnel scaled(double factor) {
        return new Funnel(linear, Mark.scaled(marks, factor));
    }

    /** The inverse of {@link #parse}. */
    @Override
    public String toString() {
        return linear ? "linear" : Mark.text(marks);
    }
}
