package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.noisetrail.search.Funnel;
import org.noisetrail.search.PrunedBestOfN;

/**
 * Which {@link Funnel} of up to two checkpoints serves best at a budget, tried on stored trajectories. The best of thousands looks better than it is: so they are chosen on one
 * half of the conditions, and what is told of them is of the other half.
 */
public final class Funnels {
    private Funnels() {}

    /**
     * A funnel, with its means over the images it was not chosen on.
     *
     * @param chosenOn its mean, by the reward that it was chosen by, over those that it was chosen on
     * @param scores by each stored reward
     */
    public record Tried(PrunedBestOfN method, double networkEvaluations, double chosenOn, List<Interval> scores) {}

    /**
     * The best of them, the best first; each starts as many trajectories as the budget pays for, at most as many as are stored.
     *
     * @param budget network evaluations an image
     * @param judge place of the stored reward by which funnels are judged; what they choose by is the rule's
     * @param count how many to give
     */
    public static List<Tried> best(RewardTensor tensor, long budget, int judge, OfflineTable.Rule rule, int count) {
        boolean[] odd = tensor.groups().odd();
        record Mean(PrunedBestOfN method, double value) {}
        List<Mean> means = new ArrayList<>();
        for (PrunedBestOfN method : candidates(tensor, budget)) {
            double[] scores = OfflineTable.Chosen.of(tensor, method, rule).scores()[judge];
            means.add(new Mean(
                    method, Arrays.stream(half(scores, odd, false)).average().orElse(Double.NaN)));
        }
        return means.stream()
                .sorted(Comparator.comparingDouble((Mean mean) -> -mean.value()))
                .limit(count)
                .map(mean -> tried(tensor, mean.method(), mean.value(), odd, rule))
                .toList();
    }

    private static Tried tried(
            RewardTensor tensor, PrunedBestOfN method, double chosenOn, boolean[] odd, OfflineTable.Rule rule) {
        OfflineTable.Chosen chosen = OfflineTable.Chosen.of(tensor, method, rule);
        Groups told = tensor.groups().only(odd);
        return new Tried(
                method,
                Arrays.stream(chosen.evaluations()).average().orElse(Double.NaN),
                chosenOn,
                Arrays.stream(chosen.scores())
                        .map(scores -> Interval.of(half(scores, odd, true), told))
                        .toList());
    }

    private static double[] half(double[] values, boolean[] odd, boolean which) {
        return IntStream.range(0, values.length)
                .filter(i -> odd[i] == which)
                .mapToDouble(i -> values[i])
                .toArray();
    }

    /** All funnels of numbers on a ladder (1, 2, 3, 4, 6, 8, 12, ...), each step free. */
    private static List<PrunedBestOfN> candidates(RewardTensor tensor, long budget) {
        List<Integer> ladder = IntStream.iterate(1, n -> n < tensor.trajectories(), n -> n + 1)
                .filter(n -> n < 4 || Integer.bitCount(n) == 1 || Integer.bitCount(n) == 2 && (n & n >> 1) != 0)
                .boxed()
                .toList();
        int steps = tensor.schedule().size();
        List<PrunedBestOfN> all = new ArrayList<>();
        for (int first : ladder) {
            for (int at = 1; at < steps; at++) {
                largest(tensor, budget, first, first + "@" + at, all);
                for (int second : ladder.subList(0, ladder.indexOf(first))) {
                    for (int later = at + 1; later < steps; later++) {
                        largest(tensor, budget, first, first + "@" + at + "," + second + "@" + later, all);
                    }
                }
            }
        }
        return all;
    }

    private static void largest(RewardTensor tensor, long budget, int least, String keep, List<PrunedBestOfN> into) {
        Funnel funnel = Funnel.parse(keep);
        PrunedBestOfN best = null;
        for (int n = least + 1; n <= tensor.trajectories(); n++) {
            PrunedBestOfN method = new PrunedBestOfN(n, funnel);
            if (method.evaluations(tensor.schedule()).orElseThrow() * tensor.factor() > budget) {
                break;
            }
            best = method;
        }
        if (best != null) {
            into.add(best);
        }
    }
}
