package org.noisetrail.engine;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Ledger;
import org.noisetrail.trace.StepEvent;

/**
 * The reverse steps of a group of images, split where the noise enters, for any number of candidates a step: what every search method is made of.
 *
 * <p>Rows are cut into chunks of at most {@code maxBatch} for the network and the rewards; results do not depend on it. One thread
 * uses an engine, from its making to its end. An exception leaves it usable for {@link #close} only.
 */
public final class StepEngine implements AutoCloseable {
    private static final int F32 = 0;

    private final Denoiser denoiser;
    private final EdmSampler sampler;
    private final Kernels kernels;
    private final Device device;
    private final ImageShape shape;
    private final int elements;
    private final long seed;
    private final int maxBatch;
    private final long[] images;
    private final int[] classes;
    private final Ledger ledger;
    private final Runnable checkpoint;
    private final Tensor table;
    private final Scratch scratch;

    /** What one chunk needs between its network calls. */
    private static final class Scratch implements AutoCloseable {
        final Rows xHat;
        final Rows input;
        final Rows slope;
        final Tensor noiseLevel;
        final Tensor pixels;

        Scratch(Device device, int rows, ImageShape shape) {
            xHat = new Rows(device, rows, shape);
            input = new Rows(device, rows, shape);
            slope = new Rows(device, rows, shape);
            noiseLevel = Tensors.floats(device, rows);
            pixels = Tensors.bytes(device, rows, shape.channels(), shape.height(), shape.width());
        }

        @Override
        public void close() {
            xHat.close();
            input.close();
            slope.close();
            noiseLevel.close();
            pixels.close();
        }
    }

    /**
     * @param seed names all noise, 64 unsigned bits
     * @param maxBatch the most rows in one network call
     * @param images the images' numbers, as 32 unsigned bits each
     * @param classes their classes; -1 without
     * @param ledger counts, by place in {@code images}
     * @param checkpoint called before each network call; what it throws ends the call
     */
    public StepEngine(
            Denoiser denoiser,
            EdmSampler sampler,
            long seed,
            int maxBatch,
            long[] images,
            int[] classes,
            Ledger ledger,
            Runnable checkpoint) {
        this.denoiser = denoiser;
        this.sampler = sampler;
        this.device = denoiser.device();
        this.kernels = Kernels.on(device);
        this.shape = denoiser.shape();
        this.elements = shape.elements();
        this.seed = seed;
        this.maxBatch = maxBatch;
        this.images = images.clone();
        this.classes = classes.clone();
        this.ledger = ledger;
        this.checkpoint = checkpoint;
        float[] coefficients = sampler.table(denoiser.preconditioning());
        table = Tensors.of(device, coefficients, coefficients.length);
        scratch = new Scratch(device, maxBatch, shape);
    }

    public int images() {
        return images.length;
    }

    /** Starts a table of rows of a step; -1 for initial states. */
    public Draws.Builder draws(int step, int capacity) {
        return new Draws.Builder(device, images, classes, denoiser.classes() > 0, step, capacity);
    }

    /** Empty rows. */
    public Rows rows(int count) {
        return new Rows(device, count, shape);
    }

    public Candidates candidates(int capacity) {
        return new Candidates(device, capacity, shape);
    }

    /**
     * @param rounds the most selections it will hold
     * @param targets per group, the row of the results it writes
     */
    public Winners winners(int rounds, int[] targets) {
        double[] nothing = new double[targets.length];
        Arrays.fill(nothing, Double.NaN);
        return winners(rounds, targets, nothing);
    }

    /** @param scores per group, the score to beat where the best is kept; NaN = none yet */
    public Winners winners(int rounds, int[] targets, double[] scores) {
        return new Winners(device, rounds, targets, scores);
    }

