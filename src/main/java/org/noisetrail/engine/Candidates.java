package org.noisetrail.engine;

import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;

/**
 * One transition per row: the noise each was given, the particle it leads to, its clean estimate and its score. A workspace: made once by
 * {@link StepEngine#candidates}, overwritten by every {@link StepEngine#advance}.
 */
public final class Candidates implements AutoCloseable {
    private final Device device;
    private final Exchange exchange;
    private final ImageShape shape;
    final Rows noise;
    private Particles next;
    /** Null where the next particles keep them. */
    private final @Nullable Rows clean;

    /** float64 [capacity]. */
    final Exchange.Slice scores;

    /** |noise|, float64 [capacity]. */
    final Exchange.Slice lengths;

    /** Raised states and the network's output there, where the rows were only screened. */
    private @Nullable Particles halfway;

    boolean screened;
    /** What the rows are worth, by all that is known of them; null where {@code scores} says it. */
    double @Nullable [] estimates;

    int rows;
    int step;
    int round;

    Candidates(
            Device device, Exchange exchange, int capacity, ImageShape shape, boolean withOutput, boolean withClean) {
        this.device = device;
        this.exchange = exchange;
        this.shape = shape;
        try (Unfinished parts = new Unfinished()) {
            noise = parts.add(new Rows(device, capacity, shape));
            next = parts.add(new Particles(device, capacity, shape, withOutput, withClean));
            clean = withClean ? null : parts.add(new Rows(device, capacity, shape));
            scores = parts.add(exchange.doubles(capacity));
            lengths = parts.add(exchange.doubles(capacity));
            parts.finish();
        }
    }

    /** From now on it holds other rows. */
    void begin(Draws draws, int round, boolean screened) {
        if (draws.rows() > capacity()) {
            throw new IllegalArgumentException(
                    "rows must be <= " + capacity() + ", the candidates' capacity: " + draws.rows());
        }
        rows = draws.rows();
        step = draws.step();
        this.round = round;
        this.screened = screened;
        estimates = null;
    }

    /** @throws IllegalArgumentException if draws are of more rows than it holds */
    void need(Draws draws) {
        if (draws.rows() > rows) {
            throw new IllegalArgumentException("draws must be <= " + rows + ", the candidates' rows: " + draws.rows());
        }
    }

    /** The first so many scores. Waits for the device. */
    double[] scores(int count) {
        return scores.readDoubles(count);
    }

    /** float64 [capacity], to be written. */
    Tensor scoring() {
        scores.target();
        return scores.tensor();
    }

    /** Sets the first so many scores. */
    void scores(double[] known) {
        try (Tensor first = Tensors.rows(scoring(), 0, known.length)) {
            Tensors.copy(known, first);
        }
    }

    /** The most rows it holds. */
    public int capacity() {
        return next.rows();
    }

    /** This workspace; or, where it holds fewer rows, another in its place, and this one is closed. */
    public Candidates atLeast(int count) {
        if (count <= capacity()) {
            return this;
        }
        Candidates larger = new Candidates(device, exchange, count, shape, next.f() != null, clean == null);
        close();
        return larger;
    }

    /** Where screened rows stand; made when first asked for. */
    Particles halfway() {
        if (halfway == null) {
            halfway = new Particles(device, next.rows(), shape, true, false);
        }
        return halfway;
    }

    /** What the last call made of the rows. */
    Particles current() {
        return screened ? halfway() : next;
    }

    /** The particles the rows lead to; overwritten by the next advance. */
    public Particles next() {
        return next;
    }

    /** Gives the next particles away, and takes others of the same count to write the next ones to. */
    public Particles exchangeNext(Particles other) {
        if (other.rows() != next.rows()) {
            throw new IllegalArgumentException("rows must be " + next.rows() + ": " + other.rows());
        }
        Particles given = next;
        next = other;
        return given;
    }

    /** The rows' noise; overwritten by the next advance. */
    public Rows noise() {
        return noise;
    }

    /** The rows' clean estimates; after the last step the states themselves. */
    public Rows clean() {
        return clean != null ? clean : Objects.requireNonNull(next.clean());
    }

    @Override
    public void close() {
        noise.close();
        next.close();
        if (halfway != null) {
            halfway.close();
        }
        if (clean != null) {
            clean.close();
        }
        scores.close();
        lengths.close();
    }
}
