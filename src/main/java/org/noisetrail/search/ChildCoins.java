package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;

/** Which child of a node a simulation of {@link Mcts} looks into, by the coins of a round that no noise has; drawn in blocks. */
final class ChildCoins {
    private static final int CHILD_ROUND = 0xFFFF;
    private static final int COINS = 256;

    private final Wave wave;
    private final int step;
    private final int children;
    /** [number / COINS][slot * COINS + number % COINS]. */
    private final List<double[]> coins = new ArrayList<>();

    ChildCoins(Wave wave, int step, int children) {
        this.wave = wave;
        this.step = step;
        this.children = children;
    }

    int child(int slot, int number) {
        int n = children;
        if (n == 1) {
            return 0;
        }
        int block = number / COINS;
        while (coins.size() <= block) {
            coins.add(draw(coins.size() * COINS));
        }
        return Math.min(n - 1, (int) (n * coins.get(block)[slot * COINS + number % COINS]));
    }

    private double[] draw(int first) {
        Draws.Builder keys = wave.engine().draws(step, wave.images() * COINS);
        wave.each(slot -> {
            for (int number = first; number < first + COINS; number++) {
                keys.add(slot, CHILD_ROUND, number, 0, Kind.NONE);
            }
        });
        try (Draws rows = keys.build()) {
            return wave.engine().coins(rows);
        }
    }
}
