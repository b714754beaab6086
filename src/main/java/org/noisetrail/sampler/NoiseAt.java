package org.noisetrail.sampler;

/** Where a step injects its noise. */
public enum NoiseAt {
    /** Into the state that the network then sees: every candidate is evaluated from there on. */
    BEFORE,
    /**
     * Onto the state that the network's output has moved: candidates share that output. A candidate's clean estimate needs the network at its own state, which is
     * the next step's evaluation: the particle carries it, and it is never computed again.
     */
    AFTER
}
