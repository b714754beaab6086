package org.noisetrail.search;

import java.util.Arrays;

/** What the rounds of one step have come to, by slot. */
final class StepRounds {
    private final int rounds;
    private final int[] done;
    private final double[] score;
    /** The best score after each round that was read; empty where none are. */
    private final double[][] best;

    StepRounds(int images, int rounds) {
        this.rounds = rounds;
        done = new int[images];
        score = new double[images];
        Arrays.fill(score, Double.NaN);
        best = new double[images][0];
    }

    /** The rounds the step has of its own. */
    int rounds() {
        return rounds;
    }

    int done(int slot) {
        return done[slot];
    }

    /** The pivot's score; NaN before the first round, or while nothing is read. */
    double score(int slot) {
        return score[slot];
    }

    void count(int[] slots) {
        for (int slot : slots) {
            done[slot]++;
        }
    }

    double[] scores(int[] slots) {
        return Arrays.stream(slots).mapToDouble(slot -> score[slot]).toArray();
    }

    void scores(int[] slots, double[] scores) {
        for (int g = 0; g < slots.length; g++) {
            int slot = slots[g];
            score[slot] = scores[g];
            double[] before = best[slot];
            best[slot] = Arrays.copyOf(before, before.length + 1);
            double now = Particle.value(scores[g]);
            best[slot][before.length] = before.length == 0 ? now : Math.max(now, before[before.length - 1]);
        }
    }

    /** Whether the last rounds gained less than patience asks for. */
    boolean stalled(int slot, Patience patience) {
        double[] curve = best[slot];
        if (curve.length <= patience.rounds()) {
            return false;
        }
        double last = curve[curve.length - 1];
        double then = curve[curve.length - 1 - patience.rounds()];
        return !(last - then > 0 && last - then >= patience.gain());
    }
}
