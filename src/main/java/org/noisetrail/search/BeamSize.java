package org.noisetrail.search;

import org.noisetrail.sampler.Schedule;

/**
 * What a search of several trajectories costs: {@link Beam} and {@link LookaheadBeam}.
 *
 * @param noises a beam tries at a step
 * @param beams that go on
 * @param ahead steps without noise after which a candidate is judged
 * @param scoreAtFirst never, where it looks ahead
 */
record BeamSize(int noises, int beams, int ahead, ScoreAtFirst scoreAtFirst) {
    /** It starts as one trajectory, and widens as its candidates allow. */
    long cost(Schedule schedule) {
        long cost = schedule.startEvaluations();
        long width = 1;
        for (int step = 0; step < schedule.size(); step++) {
            if (schedule.isDead(step)) {
                cost += width * schedule.evaluations(step);
                continue;
            }
            long tried = width * noises;
            width = Math.min(beams, tried);
            cost += price(schedule, step, tried, width);
        }
        return cost;
    }

    /** Calls of the denoiser that a searched step takes. */
    long price(Schedule schedule, int step, long tried, long kept) {
        return ahead > 0
                ? tried * Sizes.between(schedule, step, step + ahead + 1)
                : Sizes.price(schedule, step, Sizes.atFirst(scoreAtFirst, schedule, step), tried, kept);
    }

    /** As many beams as are paid for; where not even one is, one beam of fewer noises, but of two at least: of one there is nothing to choose. */
    BeamSize sized(Schedule schedule, long evaluations) {
        int fewer = noises;
        while (fewer > 2 && of(fewer, 1).cost(schedule) > evaluations) {
            fewer--;
        }
        int tried = fewer;
        return of(
                tried,
                Sizes.largest(
                        evaluations, 1, 65536 / tried, most -> of(tried, most).cost(schedule)));
    }

    private BeamSize of(int tried, int most) {
        return new BeamSize(tried, most, ahead, scoreAtFirst);
    }
}
