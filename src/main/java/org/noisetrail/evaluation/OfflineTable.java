package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.TrajectoryMethod;

/**
 * What methods would have chosen among stored trajectories: the images, scores and counts of real searches, without their network evaluations.
 *
 * @param searched place of the reward that they choose by
 */
public record OfflineTable(RewardTensor tensor, int searched, List<Row> rows) {
    public OfflineTable {
        rows = List.copyOf(rows);
    }

    /**
     * What to choose by.
     *
     * @param searched a stored reward's place
     * @param target ends a search early; infinite for none
     */
    public record Rule(int searched, double target) {}

    /**
     * A method with what it chose.
     *
     * @param networkEvaluations mean over the images, as all numbers here
     * @param scores of the chosen images, by each stored reward
     * @param against null for best-of-n itself, and where fewer trajectories are stored than it would take
     */
    public record Row(
            String label,
            TrajectoryMethod method,
            double networkEvaluations,
            double rewardCalls,
            List<Interval> scores,
            @Nullable Against against) {}

    /**
     * Differences, image by image, from best-of-n at the method's network evaluations.
     *
     * @param scores by each stored reward
     */
    public record Against(String label, List<Interval> scores) {}

    /** What a method chose: one value an image. */
    record Chosen(double[] evaluations, double[] rewardCalls, double[][] scores) {
        static Chosen of(RewardTensor tensor, TrajectoryMethod method, Rule rule) {
            int runs = tensor.runs().size();
            Chosen chosen = new Chosen(
                    new double[runs],
                    new double[runs],
                    new double[tensor.rewards().size()][runs]);
            int last = tensor.schedule().size() - 1;
            for (int run = 0; run < runs; run++) {
                TrajectoryMethod.Pick pick =
                        method.pick(tensor.scores()[rule.searched()][run], tensor.schedule(), rule.target());
                chosen.evaluations[run] = (double) pick.evaluations() * tensor.factor();
                chosen.rewardCalls[run] = pick.rewardCalls();
                for (int reward = 0; reward < chosen.scores.length; reward++) {
                    chosen.scores[reward][run] = tensor.scores()[reward][run][pick.trajectory()][last];
                }
            }
            return chosen;
        }
    }

    /**
     * Chooses by each method.
     *
     * @param budgets network evaluations an image that each is sized to cost; none = as they are
     * @throws IllegalArgumentException if a method is no {@link TrajectoryMethod}, or takes more trajectories than are stored
     */
    public static OfflineTable of(RewardTensor tensor, List<Contender> contenders, List<Long> budgets, Rule rule) {
        List<Row> rows = new ArrayList<>();
        for (Contender contender : contenders) {
            if (budgets.isEmpty()) {
                rows.add(row(tensor, contender, rule));
            }
            for (long budget : budgets) {
                if (budget < tensor.plain()) {
                    throw new IllegalArgumentException(
                            "network evaluations must be >= " + tensor.plain() + ", one plain trajectory's: " + budget);
                }
                Method sized = contender.method().sized(tensor.schedule(), budget / tensor.factor());
                if (rows.stream().noneMatch(row -> row.method().equals(sized))) {
                    rows.add(row(tensor, new Contender(contender.label() + " at " + budget, sized), rule));
                }
            }
        }
        return new OfflineTable(tensor, rule.searched(), rows);
    }

    private static Row row(RewardTensor tensor, Contender contender, Rule rule) {
        if (!(contender.method() instanceof TrajectoryMethod method)) {
            throw new IllegalArgumentException("only methods that choose among whole trajectories can be answered for"
                    + " without the network (" + Methods.that(TrajectoryMethod.class::isInstance) + "): "
                    + contender.label());
        }
        if (contender.screen() != null) {
            throw new IllegalArgumentException(
                    "stored trajectories are judged already, and cannot be screened: " + contender.label());
        }
        if (method.trajectories() > tensor.trajectories()) {
            throw new IllegalArgumentException(contender.label() + ": trajectories must be <= " + tensor.trajectories()
                    + ", as many as are stored: " + method.trajectories());
        }
        Chosen chosen = Chosen.of(tensor, method, rule);
        Groups groups = tensor.groups();
        return new Row(
                contender.label(),
                method,
                mean(chosen.evaluations()),
                mean(chosen.rewardCalls()),
                Arrays.stream(chosen.scores())
                        .map(scores -> Interval.of(scores, groups))
                        .toList(),
                method.choosesOnTheWay() ? against(tensor, chosen, rule) : null);
    }

    private static @Nullable Against against(RewardTensor tensor, Chosen chosen, Rule rule) {
        BestOfN best = BestOfN.costing(tensor.schedule(), mean(chosen.evaluations()) / tensor.factor());
        if (best.candidates() > tensor.trajectories()) {
            return null;
        }
        Chosen other = Chosen.of(tensor, best, new Rule(rule.searched(), Double.POSITIVE_INFINITY));
        Groups groups = tensor.groups();
        List<Interval> differences = new ArrayList<>();
        for (int reward = 0; reward < chosen.scores().length; reward++) {
            differences.add(Interval.ofDifferences(chosen.scores()[reward], other.scores()[reward], groups));
        }
        return new Against("best-of-" + best.candidates(), differences);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
