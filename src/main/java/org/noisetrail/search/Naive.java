package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;

/** One trajectory with its own noise: the plain sampler. */
public record Naive() implements TrajectoryMethod {
    static final Kind<Method> KIND = Kind.<Method, Naive>of("naive", Naive.class, "One trajectory: the plain sampler.")
            .make(values -> new Naive());

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return 1;
    }

    @Override
    public Outcome search(Wave wave) {
        return new ChainSearch(wave, 1, false).run();
    }

    @Override
    public boolean needsReward() {
        return false;
    }

    @Override
    public boolean choosesOnTheWay() {
        return false;
    }

    @Override
    public int trajectories() {
        return 1;
    }

    @Override
    public Pick pick(double[][] scores, Schedule schedule, double target) {
        TrajectoryMethod.check(scores, 1, schedule);
        return new Pick(0, schedule.evaluations(), 1);
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(schedule.evaluations());
    }
}
