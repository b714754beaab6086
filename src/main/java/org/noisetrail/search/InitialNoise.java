package org.noisetrail.search;

import java.util.Locale;
import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Search on the initial noise alone, by whole trajectories, whose steps take the same noises throughout; it works with samplers that inject none (Ma et al. 2025, 2501.09732).
 *
 * <p>{@link Variant#ZERO_ORDER}: K rounds of M candidates sqrt(1 - b^2) z + b n around the pivot z, at first the image's own noise; a candidate of strictly better final reward is the next pivot. {@link Variant#ASCENT}:
 * M fresh noises, and one more made of them by regression on their final rewards, as {@link Ascent} makes it; the best of the M + 1 is kept, and further rounds are as above.
 *
 * <p>Candidate m of round k is candidate m of round k, of stage 0. What the budget does not pay for, and what would start with the target reached, is left out.
 *
 * @param variant how the first round is made
 * @param candidates M, 2 to 65535
 * @param rounds K, 1 to 65534
 * @param share b, above 0, at most 1
 */
public record InitialNoise(Variant variant, int candidates, int rounds, double share) implements Method {
    /** How the first round is made. */
    public enum Variant {
        ZERO_ORDER,
        ASCENT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Setting<Variant> VARIANT = Setting.word(
            "variant", "variant", Variant.ZERO_ORDER, "zero-order, or ascent: learn from the first round's losers.");
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "M", 4, 2, 65535, "Initial noises a round.");
    private static final Setting<Integer> ROUNDS = Setting.integer("rounds", "K", 1, 1, 65534, "Rounds.");
    private static final Setting<Double> SHARE =
            Setting.number("share", "b", .3, Double.MIN_VALUE, 1, "Of fresh noise in a candidate near the best.");

    static final Kind<Method> KIND = Kind.<Method, InitialNoise>of(
                    "x-t", InitialNoise.class, "Search on the initial noise, by whole trajectories.")
            .with(VARIANT, InitialNoise::variant)
            .with(CANDIDATES, InitialNoise::candidates)
            .with(ROUNDS, InitialNoise::rounds)
            .with(SHARE, InitialNoise::share)
            .make(values -> new InitialNoise(
                    values.get(VARIANT), values.get(CANDIDATES), values.get(ROUNDS), values.get(SHARE)));

    public InitialNoise {
        CANDIDATES.checked(candidates);
        ROUNDS.checked(rounds);
        SHARE.checked(share);
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
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), candidates))) {
            return new InitialNoiseSearch(wave, population, this).run();
        }
    }

    /** One more: the pivot's, or the one that is made of the others. */
    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of((1L + (long) rounds * candidates) * schedule.evaluations());
    }

    /** As many rounds as are paid for, where not even one is, one of fewer candidates; for ascent as many candidates of its first round. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        if (rounds == 1 && variant == Variant.ASCENT) {
            return Sizes.largest(schedule, evaluations, 2, 65535, size -> new InitialNoise(variant, size, 1, share));
        }
        long paid = evaluations / schedule.evaluations() - 1;
        int fewer = (int) Math.max(2, Math.min(candidates, paid));
        return Sizes.largest(schedule, evaluations, 1, 65534, size -> new InitialNoise(variant, fewer, size, share));
    }
}
