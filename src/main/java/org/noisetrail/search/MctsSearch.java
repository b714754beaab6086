package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;

/**
 * {@link Mcts}: the simulations of all images go through the steps together.
 *
 * <p>Simulations of one image wait for each other's rewards only where UCB1 compares children: those that an unvisited child takes are known before, and go
 * in one sweep with the one before them. A sweep goes up the steps once; at each it advances the children of the nodes that are expanded there and the
 * rollouts that have come there, of all simulations, in one call. States are held for nodes without children only: an expanded one's is no longer needed.
 *
 * <p>The random child of simulation s (from 0) of the root at step i is floor(u N), u the coin of round 65535, candidate s, stage i + 1: a key that no noise has.
 */
final class MctsSearch implements AutoCloseable {
    private final Mcts method;
    private final Wave wave;
    private final StepEngine engine;
    private final int images;
    private final int steps;
    private final boolean aiming;
    private final int together;
    private final TreeNode[] roots;
    private final StepDraws draws;
    private final MctsPrices prices;
    private final MctsSweep states;

    MctsSearch(Mcts method, Wave wave) {
        this.method = method;
        this.wave = wave;
        engine = wave.engine;
        images = wave.images();
        steps = wave.schedule().size();
        aiming = wave.target() < Double.POSITIVE_INFINITY;
        // A target asks for every simulation's reward before the next.
        together = aiming ? 1 : Math.max(1, wave.maxBatch() / images);
        roots = new TreeNode[images];
        draws = new StepDraws(wave);
        prices = new MctsPrices(method.candidates(), wave, wave.schedule().lastLive() + 1);
        states = new MctsSweep(wave, prices);
    }

    Outcome run() {
        try (Draws own = wave.own(-1, wave.slots(), 0, NoiseKind.GLOBAL);
                Particles starts = engine.start(own)) {
            wave.each(slot -> {
                roots[slot] = new TreeNode(0, 0, null);
                roots[slot].row = states.pool().take();
            });
            engine.put(starts, rootRows(), states.pool().rows());
        }
        for (int step = 0; step < steps; step++) {
            if (!wave.schedule().isDead(step)) {
                simulate(step);
            }
            move(step);
            wave.stand(states.pool().rows(), this::stands);
            wave.reportProgress((long) images * (step + 1));
        }
        return outcome();
    }

    private int[] rootRows() {
        return Arrays.stream(roots).mapToInt(root -> root.row).toArray();
    }

    /** Where roots have states: those that have children are held only while time may end the search. */
    private List<Stand> stands() {
        double[] norms = wave.norms(wave.mapped(slot -> draws.recipe(slot, steps)));
        List<Stand> stands = new ArrayList<>();
        wave.each(slot -> {
            TreeNode root = roots[slot];
            boolean ended = prices.known(root) && root.rolledOut;
            int step = ended ? steps : root.step;
            if (root.row >= 0) {
                double score = ended ? root.reward : Double.NaN;
                stands.add(new Stand(slot, step, root.row, draws.recipe(slot, step), norms[slot], score));
            }
        });
        return stands;
    }

    private Outcome outcome() {
        int[] unjudged = Arrays.stream(wave.slots())
                .filter(slot -> !roots[slot].rolledOut)
                .toArray();
        int[] rows = Arrays.stream(unjudged).map(slot -> roots[slot].row).toArray();
        double[] judged = states.judge(unjudged, rows);
        for (int i = 0; i < unjudged.length; i++) {
            roots[unjudged[i]].reward = judged[i];
        }
        List<Recipe> recipes = draws.recipes();
        double[] norms = wave.norms(recipes);
        double[] rewards = Arrays.stream(roots).mapToDouble(root -> root.reward).toArray();
        return new Outcome(engine.copies(states.pool().rows(), rootRows()), recipes, norms, rewards);
    }

    private void simulate(int step) {
        ChildCoins coins = new ChildCoins(wave, step);
        int[] done = new int[images];
        while (!wave.timeIsUp()) {
            List<MctsSweep.Simulation> sweep = new ArrayList<>();
            List<MctsSweep.Rollout> rollouts = new ArrayList<>();
            wave.each(slot -> begin(step, slot, done, coins, sweep, rollouts));
            if (sweep.isEmpty()) {
                return;
            }
            states.sweep(step, sweep, rollouts);
            wave.reportProgress((long) images * step);
        }
    }

    /** Adds an image's next simulations: those that can be known, and paid for, now. */
    private void begin(
            int step,
            int slot,
            int[] done,
            ChildCoins coins,
            List<MctsSweep.Simulation> sweep,
            List<MctsSweep.Rollout> rollouts) {
        long committed = 0;
        for (int k = 0; k < together && done[slot] < method.simulations(); k++) {
            TreeNode leaf = leaf(slot);
            if (leaf == null) {
                return;
            }
            long price = prices.of(leaf);
            if (!wave.affords(slot, committed + price, step + 1)
                    && !wave.affords(slot, committed + price + prices.rest(roots[slot], leaf), steps)) {
                return;
            }
            TreeNode source = leaf;
            TreeNode expanded = null;
            if (!prices.known(leaf)) {
                expanded = leaf;
                int children = prices.children(leaf.step);
                leaf.expand(children);
                source = leaf.child(coins.child(slot, done[slot], children));
            }
            if (!source.rolledOut) {
                source.rolledOut = true;
                rollouts.add(new MctsSweep.Rollout(slot, source));
            }
            source.visit();
            sweep.add(new MctsSweep.Simulation(slot, expanded, source));
            committed += price;
            done[slot]++;
        }
    }

    /** The node without children that an image's next simulation comes to; null for none, or where rewards still to come decide it. */
    private @Nullable TreeNode leaf(int slot) {
        TreeNode node = roots[slot];
        if (prices.known(node)) {
            return null;
        }
        if (aiming) {
            TreeNode best = node.best();
            if (best != null && wave.isReached(best.mean())) {
                return null;
            }
        }
        while (node != null && node.expanded()) {
            node = node.select(method.exploration());
        }
        return node;
    }

    /** The roots take the step: to the best child, else by the step's own noise; one whose end is known stays there. */
    private void move(int step) {
        draws.step();
        boolean dead = wave.schedule().isDead(step);
        Draws.Builder plain = engine.draws(step, images);
        List<Integer> targets = new ArrayList<>();
        wave.each(slot -> {
            TreeNode root = roots[slot];
            TreeNode best = root.best();
            if (best != null) {
                if (!dead) {
                    draws.set(slot, step, Draw.global(1, best.candidate));
                }
                leave(root, best);
                roots[slot] = best;
                return;
            }
            if (!(prices.known(root) && root.rolledOut)) {
                plain.add(slot, 0, 0, root.row, dead ? NoiseKind.NONE : NoiseKind.GLOBAL);
                targets.add(root.row);
                roots[slot] = new TreeNode(step + 1, 0, null);
                roots[slot].row = root.row;
            }
        });
        if (!targets.isEmpty()) {
            try (Draws rows = plain.build()) {
                states.transition(rows, 0, targets);
            }
        }
    }

    /** Frees the states of a root and all its children but one. */
    private void leave(TreeNode root, TreeNode kept) {
        if (root.row >= 0) {
            states.pool().release(root.row);
        }
        Deque<TreeNode> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            for (TreeNode node : left.remove().children()) {
                if (node != kept) {
                    if (node.row >= 0) {
                        states.pool().release(node.row);
                    }
                    left.add(node);
                }
            }
        }
        kept.becomeRoot();
    }

    @Override
    public void close() {
        states.close();
    }
}
