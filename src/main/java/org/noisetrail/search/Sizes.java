package org.noisetrail.search;

import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import org.noisetrail.sampler.Schedule;

/** Methods as large as a budget pays for; their cost must not fall as they grow. */
final class Sizes {
    private Sizes() {}

    /** The largest that costs at most so many calls of the denoiser, or the smallest. */
    static Method largest(Schedule schedule, long evaluations, int low, int high, IntFunction<Method> make) {
        return make.apply(largest(
                evaluations,
                low,
                high,
                size -> make.apply(size).evaluations(schedule).orElseThrow()));
    }

    /** The largest size that costs at most so much, or the smallest; of those that cost the same the smallest: more than the steps can fill costs nothing and does nothing. */
    static int largest(long evaluations, int low, int high, IntToLongFunction cost) {
        int most = last(evaluations, low, high, cost);
        long price = cost.applyAsLong(most);
        return price == cost.applyAsLong(low) ? low : last(price - 1, low, most, cost) + 1;
    }

    /** The last size that costs at most so much, or the first. */
    private static int last(long evaluations, int low, int high, IntToLongFunction cost) {
        int least = low;
        int most = high;
        while (least < most) {
            int middle = (int) (((long) least + most + 1) / 2);
            if (cost.applyAsLong(middle) <= evaluations) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        return least;
    }

    /** By how much what a search does beside a plain trajectory must grow to cost so much, if cost grows in proportion; 1 where it was measured to do nothing. */
    static double growth(Schedule schedule, double measured, double evaluations) {
        double plain = schedule.evaluations();
        return measured > plain ? (evaluations - plain) / (measured - plain) : 1;
    }

    /** How many calls of at most so many rows. */
    static long chunks(long rows, int most) {
        return (rows + most - 1) / most;
    }

    /** Calls of the denoiser that steps {@code from} to {@code to} - 1 take, as far as there are such steps. */
    static long between(Schedule schedule, int from, int to) {
        return schedule.evaluationsFrom(Math.min(from, schedule.size()))
                - schedule.evaluationsFrom(Math.min(to, schedule.size()));
    }

    /** Calls of the denoiser of one trajectory that tries so many noises at every step that injects noise. */
    static long everyStep(Schedule schedule, int noises, ScoreAtFirst how) {
        long cost = schedule.startEvaluations();
        for (int step = 0; step < schedule.size(); step++) {
            cost += schedule.isDead(step)
                    ? schedule.evaluations(step)
                    : price(schedule, step, atFirst(how, schedule, step), noises, 1);
        }
        return cost;
    }

    /** Whether candidates of a step are judged after the first of its two evaluations; what the last step ends in is the image, and judged as it is. */
    static boolean atFirst(ScoreAtFirst how, Schedule schedule, int step) {
        return canBeAtFirst(schedule, step)
                && how.atFirst(step, schedule.step(step).level());
    }

    static boolean canBeAtFirst(Schedule schedule, int step) {
        return schedule.screens(step) && step < schedule.size() - 1;
    }

    /** Calls of the denoiser that so many candidates of a step take, of which so many go on. */
    static long price(Schedule schedule, int step, boolean atFirst, long tried, long kept) {
        return atFirst
                ? tried * schedule.screeningEvaluations(step) + kept * schedule.completion(step)
                : tried * schedule.evaluations(step);
    }

    /** The largest of sizes 1 to {@code most} that a wave's images can pay for at their start. */
    static Method paid(Wave wave, int most, IntFunction<Method> make) {
        return largest(wave.schedule(), wave.affordableCalls(), 1, most, make);
    }
}
