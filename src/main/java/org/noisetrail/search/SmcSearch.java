package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One wave's way through {@link Smc}. */
final class SmcSearch extends PopulationSearch {
    /** A particle and what it weighs. */
    private record Weighed(Particle particle, SmcWeight weight) {}

    private final Smc method;

    SmcSearch(Wave wave, Population population, Smc method) {
        super(wave, population);
        this.method = method;
    }

    @Override
    Outcome run() {
        List<Particle> particles = population.start(method.candidates());
        if (method.candidates() == 1) {
            ends.conclude(-1, particles);
            particles = List.of();
        }
        List<Weighed> weighed =
                particles.stream().map(p -> new Weighed(p, SmcWeight.BEGUN)).toList();
        int live = wave.schedule().lastLive();
        for (int step = 0; step < steps && !weighed.isEmpty(); step++) {
            boolean last = step == steps - 1;
            boolean judged = last || !wave.schedule().isDead(step);
            weighed = moved(step, weighed, judged);
            weighed = last ? drawn(step, weighed) : settled(step, weighed);
            if (judged && step < live && !weighed.isEmpty()) {
                weighed = resampled(step, weighed);
            }
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        return ends.outcome();
    }

    private List<Weighed> moved(int step, List<Weighed> weighed, boolean judged) {
        List<Particle> after = population.step(step, particles(weighed), judged);
        List<Weighed> moved = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) {
            SmcWeight before = weighed.get(i).weight;
            Particle particle = after.get(i);
            double reward = particle.score();
            moved.add(new Weighed(
                    particle,
                    !judged
                            ? before
                            : step == steps - 1
                                    ? before.ended(reward, method.lambda())
                                    : before.grown(reward, method.lambda(), method.potential())));
        }
        if (judged) {
            ends.report(step, after);
        }
        return moved;
    }

    /** Images that need not be searched any further end with their best. */
    private List<Weighed> settled(int step, List<Weighed> weighed) {
        Set<Integer> rows = ends.narrow(step, particles(weighed), method.candidates()).stream()
                .map(Particle::row)
                .collect(Collectors.toSet());
        return weighed.stream().filter(w -> rows.contains(w.particle.row())).toList();
    }

    private List<Weighed> drawn(int step, List<Weighed> weighed) {
        if (!method.sample()) {
            ends.conclude(step, particles(weighed));
            return List.of();
        }
        List<List<Weighed>> groups = groups(weighed);
        double[] uniforms = coins(step, 1, groups);
        for (int g = 0; g < groups.size(); g++) {
            int place = Weights.draw(weights(groups.get(g)), uniforms[g]);
            ends.end(steps, groups.get(g).get(place).particle);
        }
        return List.of();
    }

    private List<Weighed> resampled(int step, List<Weighed> weighed) {
        List<Weighed> kept = new ArrayList<>();
        List<List<Weighed>> poor = new ArrayList<>();
        for (List<Weighed> group : groups(weighed)) {
            if (Weights.effective(weights(group)) < method.ess() * group.size()) {
                poor.add(group);
            } else {
                kept.addAll(group);
            }
        }
        if (poor.isEmpty()) {
            return weighed;
        }
        int[][] places = wave.engine()
                .resample(poor.stream().map(SmcSearch::weights).toArray(double[][]::new), coins(step, 0, poor));
        for (int g = 0; g < places.length; g++) {
            List<Weighed> group = poor.get(g);
            List<Weighed> chosen = Arrays.stream(places[g]).mapToObj(group::get).toList();
            List<Particle> copies = population.copies(
                    particles(chosen), IntStream.range(0, chosen.size()).toArray());
            for (int i = 0; i < copies.size(); i++) {
                kept.add(new Weighed(copies.get(i), chosen.get(i).weight.resampled()));
            }
            population.release(particles(group));
        }
        return kept;
    }

    private double[] coins(int step, int candidate, List<List<Weighed>> groups) {
        return wave.coins(
                step,
                candidate,
                groups.stream().mapToInt(group -> group.get(0).particle.slot()).toArray());
    }

    private static List<List<Weighed>> groups(List<Weighed> weighed) {
        Map<Integer, List<Weighed>> groups = new TreeMap<>();
        weighed.forEach(w -> groups.computeIfAbsent(w.particle.slot(), slot -> new ArrayList<>())
                .add(w));
        return List.copyOf(groups.values());
    }

    private static double[] weights(List<Weighed> group) {
        return Weights.exp(group.stream().mapToDouble(w -> w.weight.standing()).toArray());
    }

    private static List<Particle> particles(List<Weighed> weighed) {
        return weighed.stream().map(Weighed::particle).toList();
    }
}
