package org.noisetrail.search;

import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Rollover budget forcing (Kim et al. 2025, 2503.19385): the best of S starts sets the mark r*; then at every step that injects noise the first proposal whose clean estimate beats r* is taken, and is the new mark;
 * what it leaves of the step's quota Q is added to the next step's. Where none beats it within the quota, the best of them goes on and the mark stays. The last of these steps whose proposals cost network evaluations uses up
 * all that is left, and its best goes on; one after it, whose proposals are free (DDIM's last, where it injects noise), has its quota.
 *
 * <p>Starts are judged after the first step that injects noise. Proposal j of a step is candidate j of round 1. What the budget does not pay for is not proposed; with the target reached, steps
 * take their own noise.
 *
 * @param starts S, 1 to 65536
 * @param quota Q, proposals a step, 1 to 65535
 * @param scoreAtFirst at which steps of two evaluations proposals are judged after the first, and only a step's best so far pays the second
 */
public record RolloverBudget(int starts, int quota, ScoreAtFirst scoreAtFirst) implements Method {
    private static final Setting<Integer> STARTS =
            Setting.integer("starts", "S", 8, 1, 65536, "Trajectories that begin; the best of them goes on.");
    private static final Setting<Integer> QUOTA =
            Setting.integer("quota", "Q", 4, 1, 65535, "Noises a step may try; what is left is the next step's too.");

    static final Kind<Method> KIND = Kind.<Method, RolloverBudget>of(
                    "rbf",
                    RolloverBudget.class,
                    "Takes a step's first noise that beats all before; what is saved moves on, and the last searched step uses it up.")
            .with(STARTS, RolloverBudget::starts)
            .with(QUOTA, RolloverBudget::quota)
            .with(ScoreAtFirst.SETTING, RolloverBudget::scoreAtFirst)
            .make(values ->
                    new RolloverBudget(values.get(STARTS), values.get(QUOTA), values.get(ScoreAtFirst.SETTING)));

    public RolloverBudget {
        STARTS.checked(starts);
        QUOTA.checked(quota);
    }

    /** Of whole transitions. */
    public RolloverBudget(int starts, int quota) {
        this(starts, quota, ScoreAtFirst.NEVER);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(starts, maxBatch);
    }

    @Override
    public boolean guards() {
        return true;
    }

    @Override
    public Outcome search(Wave wave) {
        Schedule schedule = wave.schedule();
        long rest = schedule.evaluations() - startPrice(schedule);
        int paid = Sizes.largest(wave.affordableCalls() - rest, 1, starts, size -> size * startPrice(schedule));
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), paid))) {
            return new RolloverSearch(wave, population, paid, this).run();
        }
    }

    /** Steps that starts take before they are judged. */
    static int judgedAfter(Schedule schedule) {
        int step = 0;
        while (step < schedule.size() - 1 && schedule.isDead(step)) {
            step++;
        }
        return step + 1;
    }

    /** The last step that injects noise and whose proposals cost something; where all are free, the last that does. */
    static int lastPaid(Schedule schedule) {
        int step = schedule.lastLive();
        while (step >= 0 && (schedule.isDead(step) || schedule.evaluations(step) == 0)) {
            step--;
        }
        return step < 0 ? schedule.lastLive() : step;
    }

    private static long startPrice(Schedule schedule) {
        return schedule.startEvaluations() + Sizes.between(schedule, 0, judgedAfter(schedule));
    }

    /** Calls of the denoiser if no proposal ever beats the mark. */
    private long most(int quota, Schedule schedule) {
        long cost = starts * startPrice(schedule);
        for (int step = judgedAfter(schedule); step < schedule.size(); step++) {
            cost += (long) (schedule.isDead(step) ? 1 : quota) * schedule.evaluations(step);
        }
        return cost;
    }

    /** As large a quota as is paid for if it is always used up; where not even one proposal a step is, fewer starts. One start of one proposal a step would leave no choice: a budget ends one of two earlier. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        int size = Sizes.largest(evaluations, 1, 65535, q -> most(q, schedule));
        int begun = Sizes.largest(evaluations, 1, starts, s -> new RolloverBudget(s, 1).most(size, schedule));
        return new RolloverBudget(begun, begun == 1 ? Math.max(size, Math.min(2, quota)) : size, scoreAtFirst);
    }

    @Override
    public Method resized(Schedule schedule, double measured, long evaluations) {
        long size = Math.round(quota * evaluations / measured);
        return new RolloverBudget(starts, (int) Math.max(1, Math.min(65535, size)), scoreAtFirst);
    }
}
