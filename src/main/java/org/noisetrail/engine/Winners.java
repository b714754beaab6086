package org.noisetrail.engine;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;

/**
 * The selections of a step: per round and group the winning candidate, and each group's best score so far. It stays on the device until it is read.
 */
public final class Winners implements AutoCloseable {
    private final int groups;
    private final int rounds;
    private final Tensor winner;
    private final Tensor best;
    private final Tensor nans;
    private final Tensor targets;
    private int round;

    Winners(Device device, int rounds, int[] targets, double[] scores) {
        this.groups = targets.length;
        this.rounds = rounds;
        try (Unfinished parts = new Unfinished()) {
            this.targets = parts.add(Tensors.of(device, targets, groups));
            winner = parts.add(Tensors.ints(device, rounds, groups));
            best = parts.add(Tensors.of(device, scores, groups));
            nans = parts.add(Tensors.of(device, new int[groups], groups));
            parts.finish();
        }
    }

    int groups() {
        return groups;
    }

    Pointer nextWinner() {
        if (round == rounds) {
            throw new IllegalStateException("rounds must be <= " + rounds);
        }
        return Rows.at(winner, (long) round++ * groups * Integer.BYTES);
    }

    Pointer best() {
        return Tensors.pointer(best);
    }

    Pointer nans() {
        return Tensors.pointer(nans);
    }

    /** Which row of the results each group writes. */
    Pointer targets() {
        return Tensors.pointer(targets);
    }

    /** [round][group]: the winning candidate, -1 = none was better than what was kept. Waits for the device. */
    public int[][] read() {
        int[] flat = Tensors.toInts(winner);
        int[][] all = new int[round][];
        for (int k = 0; k < round; k++) {
            all[k] = Arrays.copyOfRange(flat, k * groups, (k + 1) * groups);
        }
        return all;
    }

    /** Each group's score: of the best candidate of the last round, or, where pivots are kept, of all rounds. Waits for the device. */
    public double[] scores() {
        return Tensors.toDoubles(best);
    }

    /** How many NaN scores each group has seen. Waits for the device. */
    public int[] nanScores() {
        return Tensors.toInts(nans);
    }

    @Override
    public void close() {
        winner.close();
        best.close();
        nans.close();
        targets.close();
    }
}
