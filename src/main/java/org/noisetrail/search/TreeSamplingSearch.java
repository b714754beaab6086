package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.noisetrail.noise.Draw;

/** One wave's way through {@link TreeSampling}: the trees of all images grow together. */
final class TreeSamplingSearch extends PopulationSearch {
    private static final int FINAL = 0xFFFF;

    private final TreeSampling method;
    private final Branch[] roots;
    /** The best ends so far; at first the roots. */
    private final Branch[] best;
    /** Nodes so far, [slot][step + 1]. */
    private final int[][] nodes;

    TreeSamplingSearch(Wave wave, Population population, TreeSampling method) {
        super(wave, population);
        this.method = method;
        roots = new Branch[wave.images()];
        nodes = new int[wave.images()][steps + 1];
        wave.each(slot -> roots[slot] = new Branch(null, null, -1));
        best = roots.clone();
    }

    @Override
    Outcome run() {
        Map<Integer, Branch> growing = new TreeMap<>();
        wave.each(slot -> growing.put(slot, roots[slot]));
        for (int k = 0; k < method.iterations() && !growing.isEmpty(); k++) {
            Map<Integer, Branch> leaves = descend(k, growing, true);
            leaves.forEach((slot, leaf) -> {
                if (leaf.step < steps && !wave.affords(slot, price(leaf), steps)) {
                    growing.remove(slot);
                }
            });
            leaves.keySet().retainAll(growing.keySet());
            grow(leaves);
            growing.keySet().removeIf(slot -> wave.isReached(score(best[slot])));
            wave.reportProgress((long) wave.images() * steps * (k + 1) / method.iterations());
        }
        for (Branch end : chosen()) {
            ends.end(steps, particle(end));
        }
        return ends.outcome();
    }

    /** Calls of the denoiser from a node to an end. */
    private long price(Branch leaf) {
        return leaf.step < 0 ? wave.schedule().evaluations() : wave.schedule().evaluationsFrom(leaf.step);
    }

    private static double score(Branch end) {
        return particle(end).score();
    }

    private static Particle particle(Branch branch) {
        if (branch.particle == null) {
            throw new IllegalStateException("the root has no state");
        }
        return branch.particle;
    }

    private Collection<Branch> chosen() {
        if (method.variant() == TreeSampling.Variant.SEARCH) {
            return List.of(best);
        }
        Map<Integer, Branch> all = new TreeMap<>();
        wave.each(slot -> all.put(slot, roots[slot]));
        return descend(FINAL, all, false).values();
    }

    /**
     * The nodes at which trees grow, or their ends.
     *
     * @param from the roots, by slot
     * @param widening whether to stop where another child is due
     */
    private Map<Integer, Branch> descend(int iteration, Map<Integer, Branch> from, boolean widening) {
        Map<Integer, Branch> here = new TreeMap<>(from);
        for (int step = -1; step < steps; step++) {
            int at = step;
            int[] choosing = here.entrySet().stream()
                    .filter(entry -> entry.getValue().step == at && !(widening && due(entry.getValue())))
                    .mapToInt(Map.Entry::getKey)
                    .toArray();
            if (choosing.length == 0) {
                continue;
            }
            boolean drawing = method.variant() == TreeSampling.Variant.SAMPLING;
            double[] uniforms = drawing ? wave.coins(step, iteration, choosing) : new double[choosing.length];
            for (int i = 0; i < choosing.length; i++) {
                here.computeIfPresent(choosing[i], next(drawing, uniforms[i]));
            }
        }
        return here;
    }

    private BiFunction<Integer, Branch, Branch> next(boolean drawing, double uniform) {
        return (slot, node) -> drawing ? node.drawn(method.lambda(), uniform) : node.promising(method.exploration());
    }

    /** Whether a node gets another child before any of them is visited again. */
    private boolean due(Branch node) {
        int count = node.children.size();
        boolean dead = node.step >= 0 && wave.schedule().isDead(node.step);
        return count == 0 || !dead && count < method.branching() * Math.pow(node.visits, method.exponent());
    }

    /** From each node another child, and on to its end. */
    private void grow(Map<Integer, Branch> leaves) {
        Map<Integer, Branch> tips = new TreeMap<>(leaves);
        List<Particle> seeds = new ArrayList<>();
        leaves.forEach((slot, leaf) -> {
            if (leaf.step < 0) {
                int name = nodes[slot][0]++;
                seeds.add(Particle.seed(slot, name, List.of(Draw.global(0, name))));
            }
        });
        if (!seeds.isEmpty()) {
            population.start(seeds).forEach(p -> tips.computeIfPresent(p.slot(), (slot, root) -> root.add(p)));
        }
        for (int step = 0; step < steps; step++) {
            int at = step;
            List<Proposal> tried = new ArrayList<>();
            tips.forEach((slot, tip) -> {
                if (tip.step == at) {
                    int name = nodes[slot][at + 1]++;
                    tried.add(new Proposal(particle(tip), name, List.of(Draw.global(0, name))));
                }
            });
            if (!tried.isEmpty()) {
                population.advance(step, tried, step == steps - 1);
                population
                        .keep(Population.identity(tried.size()))
                        .forEach(p -> tips.computeIfPresent(p.slot(), (slot, tip) -> tip.add(p)));
            }
        }
        tips.forEach((slot, end) -> {
            end.backUp(method.lambda());
            if (best[slot] == roots[slot] || Particle.value(score(end)) > Particle.value(score(best[slot]))) {
                best[slot] = end;
            }
        });
    }
}
