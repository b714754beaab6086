package org.noisetrail.search;

/**
 * What a particle of {@link Smc} weighs. A reward that is not finite, or too large to reckon with, decides where it is met, and leaves nothing behind: what is remembered is the last that was finite.
 *
 * @param remembered of its rewards, by the potential; minus infinity for nothing
 * @param spent what its log weight grew by all along its way
 * @param weight its log weight since it was last resampled
 * @param standing the same, but infinite where its last reward was not finite: minus infinity for what is no number
 */
record SmcWeight(double remembered, double spent, double weight, double standing) {
    /** Before anything is known. */
    static final SmcWeight BEGUN = new SmcWeight(Double.NEGATIVE_INFINITY, 0, 0, 0);

    /** Once a clean estimate is judged. */
    SmcWeight grown(double reward, double lambda, Potential potential) {
        double now = potential.remembered(remembered, reward);
        return by(reward, now, lambda * potential.growth(remembered, now));
    }

    /** Once the image is judged: in the end all that was spent along the way makes up exp(lambda r). */
    SmcWeight ended(double reward, double lambda) {
        return by(reward, reward, lambda * reward - spent);
    }

    private SmcWeight by(double reward, double now, double growth) {
        if (!Double.isFinite(reward) || !Double.isFinite(spent + growth) || !Double.isFinite(weight + growth)) {
            double endless = reward > 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            return new SmcWeight(remembered, spent, weight, endless);
        }
        return new SmcWeight(now, spent + growth, weight + growth, weight + growth);
    }

    /** Chosen: all that are weigh alike again. */
    SmcWeight resampled() {
        return new SmcWeight(remembered, spent, 0, 0);
    }
}
