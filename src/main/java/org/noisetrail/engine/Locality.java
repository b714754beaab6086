package org.noisetrail.engine;

/**
 * How candidates lie around their pivot.
 *
 * @param epsilon the probability that a {@link NoiseKind#COIN} row is global
 * @param lambda the largest distance of a local candidate from its pivot, in units of sqrt(d)
 * @param project whether a local candidate is scaled to norm sqrt(d)
 */
public record Locality(double epsilon, double lambda, boolean project) {
    /** For rows that need none of it. */
    public static final Locality NONE = new Locality(0, 0, false);
}
