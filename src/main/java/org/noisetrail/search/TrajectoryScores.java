package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.noisetrail.reward.Reward;

/** Whole trajectories, all judged after every step; nothing is chosen: an image is its first trajectory's. */
final class TrajectoryScores implements Method {
    private final int trajectories;
    private final List<Reward> others;
    private final double[][][][] scores;

    /** @param others judge beside the searched reward */
    TrajectoryScores(int trajectories, int images, int steps, List<Reward> others) {
        this.trajectories = Checks.ranged("trajectories", trajectories, 1, 65536);
        this.others = others;
        scores = new double[1 + others.size()][images][trajectories][steps];
    }

    /** [rewards][images][trajectories][steps]. */
    double[][][][] scores() {
        return scores;
    }

    @Override
    public String name() {
        return "trajectories";
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return Math.min(trajectories, maxBatch);
    }

    @Override
    public Outcome search(Wave wave) {
        List<Reward> rewards = new ArrayList<>(List.of(wave.reward()));
        rewards.addAll(others);
        int steps = wave.schedule().size();
        try (Population population = new Population(wave, Math.multiplyExact(wave.images(), trajectories))) {
            List<Particle> particles = population.start(trajectories);
            for (int step = 0; step < steps; step++) {
                particles = population.step(step, particles, false);
                keep(wave.first, step, population.judge(rewards));
                wave.reportProgress((long) wave.images() * (step + 1));
            }
            int[] firsts = IntStream.range(0, wave.images())
                    .map(slot -> slot * trajectories)
                    .toArray();
            List<Particle> images =
                    IntStream.of(firsts).mapToObj(particles::get).toList();
            return new Outcome(
                    population.states(images),
                    images.stream().map(image -> image.path().recipe()).toList(),
                    images.stream().mapToDouble(Particle::norm).toArray(),
                    IntStream.range(0, wave.images())
                            .mapToDouble(slot -> scores[0][wave.first + slot][0][steps - 1])
                            .toArray());
        }
    }

    private void keep(int first, int step, double[][] judged) {
        for (int reward = 0; reward < judged.length; reward++) {
            for (int row = 0; row < judged[reward].length; row++) {
                scores[reward][first + row / trajectories][row % trajectories][step] = judged[reward][row];
            }
        }
    }
}
