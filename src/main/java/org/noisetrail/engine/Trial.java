package org.noisetrail.engine;

import org.jspecify.annotations.Nullable;

/**
 * What a round tries.
 *
 * @param from the particles that the draws name
 * @param pivots the noises that the draws name; null if no row needs one
 * @param draws a row a candidate
 * @param round added to each row's round
 * @param winners what is selected, a round after the other; null where nothing is. The device then counts the rounds by itself: calls of a round are those of the one before
 */
public record Trial(
        Particles from,
        @Nullable Rows pivots,
        Draws draws,
        int round,
        Locality locality,
        @Nullable Winners winners) {
    /** @throws IllegalArgumentException if there are no such particles, pivots or rounds, or the draws are initial states */
    public Trial {
        draws.needStep();
        from.x().need(draws.parents());
        if (pivots != null) {
            pivots.need(from.rows());
        }
        Draws.range("round", round, 0xFFFF - draws.lastRound());
    }

    /** Without selections. */
    public Trial(Particles from, @Nullable Rows pivots, Draws draws, int round, Locality locality) {
        this(from, pivots, draws, round, locality, null);
    }

    int step() {
        return draws.step();
    }

    /** The round, without what the device adds to it. */
    int base() {
        return winners == null ? round : round - winners.selections();
    }
}
