package org.noisetrail.engine;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which rows of a round compete with each other: groups of consecutive rows, each of one image.
 *
 * @param sizes rows of each group, in order
 * @param kept how many of each group go on, at least 1; a group that is kept whole is never screened
 */
public record Rivals(int[] sizes, int[] kept) {
    public Rivals {
        if (sizes.length != kept.length || Arrays.stream(kept).anyMatch(count -> count < 1)) {
            throw new IllegalArgumentException(
                    "kept must be >= 1 for each of the " + sizes.length + " groups: " + Arrays.toString(kept));
        }
    }

    /** Groups of one size, one of each goes on. */
    public static Rivals of(int groups, int size) {
        return of(groups, size, 1);
    }

    /** Groups of one size. */
    public static Rivals of(int groups, int size, int kept) {
        int[] sizes = new int[groups];
        int[] each = new int[groups];
        Arrays.fill(sizes, size);
        Arrays.fill(each, kept);
        return new Rivals(sizes, each);
    }

    int rows() {
        return Arrays.stream(sizes).sum();
    }

    /** Whether any group leaves rows behind. */
    boolean contested() {
        return IntStream.range(0, sizes.length).anyMatch(this::contested);
    }

    /** Whether a group does. */
    boolean contested(int group) {
        return sizes[group] > kept[group];
    }

    /** Rows of the groups that do. */
    int[] contestedRows() {
        boolean[] is = new boolean[rows()];
        int first = 0;
        for (int g = 0; g < sizes.length; g++) {
            Arrays.fill(is, first, first + sizes[g], contested(g));
            first += sizes[g];
        }
        return IntStream.range(0, is.length).filter(row -> is[row]).toArray();
    }
}
