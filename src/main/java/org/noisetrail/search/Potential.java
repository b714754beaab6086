package org.noisetrail.search;

import java.util.Locale;

/**
 * What a particle's weight grows by where its clean estimate is judged (Singhal et al. 2025, 2501.06848, section 3.2), as logarithms over lambda. Whatever it is on the way, at the
 * end the product along a particle's way is exp(lambda r(x_0)).
 */
public enum Potential {
    /** By how much the reward rose: r_i - r_(i-1). */
    DIFFERENCE,
    /** The largest reward so far. */
    MAX,
    /** The sum of the rewards so far. */
    SUM;

    /** What is remembered of the rewards so far, once another is known. */
    double remembered(double before, double reward) {
        return switch (this) {
            case DIFFERENCE -> reward;
            case MAX -> Math.max(before, reward);
            case SUM -> (before == Double.NEGATIVE_INFINITY ? 0 : before) + reward;
        };
    }

    /** The growth, of what was remembered before and what is now; minus infinity before stands for nothing. */
    double growth(double before, double now) {
        return this == DIFFERENCE && before != Double.NEGATIVE_INFINITY ? now - before : now;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