    /** The initial states x_0 = sigma_max * normal of draws of step -1. */
    public Rows start(Draws draws) {
        Rows x = rows(draws.rows());
        try (StepEvent noise = StepEvent.noise(images.length, draws.rows(), -1, 0)) {
            kernels.noise(draws.table(0), draws.rows(), seed, elements, (float) sampler.sigma(0), x.pointer());
            return x;
        } catch (Throwable t) {
            x.close();
            throw t;
        }
    }

    /** The noise of each row alone, to {@code into.noise()}, without a transition. */
    public void noise(Candidates into, @Nullable Rows pivots, Draws draws, Locality locality) {
        into.rows = draws.rows();
        try (StepEvent noise = StepEvent.noise(images.length, draws.rows(), draws.step(), 0)) {
            kernels.candidates(
                    draws.table(0),
                    draws.rows(),
                    0,
                    seed,
                    elements,
                    locality.epsilon(),
                    locality.lambda(),
                    locality.project() ? 1 : 0,
                    null,
                    pivots == null ? 0 : pivots.rows(),
                    pointer(pivots),
                    null,
                    0,
                    into.noise.pointer(),
                    null,
                    null,
                    F32,
                    null);
        }
    }

    /**
     * One transition per row, from the states and pivots the draws name.
     *
     * @param pivots null if no row needs one
     * @param round added to each row's round
     */
    public void advance(Candidates into, Rows x, @Nullable Rows pivots, Draws draws, int round, Locality locality) {
        into.rows = draws.rows();
        into.step = draws.step();
        into.round = round;
        boolean last = draws.step() == sampler.steps() - 1;
        Pointer steps = Tensors.pointer(table);
        Pointer level = Tensors.pointer(scratch.noiseLevel);
        for (int from = 0; from < draws.rows(); from += maxBatch) {
            int count = Math.min(maxBatch, draws.rows() - from);
            Pointer rows = draws.table(from);
            try (StepEvent noise = StepEvent.noise(images.length, count, draws.step(), round)) {
                kernels.candidates(
                        rows,
                        count,
                        round,
                        seed,
                        elements,
                        locality.epsilon(),
                        locality.lambda(),
                        locality.project() ? 1 : 0,
                        x.pointer(),
                        x.rows(),
                        pointer(pivots),
                        steps,
                        sampler.steps(),
                        into.noise.at(from),
                        scratch.xHat.pointer(),
                        scratch.input.pointer(),
                        F32,
                        level);
            }
            try (Tensor output = network(draws, from, count, round);
                    StepEvent update = StepEvent.update(images.length, count, draws.step(), round)) {
                kernels.euler(
                        rows,
                        count,
                        elements,
                        steps,
                        sampler.steps(),
                        scratch.xHat.pointer(),
                        Tensors.pointer(output),
                        F32,
                        scratch.slope.pointer(),
                        into.next().at(from),
                        last ? null : scratch.input.pointer(),
                        F32,
                        last ? null : level,
                        last ? into.clean.at(from) : null);
            }
            if (!last) {
                try (Tensor output = network(draws, from, count, round);
                        StepEvent update = StepEvent.update(images.length, count, draws.step(), round)) {
                    kernels.heun(
                            rows,
                            count,
                            elements,
                            steps,
                            sampler.steps(),
                            scratch.xHat.pointer(),
                            scratch.slope.pointer(),
                            Tensors.pointer(output),
                            F32,
                            into.next().at(from),
                            into.clean.at(from));
                }
            }
            for (int row = from; row < from + count; row++) {
                ledger.transition(draws.slot(row));
            }
        }
    }

    private Tensor network(Draws draws, int from, int count, int round) {
        checkpoint.run();
        for (int row = from; row < from + count; row++) {
            ledger.networkEvaluation(draws.slot(row));
        }
        try (Tensor input = scratch.input.view(0, count);
                Tensor level = Tensors.rows(scratch.noiseLevel, 0, count);
                Tensor labels = draws.labels(from, count);
                StepEvent denoise = StepEvent.denoise(images.length, count, draws.step(), round)) {
            return denoiser.network(input, level, labels);
        }
    }

