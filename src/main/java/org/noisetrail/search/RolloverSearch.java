package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link RolloverBudget}: proposals of one image go one after the other, those of all images together. */
final class RolloverSearch extends PopulationSearch {
    /** What an image has tried at a step. */
    private static final class Trial {
        final Particle parent;
        final long quota;
        int tried;
        Particle best;

        Trial(Particle parent, long quota) {
            this.parent = parent;
            this.quota = quota;
            best = parent;
        }
    }

    private final int starts;
    private final RolloverBudget method;
    private final double[] marks;
    private final long[] saved;
    private final int last;

    /** @param starts that the budget pays for */
    RolloverSearch(Wave wave, Population population, int starts, RolloverBudget method) {
        super(wave, population);
        this.starts = starts;
        this.method = method;
        marks = new double[wave.images()];
        saved = new long[wave.images()];
        last = RolloverBudget.lastPaid(wave.schedule());
        Arrays.fill(marks, Double.NEGATIVE_INFINITY);
    }

    @Override
    Outcome run() {
        List<Particle> particles = begin();
        for (int step = RolloverBudget.judgedAfter(wave.schedule()); step < steps; step++) {
            particles = step(step, particles);
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        ends.conclude(steps - 1, particles);
        return ends.outcome();
    }

    private List<Particle> begin() {
        int judged = RolloverBudget.judgedAfter(wave.schedule());
        List<Particle> particles = population.start(starts);
        for (int step = 0; step < judged; step++) {
            particles = population.step(step, particles, step == judged - 1);
        }
        ends.report(judged - 1, particles);
        List<Particle> best = Particle.bestOfEach(particles);
        population.retain(particles, best);
        best.forEach(p -> marks[p.slot()] = Particle.value(p.score()));
        return best;
    }

    private List<Particle> step(int step, List<Particle> particles) {
        boolean searching = !wave.schedule().isDead(step);
        List<Particle> plain = new ArrayList<>();
        Map<Integer, Trial> trials = new TreeMap<>();
        for (Particle p : particles) {
            if (searching && !wave.isEnough(p.slot(), p.score())) {
                trials.put(p.slot(), new Trial(p, method.quota() + (step <= last ? saved[p.slot()] : 0)));
            } else {
                plain.add(p);
            }
        }
        List<Particle> moved = new ArrayList<>(population.step(step, plain, step == steps - 1));
        List<Trial> active = new ArrayList<>(trials.values());
        while (!active.isEmpty()) {
            propose(step, active);
            active.removeIf(trial -> !goesOn(step, trial));
        }
        if (!trials.isEmpty()) {
            List<Particle> taken =
                    trials.values().stream().map(trial -> trial.best).toList();
            population.release(
                    trials.values().stream().map(trial -> trial.parent).toList());
            ends.report(step, taken);
            moved.addAll(taken);
        }
        for (Trial trial : trials.values()) {
            int slot = trial.best.slot();
            saved[slot] = trial.quota - trial.tried;
            marks[slot] = Math.max(marks[slot], Particle.value(trial.best.score()));
        }
        return moved;
    }

    private boolean goesOn(int step, Trial trial) {
        int slot = trial.parent.slot();
        // What is saved at the last step that costs something is nobody's after it.
        boolean found = step == last ? wave.isEnough(slot, trial.best.score()) : trial.best.score() > marks[slot];
        return trial.tried < Math.min(trial.quota, 0xFFFF)
                && !found
                && wave.affords(slot, Sizes.price(wave.schedule(), step, atFirst(step), 1, 0), step + 1);
    }

    private boolean atFirst(int step) {
        return Sizes.atFirst(method.scoreAtFirst(), wave.schedule(), step);
    }

    /** Whether what a better proposal costs beyond its look is there (a step's first is paid for as the step is): the last look may be all that is left, so that what an image spends is always budget enough for it. */
    private boolean completes(int step, Trial trial) {
        return trial.tried == 0
                || !atFirst(step)
                || wave.affords(trial.parent.slot(), wave.schedule().completion(step), step + 1);
    }

    /** One proposal an image. */
    private void propose(int step, List<Trial> active) {
        List<Proposal> proposed = active.stream()
                .map(trial -> new Proposal(trial.parent, Draw.global(1, trial.tried)))
                .toList();
        double[] scores = atFirst(step) ? population.screen(step, proposed) : population.advance(step, proposed, true);
        int[] better = new int[active.size()];
        int count = 0;
        for (int i = 0; i < scores.length; i++) {
            Trial trial = active.get(i);
            boolean beats = trial.tried == 0 || Particle.value(scores[i]) > Particle.value(trial.best.score());
            if (beats && completes(step, trial)) {
                better[count++] = i;
            }
            trial.tried++;
        }
        List<Particle> kept = population.keep(Arrays.copyOf(better, count));
        for (int k = 0; k < count; k++) {
            Trial trial = active.get(better[k]);
            if (trial.best != trial.parent) {
                population.release(List.of(trial.best));
            }
            trial.best = kept.get(k);
        }
    }
}
