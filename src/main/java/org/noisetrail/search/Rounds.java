package org.noisetrail.search;

/**
 * How many rounds a step is searched for, by its noise level sigma (t_i of the schedule).
 */
@FunctionalInterface
public interface Rounds {
    /**
     * @param step the step, from 0
     * @param sigma the noise level the step starts from
     * @return the number of rounds, 0 to 65535; 0 = the step is not searched
     */
    int at(int step, double sigma);

    /** The same number at every step. */
    static Rounds constant(int rounds) {
        return byNoiseLevel(0, Double.POSITIVE_INFINITY, rounds, rounds);
    }

    /** {@code inside} rounds where {@code low <= sigma <= high}, else {@code outside}; the paper's cheap setting is .01, 1, 20, 1. */
    static Rounds byNoiseLevel(double low, double high, int inside, int outside) {
        Checks.range("rounds", inside, 0, 65535);
        Checks.range("rounds", outside, 0, 65535);
        return (step, sigma) -> low <= sigma && sigma <= high ? inside : outside;
    }
}
