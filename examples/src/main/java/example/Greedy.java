package example;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.engine.Winners;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.Method;
import org.noisetrail.search.Outcome;
import org.noisetrail.search.Wave;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * A method of one's own: each step tries N fresh noises and goes on with the best, as long as its budget and its time last.
 *
 * @param candidates N, 1 to 65535; 1 is the plain sampler
 */
public record Greedy(int candidates) implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65535, "Noises tried at a step.");

    private static final Kind<Method> KIND = Kind.<Method, Greedy>of(
                    "greedy", Greedy.class, "The best of N fresh noises at each step.")
            .with(CANDIDATES, Greedy::candidates)
            .make(values -> new Greedy(values.get(CANDIDATES)));

    public Greedy {
        CANDIDATES.checked(candidates);
    }

    /** Named in META-INF/services. */
    public static final class Provider implements Method.Provider {
        @Override
        public Kind<Method> kind() {
            return KIND;
        }
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(candidates, maxBatch);
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        long sum = schedule.startEvaluations();
        for (int step = 0; step < schedule.size(); step++) {
            sum += (schedule.isDead(step) ? 1L : candidates) * schedule.evaluations(step);
        }
        return OptionalLong.of(sum);
    }

    /** A step that injects no noise has nothing to choose; and what is left of the budget must lead to the end. */
    private int tried(Wave wave, int step) {
        long price = (long) candidates * wave.schedule().evaluations(step);
        boolean searched = !wave.schedule().isDead(step)
                && Arrays.stream(wave.slots()).allMatch(slot -> wave.affords(slot, price, step + 1));
        return searched ? candidates : 1;
    }

    @Override
    public Outcome search(Wave wave) {
        StepEngine engine = wave.engine();
        List<List<List<Draw>>> chosen = new ArrayList<>(); // by image and step
        wave.each(slot -> chosen.add(new ArrayList<>()));
        Particles x;
        try (Draws own = wave.own(-1, wave.slots(), 0, NoiseKind.GLOBAL)) {
            x = engine.start(own);
        }
        try (Candidates candidates = engine.candidates(wave.images() * this.candidates)) {
            for (int step = 0; step < wave.schedule().size(); step++) {
                Particles next = engine.particles(wave.images());
                try (Particles done = x) {
                    x = next;
                    step(wave, step, candidates, done, next, chosen);
                }
                // Where time is up, images are finished plainly from here.
                wave.stand(step, x, () -> recipes(chosen), () -> wave.norms(recipes(chosen)));
                wave.reportProgress((long) wave.images() * (step + 1));
            }
            return new Outcome(x, recipes(chosen), wave.norms(recipes(chosen)), null);
        } catch (Throwable t) {
            x.close();
            throw t;
        }
    }

    private static List<Recipe> recipes(List<List<List<Draw>>> chosen) {
        return chosen.stream().map(steps -> Recipe.steps(0, 0, steps)).toList();
    }

    private void step(
            Wave wave, int step, Candidates candidates, Particles x, Particles next, List<List<List<Draw>>> chosen) {
        StepEngine engine = wave.engine();
        int count = tried(wave, step);
        Draws.Builder rows = engine.draws(step, wave.images() * count);
        // Noise has names: round 0 is a step's own, those of a search count from 1.
        int round = count == 1 ? 0 : 1;
        wave.each(slot -> {
            for (int c = 0; c < count; c++) {
                rows.add(slot, round, c, slot, NoiseKind.GLOBAL);
            }
        });
        try (Draws draws = rows.build();
                Winners winners = engine.winners(1, wave.slots())) {
            engine.advance(candidates, x, null, draws, 0, Locality.NONE);
            if (count == 1) {
                engine.put(candidates.next(), wave.slots(), next);
                wave.each(slot -> chosen.get(slot).add(List.of()));
                return;
            }
            engine.score(candidates, draws, wave.reward());
            engine.select(candidates, winners, false, null, next);
            int[] best = winners.read()[0];
            int[] bad = winners.nanScores();
            wave.each(slot -> {
                chosen.get(slot).add(List.of(Draw.global(1, best[slot])));
                wave.countNans(slot, bad[slot]);
            });
            wave.reportStep(step, wave.slots(), winners.scores());
        }
    }
}
