package org.noisetrail.search;

/**
 * N whole trajectories an image; the one of the best final reward is kept.
 *
 * @param candidates N, 1 to 65536
 * @param sharedStart whether all start from candidate 0's initial noise (as the paper does) instead of each from its own
 */
public record BestOfN(int candidates, boolean sharedStart) implements Method {
    public BestOfN {
        Checks.range("candidates", candidates, 1, 65536);
    }

    public BestOfN(int candidates) {
        this(candidates, false);
    }

    @Override
    public String name() {
        return "best-of-n";
    }
}
