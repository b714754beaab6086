package org.noisetrail.engine;

/** Asked before each piece of an engine's work whether to go on. What it throws ends the call, and leaves the engine usable. Thread-safe, where an engine has several hands. */
public interface Checkpoint {
    /** Goes on always. */
    Checkpoint NONE = rows -> {};

    /**
     * Before each call of the network, and before final images are made.
     *
     * @param rows of the call
     */
    void pass(int rows);

    /** Before each call of the decoder and the rewards on candidates; where it is false, these stay unjudged, which counts as minus infinity. */
    default boolean judges(int rows) {
        pass(rows);
        return true;
    }
}
