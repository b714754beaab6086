package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Which child of a node a simulation of {@link Mcts} looks into, by the coins of a round that no noise has; drawn in blocks. */
final class ChildCoins {
    private static final int COINS = 256;

    private final Wave wave;
    private final int step;
    /** [number / COINS][slot * COINS + number % COINS]. */
    private final List<double[]> coins = new ArrayList<>();

    ChildCoins(Wave wave, int step) {
        this.wave = wave;
        this.step = step;
    }

    /** @param n children that the node has */
    int child(int slot, int number, int n) {
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
        int count = wave.images() * COINS;
        int[] slots = IntStream.range(0, count).map(i -> i / COINS).toArray();
        int[] numbers = IntStream.range(0, count).map(i -> first + i % COINS).toArray();
        return wave.coins(step, numbers, slots);
    }
}
