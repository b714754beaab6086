package org.noisetrail.search;

import org.jspecify.annotations.Nullable;

/** A state in the tree of one image, and the rewards that simulations through it have met. */
final class TreeNode {
    private static final TreeNode[] NONE = {};

    /** The step it is to take; the number of steps where it is an end. */
    final int step;

    /** Which noise of its parent's step led to it. */
    final int candidate;

    /** Where its state lies; -1 where it does not: not computed yet, or no longer needed. */
    int row = -1;

    /** Whether its end, without noise, was reached or is under way. */
    boolean rolledOut;

    /** The reward of that end. */
    double reward = Double.NaN;

    private @Nullable TreeNode parent;
    private TreeNode[] children = NONE;
    private long visits;
    private long pending;
    private double total;

    TreeNode(int step, int candidate, @Nullable TreeNode parent) {
        this.step = step;
        this.candidate = candidate;
        this.parent = parent;
    }

    boolean expanded() {
        return children.length > 0;
    }

    void expand(int count) {
        children = new TreeNode[count];
        for (int n = 0; n < count; n++) {
            children[n] = new TreeNode(step + 1, n, this);
        }
    }

    TreeNode child(int candidate) {
        return children[candidate];
    }

    TreeNode[] children() {
        return children;
    }

    long visits() {
        return visits;
    }

    /** The mean reward of the simulations through it; NaN before the first. */
    double mean() {
        return total / (visits - pending);
    }

    /** A simulation that ends here begins: all from here to the root are visited, their reward still to come. */
    void visit() {
        for (TreeNode node = this; node != null; node = node.parent) {
            node.visits++;
            node.pending++;
        }
    }

    /** The reward of a simulation that ended here; NaN counts as minus infinity. */
    void backUp(double reward) {
        for (TreeNode node = this; node != null; node = node.parent) {
            node.pending--;
            node.total += Particle.value(reward);
        }
    }

    /** The child that the next simulation goes to, by UCB1; null where that depends on rewards still to come. */
    @Nullable
    TreeNode select(double exploration) {
        boolean waiting = false;
        for (TreeNode child : children) {
            if (child.visits == 0) {
                return child;
            }
            waiting |= child.pending > 0;
        }
        if (children.length == 1) {
            return children[0];
        }
        if (waiting) {
            return null;
        }
        TreeNode best = children[0];
        double highest = bound(best, exploration);
        for (TreeNode child : children) {
            double bound = bound(child, exploration);
            if (bound > highest) {
                best = child;
                highest = bound;
            }
        }
        return best;
    }

    private double bound(TreeNode child, double exploration) {
        return Particle.value(child.mean()) + exploration * Math.sqrt(Math.log((double) visits) / child.visits);
    }

    /** The visited child of the best mean reward, the lowest index of equals; null where none was visited. */
    @Nullable
    TreeNode best() {
        TreeNode best = null;
        for (TreeNode child : children) {
            if (child.visits > 0 && (best == null || Particle.value(child.mean()) > Particle.value(best.mean()))) {
                best = child;
            }
        }
        return best;
    }

    /** Makes it a root: what lies above it, and beside it, is forgotten. */
    void becomeRoot() {
        parent = null;
    }
}
