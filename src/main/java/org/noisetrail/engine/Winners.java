package org.noisetrail.engine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Unfinished;

/**
 * The selections of a step: per round and group the winning candidate, and each group's best score so far. It stays on the device until it is read.
 */
public final class Winners implements AutoCloseable {
    private final int groups;
    private final int rounds;
    /** Rows of the results that they need. */
    private final int reach;

    private final Exchange.Slice targets;
    private final Exchange.Slice best;
    private final Exchange.Slice nans;
    /** Counts the selections on the device. */
    private final Exchange.Slice cursor;
    /** Of the last selection. */
    private final Exchange.Slice winner;
    /** Of all: [rounds, groups]. */
    private final Exchange.Slice history;

    private int selections;

    Winners(Exchange exchange, int rounds, int[] targets, double[] scores) {
        if (scores.length != targets.length) {
            throw new IllegalArgumentException("scores must be " + targets.length + ", one a group: " + scores.length);
        }
        if (targets.length == 0) {
            throw new IllegalArgumentException("targets must be >= 1, one a group: 0");
        }
        int furthest = -1;
        for (int target : targets) {
            if (target < 0) {
                throw new IllegalArgumentException("targets must be >= 0: " + target);
            }
            furthest = Math.max(furthest, target);
        }
        reach = furthest + 1;
        this.groups = targets.length;
        this.rounds = rounds;
        try (Unfinished parts = new Unfinished()) {
            this.targets = parts.add(exchange.put(targets));
            best = parts.add(exchange.put(scores));
            nans = parts.add(exchange.put(new int[groups]));
            cursor = parts.add(exchange.put(new int[1]));
            winner = parts.add(exchange.ints(groups));
            history = parts.add(exchange.ints(Math.multiplyExact(rounds, groups)));
            parts.finish();
        }
    }

    int groups() {
        return groups;
    }

    int reach() {
        return reach;
    }

    int rounds() {
        return rounds;
    }

    /** How many there were. */
    int selections() {
        return selections;
    }

    /** There is another. */
    void select() {
        if (selections == rounds) {
            throw new IllegalStateException("rounds must be <= " + rounds);
        }
        selections++;
    }

    /** Where they lie on the device. */
    List<Long> places() {
        return Stream.of(targets, best, nans, cursor, winner, history)
                .map(Exchange.Slice::address)
                .toList();
    }

    Pointer cursor() {
        return cursor.target();
    }

    Pointer winner() {
        return winner.target();
    }

    Pointer history() {
        return history.target();
    }

    Pointer best() {
        return best.target();
    }

    Pointer nans() {
        return nans.target();
    }

    /** Which row of the results each group writes. */
    Pointer targets() {
        return targets.pointer();
    }

    /** [round][group]: the winning candidate, -1 = none was better than what was kept. Waits for the device, as what follows does; what was read since the last selection is not fetched again. */
    public int[][] read() {
        int[] flat = history.readInts(selections * groups);
        int[][] all = new int[selections][];
        for (int k = 0; k < selections; k++) {
            all[k] = Arrays.copyOfRange(flat, k * groups, (k + 1) * groups);
        }
        return all;
    }

    /** Each group's score: of the best candidate of the last round, or, where pivots are kept, of all rounds. Waits for the device. */
    public double[] scores() {
        return best.readDoubles(groups);
    }

    /** How many NaN scores each group has seen. Waits for the device. */
    public int[] nanScores() {
        return nans.readInts(groups);
    }

    @Override
    public void close() {
        history.close();
        winner.close();
        cursor.close();
        nans.close();
        best.close();
        targets.close();
    }
}
