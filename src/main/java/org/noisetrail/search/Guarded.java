package org.noisetrail.search;

import java.util.List;

/**
 * What a guard saw of an image's search, and whether it ended it.
 *
 * @param endedAt the last step that was searched, where the guard ended the search; -1 where it did not
 * @param seen a score for each searched step that another one could follow, in their order
 */
public record Guarded(int endedAt, List<Seen> seen) {
    /**
     * What the guard says of the clean estimate that the image goes on from.
     *
     * @param step that leads to it, from 0
     * @param score of the guard, NaN for plus infinity; one that is not finite ends the search
     */
    public record Seen(int step, double score) {}

    public Guarded {
        seen = List.copyOf(seen);
    }

    /** Whether the guard ended the search. */
    public boolean ended() {
        return endedAt >= 0;
    }
}
