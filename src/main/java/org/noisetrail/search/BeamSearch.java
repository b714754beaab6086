package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;

/** One wave's way through {@link Beam}: the candidates of all images and all their beams advance together. */
final class BeamSearch implements AutoCloseable {
    /** The draws of a trajectory's steps, the last first: beams share what they have in common. */
    private record Path(@Nullable Path before, List<Draw> draws) {
        static final Path START = new Path(null, List.of());

        Recipe recipe() {
            Deque<List<Draw>> steps = new ArrayDeque<>();
            for (Path path = this; path.before != null; path = path.before) {
                steps.addFirst(path.draws);
            }
            return Recipe.steps(0, 0, new ArrayList<>(steps));
        }
    }

    /**
     * One beam.
     *
     * @param row where its state lies
     * @param score of its last clean estimate; NaN where that was not judged
     */
    private record Trajectory(int row, Path path, double score) {
        double value() {
            return Double.isNaN(score) ? Double.NEGATIVE_INFINITY : score;
        }
    }

    /** Images that are in the same place go through a step together: so many beams before it, and after it. */
    private record Widths(int before, int after) {}

    private final Wave wave;
    private final StepEngine engine;
    private final int images;
    private final int noises;
    private final int width;
    private final boolean aiming;
    private final long[] nans;
    private final List<List<Trajectory>> beams = new ArrayList<>();
    private final Candidates candidates;
    private Particles x;
    private Particles next;

    BeamSearch(Wave wave, int noises, int width) {
        this.wave = wave;
        this.noises = noises;
        this.width = width;
        engine = wave.engine;
        images = wave.images();
        aiming = wave.target() < Double.POSITIVE_INFINITY;
        nans = new long[images];
        candidates = engine.candidates(Math.multiplyExact(images, noises * width));
        x = engine.particles(images * width);
        next = engine.particles(images * width);
    }

    Outcome run() {
        int[] firsts = Arrays.stream(wave.slots()).map(slot -> slot * width).toArray();
        try (Draws own = wave.own(-1, wave.slots(), 0, Kind.GLOBAL);
                Particles starts = engine.start(own)) {
            engine.put(starts, firsts, x);
        }
        for (int row : firsts) {
            beams.add(List.of(new Trajectory(row, Path.START, Double.NaN)));
        }
        for (int step = 0; step < wave.schedule().size(); step++) {
            step(step);
            Particles done = x;
            x = next;
            next = done;
            wave.reportProgress((long) images * (step + 1));
        }
        return outcome();
    }

    private Outcome outcome() {
        List<Trajectory> winners = beams.stream().map(BeamSearch::best).toList();
        List<Recipe> recipes =
                winners.stream().map(winner -> winner.path().recipe()).toList();
        double[] norms = wave.norms(recipes);
        double[] rewards = winners.stream().mapToDouble(Trajectory::score).toArray();
        Particles result = engine.particles(images);
        try {
            engine.gather(x, winners.stream().mapToInt(Trajectory::row).toArray(), result);
            return new Outcome(result, recipes, norms, nans, rewards);
        } catch (Throwable t) {
            result.close();
            throw t;
        }
    }

    private static Trajectory best(List<Trajectory> beams) {
        Trajectory best = beams.get(0);
        for (Trajectory beam : beams) {
            if (beam.value() > best.value()) {
                best = beam;
            }
        }
        return best;
    }

    private void step(int step) {
        boolean late = wave.timeIsUp();
        List<Integer> plain = new ArrayList<>();
        Map<Widths, List<Integer>> searched = new LinkedHashMap<>();
        wave.each(slot -> {
            Trajectory best = best(beams.get(slot));
            boolean enough = late || aiming && best.score() >= wave.target();
            if (enough) {
                beams.set(slot, List.of(best));
            }
            int before = beams.get(slot).size();
            int after = enough || wave.schedule().isDead(step) ? 0 : affordable(step, slot, before);
            if (after == 0) {
                plain.add(slot);
            } else {
                searched.computeIfAbsent(new Widths(before, after), w -> new ArrayList<>())
                        .add(slot);
            }
        });
        if (!plain.isEmpty()) {
            plain(step, plain);
        }
        searched.forEach((widths, slots) -> search(step, slots, widths));
    }

