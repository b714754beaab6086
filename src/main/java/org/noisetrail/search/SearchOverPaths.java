package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Search over paths (Ma et al. 2025, 2501.09732, section 3): N trajectories come down {@code start} steps; then, again and again, each is noised again M times, {@code up} steps back, and comes {@code down} steps down
 * with fresh noise; of all the N with the best clean estimates go on, until the end; the best final reward is kept.
 *
 * <p>Particle n's m-th way is candidate n M + m: of round 2 r for the noise up of turn r, from 1, of round 2 r - 1 for the noises down. Where a budget does not pay for a turn, fewer particles take it, then
 * fewer ways, and then the best goes on plainly; so it does with the target reached.
 *
 * @param candidates N, 1 to 65536
 * @param renoisings M, at least 1; candidates x renoisings at most 65536
 * @param start 1 to 10000
 * @param up 1 to start
 * @param down above up
 */
public record SearchOverPaths(int candidates, int renoisings, int start, int up, int down) implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 2, 1, 65536, "Trajectories that go on.");
    private static final Setting<Integer> RENOISINGS =
            Setting.integer("renoisings", "M", 4, 1, 65536, "Ways on that each tries.");
    private static final Setting<Integer> START =
            Setting.integer("start", "start", 4, 1, 10000, "Steps before the first turn.");
    private static final Setting<Integer> UP = Setting.integer("up", "up", 2, 1, 10000, "Steps back up, a turn.");
    private static final Setting<Integer> DOWN =
            Setting.integer("down", "down", 5, 2, 10000, "Steps down, a turn; more than up.");

    static final Kind<Method> KIND = Kind.<Method, SearchOverPaths>of(
                    "sop", SearchOverPaths.class, "Search over paths: noised again, up and further down.")
            .with(CANDIDATES, SearchOverPaths::candidates)
            .with(RENOISINGS, SearchOverPaths::renoisings)
            .with(START, SearchOverPaths::start)
            .with(UP, SearchOverPaths::up)
            .with(DOWN, SearchOverPaths::down)
            .make(values -> new SearchOverPaths(
                    values.get(CANDIDATES),
                    values.get(RENOISINGS),
                    values.get(START),
                    values.get(UP),
                    values.get(DOWN)));

    public SearchOverPaths {
        CANDIDATES.checked(candidates);
        RENOISINGS.checked(renoisings);
        START.checked(start);
        UP.checked(up);
        DOWN.checked(down);
        Checks.range("candidates x renoisings", (long) candidates * renoisings, 1, 65536);
        Checks.range("up", up, 1, start);
        Checks.range("down", down, up + 1L, 10000);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(candidates * renoisings, maxBatch);
    }

    @Override
    public Outcome search(Wave wave) {
        SearchOverPaths paid = (SearchOverPaths)
                Sizes.paid(wave, candidates, n -> new SearchOverPaths(n, renoisings, start, up, down));
        try (Population population =
                new Population(wave, Math.multiplyExact(wave.images(), paid.candidates * renoisings))) {
            return new PathSearch(wave, population, paid).run();
        }
    }

    /** Where a turn from {@code position} ends. */
    int end(int position, Schedule schedule) {
        return Math.min(schedule.size(), position - up + down);
    }

    /** Calls of the denoiser that one way of a turn takes. */
    long price(int position, Schedule schedule) {
        return schedule.startEvaluations() + Sizes.between(schedule, position - up, end(position, schedule));
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        long cost = candidates * (schedule.startEvaluations() + Sizes.between(schedule, 0, start));
        for (int position = start; position < schedule.size(); position = end(position, schedule)) {
            cost += (long) candidates * renoisings * price(position, schedule);
        }
        return OptionalLong.of(cost);
    }

    /** As many ways as are paid for, but two at least, since of one there is nothing to choose; then as many trajectories. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        SearchOverPaths ways = (SearchOverPaths) Sizes.largest(
                schedule,
                evaluations,
                Math.min(2, renoisings),
                renoisings,
                m -> new SearchOverPaths(1, m, start, up, down));
        return Sizes.largest(
                schedule,
                evaluations,
                ways.renoisings == 1 ? Math.min(2, candidates) : 1,
                65536 / ways.renoisings,
                n -> new SearchOverPaths(n, ways.renoisings, start, up, down));
    }
}
