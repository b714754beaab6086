package org.noisetrail.search;

import java.util.Arrays;

/** What rewards weigh, and draws by weight. */
final class Weights {
    private Weights() {}

    /** exp(scale * score) over the largest of them: a score that is no number, or minus infinity, weighs nothing, but where all do, all weigh alike. */
    static double[] softmax(double[] scores, double scale) {
        double[] logs = Arrays.stream(scores)
                .map(score -> scale * Particle.value(score))
                .toArray();
        return exp(logs);
    }

    /** exp of logarithms, over the largest of them. */
    static double[] exp(double[] logs) {
        double largest = Arrays.stream(logs).max().orElse(0);
        return Arrays.stream(logs)
                .map(log -> log == largest ? 1 : Math.exp(log - largest))
                .toArray();
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
