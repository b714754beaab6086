package org.noisetrail.search;

import java.util.List;

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
        if (method.candidates() == 1) {
            ends.conclude(-1, particles);
            particles = List.of();
        }
        for (int step = 0; step < steps && !particles.isEmpty(); step++) {
            int width = step == steps - 1 ? 1 : method.width(step + 1, steps);
            boolean narrows = width < method.width(step, steps);
            particles = population.step(step, particles, narrows);
            if (narrows) {
                ends.report(step, particles);
            }
            if (width == 1) {
                ends.conclude(step, particles);
                particles = List.of();
            } else if (narrows || wave.timeIsUp()) {
                particles = ends.narrow(step, particles, width);
            }
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        return ends.outcome();
    }
}
