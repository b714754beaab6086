package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * What simulations of {@link Mcts} cost.
 *
 * @param candidates noises a step
 * @param tail from this step on, nothing is left to choose
 */
record MctsPrices(int candidates, Wave wave, int tail) {
    /** Whether nothing is left to choose from this node on: its end without noise is its end. */
    boolean known(TreeNode node) {
        return node.step >= tail;
    }

    /** How many children a node that takes this step has. */
    int children(int step) {
        return wave.schedule().isDead(step) ? 1 : candidates;
    }

    /** Calls of the denoiser of a simulation that comes to this node. */
    long of(TreeNode leaf) {
        if (known(leaf)) {
            return leaf.rolledOut ? 0 : wave.schedule().evaluationsFrom(leaf.step);
        }
        return (long) children(leaf.step) * wave.schedule().evaluations(leaf.step)
                + wave.schedule().evaluationsFrom(leaf.step + 1);
    }

    /** The most that an image's way to its end can cost after a simulation that comes to this leaf. */
    long rest(TreeNode root, TreeNode leaf) {
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
}
