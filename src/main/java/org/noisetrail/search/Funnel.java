package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

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

    /**
     * @param keep how many go on, at least 1
     * @param after so many steps, at least 1
     */
    public record Mark(int keep, int after) {
        public Mark {
            Checks.range("keep", keep, 1, 65536);
            Checks.range("steps before pruning", after, 1, 10000);
        }

        @Override
        public String toString() {
            return keep + "@" + after;
        }
    }

    public Funnel {
        marks = List.copyOf(marks);
        if (linear && !marks.isEmpty()) {
            throw new IllegalArgumentException("keep must be linear or have marks, not both: " + marks);
        }
        for (int i = 1; i < marks.size(); i++) {
            if (marks.get(i).after() <= marks.get(i - 1).after()
                    || marks.get(i).keep() > marks.get(i - 1).keep()) {
                throw new IllegalArgumentException("keep must fall from mark to mark, at later steps: " + marks);
            }
        }
    }

    /**
     * Reads {@code 6@2,2@6} (6 after 2 steps, 2 after 6), {@code linear} or {@code none}.
     *
     * @throws IllegalArgumentException if it is none of them
     */
    public static Funnel parse(String text) {
        switch (text.strip()) {
            case "linear":
                return LINEAR;
            case "none":
                return NONE;
            default:
        }
        List<Mark> marks = new ArrayList<>();
        for (String mark : text.strip().split(",", -1)) {
            if (!mark.matches("\\d{1,5}@\\d{1,5}")) {
                throw new IllegalArgumentException("keep must be like 6@2,2@6, or linear, or none: " + text);
            }
            String[] two = mark.split("@", -1);
            marks.add(new Mark(Integer.parseInt(two[0]), Integer.parseInt(two[1])));
        }
        return new Funnel(false, marks);
    }

    /** How many of {@code candidates} go on once {@code done} of {@code steps} steps are done. */
    int width(int done, int candidates, int steps) {
        if (linear) {
            return steps == 1 ? candidates : (int) Math.round(candidates - (double) done * (candidates - 1) / (steps - 1));
        }
        int width = candidates;
        for (Mark mark : marks) {
            width = mark.after() <= done ? Math.min(width, mark.keep()) : width;
        }
        return width;
    }

    /** The same form for another number of candidates. */
    Funnel scaled(double factor) {
        List<Mark> scaled = new ArrayList<>();
        for (Mark mark : marks) {
            scaled.add(new Mark((int) Math.max(1, Math.round(mark.keep() * factor)), mark.after()));
        }
        return new Funnel(linear, scaled);
    }

    /** The inverse of {@link #parse}. */
    @Override
    public String toString() {
        return linear
                ? "linear"
                : marks.isEmpty() ? "none" : marks.stream().map(Mark::toString).collect(Collectors.joining(","));
    }
}
