package org.noisetrail.engine;

/**
 * How far the scores of one image's screen say what its true scores are: within a round, true = slope * screened + what the round shares + a normal residual.
 *
 * <p>The slope and the residual's deviation are regressed on the rounds that this image has had, each round by its own mean. Which candidates are verified depends on their screened
 * scores only, so regressing on the verified alone is not biased. What was seen at earlier steps counts half as much with every step: where little is verified, the evidence wears out, the
 * residual's uncertainty grows, and more is verified again.
 */
final class Agreement {
    private static final double REMEMBERED = .5;
    /** A residual whose variance has no expectation says nothing: Student's t with so many degrees of freedom. */
    private static final double LEAST_FREEDOM = 2;

    private int step = -1;
    private int rounds;
    private double freedom;
    private double screened;
    private double mixed;
    private double judged;

    /**
     * How many of a round are verified.
     *
     * @param count the first so many, best screened first
     * @param expectedLoss what that is expected to cost, in units of the reward
     */
    record Choice(int count, double expectedLoss) {}

    /**
     * Begins a round.
     *
     * @return how many rounds the step had before
     */
    int begin(int now) {
        if (now != step) {
            step = now;
            rounds = 0;
            freedom *= REMEMBERED;
            screened *= REMEMBERED;
            mixed *= REMEMBERED;
            judged *= REMEMBERED;
        }
        return rounds++;
    }

    /** Takes a round's verified candidates in. */
    void observe(double[] screens, double[] truths) {
        int count = screens.length;
        if (count < 2) {
            return;
        }
        double meanScreen = mean(screens);
        double meanTruth = mean(truths);
        for (int c = 0; c < count; c++) {
            double x = screens[c] - meanScreen;
            double y = truths[c] - meanTruth;
            screened += x * x;
            mixed += x * y;
            judged += y * y;
        }
        freedom += count - 1;
    }

    /** What one more of the screen's score is worth; 0 where nothing is known. */
    double slope() {
        return screened > 0 ? mixed / screened : 0;
    }

    /**
     * @param screens of a round, the largest first
     * @param kept how many of them go on
     */
    Choice choose(double[] screens, int kept, LossBound bound) {
        int count = screens.length;
        double left = freedom - 1;
        double slope = slope();
        // The screen's order is worth nothing while little was seen, or where it turned out wrong.
        if (count <= kept || bound.value() == 0 || !(left > LEAST_FREEDOM) || !(slope > 0)) {
            return new Choice(count, 0);
        }
        double residual = Math.max(0, judged - slope * mixed) / left;
        double variance = residual * left / (left - LEAST_FREEDOM);
        double mean = mean(screens);
        double[] means = new double[count];
        double[] deviations = new double[count];
        double spread = 0;
        for (int c = 0; c < count; c++) {
            double x = screens[c] - mean;
            means[c] = slope * x;
            // The slope is uncertain, too.
            deviations[c] = Math.sqrt(variance * (1 + x * x / screened));
            spread += slope * slope * x * x / (count - 1);
        }
        double most = bound.of(Math.sqrt(spread + residual));
        double[] loss = ExpectedLoss.of(means, deviations, kept);
        int verified = kept;
        while (verified < count && !(loss[verified] <= most)) {
            verified++;
        }
        return new Choice(verified, loss[verified]);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
