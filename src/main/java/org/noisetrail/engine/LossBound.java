package org.noisetrail.engine;

import org.noisetrail.settings.Setting;

/**
 * The most that verifying only some of a round's candidates may be expected to cost.
 *
 * @param value at least 0, finite; 0: every candidate is verified
 * @param ofSpread whether it counts in standard deviations of the round's scores, not in units of the reward
 */
public record LossBound(double value, boolean ofSpread) {
    public LossBound {
        if (!(value >= 0) || value == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("verify-loss must be >= 0 and finite: " + value);
        }
    }

    /**
     * {@code 0.01}, in units of the reward, or {@code 5%}, of the standard deviation of a round's scores.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static LossBound parse(String text) {
        String number = text.strip();
        boolean share = number.endsWith("%");
        try {
            double value = Double.parseDouble(share ? number.substring(0, number.length() - 1) : number);
            return new LossBound(share ? value / 100 : value, share);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("verify-loss must be a number, or a percentage such as 5%: " + text, e);
        }
    }

    /** In units of the reward. */
    double of(double spread) {
        return ofSpread ? value * spread : value;
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return ofSpread ? Setting.plain(Math.rint(value * 1e8) / 1e6) + "%" : Setting.plain(value);
    }
}
