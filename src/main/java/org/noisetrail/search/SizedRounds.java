package org.noisetrail.search;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.noisetrail.sampler.Schedule;

/**
 * What rounds cost, and rounds that cost a given number of calls of the denoiser.
 *
 * @param candidates of a round
 * @param screened at which steps candidates are judged after the first of two evaluations
 */
record SizedRounds(int candidates, IntPredicate screened, Schedule schedule) {
    /** Rounds have numbers of 16 bits in a noise's name. */
    private static final int MOST = 0xFFFF;

    /** The rounds of every step; 0 where a step injects no noise. */
    private int[] rounds(Rounds rounds) {
        int[] all = new int[schedule.size()];
        Arrays.setAll(all, step -> schedule.isDead(step) ? 0 : at(rounds, schedule, step));
        return all;
    }

    /** The rounds of a step. */
    static int at(Rounds rounds, Schedule schedule, int step) {
        return Checks.ranged("rounds", rounds.at(step, schedule.step(step).level()), 0, MOST);
    }

    long cost(Rounds rounds) {
        long cost = schedule.startEvaluations();
        int[] all = rounds(rounds);
        for (int step = 0; step < all.length; step++) {
            cost += cost(step, all[step]);
        }
        return cost;
    }

    /**
     * Gives rounds one by one to the step that has the fewest for its weight, as seats are given to parties (Webster; the earlier step of
     * equals), while the target pays for them. A step whose candidates cost nothing keeps its own rounds.
     */
    RoundSchedule fill(Rounds own, long target) {
        int[] weights = rounds(own);
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
                        && price(step, rounds[step]) <= left
                        && (next < 0 || weights[step] * (rounds[next] + .5) > weights[next] * (rounds[step] + .5))) {
                    next = step;
                }
            }
            if (next < 0) {
                return new RoundSchedule(
                        RoundSchedule.levelsOf(schedule),
                        Arrays.stream(rounds).boxed().toList(),
                        IntStream.range(0, rounds.length)
                                .mapToObj(screened::test)
                                .toList());
            }
            left -= price(next, rounds[next]);
            rounds[next]++;
        }
    }

    /** What another round costs; the first replaces the step's plain transition. */
    private long price(int step, int rounds) {
        return cost(step, rounds + 1) - cost(step, rounds);
    }

    private long cost(int step, int rounds) {
        return rounds == 0
                ? schedule.evaluations(step)
                : Sizes.price(schedule, step, screened.test(step), (long) rounds * candidates, 1);
    }
}
