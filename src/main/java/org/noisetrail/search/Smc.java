package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Sequential Monte Carlo, as Feynman-Kac steering has it (Singhal et al. 2025, 2501.06848): N particles an image go through the steps with the noise of their chains; after each step that injects noise their clean
 * estimates are judged and their log weights grow by the potential; where the effective number 1 / sum w^2 of the weights falls below {@code ess} N they are resampled, systematically, and all
 * weigh alike again. Weights add up between resamplings. As N grows, its particles become samples of the model's distribution times exp(lambda r).
 *
 * <p>Particle p takes candidate p's noise of round 0, wherever it came from. The uniform of the resampling after step i is the coin of round 65535, candidate 0, stage i + 1.
 * Where a budget does not pay for N, fewer start; a target that an estimate has reached leaves the best alone.
 *
 * @param candidates N, 1 to 65535
 * @param lambda how strongly rewards weigh
 * @param potential what weights grow by
 * @param ess 0 (never resampled) to 1 (whenever weights differ)
 * @param sample whether the image is drawn by weight, a sample of the tilted distribution, instead of the best final reward
 */
public record Smc(int candidates, double lambda, Potential potential, double ess, boolean sample) implements Method {
    private static final Setting<Integer> CANDIDATES = Setting.integer("candidates", "N", 4, 1, 65535, "Particles.");
    private static final Setting<Double> LAMBDA =
            Setting.number("lambda", "lambda", 10, 0, 1e6, "How strongly rewards weigh.");
    private static final Setting<Potential> POTENTIAL = Setting.word(
            "potential", "potential", Potential.DIFFERENCE, "What weights grow by: difference, max or sum of rewards.");
    private static final Setting<Double> ESS =
            Setting.number("ess", "ess", .5, 0, 1, "Resample where the effective share of particles is below it.");
    private static final Setting<Boolean> SAMPLE =
            Setting.flag("sample", "Draw the image by weight, instead of the best final reward.");

    static final Kind<Method> KIND = Kind.<Method, Smc>of(
                    "smc", Smc.class, "Particles that are resampled by their rewards (Feynman-Kac steering).")
            .with(CANDIDATES, Smc::candidates)
            .with(LAMBDA, Smc::lambda)
            .with(POTENTIAL, Smc::potential)
            .with(ESS, Smc::ess)
            .with(SAMPLE, Smc::sample)
            .make(values -> new Smc(
                    values.get(CANDIDATES),
                    values.get(LAMBDA),
                    values.get(POTENTIAL),
                    values.get(ESS),
                    values.get(SAMPLE)));

    public Smc {
        CANDIDATES.checked(candidates);
        LAMBDA.checked(lambda);
        ESS.checked(ess);
    }

    private Smc resized(int candidates) {
        return new Smc(candidates, lambda, potential, ess, sample);
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
    public Outcome search(Wave wave) {
        Smc paid = (Smc) Sizes.paid(wave, candidates, this::resized);
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), 2 * paid.candidates))) {
            return new SmcSearch(wave, population, paid).run();
        }
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(candidates * schedule.evaluations());
    }

    /** As many particles as are paid for. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return Sizes.largest(schedule, evaluations, 1, 65535, this::resized);
    }
}
