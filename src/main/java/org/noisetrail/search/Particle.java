package org.noisetrail.search;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A state on its way in a {@link Population}.
 *
 * @param slot its image
 * @param chain the candidate of round 0 that is its own noise
 * @param row where its state lies
 * @param score of its last judged clean estimate; NaN where none was judged
 * @param norm the largest |z| / sqrt(d) of its noises
 */
record Particle(int slot, int chain, int row, Path path, double score, double norm) {
    Particle scored(double value) {
        return new Particle(slot, chain, row, path, value, norm);
    }

    /** Once another of its noises has so large a norm. */
    Particle with(double size) {
        return new Particle(slot, chain, row, path, score, Math.max(norm, size));
    }

    /** The order of scores, best first: NaN counts as minus infinity, the lowest index of equals is the better. */
    static int[] ranking(double[] scores) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -value(scores[i])))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    static double value(double score) {
        return Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
    }

    /** The first of the best. */
    static Particle best(List<Particle> particles) {
        double[] scores = particles.stream().mapToDouble(Particle::score).toArray();
        return particles.get(ranking(scores)[0]);
    }

    /** The indices of the best so many, in their own order. */
    static int[] best(double[] scores, int count) {
        return Arrays.stream(ranking(scores)).limit(count).sorted().toArray();
    }
}
