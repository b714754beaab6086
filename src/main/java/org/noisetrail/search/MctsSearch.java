package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
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
    private static final int CHILD_ROUND = 0xFFFF;
    private static final int COINS = 256;

    /**
     * @param expanded the node that gets children; null where the simulation came to a known end
     * @param source the node whose end gives its reward
     */
    private record Simulation(int slot, @Nullable TreeNode expanded, TreeNode source) {}

    /** A node's way to its end, without noise. */
    private static final class Rollout {
        final int slot;
        final TreeNode from;
        int row;

        Rollout(int slot, TreeNode from) {
            this.slot = slot;
            this.from = from;
            row = -1;
        }
    }

    private final Mcts method;
    private final Wave wave;
    private final StepEngine engine;
    private final int images;
    private final int steps;
    /** From this step on, nothing is left to choose. */
    private final int tail;

    private final boolean aiming;
    private final int together;
    private final long[] nans;
    private final TreeNode[] roots;
    private final List<List<List<Draw>>> draws = new ArrayList<>();
    private final StatePool pool;
    private Candidates candidates;
    private int capacity;
    /** Of the root's step: [number / COINS][slot * COINS + number % COINS]. */
    private final List<double[]> coins = new ArrayList<>();

    MctsSearch(Mcts method, Wave wave) {
        this.method = method;
        this.wave = wave;
        engine = wave.engine;
        images = wave.images();
        steps = wave.schedule().size();
        int last = steps;
        while (last > 0 && wave.schedule().isDead(last - 1)) {
            last--;
        }
        tail = last;
        aiming = wave.target() < Double.POSITIVE_INFINITY;
        // A target asks for every simulation's reward before the next.
        together = aiming ? 1 : Math.max(1, wave.maxBatch() / images);
        nans = new long[images];
        roots = new TreeNode[images];
        wave.each(slot -> draws.add(new ArrayList<>()));
        capacity = images;
        candidates = engine.candidates(capacity);
        pool = new StatePool(engine, 2 * images);
    }

    Outcome run() {
        try (Draws own = wave.own(-1, wave.slots(), 0, Kind.GLOBAL);
                Particles starts = engine.start(own)) {
            wave.each(slot -> {
                roots[slot] = new TreeNode(0, 0, null);
                roots[slot].row = pool.take();
            });
            engine.put(starts, rootRows(), pool.rows());
        }
        for (int step = 0; step < steps; step++) {
            if (!wave.schedule().isDead(step)) {
                simulate(step);
            }
            move(step);
            wave.reportProgress((long) images * (step + 1));
        }
        return outcome();
    }

    private int[] rootRows() {
        return Arrays.stream(roots).mapToInt(root -> root.row).toArray();
    }

    private Outcome outcome() {
        int[] unjudged = Arrays.stream(wave.slots())
                .filter(slot -> !roots[slot].rolledOut)
                .toArray();
        int[] rows = Arrays.stream(unjudged).map(slot -> roots[slot].row).toArray();
        double[] judged = judge(unjudged, rows);
        for (int i = 0; i < unjudged.length; i++) {
            roots[unjudged[i]].reward = judged[i];
        }
        List<Recipe> recipes = draws.stream().map(d -> Recipe.steps(0, 0, d)).toList();
        double[] norms = wave.norms(recipes);
        double[] rewards =
                Arrays.stream(roots).mapToDouble(root -> root.reward).toArray();
        Particles x = engine.particles(images);
        try {
            engine.gather(pool.rows(), rootRows(), x);
            return new Outcome(x, recipes, norms, nans, rewards);
        } catch (Throwable t) {
            x.close();
            throw t;
        }
    }

    /** The rewards of ends: a row each. */
    private double[] judge(int[] slots, int[] rows) {
        if (slots.length == 0) {
            return new double[0];
        }
        Draws.Builder builder = engine.draws(steps - 1, slots.length);
        for (int slot : slots) {
            builder.add(slot, 0, 0, 0, Kind.NONE);
        }
        try (Draws ends = builder.build();
                Particles x = engine.particles(slots.length)) {
            engine.gather(pool.rows(), rows, x);
            double[] rewards = engine.judge(x.x(), ends, wave.reward());
            wave.reportRewards(rewards);
            return rewards;
        }
    }

    private void simulate(int step) {
        coins.clear();
        int[] done = new int[images];
        while (!wave.timeIsUp()) {
            List<Simulation> sweep = new ArrayList<>();
            List<Rollout> rollouts = new ArrayList<>();
            wave.each(slot -> begin(step, slot, done, sweep, rollouts));
            if (sweep.isEmpty()) {
                return;
            }
            sweep(step, sweep, rollouts);
            wave.reportProgress((long) images * step);
        }
    }

    /** Adds an image's next simulations: those that can be known, and paid for, now. */
    private void begin(int step, int slot, int[] done, List<Simulation> sweep, List<Rollout> rollouts) {
        long committed = 0;
        for (int k = 0; k < together && done[slot] < method.simulations(); k++) {
            TreeNode leaf = leaf(slot);
            if (leaf == null) {
                return;
            }
            long price = price(leaf);
            if (!wave.affords(slot, committed + price, step + 1)
                    && !wave.affords(slot, committed + price + rest(roots[slot], leaf), steps)) {
                return;
            }
            TreeNode source = leaf;
            TreeNode expanded = null;
            if (!known(leaf)) {
                expanded = leaf;
                leaf.expand(method.candidates());
                source = leaf.child(randomChild(step, slot, done[slot]));
            }
            if (!source.rolledOut) {
                source.rolledOut = true;
                rollouts.add(new Rollout(slot, source));
            }
            source.visit();
            sweep.add(new Simulation(slot, expanded, source));
            committed += price;
            done[slot]++;
        }
    }

    /** Whether nothing is left to choose from this node on: its end without noise is its end. */
    private boolean known(TreeNode node) {
        return node.step >= tail;
    }

    /** The node without children that an image's next simulation comes to; null for none, or where rewards still to come decide it. */
    private @Nullable TreeNode leaf(int slot) {
        TreeNode node = roots[slot];
        if (known(node)) {
            return null;
        }
        if (aiming) {
            TreeNode best = node.best();
            if (best != null && best.mean() >= wave.target()) {
                return null;
            }
        }
        while (node != null && node.expanded()) {
            node = node.select(method.exploration());
        }
        return node;
    }

    /** Network evaluations of a simulation that comes to this node. */
    private long price(TreeNode leaf) {
        if (known(leaf)) {
            return leaf.rolledOut ? 0 : wave.schedule().evaluationsFrom(leaf.step);
        }
        return (long) method.candidates() * wave.schedule().evaluations(leaf.step) + wave.schedule().evaluationsFrom(leaf.step + 1);
    }

    /** The most that an image's way to its end can cost after a simulation that comes to this leaf. */
    private long rest(TreeNode root, TreeNode leaf) {
        long most = 0;
        Deque<TreeNode> nodes = new ArrayDeque<>(List.of(root));
        while (!nodes.isEmpty()) {
            TreeNode node = nodes.remove();
            // Where nothing is left to choose, a visited node's end is there.
            int from = node == leaf ? node.step + 1 : node.step;
            if (!node.expanded() && from < tail) {
                most = Math.max(most, wave.schedule().evaluationsFrom(from));
            }
            for (TreeNode child : node.children()) {
                if (child.visits() > 0 || child == leaf) {
                    nodes.add(child);
                }
            }
        }
        return most;
    }

    private int randomChild(int step, int slot, int number) {
        int n = method.candidates();
        if (n == 1) {
            return 0;
        }
        int block = number / COINS;
        while (coins.size() <= block) {
            coins.add(coins(step, coins.size() * COINS));
        }
        return Math.min(n - 1, (int) (n * coins.get(block)[slot * COINS + number % COINS]));
    }

    private double[] coins(int step, int first) {
        Draws.Builder keys = engine.draws(step, images * COINS);
        wave.each(slot -> {
            for (int number = first; number < first + COINS; number++) {
                keys.add(slot, CHILD_ROUND, number, 0, Kind.NONE);
            }
        });
        try (Draws rows = keys.build()) {
            return engine.coins(rows);
        }
    }

    private void sweep(int from, List<Simulation> simulations, List<Rollout> rollouts) {
        for (int step = from; step < steps; step++) {
            advance(step, simulations, rollouts);
        }
        int[] slots = rollouts.stream().mapToInt(rollout -> rollout.slot).toArray();
        int[] rows = rollouts.stream()
                .mapToInt(rollout -> known(rollout.from) ? rollout.from.row : rollout.row)
                .toArray();
        double[] rewards = judge(slots, rows);
        for (int i = 0; i < slots.length; i++) {
            Rollout rollout = rollouts.get(i);
            rollout.from.reward = rewards[i];
            nans[slots[i]] += Double.isNaN(rewards[i]) ? 1 : 0;
            if (!known(rollout.from)) {
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
                    builder.add(simulation.slot(), 0, child.candidate, node.row, Kind.GLOBAL);
                }
            }
        }
        for (Rollout rollout : rollouts) {
            TreeNode node = rollout.from;
            if (node.step <= step) {
                int parent = rollout.row < 0 ? node.row : rollout.row;
                if (rollout.row < 0) {
                    // Of a node whose end is known only the end is needed, not its own state.
                    rollout.row = known(node) ? node.row : pool.take();
                }
                targets.add(rollout.row);
                builder.add(rollout.slot, 0, 0, parent, Kind.NONE);
            }
        }
        if (targets.isEmpty()) {
            return;
        }
        try (Draws rows = builder.build()) {
            transition(rows, 1, targets);
        }
        for (TreeNode node : expanded) {
            pool.release(node.row);
            node.row = -1;
        }
    }

    private void transition(Draws rows, int round, List<Integer> targets) {
        if (rows.rows() > capacity) {
            candidates.close();
            capacity = Math.max(rows.rows(), 2 * capacity);
            candidates = engine.candidates(capacity);
        }
        engine.advance(candidates, pool.rows(), null, rows, round, Locality.NONE);
        engine.put(
                candidates.next(),
                targets.stream().mapToInt(Integer::intValue).toArray(),
                pool.rows());
    }

    /** The roots take the step: to the best child, else by the step's own noise; one whose end is known stays there. */
    private void move(int step) {
        boolean dead = wave.schedule().isDead(step);
        Draws.Builder plain = engine.draws(step, images);
        List<Integer> targets = new ArrayList<>();
        wave.each(slot -> {
            TreeNode root = roots[slot];
            TreeNode best = root.best();
            if (best != null) {
                draws.get(slot).add(List.of(Draw.global(1, best.candidate)));
                leave(root, best);
                roots[slot] = best;
                return;
            }
            draws.get(slot).add(List.of());
            if (!(known(root) && root.rolledOut)) {
                plain.add(slot, 0, 0, root.row, dead ? Kind.NONE : Kind.GLOBAL);
                targets.add(root.row);
                roots[slot] = new TreeNode(step + 1, 0, null);
                roots[slot].row = root.row;
            }
        });
        if (!targets.isEmpty()) {
            try (Draws rows = plain.build()) {
                transition(rows, 0, targets);
            }
        }
    }

    /** Frees the states of all children but one. */
    private void leave(TreeNode root, TreeNode kept) {
        Deque<TreeNode> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            for (TreeNode node : left.remove().children()) {
                if (node != kept) {
                    if (node.row >= 0) {
                        pool.release(node.row);
                    }
                    left.add(node);
                }
            }
        }
        kept.becomeRoot();
    }

    @Override
    public void close() {
        candidates.close();
        pool.close();
    }
}
