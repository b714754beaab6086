package org.noisetrail.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.Lane;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.torch.Crew;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.TorchLane;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Ledger;

/** What the parts of an engine share: a group of images, what they are drawn with, and where. Owns its lane, its hands, its tables and the encoded conditions. */
final class Group implements AutoCloseable {
    final Denoiser denoiser;
    final Decoder decoder;
    final Decoder preview;
    final @Nullable Screen screen;
    final Schedule schedule;
    final Device device;
    private final TorchLane torch;
    private final TorchLane.Scope scope;
    final Lane lane;
    final Exchange exchange;
    final Kernels kernels;
    final ImageShape shape;
    final int elements;
    final long seed;
    final int maxBatch;
    final int decodeBatch;
    final long[] images;
    final List<Condition> conditions;
    final Ledger ledger;
    final Checkpoint checkpoint;
    final int hands;
    final boolean estimates;
    private final @Nullable Crew crew;
    private @Nullable List<Runnable> noted;
    private boolean muted;
    final Conditioning conditioning;
    final Tensor table;

    Group(StepEngine.Builder builder) {
        denoiser = builder.denoiser;
        decoder = builder.decoder;
        screen = builder.screen;
        // What was screened is verified by the true decoder, and by nothing else.
        preview = builder.preview == null || screen != null ? builder.decoder : builder.preview;
        if (!preview.image().equals(decoder.image())) {
            throw new IllegalArgumentException(
                    "the preview decoder's images must be " + decoder.image() + ": " + preview.image());
        }
        schedule = builder.schedule;
        device = denoiser.device();
        shape = denoiser.shape();
        elements = shape.elements();
        seed = builder.seed;
        maxBatch = builder.maxBatch;
        decodeBatch = Math.min(builder.decodeBatch, builder.maxBatch);
        images = builder.images;
        conditions = builder.conditions;
        ledger = builder.ledger;
        checkpoint = builder.checkpoint;
        hands = builder.hands;
        estimates = builder.estimates;
        int largest = Math.max(elements, decoder.image().elements());
        if ((long) images.length * largest > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("images together x elements must be <= " + Integer.MAX_VALUE
                    + " (a smaller max-batch draws fewer together): " + images.length + " x " + largest);
        }
        float[] numbers = schedule.table();
        try (Unfinished parts = new Unfinished()) {
            torch = parts.add(builder.lane == null ? TorchLane.open(device) : TorchLane.of(builder.lane));
            scope = parts.add(torch.enter());
            lane = torch.lane();
            kernels = Kernels.on(lane);
            exchange = parts.add(new Exchange(device));
            try (NoGradients plain = new NoGradients()) {
                conditioning =
                        parts.add(Objects.requireNonNull(denoiser.encode(conditions), "the denoiser's conditioning"));
            }
            table = parts.add(Tensors.of(device, numbers, numbers.length));
            crew = hands == 1 ? null : parts.add(new Crew(hands));
            parts.finish();
        }
    }

    /** What is done to some consecutive rows. */
    @FunctionalInterface
    interface Chunk {
        /** @param hand whose workspace it may use */
        void run(int hand, int from, int count);
    }

    /** Has something done to all rows, in chunks of at most {@code largest}; by several hands at once, where there are such. */
    void each(int rows, int largest, Chunk work) {
        int size = Math.min(largest, (rows + hands - 1) / hands);
        int chunks = (rows + size - 1) / size;
        IntConsumer byHand = hand -> {
            for (int chunk = hand; chunk < chunks; chunk += hands) {
                work.run(hand, chunk * size, Math.min(size, rows - chunk * size));
            }
        };
        if (crew == null) {
            byHand.accept(0);
        } else {
            crew.run(IntStream.range(0, Math.min(hands, chunks))
                    .mapToObj(hand -> (Runnable) () -> {
                        try (TorchLane.Scope here = torch.enter()) {
                            byHand.accept(hand);
                        }
                    })
                    .toList());
        }
    }

    /** Something that the host keeps account of beside the device's work: done, and where a round is being noted, done again whenever it is given to the device again. */
    void tell(Runnable event) {
        if (!muted) {
            event.run();
        }
        if (noted != null) {
            noted.add(event);
        }
    }

    /** Whether candidates are to be judged. */
    boolean judges(int rows) {
        boolean judged = muted || checkpoint.judges(rows);
        if (noted != null) {
            noted.add(() -> checkpoint.judges(rows));
        }
        return judged;
    }

    /** What is told while work runs. */
    List<Runnable> noting(Runnable work) {
        List<Runnable> events = new ArrayList<>();
        noted = events;
        try {
            work.run();
        } finally {
            noted = null;
        }
        return events;
    }

    /** Runs work of which nothing is told. */
    void muted(Runnable work) {
        muted = true;
        try {
            work.run();
        } finally {
            muted = false;
        }
    }

    int images() {
        return images.length;
    }

    boolean isLast(int step) {
        return step == schedule.size() - 1;
    }

    /** What candidates of a step are judged by: clean estimates; after the last step the states, which are the images, unless a screened one has none yet. */
    Rows judged(Candidates candidates, int step) {
        return isLast(step) && !candidates.screened ? candidates.next().x() : candidates.clean();
    }

    @Override
    public void close() {
        Unfinished.closeAll(Arrays.asList(crew, table, conditioning, exchange, scope, torch));
    }
}
