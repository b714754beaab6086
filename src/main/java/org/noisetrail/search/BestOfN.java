package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * N whole trajectories an image; the one of the best final reward is kept. Where there is a target, 1, 2, 4, ... of them (from 64 on 64 at a time) are drawn and judged, until one has
 * reached it.
 *
 * @param candidates N, 1 to 65536
 * @param sharedStart whether all start from candidate 0's initial noise (as the paper does) instead of each from its own
 */
public record BestOfN(int candidates, boolean sharedStart) implements TrajectoryMethod {
    private static final int MOST_AIMED = 64;

    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65536, "Whole trajectories.");
    private static final Setting<Boolean> SHARED_START =
            Setting.flag("shared-start", "All trajectories start from one initial noise, as in the paper.");

    static final Kind<Method> KIND = Kind.<Method, BestOfN>of(
                    "best-of-n", BestOfN.class, "Whole trajectories; the best final reward.")
            .with(CANDIDATES, BestOfN::candidates)
            .with(SHARED_START, BestOfN::sharedStart)
            .make(values -> new BestOfN(values.get(CANDIDATES), values.get(SHARED_START)));

    public BestOfN {
        CANDIDATES.checked(candidates);
    }

    /** Trajectories that each start from their own initial noise. */
    public BestOfN(int candidates) {
        this(candidates, false);
    }

    /** As many trajectories as cost nearest to that many calls of the denoiser; at least one. */
    public static BestOfN costing(Schedule schedule, double evaluations) {
        long nearest = Math.round(evaluations / schedule.evaluations());
        return new BestOfN((int) Math.min(0xFFFF, Math.max(1, nearest)));
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
        return new ChainSearch(wave, candidates, sharedStart).run();
    }

    /** How many go after the first so many where there is a target: one, then as many again, less than twice what was needed. */
    static int aimed(int drawn) {
        return Math.min(Math.max(1, drawn), MOST_AIMED);
    }

    @Override
    public int trajectories() {
        return candidates;
    }

    @Override
    public Pick pick(double[][] scores, Schedule schedule, double target) {
        if (sharedStart && candidates > 1) {
            throw new IllegalArgumentException("trajectories must each have their own initial noise: shared start");
        }
        TrajectoryMethod.check(scores, candidates, schedule);
        int best = 0;
        int drawn = 0;
        do {
            int end = target < Double.POSITIVE_INFINITY ? Math.min(candidates, drawn + aimed(drawn)) : candidates;
            for (; drawn < end; drawn++) {
                best = value(scores[drawn]) > value(scores[best]) ? drawn : best;
            }
        } while (drawn < candidates && !Wave.isReached(value(scores[best]), target));
        return new Pick(best, drawn * schedule.evaluations(), drawn);
    }

    private static double value(double[] trajectory) {
        return Particle.value(trajectory[trajectory.length - 1]);
    }

    @Override
    public boolean choosesOnTheWay() {
        return false;
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(candidates * schedule.evaluations());
    }

    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return Sizes.largest(schedule, evaluations, 1, 0xFFFF, n -> new BestOfN(n, sharedStart));
    }
}
