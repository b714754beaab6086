package org.noisetrail.search;

/** The expected maximum of n independent standard normals. */
final class NormalMaximum {
    private static final double STEP = 1.0 / 128;
    private static final double RANGE = 9;
    /** P(Z <= -RANGE + i STEP). */
    private static final double[] CDF = cdf();

    private NormalMaximum() {}

    /** E[max] = integral of (1 - F^n) over x > 0 less that of F^n over x < 0, by the trapezoidal rule; 0 for n = 0. */
    static double expected(long n) {
        if (n == 0) {
            return 0;
        }
        double sum = 0;
        for (int i = 0; i < CDF.length; i++) {
            double x = -RANGE + i * STEP;
            double power = Math.pow(CDF[i], (double) n);
            double value = x > 0 ? 1 - power : x < 0 ? -power : .5 - power;
            sum += value * (i == 0 || i == CDF.length - 1 ? STEP / 2 : STEP);
        }
        return sum;
    }

    /** The density summed up by Simpson's rule from far below. */
    private static double[] cdf() {
        double[] cdf = new double[(int) (2 * RANGE / STEP) + 1];
        double sum = 0;
        for (int i = 1; i < cdf.length; i++) {
            double x = -RANGE + i * STEP;
            sum += STEP / 6 * (density(x - STEP) + 4 * density(x - STEP / 2) + density(x));
            cdf[i] = Math.min(1, sum);
        }
        return cdf;
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }
}
