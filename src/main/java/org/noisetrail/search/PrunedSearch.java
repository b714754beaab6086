package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Rivals;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link PrunedBestOfN}. */
final class PrunedSearch extends PopulationSearch {
    private final PrunedBestOfN method;

    PrunedSearch(Wave wave, Population population, PrunedBestOfN method) {
        super(wave, population);
        this.method = method;
    }

    @Override
    Outcome run() {
        List<Particle> particles = population.start(method.candidates());
        if (method.candidates() == 1 && method.noises() == 1) {
            ends.conclude(-1, particles);
            particles = List.of();
        }
        for (int step = 0; step < steps && !particles.isEmpty(); step++) {
            boolean last = step == steps - 1;
            int width = method.width(step + 1, steps);
            boolean narrows = last || width < method.width(step, steps);
            int noises = method.noises(step, wave.schedule());
            particles = noises > 1 ? best(step, particles, noises) : population.step(step, particles, narrows);
            if (narrows || noises > 1) {
                ends.report(step, particles);
            }
            if (width == 1 && (last || method.noises() == 1)) {
                ends.conclude(step, particles);
                particles = List.of();
            } else if (narrows || noises > 1) {
                particles = ends.narrow(step, particles, width);
            }
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        return ends.outcome();
    }

    /** Each goes on with the best of its own noise and others. */
    private List<Particle> best(int step, List<Particle> particles, int noises) {
        List<Proposal> tried = new ArrayList<>();
        Particle.byImage(particles).values().forEach(own -> {
            for (int i = 0; i < own.size(); i++) {
                tried.add(Proposal.own(own.get(i)));
                for (int m = 1; m < noises; m++) {
                    tried.add(new Proposal(own.get(i), Draw.global(1, i * noises + m)));
                }
            }
        });
        double[] scores = population.compete(step, tried, Rivals.of(particles.size(), noises));
        int[] chosen = new int[particles.size()];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = i * noises + Particle.ranking(Arrays.copyOfRange(scores, i * noises, (i + 1) * noises))[0];
        }
        List<Particle> moved = population.keep(chosen);
        population.release(particles);
        return moved;
    }
}