    /** Judges the clean estimates of the last {@link #advance}, in 8 bits; after the last step, the final states. */
    public void score(Candidates candidates, Draws draws, Reward reward) {
        boolean last = draws.step() == sampler.steps() - 1;
        score(last ? candidates.next() : candidates.clean, draws, candidates.round, reward, candidates.scores);
        for (int row = 0; row < draws.rows(); row++) {
            ledger.rewardCall(draws.slot(row));
        }
    }

    /** The rows' scores. Waits for the device. */
    public double[] scores(Candidates candidates) {
        try (Tensor scores = Tensors.rows(candidates.scores, 0, candidates.rows)) {
            return Tensors.toDoubles(scores);
        }
    }

    /** Judges final states, in 8 bits, in the order of the draws' rows. Waits for the device. */
    public double[] judge(Rows x, Draws draws, Reward reward, boolean heldOut) {
        for (int row = 0; row < draws.rows(); row++) {
            if (heldOut) {
                ledger.heldOutCall(draws.slot(row));
            } else {
                ledger.rewardCall(draws.slot(row));
            }
        }
        try (Tensor scores = Tensors.doubles(device, draws.rows())) {
            score(x, draws, 0, reward, scores);
            return Tensors.toDoubles(scores);
        }
    }

    private void score(Rows clean, Draws draws, int round, Reward reward, Tensor scores) {
        for (int from = 0; from < draws.rows(); from += maxBatch) {
            int count = Math.min(maxBatch, draws.rows() - from);
            checkpoint.run();
            decode(clean, from, count, draws.step(), round);
            try (StepEvent scoring = StepEvent.score(images.length, count, draws.step(), round);
                    Tensor pixels = Tensors.rows(scratch.pixels, 0, count);
                    Tensor labels = draws.classesOnDevice(from, count);
                    Tensor part = Tensors.rows(scores, from, count)) {
                reward.score(new ImageBatch(device, shape, pixels, labels, draws.classes(from, count)), part);
            }
        }
    }

    private void decode(Rows x, int from, int count, int step, int round) {
        try (StepEvent decode = StepEvent.decode(images.length, count, step, round)) {
            kernels.quantise(x.at(from), (long) count * elements, Tensors.pointer(scratch.pixels));
        }
    }

    /** States in 8 bits, on the host: rows x elements. */
    public byte[] quantise(Rows x) {
        byte[] all = new byte[Math.multiplyExact(x.rows(), elements)];
        for (int from = 0; from < x.rows(); from += maxBatch) {
            int count = Math.min(maxBatch, x.rows() - from);
            decode(x, from, count, sampler.steps(), 0);
            try (Tensor pixels = Tensors.rows(scratch.pixels, 0, count)) {
                System.arraycopy(Tensors.toBytes(pixels), 0, all, from * elements, count * elements);
            }
        }
        return all;
    }

    /**
     * Chooses the best of each group of consecutive candidates and copies its noise and next state to the rows the winners name.
     *
     * @param keep whether a group's earlier best is replaced only by a strictly better one
     * @param pivots takes the winners' noise; may be null
     * @param next takes the winners' next states
     */
    public void select(Candidates candidates, Winners winners, boolean keep, @Nullable Rows pivots, Rows next) {
        int groups = winners.groups();
        int size = candidates.rows / groups;
        long rowBytes = (long) elements * Float.BYTES;
        Pointer winner = winners.nextWinner();
        Pointer targets = winners.targets();
        try (StepEvent select = StepEvent.select(images.length, candidates.rows, candidates.step, candidates.round)) {
            kernels.select(
                    Tensors.pointer(candidates.scores),
                    groups,
                    size,
                    keep ? 1 : 0,
                    winners.best(),
                    winner,
                    winners.nans());
            if (pivots != null) {
                kernels.gather(
                        candidates.noise.pointer(), rowBytes, winner, groups, 1, size, targets, pivots.pointer());
            }
            kernels.gather(candidates.next().pointer(), rowBytes, winner, groups, 1, size, targets, next.pointer());
        }
    }

