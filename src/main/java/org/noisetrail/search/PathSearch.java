package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link SearchOverPaths}. */
final class PathSearch extends PopulationSearch {
    /**
     * What an image takes a turn with.
     *
     * @param particles the best of it
     * @param ways of each
     */
    private record Turn(List<Particle> particles, int ways) {}

    private final SearchOverPaths method;

    PathSearch(Wave wave, Population population, SearchOverPaths method) {
        super(wave, population);
        this.method = method;
    }

    @Override
    Outcome run() {
        int position = Math.min(method.start(), steps);
        List<Particle> particles = population.start(method.candidates());
        for (int step = 0; step < position; step++) {
            particles = population.step(step, particles, step == steps - 1);
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        for (int turn = 1; position < steps && !particles.isEmpty(); turn++) {
            particles = ends.narrow(position - 1, particles, method.candidates());
            particles = turn(turn, position, particles);
            position = method.end(position, wave.schedule());
            wave.reportProgress((long) wave.images() * position);
        }
        ends.conclude(steps - 1, particles);
        return ends.outcome();
    }

    private List<Particle> turn(int turn, int position, List<Particle> particles) {
        List<Particle> parents = new ArrayList<>();
        List<Integer> names = new ArrayList<>();
        Particle.byImage(particles).values().forEach(own -> {
            Turn paid = paid(position, own);
            if (paid.ways() == 0) {
                ends.conclude(position - 1, own);
                return;
            }
            for (int n = 0; n < paid.particles().size(); n++) {
                for (int m = 0; m < paid.ways(); m++) {
                    parents.add(paid.particles().get(n));
                    names.add(n * method.renoisings() + m);
                }
            }
        });
        if (parents.isEmpty()) {
            return List.of();
        }
        int to = position - method.up();
        List<Particle> here = population.renoise(
                position,
                to,
                parents,
                names.stream().map(c -> Draw.global(2 * turn, c)).toList());
        int[] slots = parents.stream().mapToInt(Particle::slot).distinct().toArray();
        population.release(particles.stream()
                .filter(p -> Arrays.stream(slots).anyMatch(slot -> slot == p.slot()))
                .toList());
        int end = method.end(position, wave.schedule());
        for (int step = to; step < end; step++) {
            List<Proposal> tried = new ArrayList<>();
            for (int i = 0; i < here.size(); i++) {
                tried.add(new Proposal(here.get(i), Draw.global(2 * turn - 1, names.get(i))));
            }
            population.advance(step, tried, step == end - 1);
            List<Particle> moved = population.keep(Population.identity(here.size()));
            population.release(here);
            here = moved;
        }
        ends.report(end - 1, here);
        return here;
    }

    /** As many particles as can take all their ways, and finish; or one with fewer ways. */
    private Turn paid(int position, List<Particle> own) {
        double[] scores = own.stream().mapToDouble(Particle::score).toArray();
        int end = method.end(position, wave.schedule());
        long price = method.price(position, wave.schedule());
        int slot = own.get(0).slot();
        int count = own.size();
        while (count > 1 && !wave.affords(slot, count * method.renoisings() * price, end)) {
            count--;
        }
        int ways = method.renoisings();
        while (ways > 0 && !wave.affords(slot, count * ways * price, end)) {
            ways--;
        }
        return new Turn(
                Arrays.stream(Particle.best(scores, count)).mapToObj(own::get).toList(), ways);
    }
}
