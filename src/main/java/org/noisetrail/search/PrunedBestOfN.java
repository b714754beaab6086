package org.noisetrail.search;

import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * N trajectories an image, of which, on the way, only those with the best clean estimates go on; the one of the best final reward is kept. Its chains are those of {@link BestOfN}, which it equals where nothing is
 * pruned.
 *
 * <p>Where a budget does not pay for N, fewer start; where not for one that tries M noises, each has its own. A target that an estimate has reached where it is judged anyway leaves the best alone.
 *
 * @param candidates N, 1 to 65536
 * @param keep how many go on, and when
 * @param noises M, noises that each of them tries at every step after the last pruning, the best clean estimate going on; 1 to 4096, and survivors x noises at most 65536; 1 = its own alone
 */
public record PrunedBestOfN(int candidates, Funnel keep, int noises) implements TrajectoryMethod {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 16, 1, 65536, "Trajectories that start.");
    private static final Setting<Funnel> KEEP = Setting.of("keep", Funnel.parse("6@2,2@6"), Funnel::parse)
            .label("N@STEPS,...")
            .symbol("keep")
            .largest(keep -> Mark.largest(keep.marks()))
            .help("How many go on after so many steps, such as 6@2,2@6; or linear; or none.")
            .build();

    private static final Setting<Integer> NOISES =
            Setting.integer("noises", "M", 1, 1, 4096, "Noises that each survivor of the last pruning tries a step.");

    static final Kind<Method> KIND = Kind.<Method, PrunedBestOfN>of(
                    "pruned-best-of-n",
                    PrunedBestOfN.class,
                    "Many trajectories, fewer at each checkpoint; the best final reward.")
            .with(CANDIDATES, PrunedBestOfN::candidates)
            .with(KEEP, PrunedBestOfN::keep)
            .with(NOISES, PrunedBestOfN::noises)
            .make(values -> new PrunedBestOfN(values.get(CANDIDATES), values.get(KEEP), values.get(NOISES)));

    public PrunedBestOfN {
        CANDIDATES.checked(candidates);
        NOISES.checked(noises);
    }

    /** Whose survivors go on with their own noise. */
    public PrunedBestOfN(int candidates, Funnel keep) {
        this(candidates, keep, 1);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(candidates, maxBatch);
    }

    /** What survivors try; prunings are judged whole. */
    @Override
    public boolean screens() {
        return noises > 1;
    }

    @Override
    public Outcome search(Wave wave) {
        PrunedBestOfN paid = (PrunedBestOfN) Sizes.paid(wave, candidates, this::resized);
        if (noises > 1 && paid.evaluations(wave.schedule()).orElseThrow() > wave.affordableCalls()) {
            return new PrunedBestOfN(candidates, keep).search(wave);
        }
        int survivors =
                paid.width(keep.last(wave.schedule().size()), wave.schedule().size());
        if (noises > 1 && (long) survivors * noises > Search.LARGEST_BATCH) {
            throw new IllegalArgumentException(
                    "survivors x noises must be <= " + Search.LARGEST_BATCH + ": " + survivors + " x " + noises);
        }
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), paid.candidates))) {
            return new PrunedSearch(wave, population, paid).run();
        }
    }

    private PrunedBestOfN resized(int candidates) {
        return candidates == this.candidates
                ? this
                : new PrunedBestOfN(candidates, keep.scaled((double) candidates / this.candidates), noises);
    }

    /** How many go through step {@code step} of {@code steps}; after the last the one that makes the image. */
    int width(int step, int steps) {
        return step == steps ? 1 : keep.width(step, candidates, steps);
    }

    @Override
    public int trajectories() {
        return candidates;
    }

    @Override
    public Pick pick(double[][] scores, Schedule schedule, double target) {
        if (noises > 1) {
            throw new IllegalArgumentException("trajectories must go on with their own noise: noises " + noises);
        }
        TrajectoryMethod.check(scores, candidates, schedule);
        int[] alive = IntStream.range(0, candidates).toArray();
        long evaluations = (long) candidates * schedule.startEvaluations();
        long rewardCalls = 0;
        for (int step = 0; alive.length > 1; step++) {
            int at = step;
            int width = width(step + 1, schedule.size());
            evaluations += (long) alive.length * schedule.evaluations(step);
            if (width < width(step, schedule.size())) {
                rewardCalls += alive.length;
                int[] before = alive;
                double[] seen =
                        IntStream.of(alive).mapToDouble(t -> scores[t][at]).toArray();
                boolean reached = Wave.isReached(seen[Particle.ranking(seen)[0]], target);
                alive = IntStream.of(Particle.best(seen, reached ? 1 : width))
                        .map(i -> before[i])
                        .toArray();
                if (step + 1 == schedule.size()) {
                    return new Pick(alive[0], evaluations, rewardCalls);
                }
            }
            if (alive.length == 1) {
                return new Pick(alive[0], evaluations + schedule.evaluationsFrom(step + 1), rewardCalls + 1);
            }
        }
        return new Pick(alive[0], evaluations + schedule.evaluationsFrom(0), 1);
    }

    /** How many noises each tries at a step. */
    int noises(int step, Schedule schedule) {
        return step < keep.last(schedule.size()) || schedule.isDead(step) ? 1 : noises;
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        long cost = (long) candidates * schedule.startEvaluations();
        for (int step = 0; step < schedule.size(); step++) {
            cost += (long) width(step, schedule.size()) * noises(step, schedule) * schedule.evaluations(step);
        }
        return OptionalLong.of(cost);
    }

    /** As many as are paid for; what goes on is scaled with them. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        return Sizes.largest(schedule, evaluations, 1, 65536, this::resized);
    }
}