    /**
     * The best candidates of groups.
     *
     * @param index [group][rank], best first, as places in the group
     * @param nans how many scores of each group were NaN
     */
    public record Best(int[][] index, int[] nans) {}

    /**
     * Ranks each group of consecutive candidates (NaN counts as minus infinity, the lowest index of equals is the better) and copies the next states of
     * its best. Waits for the device.
     *
     * @param take how many of each group, 1 to its size
     * @param targets per group and rank, the row of {@code next} it is copied to
     */
    public Best top(Candidates candidates, int groups, int take, int[] targets, Rows next) {
        int size = candidates.rows / groups;
        try (StepEvent select = StepEvent.select(images.length, candidates.rows, candidates.step, candidates.round);
                Tensor index = Tensors.ints(device, groups, take);
                Tensor nans = Tensors.of(device, new int[groups], groups);
                Tensor target = Tensors.of(device, targets, targets.length)) {
            kernels.top(
                    Tensors.pointer(candidates.scores),
                    groups,
                    size,
                    take,
                    Tensors.pointer(index),
                    Tensors.pointer(nans));
            kernels.gather(
                    candidates.next().pointer(),
                    (long) elements * Float.BYTES,
                    Tensors.pointer(index),
                    (long) groups * take,
                    take,
                    size,
                    Tensors.pointer(target),
                    next.pointer());
            int[] flat = Tensors.toInts(index);
            int[][] ranked = new int[groups][];
            Arrays.setAll(ranked, g -> Arrays.copyOfRange(flat, g * take, (g + 1) * take));
            return new Best(ranked, Tensors.toInts(nans));
        }
    }

    /** to[r] = from[sources[r]]. */
    public void gather(Rows from, int[] sources, Rows to) {
        try (Tensor index = Tensors.of(device, sources, sources.length)) {
            kernels.gather(
                    from.pointer(),
                    (long) elements * Float.BYTES,
                    Tensors.pointer(index),
                    sources.length,
                    sources.length,
                    from.rows(),
                    null,
                    to.pointer());
        }
    }

    /** to[targets[r]] = from[r]. */
    public void put(Rows from, int[] targets, Rows to) {
        int[] identity = new int[targets.length];
        Arrays.setAll(identity, r -> r);
        try (Tensor index = Tensors.of(device, identity, identity.length);
                Tensor target = Tensors.of(device, targets, targets.length)) {
            kernels.gather(
                    from.pointer(),
                    (long) elements * Float.BYTES,
                    Tensors.pointer(index),
                    targets.length,
                    targets.length,
                    from.rows(),
                    Tensors.pointer(target),
                    to.pointer());
        }
    }

    /** |row| / sqrt(d) of each row. Waits for the device. */
    public double[] norms(Rows rows) {
        try (Tensor norm = Tensors.doubles(device, rows.rows())) {
            kernels.sphere(rows.pointer(), rows.rows(), elements, 0, Tensors.pointer(norm));
            double[] norms = Tensors.toDoubles(norm);
            for (int r = 0; r < norms.length; r++) {
                norms[r] /= Math.sqrt(elements);
            }
            return norms;
        }
    }

    /** The coin of each row's key, in (0, 1): a COIN row is global where it is below epsilon. Waits for the device. */
    public double[] coins(Draws draws) {
        try (Tensor uniforms = Tensors.doubles(device, draws.rows(), 2)) {
            kernels.uniforms(draws.table(0), draws.rows(), seed, Tensors.pointer(uniforms));
            double[] pairs = Tensors.toDoubles(uniforms);
            double[] coins = new double[draws.rows()];
            Arrays.setAll(coins, r -> pairs[2 * r]);
            return coins;
        }
    }

    private static @Nullable Pointer pointer(@Nullable Rows rows) {
        return rows == null ? null : rows.pointer();
    }

    @Override
    public void close() {
        table.close();
        scratch.close();
    }
}
