package org.noisetrail.search;

/**
 * How well the ranks of a step's candidates by their rewards after the first of two evaluations agree with those after both.
 *
 * @param correlation Spearman's, -1 to 1, the mean over rounds; NaN where the step has one evaluation, or nothing was there to rank
 * @param rounds of how many images' rounds it is the mean, at least 0
 */
public record RankAgreement(double correlation, long rounds) {
    /** Nothing was measured. */
    public static final RankAgreement NONE = new RankAgreement(Double.NaN, 0);

    public RankAgreement {
        if (Math.abs(correlation) > 1 + 1e-9) {
            throw new IllegalArgumentException("agreement must be from -1 to 1: " + correlation);
        }
        Checks.range("rounds of an agreement", rounds, 0, Long.MAX_VALUE);
    }
}
