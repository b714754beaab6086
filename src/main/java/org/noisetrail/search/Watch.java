package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.search.Guarded.Seen;

/** A {@link Guard} of a wave's images. */
final class Watch {
    private final Guard guard;
    private final Wave wave;
    /** The best score so far, by slot. */
    private final double[] best;

    private final int[] endedAt;
    private final List<List<Seen>> seen = new ArrayList<>();

    Watch(Guard guard, Wave wave) {
        this.guard = guard;
        this.wave = wave;
        best = new double[wave.images()];
        endedAt = new int[wave.images()];
        Arrays.fill(best, Double.NEGATIVE_INFINITY);
        Arrays.fill(endedAt, -1);
        wave.each(slot -> seen.add(new ArrayList<>()));
    }

    /**
     * Asks the guard, unless nothing is left to be searched.
     *
     * @param step that images have searched
     * @param x holds what they go on from
     * @param rows where, of each slot
     */
    void look(int step, Particles x, int[] rows, int[] slots) {
        if (step >= wave.schedule().lastLive() || slots.length == 0) {
            return;
        }
        double[] scores;
        try (Draws own = wave.own(step, slots, 0, NoiseKind.NONE)) {
            scores = wave.engine().guard(own, x, rows, guard.reward());
        }
        if (wave.isCut()) {
            // Time was up, and the guard not asked.
            return;
        }
        for (int i = 0; i < slots.length; i++) {
            int slot = slots[i];
            seen.get(slot).add(new Seen(step, scores[i]));
            best[slot] = Math.max(best[slot], scores[i]);
            if (!Double.isFinite(scores[i]) || best[slot] - scores[i] > guard.drop()) {
                endedAt[slot] = step;
            }
        }
    }

    boolean ended(int slot) {
        return endedAt[slot] >= 0;
    }

    Guarded result(int slot) {
        return new Guarded(endedAt[slot], seen.get(slot));
    }
}
