package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link Evolve}. */
final class EvolveSearch extends PopulationSearch {
    /**
     * A trajectory.
     *
     * @param end judged
     * @param saved its states before the steps at which it may have children
     */
    private record Individual(Particle end, Map<Integer, Particle> saved) {}

    private final Evolve method;
    /** By slot. */
    private final List<List<Individual>> people = new ArrayList<>();

    EvolveSearch(Wave wave, Population population, Evolve method) {
        super(wave, population);
        this.method = method;
    }

    @Override
    Outcome run() {
        wave.each(slot -> people.add(new ArrayList<>()));
        join(toEnd(0, population.start(method.candidates()), List.of(), 0));
        int born = 0;
        for (int g = 0; g < method.generations().size(); g++) {
            Mark generation = method.generations().get(g);
            if (Evolve.mutates(generation, wave.schedule())) {
                generation(g + 1, generation, born);
            }
            born += generation.count();
            wave.reportProgress((long) wave.images()
                    * steps
                    * (g + 1)
                    / (method.generations().size() + 1));
        }
        people.forEach(own ->
                ends.conclude(steps - 1, own.stream().map(Individual::end).toList()));
        return ends.outcome();
    }

    private void generation(int round, Mark generation, int born) {
        Map<Integer, Integer> counts = new TreeMap<>();
        wave.each(slot -> {
            List<Individual> own = people.get(slot);
            double best =
                    Particle.best(own.stream().map(Individual::end).toList()).score();
            long price = Evolve.price(generation, wave.schedule());
            long paid = price == 0 ? generation.count() : wave.remaining(slot) / price;
            int count = (int) Math.min(generation.count(), wave.isReached(best) ? 0 : paid);
            if (count > 0) {
                counts.put(slot, count);
            }
        });
        if (counts.isEmpty()) {
            return;
        }
        List<Individual> parents = parents(generation, counts, born);
        List<Individual> children = new ArrayList<>();
        if (generation.step() == 0) {
            List<Particle> seeds = new ArrayList<>();
            each(counts, (slot, j) -> {
                List<Draw> draws =
                        new ArrayList<>(parents.get(seeds.size()).end.path().first());
                draws.add(new Draw.Mixed(round, j, method.share()));
                seeds.add(Particle.seed(slot, j, draws));
            });
            children.addAll(toEnd(0, population.start(seeds), List.of(), round));
        } else {
            List<List<Draw>> mutated = new ArrayList<>();
            List<Integer> names = new ArrayList<>();
            each(counts, (slot, j) -> {
                Path path = parents.get(mutated.size()).end.path();
                List<Draw> draws =
                        new ArrayList<>(path.moves().get(generation.step()).draws());
                draws.add(new Draw.Mixed(round, j, method.share()));
                mutated.add(draws);
                names.add(j);
            });
            List<Particle> branches = population.copies(
                    parents.stream().map(p -> p.saved.get(generation.step())).toList(),
                    names.stream().mapToInt(Integer::intValue).toArray());
            children.addAll(toEnd(generation.step(), branches, mutated, round));
            inherit(
                    parents,
                    children,
                    generation.step(),
                    method.generations().subList(round, method.generations().size()));
        }
        select(counts);
        join(children);
    }

    /** Children of a later generation may branch off before the step at which these did: up to there their way is their parents'. */
    private void inherit(List<Individual> parents, List<Individual> children, int born, List<Mark> later) {
        int[] names = children.stream().mapToInt(child -> child.end.chain()).toArray();
        later.stream()
                .map(Mark::step)
                .filter(step -> step > 0 && step < born)
                .distinct()
                .forEach(step -> {
                    List<Particle> copies = population.copies(
                            parents.stream().map(p -> p.saved.get(step)).toList(), names);
                    for (int i = 0; i < copies.size(); i++) {
                        children.get(i).saved.put(step, copies.get(i));
                    }
                });
    }

    private interface Each {
        void child(int slot, int number);
    }

    private static void each(Map<Integer, Integer> counts, Each each) {
        counts.forEach((slot, count) -> {
            for (int j = 0; j < count; j++) {
                each.child(slot, j);
            }
        });
    }

    /** The better of two drawn at random, for each child. */
    private List<Individual> parents(Mark generation, Map<Integer, Integer> counts, int born) {
        List<Integer> slots = new ArrayList<>();
        List<Integer> names = new ArrayList<>();
        each(counts, (slot, j) -> {
            for (int k = 0; k < 2; k++) {
                slots.add(slot);
                names.add(2 * (born + j) + k);
            }
        });
        double[] uniforms = wave.coins(
                generation.step() - 1,
                names.stream().mapToInt(Integer::intValue).toArray(),
                slots.stream().mapToInt(Integer::intValue).toArray());
        List<Individual> parents = new ArrayList<>();
        for (int i = 0; i < uniforms.length; i += 2) {
            List<Individual> own = people.get(slots.get(i));
            int one = (int) (uniforms[i] * own.size());
            int other = (int) (uniforms[i + 1] * own.size());
            Individual first = own.get(Math.min(one, other));
            Individual second = own.get(Math.max(one, other));
            parents.add(value(second) > value(first) ? second : first);
        }
        return parents;
    }

    private static double value(Individual individual) {
        return Particle.value(individual.end.score());
    }

    /** Only the elite of the images that have children goes on. */
    private void select(Map<Integer, Integer> counts) {
        for (int slot : counts.keySet()) {
            List<Individual> own = people.get(slot);
            double[] scores = own.stream().mapToDouble(i -> i.end.score()).toArray();
            List<Individual> elite = Arrays.stream(Particle.best(scores, method.elites()))
                    .mapToObj(own::get)
                    .toList();
            for (Individual individual : own) {
                if (elite.stream().noneMatch(e -> e.end.row() == individual.end.row())) {
                    population.release(List.of(individual.end));
                    population.release(individual.saved.values());
                }
            }
            people.set(slot, new ArrayList<>(elite));
        }
    }

    private void join(List<Individual> born) {
        born.forEach(one -> people.get(one.end.slot()).add(one));
        ends.report(
                steps - 1,
                people.stream().flatMap(List::stream).map(Individual::end).toList());
    }

    /**
     * @param first what the noise of the first step is made of; empty for own noises
     * @param round of own noises, whose candidates are the particles' chains
     */
    private List<Individual> toEnd(int from, List<Particle> particles, List<List<Draw>> first, int round) {
        List<Map<Integer, Particle>> saved = new ArrayList<>();
        particles.forEach(p -> saved.add(new HashMap<>()));
        List<Particle> here = particles;
        for (int step = from; step < steps; step++) {
            int at = step;
            if (step > 0 && method.generations().stream().anyMatch(mark -> mark.step() == at)) {
                List<Particle> copies = population.copies(
                        here, here.stream().mapToInt(Particle::chain).toArray());
                for (int i = 0; i < copies.size(); i++) {
                    saved.get(i).put(step, copies.get(i));
                }
            }
            List<Proposal> tried = new ArrayList<>();
            for (int i = 0; i < here.size(); i++) {
                Particle p = here.get(i);
                boolean given = step == from && !first.isEmpty();
                tried.add(new Proposal(p, p.chain(), given ? first.get(i) : List.of(Draw.global(round, p.chain()))));
            }
            population.advance(step, tried, step == steps - 1);
            List<Particle> moved = population.keep(Population.identity(here.size()));
            population.release(here);
            here = moved;
        }
        List<Individual> born = new ArrayList<>();
        for (int i = 0; i < here.size(); i++) {
            born.add(new Individual(here.get(i), saved.get(i)));
        }
        return born;
    }
}
