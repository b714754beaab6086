package org.noisetrail.engine;

/**
 * What screening did for an image, or for several together.
 *
 * @param rounds groups of candidates that were screened
 * @param candidates that were screened
 * @param verified of them, by the true decoder and reward
 * @param unscreened of the verified, those that the screen gave no finite score
 * @param screenDecodes images that the screen's decoder made of latents
 * @param savedEvaluations network evaluations that candidates did not take because they were not verified
 * @param savedDecodes calls of the true decoder that they did not take
 * @param expectedLoss over all rounds, what the choice of how many to verify was expected to cost
 * @param audits rounds that were verified whole to measure what that choice would have lost
 * @param auditLoss what it would have lost, over all audits
 * @param auditSquares the squares of that
 */
public record Screened(
        long rounds,
        long candidates,
        long verified,
        long unscreened,
        long screenDecodes,
        long savedEvaluations,
        long savedDecodes,
        double expectedLoss,
        long audits,
        double auditLoss,
        double auditSquares) {
    /** Nothing was screened. */
    public static final Screened NONE = new Screened(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** Both together. */
    public Screened plus(Screened other) {
        return new Screened(
                rounds + other.rounds,
                candidates + other.candidates,
                verified + other.verified,
                unscreened + other.unscreened,
                screenDecodes + other.screenDecodes,
                savedEvaluations + other.savedEvaluations,
                savedDecodes + other.savedDecodes,
                expectedLoss + other.expectedLoss,
                audits + other.audits,
                auditLoss + other.auditLoss,
                auditSquares + other.auditSquares);
    }

    /** Calls of the true reward that candidates did not take. */
    public long savedRewards() {
        return candidates - verified;
    }

    /** The measured loss of a round: the mean over the audits, which are drawn at random; NaN without any. */
    public double meanLoss() {
        return auditLoss / audits;
    }

    /** The standard error of {@link #meanLoss}; NaN with fewer than two audits. */
    public double lossError() {
        double mean = meanLoss();
        double variance = Math.max(0, auditSquares - audits * mean * mean) / (audits - 1);
        return audits < 2 ? Double.NaN : Math.sqrt(variance / audits);
    }

    /** The expected loss of a round, by the regression's own account; NaN without any. */
    public double meanExpectedLoss() {
        return expectedLoss / rounds;
    }
}
