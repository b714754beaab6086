package org.noisetrail.engine;

/** What noise a row is given; the order is the kernels' nt_kind. */
public enum NoiseKind {
    /** None: z = 0. */
    NONE,
    /** The normals of the row's key. */
    GLOBAL,
    /** The pivot, moved by u * lambda * sqrt(d) along the key's normals. */
    LOCAL,
    /** Global if the key's coin is below epsilon, else local. */
    COIN,
    /** The pivot itself. */
    PIVOT
}
