package org.noisetrail.engine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** One group of a screened round: which of its candidates are verified, and what comes of that. */
final class Contest {
    private final int first;
    private final int kept;
    private final double[] screens;
    /** Places that have a finite screened score, best first, the lowest of equals first. */
    private final int[] ranked;

    private final double[] truths;
    private final boolean[] verified;
    private final boolean[] chosen;
    private final double expectedLoss;
    private final boolean audited;

    /**
     * @param first its first row
     * @param audited whether all are verified to see what the choice would have lost
     */
    Contest(int first, int kept, double[] screens, Agreement agreement, LossBound bound, boolean audited) {
        this.first = first;
        this.kept = kept;
        this.screens = screens;
        this.audited = audited;
        ranked = IntStream.range(0, screens.length)
                .filter(c -> Double.isFinite(screens[c]))
                .boxed()
                .sorted(Comparator.comparingDouble((Integer c) -> -screens[c]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] order = Arrays.stream(ranked).mapToDouble(c -> screens[c]).toArray();
        Agreement.Choice choice = agreement.choose(order, kept, bound);
        expectedLoss = choice.expectedLoss();
        chosen = new boolean[screens.length];
        for (int c = 0; c < screens.length; c++) {
            chosen[c] = !Double.isFinite(screens[c]);
        }
        for (int c : Arrays.copyOf(ranked, choice.count())) {
            chosen[c] = true;
        }
        truths = new double[screens.length];
        Arrays.fill(truths, Double.NaN);
        verified = new boolean[screens.length];
    }

    int size() {
        return screens.length;
    }

    double expectedLoss() {
        return expectedLoss;
    }

    /** How many the screen gave no finite score: they are verified, whatever the others are. */
    int silent() {
        return screens.length - ranked.length;
    }

    /** The rows to verify first. */
    IntStream chosen() {
        return IntStream.range(0, screens.length)
                .filter(c -> audited || chosen[c])
                .map(c -> first + c);
    }

    /** The rows to verify besides: all, where fewer have a score to go on with than go on. */
    IntStream rest() {
        return usable(c -> verified[c])
                ? IntStream.empty()
                : IntStream.range(0, screens.length).filter(c -> !verified[c]).map(c -> first + c);
    }

    /** Whether as many of some places have a score to go on with as go on. */
    private boolean usable(IntPredicate some) {
        return IntStream.range(0, screens.length)
                        .filter(some)
                        .filter(c -> truths[c] > Double.NEGATIVE_INFINITY)
                        .count()
                >= kept;
    }

    void verify(int row, double truth) {
        truths[row - first] = truth;
        verified[row - first] = true;
    }

    boolean isVerified(int place) {
        return verified[place];
    }

    /** The true scores by place, minus infinity where nothing was verified. */
    double score(int place) {
        return verified[place] ? truths[place] : Double.NEGATIVE_INFINITY;
    }

    /** Tells the agreement what was seen, and the tally what an audit found. */
    void learn(Agreement agreement, ScreenTally tally) {
        int[] both = IntStream.of(ranked)
                .filter(c -> verified[c] && Double.isFinite(truths[c]))
                .toArray();
        agreement.observe(
                Arrays.stream(both).mapToDouble(c -> screens[c]).toArray(),
                Arrays.stream(both).mapToDouble(c -> truths[c]).toArray());
        if (audited && !usable(c -> chosen[c])) {
            // Not audited it would have been verified whole, and have lost nothing.
            tally.audit(0);
        } else if (audited) {
            double all = best(IntStream.range(0, screens.length));
            double some = best(IntStream.range(0, screens.length).filter(c -> chosen[c]));
            if (Double.isFinite(all - some)) {
                tally.audit(all - some);
            }
        }
    }

    /** The mean of the best so many true scores of some places. */
    private double best(IntStream places) {
        return places.mapToDouble(c -> -truths[c])
                .filter(Double::isFinite)
                .sorted()
                .limit(kept)
                .map(negative -> -negative)
                .average()
                .orElse(Double.NaN);
    }

    /** What each place is worth: true scores, else what the screen's difference from the verified lets expect; NaN where the screen says nothing. */
    double[] estimates(double slope) {
        int count = 0;
        double screen = 0;
        double truth = 0;
        for (int c : ranked) {
            if (verified[c] && Double.isFinite(truths[c])) {
                count++;
                screen += screens[c];
                truth += truths[c];
            }
        }
        double[] estimates = truths.clone();
        for (int c : ranked) {
            if (!verified[c]) {
                estimates[c] = (truth + slope * (count * screens[c] - screen)) / count;
            }
        }
        return estimates;
    }
}
