package org.noisetrail.search;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.noisetrail.noise.Draw;

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
    /** An initial particle that is still to be made of that noise. */
    static Particle seed(int slot, int chain, List<Draw> draws) {
        return new Particle(slot, chain, -1, Path.start(draws), Double.NaN, 0);
    }

    Particle scored(double value) {
        return new Particle(slot, chain, row, path, value, norm);
    }

    /** As another chain. */
    Particle as(int other) {
        return new Particle(slot, other, row, path, score, norm);
    }

    /** With its state in another row. */
    Particle at(int place) {
        return new Particle(slot, chain, place, path, score, norm);
    }

    /** On a longer way. */
    Particle on(Path way) {
        return new Particle(slot, chain, row, way, score, norm);
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

    /** The first of the best of each image, in the order of their slots. */
    static List<Particle> bestOfEach(List<Particle> particles) {
        return byImage(particles).values().stream().map(Particle::best).toList();
    }

    /** The indices of the best so many, in their own order. */
    static int[] best(double[] scores, int count) {
        return Arrays.stream(ranking(scores)).limit(count).sorted().toArray();
    }

    static Map<Integer, List<Particle>> byImage(List<Particle> particles) {
        return particles.stream().collect(Collectors.groupingBy(Particle::slot, TreeMap::new, Collectors.toList()));
    }

    static int[] slots(List<Particle> particles) {
        return particles.stream().mapToInt(Particle::slot).toArray();
    }

    static int[] rows(List<Particle> particles) {
        return particles.stream().mapToInt(Particle::row).toArray();
    }
}
