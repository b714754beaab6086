package org.noisetrail.search;

import java.util.function.IntFunction;
import org.noisetrail.sampler.Schedule;

/** Methods as large as a budget pays for; their cost must not fall as they grow. */
final class Sizes {
    private Sizes() {}

    /** The largest that costs at most so many calls of the denoiser, or the smallest. */
    static Method largest(Schedule schedule, long evaluations, int low, int high, IntFunction<Method> make) {
        int least = low;
        int most = high;
        while (least < most) {
            int middle = (int) (((long) least + most + 1) / 2);
            if (make.apply(middle).evaluations(schedule).orElseThrow() <= evaluations) {
                least = middle;
            } else {
                most = middle - 1;
            }
        }
        return make.apply(least);
    }

    /** Calls of the denoiser of one trajectory that tries so many noises at every step that injects noise. */
    static long everyStep(Schedule schedule, int noises) {
        long cost = schedule.startEvaluations();
        for (int step = 0; step < schedule.size(); step++) {
            cost += (long) (schedule.isDead(step) ? 1 : noises) * schedule.evaluations(step);
        }
        return cost;
    }

    /** The largest of sizes 1 to {@code most} that a wave's images can pay for at their start. */
    static Method paid(Wave wave, int most, IntFunction<Method> make) {
        return largest(wave.schedule(), wave.affordableCalls(), 1, most, make);
    }
}