    /** How many beams can go on from a search of this step, and finish; 0 where it cannot be paid for. */
    private int affordable(int step, int slot, int before) {
        long rows = (long) before * noises;
        long price = rows * wave.schedule().evaluations(step);
        long rest = wave.schedule().evaluationsFrom(step + 1);
        int after = (int) Math.min(width, rows);
        while (after > 0 && !wave.affords(slot, price + (after - 1) * rest, step + 1)) {
            after--;
        }
        return after;
    }

    /** Each beam of the images takes one transition with the step's own noise. */
    private void plain(int step, List<Integer> slots) {
        boolean dead = wave.schedule().isDead(step);
        Draws.Builder rows = engine.draws(step, slots.size() * width);
        for (int slot : slots) {
            for (Trajectory beam : beams.get(slot)) {
                rows.add(slot, 0, 0, beam.row(), dead ? Kind.NONE : Kind.GLOBAL);
            }
        }
        try (Draws draws = rows.build()) {
            engine.advance(candidates, x, null, draws, 0, Locality.NONE);
            boolean judged = step == wave.schedule().size() - 1 || aiming && !dead;
            double[] scores = judged ? score(draws) : new double[0];
            int row = 0;
            int[] to = new int[draws.rows()];
            for (int slot : slots) {
                List<Trajectory> moved = new ArrayList<>();
                for (Trajectory beam : beams.get(slot)) {
                    to[row] = slot * width + moved.size();
                    double score = judged ? scores[row] : beam.score();
                    nans[slot] += judged && Double.isNaN(score) ? 1 : 0;
                    moved.add(new Trajectory(to[row], new Path(beam.path(), List.of()), score));
                    row++;
                }
                beams.set(slot, moved);
            }
            engine.put(candidates.next(), to, next);
        }
    }

    private double[] score(Draws draws) {
        engine.score(candidates, draws, wave.reward());
        double[] scores = engine.scores(candidates);
        wave.reportRewards(scores);
        return scores;
    }

    /** Each beam of the images tries N noises; of an image's candidates the best go on, best first. */
    private void search(int step, List<Integer> slots, Widths widths) {
        int group = widths.before() * noises;
        Draws.Builder rows = engine.draws(step, slots.size() * group);
        int[] targets = new int[slots.size() * widths.after()];
        for (int g = 0; g < slots.size(); g++) {
            int slot = slots.get(g);
            for (int c = 0; c < group; c++) {
                rows.add(slot, 0, c, beams.get(slot).get(c / noises).row(), Kind.GLOBAL);
            }
            for (int b = 0; b < widths.after(); b++) {
                targets[g * widths.after() + b] = slot * width + b;
            }
        }
        try (Draws draws = rows.build()) {
            engine.advance(candidates, x, null, draws, 1, Locality.NONE);
            double[] scores = score(draws);
            StepEngine.Best best = engine.top(candidates, slots.size(), widths.after(), targets, next);
            for (int g = 0; g < slots.size(); g++) {
                int slot = slots.get(g);
                List<Trajectory> before = beams.get(slot);
                List<Trajectory> after = new ArrayList<>();
                for (int c : best.index()[g]) {
                    after.add(new Trajectory(
                            slot * width + after.size(),
                            new Path(before.get(c / noises).path(), List.of(Draw.global(1, c))),
                            scores[g * group + c]));
                }
                nans[slot] += best.nans()[g];
                beams.set(slot, after);
            }
            wave.reportStep(
                    step,
                    slots.stream().mapToInt(Integer::intValue).toArray(),
                    slots.stream()
                            .mapToDouble(slot -> beams.get(slot).get(0).score())
                            .toArray());
        }
    }

    @Override
    public void close() {
        candidates.close();
        x.close();
        next.close();
    }
}
