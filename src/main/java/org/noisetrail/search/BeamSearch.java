package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.noisetrail.engine.Rivals;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link Beam} and {@link LookaheadBeam}: the candidates of all images and all their beams advance together. */
final class BeamSearch extends PopulationSearch implements AutoCloseable {
    private final BeamSize size;
    private final int noises;
    private final boolean aiming;
    /** By slot. */
    private final List<List<Particle>> beams = new ArrayList<>();

    BeamSearch(Wave wave, BeamSize size) {
        super(wave, new Population(wave, Math.multiplyExact(wave.images(), size.noises() * size.beams())));
        this.size = size;
        noises = size.noises();
        aiming = wave.target() < Double.POSITIVE_INFINITY;
    }

    @Override
    Outcome run() {
        population.start(1).forEach(start -> beams.add(List.of(start)));
        for (int step = 0; step < steps; step++) {
            step(step);
            wave.reportProgress((long) wave.images() * (step + 1));
        }
        ends.conclude(steps - 1, beams.stream().flatMap(List::stream).toList());
        return ends.outcome();
    }

    private void step(int step) {
        List<Particle> plain = new ArrayList<>();
        Map<Integer, Integer> widths = new LinkedHashMap<>();
        wave.each(slot -> {
            List<Particle> own = beams.get(slot);
            Particle best = Particle.best(own);
            boolean enough = wave.mayEnd() && wave.isEnough(slot, best.score());
            int after = enough || wave.schedule().isDead(step) ? 0 : affordable(step, slot, own.size());
            if (enough) {
                population.retain(own, List.of(best));
            }
            if (after == 0) {
                plain.addAll(enough ? List.of(best) : own);
            } else {
                widths.put(slot, after);
            }
        });
        boolean judged = step == steps - 1 || aiming && !wave.schedule().isDead(step);
        Particle.byImage(population.step(step, plain, judged)).forEach(beams::set);
        if (!widths.isEmpty()) {
            search(step, widths);
        }
    }

    /** How many beams can go on from a search of this step, and finish; 0 where it cannot be paid for. */
    private int affordable(int step, int slot, int before) {
        long rows = (long) before * noises;
        long rest = wave.schedule().evaluationsFrom(step + 1);
        int after = (int) Math.min(size.beams(), rows);
        while (after > 0
                && !wave.affords(slot, size.price(wave.schedule(), step, rows, after) + (after - 1) * rest, step + 1)) {
            after--;
        }
        return after;
    }

    private boolean atFirst(int step) {
        return Sizes.atFirst(size.scoreAtFirst(), wave.schedule(), step);
    }

    /** Each beam of the images tries N noises; of an image's candidates the best go on, best first. */
    private void search(int step, Map<Integer, Integer> widths) {
        List<Particle> parents = widths.keySet().stream()
                .flatMap(slot -> beams.get(slot).stream())
                .toList();
        List<Proposal> tried = new ArrayList<>();
        widths.keySet().forEach(slot -> {
            int candidate = 0;
            for (Particle beam : beams.get(slot)) {
                for (int n = 0; n < noises; n++) {
                    tried.add(new Proposal(beam, Draw.global(1, candidate++)));
                }
            }
        });
        Rivals rivals = new Rivals(
                widths.keySet().stream()
                        .mapToInt(slot -> beams.get(slot).size() * noises)
                        .toArray(),
                widths.values().stream().mapToInt(Integer::intValue).toArray());
        boolean looking = size.ahead() > 0 && step < steps - 1;
        double[] scores = looking
                ? population.advance(step, tried, false)
                : atFirst(step) ? population.screen(step, tried) : population.compete(step, tried, rivals);
        List<Particle> made = looking ? population.hold(Population.identity(tried.size())) : List.of();
        if (looking) {
            scores = lookedAhead(step, made, rivals);
        }
        List<Integer> chosen = new ArrayList<>();
        int first = 0;
        for (Map.Entry<Integer, Integer> entry : widths.entrySet()) {
            int count = beams.get(entry.getKey()).size() * noises;
            int from = first;
            Arrays.stream(Particle.ranking(Arrays.copyOfRange(scores, from, from + count)))
                    .limit(entry.getValue())
                    .forEach(c -> chosen.add(from + c));
            first += count;
        }
        List<Particle> kept = new ArrayList<>();
        if (looking) {
            for (int c : chosen) {
                kept.add(made.get(c).scored(scores[c]));
            }
            population.retain(made, kept);
            population.stand(step, kept);
        } else {
            kept.addAll(
                    population.keep(chosen.stream().mapToInt(Integer::intValue).toArray()));
        }
        population.release(parents);
        Particle.byImage(kept).forEach(beams::set);
        ends.report(step, kept);
    }

    /** What candidates are worth after some steps without noise. */
    private double[] lookedAhead(int step, List<Particle> made, Rivals rivals) {
        int last = Math.min(step + size.ahead(), steps - 1);
        double[] scores = {};
        List<Particle> here = made;
        for (int at = step + 1; at <= last; at++) {
            List<Proposal> silent = here.stream().map(Proposal::silent).toList();
            scores = at == last ? population.compete(at, silent, rivals) : population.advance(at, silent, false);
            List<Particle> next = at == last ? List.of() : population.hold(Population.identity(made.size()));
            if (at > step + 1) {
                population.release(here);
            }
            here = next;
        }
        return scores;
    }

    @Override
    public void close() {
        population.close();
    }
}
