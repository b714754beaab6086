package org.noisetrail.search;

import java.util.Arrays;

/** What rewards weigh, and draws by weight. */
final class Weights {
    private Weights() {}

    /** exp(scale * score) over the largest of them, {@code scale} above 0: a score that is no number, or minus infinity, weighs nothing, but where all do, all weigh alike. */
    static double[] softmax(double[] scores, double scale) {
        double[] values = Arrays.stream(scores).map(Particle::value).toArray();
        double largest = Arrays.stream(values).max().orElse(0);
        // The difference first: neither an infinite scale nor an infinite score then makes NaN of what is finite.
        return Arrays.stream(values)
                .map(value -> value == largest ? 1 : Math.exp(scale * (value - largest)))
                .toArray();
    }

    /** exp of logarithms, over the largest of them. */
    static double[] exp(double[] logs) {
        return softmax(logs, 1);
    }

    /** The first place at which the weights' sum has come to {@code uniform} of all. */
    static int draw(double[] weights, double uniform) {
        double left = uniform * Arrays.stream(weights).sum();
        int place = 0;
        while (place < weights.length - 1 && left > weights[place]) {
            left -= weights[place++];
        }
        return place;
    }

    /** The effective number of particles, 1 / sum w^2 of normalised weights. */
    static double effective(double[] weights) {
        double sum = Arrays.stream(weights).sum();
        return sum * sum / Arrays.stream(weights).map(w -> w * w).sum();
    }
}
