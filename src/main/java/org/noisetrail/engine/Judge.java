package org.noisetrail.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.StepEvent;

/** Makes 8-bit images of states and scores them, in chunks. An image that is not finite scores minus infinity, whatever the reward says of its black pixels. */
final class Judge implements AutoCloseable {
    private final Group group;
    private final IntConsumer decoded;
    private final IntConsumer rewarded;
    /** Of each hand. */
    private final List<Space> spaces = new ArrayList<>();

    /** Where one hand's images lie. */
    private static final class Space implements AutoCloseable {
        final Tensor pixels;
        /** 1 where a state's image was not finite. */
        final Tensor bad;

        Space(Group group, ImageShape image) {
            try (Unfinished parts = new Unfinished()) {
                pixels = parts.add(Tensors.bytes(
                        group.device, group.decodeBatch, image.channels(), image.height(), image.width()));
                bad = parts.add(Tensors.ints(group.device, group.decodeBatch));
                parts.finish();
            }
        }

        @Override
        public void close() {
            pixels.close();
            bad.close();
        }
    }

    /**
     * @param image the shape of the images that it judges
     * @param decoded told whose state is decoded, where decoding costs anything
     * @param rewarded told whose image is scored; both by several hands at once, where there are such
     */
    Judge(Group group, ImageShape image, IntConsumer decoded, IntConsumer rewarded) {
        this.group = group;
        this.decoded = decoded;
        this.rewarded = rewarded;
        try (Unfinished parts = new Unfinished()) {
            for (int hand = 0; hand < group.hands; hand++) {
                spaces.add(parts.add(new Space(group, image)));
            }
            parts.finish();
        }
    }

    /**
     * @param decoder of images of this judge's shape
     * @param scores float64, as many as rows
     */
    void score(Decoder decoder, Rows states, Draws draws, int round, Reward reward, Tensor scores) {
        group.each(draws.rows(), group.decodeBatch, (hand, from, count) -> {
            Space space = spaces.get(hand);
            try (Tensor part = Tensors.rows(scores, from, count)) {
                if (!group.judges(count)) {
                    Tensors.fill(part, Double.NEGATIVE_INFINITY);
                    return;
                }
                decode(decoder, states, draws, from, count, round, space);
                score(decoder, draws, from, count, round, reward, space, part);
                group.tell(() -> each(draws, from, count, rewarded));
            }
        });
    }

    private static void each(Draws draws, int from, int count, IntConsumer told) {
        for (int row = from; row < from + count; row++) {
            told.accept(draws.slot(row));
        }
    }

    /** What a reward says of the images that lie in a space. */
    private void score(
            Decoder decoder, Draws draws, int from, int count, int round, Reward reward, Space space, Tensor scores) {
        try (StepEvent scoring = StepEvent.score(group.images(), count, draws.step(), round);
                Tensor images = Tensors.rows(space.pixels, 0, count);
                Tensor labels = draws.labels(from, count)) {
            new ImageBatch(group.lane, decoder.image(), images, labels, draws.conditions(from, count))
                    .score(reward, scores);
            group.kernels.penalise(Tensors.pointer(scores), Tensors.pointer(space.bad), count);
        }
    }

    /**
     * What is said of images, on the host.
     *
     * @param bad [rows]: 1 where an image had a NaN or infinity before 8 bits
     * @param scores [rewards][rows]
     */
    record Judged(int[] bad, double[][] scores) {}

    /**
     * Decodes each state once, for all that judge it.
     *
     * @param pixels takes the images, [rows, C, H, W]; null where nobody looks at them
     */
    Judged all(Decoder decoder, Rows states, Draws draws, List<Reward> rewards, byte @Nullable [] pixels) {
        int rows = draws.rows();
        int size = decoder.image().elements();
        int[] broken = new int[rows];
        double[][] scores = new double[rewards.size()][rows];
        group.each(rows, group.decodeBatch, (hand, from, count) -> {
            group.checkpoint.pass(count);
            Space space = spaces.get(hand);
            try (Tensor badPart = Tensors.rows(space.bad, 0, count);
                    Tensor part = Tensors.doubles(group.device, count);
                    Tensor images = Tensors.rows(space.pixels, 0, count)) {
                decode(decoder, states, draws, from, count, 0, space);
                if (pixels != null) {
                    System.arraycopy(Tensors.toBytes(images), 0, pixels, from * size, count * size);
                }
                System.arraycopy(Tensors.toInts(badPart), 0, broken, from, count);
                for (int r = 0; r < scores.length; r++) {
                    score(decoder, draws, from, count, 0, rewards.get(r), space, part);
                    System.arraycopy(Tensors.toDoubles(part), 0, scores[r], from, count);
                }
            }
        });
        return new Judged(broken, scores);
    }

    /** Images of states to the first of a space's pixels, and which are not finite. */
    private void decode(Decoder decoder, Rows states, Draws draws, int from, int count, int round, Space space) {
        ImageShape image = decoder.image();
        if (!decoder.isIdentity()) {
            group.tell(() -> each(draws, from, count, decoded));
        }
        try (StepEvent decoding = StepEvent.decode(group.images(), count, draws.step(), round);
                Tensor view = states.view(from, count);
                NoGradients plain = new NoGradients();
                Tensor images = decoder.decode(view)) {
            Inputs.checkImages(decoder, images, view, count);
            group.kernels.quantise(
                    Tensors.pointer(images),
                    count,
                    image.elements(),
                    Tensors.pointer(space.pixels),
                    Tensors.pointer(space.bad));
        }
    }

    @Override
    public void close() {
        Unfinished.closeAll(spaces);
    }
}
