package org.noisetrail.search;

import java.util.List;
import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Evolution of whole trajectories (EvoSearch, He et al. 2025, 2505.17618): N of them come to their ends; then, generation by generation, children branch off from parents at a given step with the noise of that step mutated,
 * sqrt(1 - b^2) z + b n, take fresh noise from there on, and come to their ends. The elite and the children are the next population; the best final reward is kept. Without generations it equals {@link BestOfN}.
 *
 * <p>At step 0 the initial noise is mutated. A parent is the better of two drawn at random. (The paper adds noise to the state; mutating the noise that led there keeps every state one that the sampler could have
 * come to, and gives it a name.) Child j of generation g takes candidate j of round g, in every stage; the uniforms of its parents are coins of round 65535, candidates 2 j and 2 j + 1, counted over all generations.
 * A generation after the last step that injects noise is left out. Fewer children come where a budget does not pay for all, none once the best has reached the target.
 *
 * @param candidates N, 1 to 65536
 * @param generations how many children, and at which step, at most 32000 in all
 * @param elites how many of the best go on into the next population, at least 1
 * @param share b, above 0, at most 1
 */
public record Evolve(int candidates, List<Mark> generations, int elites, double share) implements Method {
    private static final int MOST_CHILDREN = 32000;

    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 8, 1, 65536, "The first population.");
    private static final Setting<List<Mark>> GENERATIONS = Setting.of(
                    "generations", Mark.parse("generations", "6@0,6@8,6@12"), Evolve::parse)
            .label("N@STEP,...")
            .text(Mark::text)
            .symbol("generations")
            .largest(Mark::largest)
            .help("Children that branch off, and at which step, such as 6@0,6@8; or none.")
            .build();
    private static final Setting<Integer> ELITES =
            Setting.integer("elites", "elites", 2, 1, 65536, "The best that go on as they are.");
    private static final Setting<Double> SHARE =
            Setting.number("share", "b", .2, Double.MIN_VALUE, 1, "Of fresh noise in a mutation.");

    static final Kind<Method> KIND = Kind.<Method, Evolve>of(
                    "evolve", Evolve.class, "Whole trajectories whose best have children on the way.")
            .with(CANDIDATES, Evolve::candidates)
            .with(GENERATIONS, Evolve::generations)
            .with(ELITES, Evolve::elites)
            .with(SHARE, Evolve::share)
            .make(values ->
                    new Evolve(values.get(CANDIDATES), values.get(GENERATIONS), values.get(ELITES), values.get(SHARE)));

    public Evolve {
        CANDIDATES.checked(candidates);
        ELITES.checked(elites);
        SHARE.checked(share);
        generations = List.copyOf(generations);
        Checks.range("children in all", children(generations), 0, MOST_CHILDREN);
    }

    private static List<Mark> parse(String text) {
        return text.strip().equals("none") ? List.of() : Mark.parse("generations", text);
    }

    private static long children(List<Mark> generations) {
        return generations.stream().mapToLong(Mark::count).sum();
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
        Evolve paid = (Evolve) Sizes.paid(wave, candidates, this::resized);
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), paid.candidates))) {
            return new EvolveSearch(wave, population, paid).run();
        }
    }

    private Evolve resized(int candidates) {
        double factor = (double) candidates / this.candidates;
        return candidates == this.candidates
                ? this
                : new Evolve(candidates, Mark.scaled(generations, factor), elites, share);
    }

    /** Whether there is noise to mutate at the step, or after it. */
    static boolean mutates(Mark generation, Schedule schedule) {
        return generation.step() <= Math.max(0, schedule.lastLive());
    }

    /** Calls of the denoiser that a child takes: none where it is not born, or at a last step that has no evaluation (DDIM's). */
    static long price(Mark generation, Schedule schedule) {
        if (!mutates(generation, schedule)) {
            return 0;
        }
        return generation.step() == 0 ? schedule.evaluations() : schedule.evaluationsFrom(generation.step());
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        long cost = candidates * schedule.evaluations();
        for (Mark generation : generations) {
            cost += generation.count() * price(generation, schedule);
        }
        return OptionalLong.of(cost);
    }

    /** As many as are paid for; generations grow with the first population. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        long most = (long) candidates * (MOST_CHILDREN - generations.size()) / Math.max(1, children(generations));
        return Sizes.largest(schedule, evaluations, 1, (int) Math.min(65536, most), this::resized);
    }
}
