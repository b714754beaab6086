package org.noisetrail.search;

import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Recipe;

/** Regenerates trajectories from recipes: one transition a step, each with the noise its draws name. */
final class ReplaySearch implements Strategy {
    private final List<Recipe> recipes;
    private final Locality locality;

    ReplaySearch(List<Recipe> recipes, double lambda, boolean project) {
        this.recipes = recipes;
        locality = new Locality(0, lambda, project);
    }

    @Override
    public int rowsPerImage() {
        return 1;
    }

    @Override
    public Outcome run(Wave wave) {
        List<Recipe> here = recipes.subList(wave.first, wave.first + wave.images());
        StepEngine engine = wave.engine;
        double[] norms = new double[wave.images()];
        Rows x;
        Draws.Builder starts = engine.draws(-1, wave.images());
        wave.each(slot -> starts.add(slot, 0, here.get(slot).start(), slot, Kind.GLOBAL));
        try (Draws draws = starts.build()) {
            x = engine.start(draws);
        }
        try (Candidates candidates = engine.candidates(wave.images());
                Rows pivots = engine.rows(wave.images())) {
            for (int step = 0; step < wave.sampler().steps(); step++) {
                if (!wave.dead(step)) {
                    noise(wave, here, step, candidates, pivots);
                    double[] now = engine.norms(pivots);
                    Arrays.setAll(norms, slot -> Math.max(norms[slot], now[slot]));
                }
                Kind kind = wave.dead(step) ? Kind.NONE : Kind.PIVOT;
                try (Draws draws = wave.own(step, wave.slots(), 0, kind)) {
                    engine.advance(candidates, x, pivots, draws, 0, locality);
                }
                x = candidates.exchangeNext(x);
                wave.reporter.progress((long) wave.images() * (step + 1), wave.ledger);
            }
            return new Outcome(x, here, norms, new long[wave.images()], null);
        } catch (Throwable t) {
            x.close();
            throw t;
        }
    }

    /** Each image's own noise, then its draws one after the other. */
    private void noise(Wave wave, List<Recipe> here, int step, Candidates candidates, Rows pivots) {
        Draws.Builder own = wave.engine.draws(step, wave.images());
        wave.each(slot -> own.add(slot, 0, here.get(slot).chain(), slot, Kind.GLOBAL));
        apply(wave, own, wave.slots(), candidates, pivots);
        int most = here.stream().mapToInt(r -> r.steps().get(step).size()).max().orElse(0);
        for (int level = 0; level < most; level++) {
            int at = level;
            int[] slots = Arrays.stream(wave.slots())
                    .filter(slot -> here.get(slot).steps().get(step).size() > at)
                    .toArray();
            Draws.Builder draws = wave.engine.draws(step, slots.length);
            for (int slot : slots) {
                Recipe.Draw draw = here.get(slot).steps().get(step).get(at);
                draws.add(slot, draw.round(), draw.candidate(), slot, draw.local() ? Kind.LOCAL : Kind.GLOBAL);
            }
            apply(wave, draws, slots, candidates, pivots);
        }
    }

    private void apply(Wave wave, Draws.Builder rows, int[] slots, Candidates candidates, Rows pivots) {
        try (Draws draws = rows.build()) {
            wave.engine.noise(candidates, pivots, draws, locality);
            wave.engine.put(candidates.noise(), slots, pivots);
        }
    }
}
