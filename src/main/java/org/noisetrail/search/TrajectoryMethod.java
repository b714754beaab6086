package org.noisetrail.search;

import org.noisetrail.sampler.Schedule;

/**
 * A method that only chooses among whole trajectories, each with its own initial noise and its own noise at every step, as {@link BestOfN} draws them: what it has seen of one
 * changes nothing of another. So the scores that {@link Search#trajectories} gives decide what it draws and what that costs.
 *
 * <p>A method whose later states depend on what it has chosen before (local search, beams, trees, resampling) is none: its states are in no such table.
 */
public interface TrajectoryMethod extends Method {
    /** How many trajectories of an image it takes at most. */
    int trajectories();

    /**
     * What a search without budget and time limit chooses for an image.
     *
     * @param scores [trajectories or more][steps], of the searched reward
     * @param target the search's target reward; infinite for none
     * @throws IllegalArgumentException if the scores are of fewer trajectories or other steps, or its trajectories are others
     */
    Pick pick(double[][] scores, Schedule schedule, double target);

    /**
     * A choice, and its price.
     *
     * @param trajectory the one that makes the image
     * @param evaluations calls of the denoiser
     * @param rewardCalls of the searched reward, the final image's included
     */
    record Pick(int trajectory, long evaluations, long rewardCalls) {}

    /** Refuses scores of fewer trajectories, or of other steps. */
    static void check(double[][] scores, int trajectories, Schedule schedule) {
        if (scores.length < trajectories || scores[0].length != schedule.size()) {
            throw new IllegalArgumentException(
                    "scores must be of >= " + trajectories + " trajectories and " + schedule.size() + " steps: "
                            + scores.length + " and " + (scores.length == 0 ? 0 : scores[0].length));
        }
    }
}
