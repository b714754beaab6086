package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.search.RoundSchedule;

/** What methods cost in network evaluations an image, from their settings alone; and settings that cost a given number. */
final class MethodCosts {
    /** Rounds and beams have numbers of 16 bits in a noise's name. */
    private static final int MOST = 0xFFFF;

    private MethodCosts() {}

    /** Exact, if nothing ends the search early; empty for a method whose cost depends on the rewards it meets (mcts), or that has patience. */
    static OptionalLong exact(Method method, EdmSampler sampler) {
        if (method instanceof Naive) {
            return OptionalLong.of(sampler.evaluations());
        }
        if (method instanceof BestOfN best) {
            return OptionalLong.of((long) best.candidates() * sampler.evaluations());
        }
        if (method instanceof Beam beam) {
            return OptionalLong.of(beam(beam.candidates(), beam.beams(), sampler));
        }
        if (method instanceof LocalSearch local && local.patience() == null) {
            return OptionalLong.of(local(local.candidates(), rounds(local, sampler), sampler));
        }
        return OptionalLong.empty();
    }

    /**
     * The method with its size (rounds, chains, beams, simulations) chosen so that an image costs about {@code target} evaluations: never more,
     * except best-of-n, which is rounded to the nearest number of chains. Rounds keep the proportions that the method's own have. For
     * mcts the size is only a first guess, to be corrected by {@link #scaled} once it has been measured.
     *
     * @throws IllegalArgumentException if the target does not pay for one plain trajectory
     */
    static Method fit(Method method, EdmSampler sampler, long target) {
        int plain = sampler.evaluations();
        if (target < plain) {
            throw new IllegalArgumentException(
                    "network evaluations must be >= " + plain + ", one plain trajectory's: " + target);
        }
        if (method instanceof BestOfN best) {
            return new BestOfN(bestOf(target, sampler), best.sharedStart());
        }
        if (method instanceof Beam beam) {
            return fit(beam, sampler, target);
        }
        if (method instanceof Mcts tree) {
            return new Mcts(tree.candidates(), simulations(tree, sampler, target), tree.exploration());
        }
        if (method instanceof LocalSearch local) {
            return new LocalSearch(
                    local.candidates(),
                    new RoundSchedule(sampler, boxed(fill(local, sampler, target))),
                    local.epsilon(),
                    local.lambda(),
                    local.keepPivot(),
                    local.project(),
                    local.patience());
        }
        return method;
    }

    /** How many whole trajectories cost nearest to that many evaluations; at least one. */
    static int bestOf(double evaluations, EdmSampler sampler) {
        return (int) Math.min(MOST, Math.max(1, Math.round(evaluations / sampler.evaluations())));
    }

    /** Mcts with as many simulations as make its measured cost the target, if cost grows in proportion. */
    static Mcts scaled(Mcts tree, double measured, long target, EdmSampler sampler) {
        double plain = sampler.evaluations();
        double factor = measured <= plain ? 1 : (target - plain) / (measured - plain);
        long simulations = Math.round(tree.simulations() * factor);
        return new Mcts(tree.candidates(), (int) Math.max(1, Math.min(MOST, simulations)), tree.exploration());
    }

    /** The rounds of every step; 0 where a step injects no noise. */
    static int[] rounds(LocalSearch local, EdmSampler sampler) {
        int[] rounds = new int[sampler.steps()];
        for (int step = 0; step < rounds.length; step++) {
            rounds[step] = sampler.gain(step) == 0 ? 0 : local.rounds().at(step, sampler.sigma(step));
        }
        return rounds;
    }

    private static long local(int candidates, int[] rounds, EdmSampler sampler) {
        long cost = 0;
        for (int step = 0; step < rounds.length; step++) {
            cost += sampler.evaluations(step) * Math.max(1, (long) candidates * rounds[step]);
        }
        return cost;
    }

    /**
     * Gives rounds one by one to the step that has the fewest for its weight, as seats are given to parties (Webster; the earlier step of
     * equals), while the target pays for them.
     */
    private static int[] fill(LocalSearch local, EdmSampler sampler, long target) {
        int[] weights = rounds(local, sampler);
        int[] rounds = new int[weights.length];
        long left = target - sampler.evaluations();
        while (true) {
            int next = -1;
            for (int step = 0; step < rounds.length; step++) {
                if (rounds[step] < MOST
                        && price(local, sampler, step, rounds[step]) <= left
                        && weights[step] > 0
                        && (next < 0 || weights[step] * (rounds[next] + .5) > weights[next] * (rounds[step] + .5))) {
                    next = step;
                }
            }
            if (next < 0) {
                return rounds;
            }
            left -= price(local, sampler, next, rounds[next]);
            rounds[next]++;
        }
    }

    /** What another round costs; the first replaces the step's plain transition. */
    private static long price(LocalSearch local, EdmSampler sampler, int step, int rounds) {
        return (long) sampler.evaluations(step) * (rounds == 0 ? local.candidates() - 1 : local.candidates());
    }

    private static List<Integer> boxed(int[] numbers) {
        return new ArrayList<>(Arrays.stream(numbers).boxed().toList());
    }

    /** A beam search starts as one trajectory, and widens as its candidates allow. */
    private static long beam(int candidates, int beams, EdmSampler sampler) {
        long cost = 0;
        long width = 1;
        for (int step = 0; step < sampler.steps(); step++) {
            boolean dead = sampler.gain(step) == 0;
            cost += width * (dead ? 1 : candidates) * sampler.evaluations(step);
            width = dead ? width : Math.min(beams, width * candidates);
        }
        return cost;
    }

    /** As many beams as are paid for; where not even one is, one beam of fewer noises. */
    private static Beam fit(Beam beam, EdmSampler sampler, long target) {
        int candidates = beam.candidates();
        while (candidates > 1 && beam(candidates, 1, sampler) > target) {
            candidates--;
        }
        int most = widest(candidates, target, sampler);
        // More than the steps can ever fill cost nothing and do nothing.
        long price = beam(candidates, most, sampler);
        return new Beam(candidates, widest(candidates, price - 1, sampler) + 1);
    }

    /** The most beams that the target pays for; 0 if not even one. */
    private static int widest(int candidates, long target, EdmSampler sampler) {
        int low = 0;
        int high = 65536 / candidates;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (beam(candidates, middle, sampler) <= target) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** If every simulation expanded a child of the root, and none was ever repeated: more than most cost. */
    private static int simulations(Mcts tree, EdmSampler sampler, long target) {
        double each = 0;
        for (int step = 0; step < sampler.steps(); step++) {
            if (sampler.gain(step) > 0) {
                each += (double) tree.candidates() * sampler.evaluations(step)
                        + plainFrom(Math.min(step + 2, sampler.steps()), sampler);
            }
        }
        return each == 0 ? 1 : (int) Math.max(1, Math.min(MOST, Math.round((target - sampler.evaluations()) / each)));
    }

    private static long plainFrom(int step, EdmSampler sampler) {
        long evaluations = 0;
        for (int i = step; i < sampler.steps(); i++) {
            evaluations += sampler.evaluations(i);
        }
        return evaluations;
    }
}
