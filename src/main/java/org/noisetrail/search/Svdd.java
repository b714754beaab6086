package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Soft value-based decoding (Li et al. 2024, 2408.08252): at every step that injects noise, M proposals are judged by their clean estimates, and one goes on, drawn by softmax(r / alpha); with alpha 0 the best.
 *
 * <p>Proposal m is candidate m of round 1; the uniform of a step's draw is the coin of round 65535, candidate 0. What the budget does not pay for, and all once the last chosen proposal has
 * reached the target, goes on with its own noise.
 *
 * @param proposals M, 1 to 65535
 * @param alpha the softmax's temperature, at least 0
 * @param scoreAtFirst at which steps of two evaluations proposals are judged after the first, and only the one that goes on pays the second
 */
public record Svdd(int proposals, double alpha, ScoreAtFirst scoreAtFirst) implements Method {
    private static final Setting<Integer> PROPOSALS =
            Setting.integer("proposals", "M", 20, 1, 65535, "Noises tried at a step.");
    private static final Setting<Double> ALPHA =
            Setting.number("alpha", "alpha", 0, 0, 1e6, "Temperature of the draw among them; 0: the best.");

    static final Kind<Method> KIND = Kind.<Method, Svdd>of(
                    "svdd", Svdd.class, "One of M proposals a step, drawn by softmax of their rewards.")
            .with(PROPOSALS, Svdd::proposals)
            .with(ALPHA, Svdd::alpha)
            .with(ScoreAtFirst.SETTING, Svdd::scoreAtFirst)
            .make(values -> new Svdd(values.get(PROPOSALS), values.get(ALPHA), values.get(ScoreAtFirst.SETTING)));

    public Svdd {
        PROPOSALS.checked(proposals);
        ALPHA.checked(alpha);
    }

    /** Of whole transitions. */
    public Svdd(int proposals, double alpha) {
        this(proposals, alpha, ScoreAtFirst.NEVER);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(proposals, maxBatch);
    }

    /** A draw by softmax asks for every reward. */
    @Override
    public boolean screens() {
        return alpha == 0 && scoreAtFirst != ScoreAtFirst.ALWAYS;
    }

    @Override
    public boolean guards() {
        return true;
    }

    @Override
    public Outcome search(Wave wave) {
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), proposals))) {
            return new SvddSearch(wave, population, this).run();
        }
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(Sizes.everyStep(schedule, proposals, scoreAtFirst));
    }

    /** As many proposals as are paid for; one would leave no choice: a budget ends a search of two earlier. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return Sizes.largest(
                schedule, evaluations, Math.min(2, proposals), 65535, size -> new Svdd(size, alpha, scoreAtFirst));
    }
}
