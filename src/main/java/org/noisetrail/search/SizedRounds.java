package org.noisetrail.search;

import java.util.Arrays;
import org.noisetrail.sampler.Schedule;

/** What rounds cost, and rounds that cost a given number of calls of the denoiser. */
final class SizedRounds {
    /** Rounds have numbers of 16 bits in a noise's name. */
    private static final int MOST = 0xFFFF;

    private SizedRounds() {}

    /** The rounds of every step; 0 where a step injects no noise. */
    static int[] rounds(Rounds rounds, Schedule schedule) {
        int[] all = new int[schedule.size()];
        Arrays.setAll(
                all, step -> schedule.isDead(step) ? 0 : rounds.at(step, schedule.step(step).level()));
        return all;
    }

    static long cost(int candidates, int[] rounds, Schedule schedule) {
        long cost = schedule.startEvaluations();
        for (int step = 0; step < rounds.length; step++) {
            cost += schedule.evaluations(step) * Math.max(1, (long) candidates * rounds[step]);
        }
        return cost;
    }

    /**
     * Gives rounds one by one to the step that has the fewest for its weight, as seats are given to parties (Webster; the earlier step of
     * equals), while the target pays for them. A step whose candidates cost nothing keeps its own rounds.
     */
    static RoundSchedule fill(int candidates, Rounds own, Schedule schedule, long target) {
        int[] weights = rounds(own, schedule);
        int[] rounds = new int[weights.length];
        for (int step = 0; step < rounds.length; step++) {
            rounds[step] = schedule.evaluations(step) == 0 ? weights[step] : 0;
        }
        long left = target - schedule.evaluations();
        while (true) {
            int next = -1;
            for (int step = 0; step < rounds.length; step++) {
                if (rounds[step] < MOST
                        && weights[step] > 0
                        && schedule.evaluations(step) > 0
                        && price(candidates, schedule, step, rounds[step]) <= left
                        && (next < 0 || weights[step] * (rounds[next] + .5) > weights[next] * (rounds[step] + .5))) {
                    next = step;
                }
            }
            if (next < 0) {
                return new RoundSchedule(
                        RoundSchedule.levelsOf(schedule),
                        Arrays.stream(rounds).boxed().toList());
            }
            left -= price(candidates, schedule, next, rounds[next]);
            rounds[next]++;
        }
    }

    /** What another round costs; the first replaces the step's plain transition. */
    private static long price(int candidates, Schedule schedule, int step, int rounds) {
        return (long) schedule.evaluations(step) * (rounds == 0 ? candidates - 1 : candidates);
    }
}
