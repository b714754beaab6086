package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.torch.Unfinished;

/** The states of {@link MctsSearch}'s nodes and rollouts, and their way through the steps: all of them in one call a step. */
final class MctsSweep implements AutoCloseable {
    /**
     * @param expanded the node that gets children; null where the simulation came to a known end
     * @param source the node whose end gives its reward
     */
    record Simulation(int slot, @Nullable TreeNode expanded, TreeNode source) {}

    /** A node's way to its end, without noise. */
    static final class Rollout {
        final int slot;
        final TreeNode from;
        int row;

        Rollout(int slot, TreeNode from) {
            this.slot = slot;
            this.from = from;
            row = -1;
        }
    }

    private final Wave wave;
    private final StepEngine engine;
    private final int steps;
    private final MctsPrices prices;
    private final StatePool pool;
    private Candidates candidates;

    MctsSweep(Wave wave, MctsPrices prices) {
        this.wave = wave;
        this.prices = prices;
        engine = wave.engine();
        steps = wave.schedule().size();
        try (Unfinished parts = new Unfinished()) {
            candidates = parts.add(engine.candidates(wave.images()));
            pool = parts.add(new StatePool(engine, 2 * wave.images()));
            parts.finish();
        }
    }

    StatePool pool() {
        return pool;
    }

    /** The rewards of ends: a row each. */
    double[] judge(int[] slots, int[] rows) {
        if (slots.length == 0) {
            return new double[0];
        }
        Draws.Builder builder = engine.draws(steps - 1, slots.length);
        for (int slot : slots) {
            builder.add(slot, 0, 0, 0, NoiseKind.NONE);
        }
        try (Draws ends = builder.build();
                Particles x = engine.copies(pool.rows(), rows)) {
            double[] rewards = engine.judge(x.x(), ends, wave.reward());
            wave.reportRewards(rewards);
            return rewards;
        }
    }

    void sweep(int from, List<Simulation> simulations, List<Rollout> rollouts) {
        for (int step = from; step < steps; step++) {
            advance(step, simulations, rollouts);
        }
        int[] slots = rollouts.stream().mapToInt(rollout -> rollout.slot).toArray();
        int[] rows = rollouts.stream()
                .mapToInt(rollout -> prices.known(rollout.from) ? rollout.from.row : rollout.row)
                .toArray();
        double[] rewards = judge(slots, rows);
        for (int i = 0; i < slots.length; i++) {
            Rollout rollout = rollouts.get(i);
            rollout.from.reward = rewards[i];
            wave.countNans(slots[i], Double.isNaN(rewards[i]) ? 1 : 0);
            if (!prices.known(rollout.from)) {
                pool.release(rollout.row);
            }
        }
        for (Simulation simulation : simulations) {
            simulation.source().backUp(simulation.source().reward);
        }
    }

    /** One step of the nodes that are expanded there, and of the rollouts that have come there. */
    private void advance(int step, List<Simulation> simulations, List<Rollout> rollouts) {
        Draws.Builder builder = engine.draws(step, simulations.size() + rollouts.size());
        List<Integer> targets = new ArrayList<>();
        List<TreeNode> expanded = new ArrayList<>();
        for (Simulation simulation : simulations) {
            TreeNode node = simulation.expanded();
            if (node != null && node.step == step) {
                expanded.add(node);
                for (TreeNode child : node.children()) {
                    child.row = pool.take();
                    targets.add(child.row);
                    builder.add(simulation.slot(), 0, child.candidate, node.row, NoiseKind.GLOBAL);
                }
            }
        }
        for (Rollout rollout : rollouts) {
            TreeNode node = rollout.from;
            if (node.step <= step) {
                int parent = rollout.row < 0 ? node.row : rollout.row;
                if (rollout.row < 0) {
                    // Of a node whose end is known only the end is needed, not its own state.
                    rollout.row = prices.known(node) ? node.row : pool.take();
                }
                targets.add(rollout.row);
                builder.add(rollout.slot, 0, 0, parent, NoiseKind.NONE);
            }
        }
        if (targets.isEmpty()) {
            return;
        }
        try (Draws rows = builder.build()) {
            transition(rows, 1, targets);
        }
        if (!wave.isTimed()) {
            for (TreeNode node : expanded) {
                pool.release(node.row);
                node.row = -1;
            }
        }
    }

    void transition(Draws rows, int round, List<Integer> targets) {
        candidates = candidates.atLeast(rows.rows());
        engine.advance(candidates, pool.rows(), null, rows, round, Locality.NONE);
        engine.put(
                candidates.next(), targets.stream().mapToInt(Integer::intValue).toArray(), pool.rows());
    }

    @Override
    public void close() {
        candidates.close();
        pool.close();
    }
}
