package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;

/** Which particles of a {@link Population} go on, and which make the images of a wave. */
final class Ends {
    private final Wave wave;
    private final Population population;
    private final Map<Integer, List<Particle>> ends = new TreeMap<>();

    Ends(Wave wave, Population population) {
        this.wave = wave;
        this.population = population;
    }

    /**
     * The best of each image go on, in their own order; where the best has reached the target, it is the image's {@link #end}, and no longer among those that are
     * given back.
     *
     * @param at the step that they have taken
     */
    List<Particle> narrow(int at, List<Particle> particles, int width) {
        List<Particle> kept = new ArrayList<>();
        List<Particle> ended = new ArrayList<>();
        Particle.byImage(particles).values().forEach(own -> {
            Particle best = Particle.best(own);
            if (wave.isEnough(best.slot(), best.score())) {
                ended.add(best);
            } else {
                double[] all = own.stream().mapToDouble(Particle::score).toArray();
                Arrays.stream(Particle.best(all, width)).mapToObj(own::get).forEach(kept::add);
            }
        });
        ended.forEach(best -> end(at + 1, best));
        population.retain(
                particles, Stream.of(kept, ended).flatMap(List::stream).toList());
        return kept;
    }

    /** The best of each image is its {@link #end}. */
    void conclude(int at, List<Particle> particles) {
        List<Particle> best = Particle.bestOfEach(particles);
        best.forEach(particle -> end(at + 1, particle));
        population.retain(particles, best);
    }

    /** Tells what the images' best are worth, and the guard where they stand. */
    void report(int at, List<Particle> particles) {
        List<Particle> best = Particle.bestOfEach(particles);
        wave.reportStep(
                at,
                Particle.slots(best),
                best.stream().mapToDouble(Particle::score).toArray());
        population.watch(at, best);
    }

    /**
     * Names the particle that makes its image; {@link #outcome} takes it plainly to its end.
     *
     * @param at the step that it stands at; the number of steps if it has come to its end, judged
     */
    void end(int at, Particle particle) {
        ends.computeIfAbsent(at, step -> new ArrayList<>()).add(particle);
    }

    /** The images, each of which has an {@link #end}. */
    Outcome outcome() {
        int steps = wave.schedule().size();
        List<Particle> winners = new ArrayList<>(ends.getOrDefault(steps, List.of()));
        List<Particle> walking = new ArrayList<>();
        for (int at = 0; at < steps; at++) {
            walking.addAll(ends.getOrDefault(at, List.of()));
            walking = population.step(at, walking, false);
        }
        winners.addAll(judged(walking));
        winners.sort(Comparator.comparingInt(Particle::slot));
        return new Outcome(
                population.states(winners),
                winners.stream().map(winner -> winner.path().recipe()).toList(),
                winners.stream().mapToDouble(Particle::norm).toArray(),
                winners.stream().mapToDouble(Particle::score).toArray());
    }

    private List<Particle> judged(List<Particle> finals) {
        if (finals.isEmpty()) {
            return finals;
        }
        double[] rewards;
        try (Draws rows = wave.own(wave.schedule().size() - 1, Particle.slots(finals), 0, NoiseKind.GLOBAL);
                Particles x = population.states(finals)) {
            rewards = wave.engine().judge(x.x(), rows, wave.reward());
        }
        return IntStream.range(0, rewards.length)
                .mapToObj(i -> finals.get(i).scored(rewards[i]))
                .toList();
    }
}
