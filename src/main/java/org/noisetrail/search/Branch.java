package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node of {@link TreeSampling}'s trees. */
final class Branch {
    final @Nullable Branch parent;
    /** What goes on from here; null at the root. */
    final @Nullable Particle particle;
    /** The step that its children take; -1 at the root, whose children are initial states. */
    final int step;

    final List<Branch> children = new ArrayList<>();
    int visits;
    double value = Double.NEGATIVE_INFINITY;

    Branch(@Nullable Branch parent, @Nullable Particle particle, int step) {
        this.parent = parent;
        this.particle = particle;
        this.step = step;
    }

    Branch add(Particle child) {
        Branch branch = new Branch(this, child, step + 1);
        children.add(branch);
        return branch;
    }

    /** Tells an end's reward to all above it. */
    void backUp(double lambda) {
        visits++;
        value = particle == null ? Double.NEGATIVE_INFINITY : Particle.value(particle.score());
        for (Branch above = parent; above != null; above = above.parent) {
            above.visits++;
            double[] values = above.values();
            double best = Arrays.stream(values).max().orElseThrow();
            double mean =
                    Arrays.stream(Weights.softmax(values, lambda)).average().orElseThrow();
            above.value = best + Math.log(mean) / lambda;
        }
    }

    /** By exp(lambda v). */
    Branch drawn(double lambda, double uniform) {
        return children.get(Weights.draw(Weights.softmax(values(), lambda), uniform));
    }

    private double[] values() {
        return children.stream().mapToDouble(c -> c.value).toArray();
    }

    /** By v + c sqrt(ln n / n_child); the first of equals. */
    Branch promising(double exploration) {
        Branch best = children.get(0);
        for (Branch child : children) {
            if (bound(child, exploration) > bound(best, exploration)) {
                best = child;
            }
        }
        return best;
    }

    private double bound(Branch child, double exploration) {
        return child.value + exploration * Math.sqrt(Math.log(visits) / child.visits);
    }
}
