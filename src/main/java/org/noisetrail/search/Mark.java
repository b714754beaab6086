package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * So many of a population after so many steps; as text {@code 6@2}.
 *
 * @param count 1 to 65536
 * @param step steps that are done, 0 to 10000
 */
public record Mark(int count, int step) {
    public Mark {
        Checks.range("count", count, 1, 65536);
        Checks.range("steps", step, 0, 10000);
    }

    /**
     * Reads marks like {@code 6@2,2@6}.
     *
     * @param what they are, for messages
     * @throws IllegalArgumentException if it is none
     */
    static List<Mark> parse(String what, String text) {
        List<Mark> marks = new ArrayList<>();
        for (String mark : text.strip().split(",", -1)) {
            if (!mark.matches("\\d{1,5}@\\d{1,5}")) {
                throw new IllegalArgumentException(what + " must be like 6@2,2@6, or none: " + text);
            }
            String[] two = mark.split("@", -1);
            marks.add(new Mark(Integer.parseInt(two[0]), Integer.parseInt(two[1])));
        }
        return marks;
    }

    /** The inverse of {@link #parse}. */
    static String text(List<Mark> marks) {
        return marks.isEmpty() ? "none" : marks.stream().map(Mark::toString).collect(Collectors.joining(","));
    }

    /** The largest number in them; 0 where there are none. */
    static int largest(List<Mark> marks) {
        return marks.stream()
                .mapToInt(mark -> Math.max(mark.count, mark.step))
                .max()
                .orElse(0);
    }

    static List<Mark> scaled(List<Mark> marks, double factor) {
        return marks.stream()
                .map(mark -> new Mark((int) Math.max(1, Math.min(65536, Math.round(mark.count * factor))), mark.step))
                .toList();
    }

    @Override
    public String toString() {
        return count + "@" + step;
    }
}
