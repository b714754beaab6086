package org.noisetrail.engine;

import java.util.concurrent.atomic.LongAdder;

/** Counts what screening does for one image, as {@link Screened} says it. */
final class ScreenTally {
    private long rounds;
    private long candidates;
    private long verified;
    private long unscreened;
    /** Several hands decode at once. */
    private final LongAdder screenDecodes = new LongAdder();

    private long savedEvaluations;
    private long savedDecodes;
    private double expectedLoss;
    private long audits;
    private double auditLoss;
    private double auditSquares;

    void decoded() {
        screenDecodes.increment();
    }

    /** A round of so many candidates, so many of which the screen said nothing of. */
    void round(int size, int silent, double expected) {
        rounds++;
        candidates += size;
        unscreened += silent;
        expectedLoss += expected;
    }

    void verified() {
        verified++;
    }

    /** One that was not verified. */
    void saved(int evaluations, int decodes) {
        savedEvaluations += evaluations;
        savedDecodes += decodes;
    }

    void audit(double loss) {
        audits++;
        auditLoss += loss;
        auditSquares += loss * loss;
    }

    Screened read() {
        return new Screened(
                rounds,
                candidates,
                verified,
                unscreened,
                screenDecodes.sum(),
                savedEvaluations,
                savedDecodes,
                expectedLoss,
                audits,
                auditLoss,
                auditSquares);
    }
}
