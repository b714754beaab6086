package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Rivals;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link Svdd}. */
final class SvddSearch extends PopulationSearch {
    private final Svdd method;

    SvddSearch(Wave wave, Population population, Svdd method) {
        super(wave, population);
        this.method = method;
    }

    @Override
    Outcome run() {
        List<Particle> particles = population.start(1);
        for (int step = 0; step < steps; step++) {
            particles = step(step, particles);
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        particles.forEach(p -> ends.end(steps, p));
        return ends.outcome();
    }

    private List<Particle> step(int step, List<Particle> particles) {
        boolean last = step == steps - 1;
        long price = Sizes.price(wave.schedule(), step, atFirst(step), method.proposals(), 1);
        boolean searching = !wave.schedule().isDead(step) && method.proposals() > 1;
        List<Particle> plain = new ArrayList<>();
        List<Particle> searched = new ArrayList<>();
        particles.forEach(
                p -> (searching && !wave.isEnough(p.slot(), p.score()) && wave.affords(p.slot(), price, step + 1)
                                ? searched
                                : plain)
                        .add(p));
        List<Particle> moved = new ArrayList<>(population.step(step, plain, last));
        if (!searched.isEmpty()) {
            List<Particle> chosen = search(step, searched);
            ends.report(step, chosen);
            moved.addAll(chosen);
        }
        return moved;
    }

    private boolean atFirst(int step) {
        return Sizes.atFirst(method.scoreAtFirst(), wave.schedule(), step);
    }

    private List<Particle> search(int step, List<Particle> parents) {
        int size = method.proposals();
        List<Proposal> tried = new ArrayList<>();
        for (Particle parent : parents) {
            for (int m = 0; m < size; m++) {
                tried.add(new Proposal(parent, Draw.global(1, m)));
            }
        }
        double[] scores = atFirst(step)
                ? population.screen(step, tried)
                : population.compete(step, tried, Rivals.of(parents.size(), size));
        int[] slots = parents.stream().mapToInt(Particle::slot).toArray();
        double[] uniforms = method.alpha() > 0 ? wave.coins(step, 0, slots) : new double[parents.size()];
        int[] chosen = new int[parents.size()];
        for (int g = 0; g < chosen.length; g++) {
            double[] own = Arrays.copyOfRange(scores, g * size, (g + 1) * size);
            chosen[g] = g * size
                    + (method.alpha() > 0
                            ? Weights.draw(Weights.softmax(own, 1 / method.alpha()), uniforms[g])
                            : Particle.ranking(own)[0]);
        }
        List<Particle> made = population.keep(chosen);
        population.release(parents);
        return made;
    }
}
