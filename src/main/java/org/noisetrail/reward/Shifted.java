package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * The mean of a reward over an image and the four that are it moved by 1/32 of a side (at least a pixel) up, down, left and right, its border repeated: what a reward
 * likes for its meaning, and not for where a few pixels lie, it likes there too. Five times the reward's cost. No mirror images: a prompt may say left or right. Owns its part.
 */
record Shifted(Reward part) implements Reward {
    static final RewardKind KIND =
            RewardKind.ofOne("shifted", "the mean over the image and four shifts by 1/32 of a side", Shifted::new);

    private static final int HEIGHT = 2;
    private static final int WIDTH = 3;
    /** Dimension and direction. */
    private static final int[][] MOVES = {{WIDTH, -1}, {WIDTH, 1}, {HEIGHT, -1}, {HEIGHT, 1}};
    /** What its part scores of each image. */
    static final int IMAGES = 1 + MOVES.length;

    @Override
    public String name() {
        return RewardText.made("shifted", List.of(part.name()));
    }

    @Override
    public String id() {
        return RewardText.made("shifted", List.of(part.id()));
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        part.check(shape, conditions);
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Pointer mean = Scores.pointer(scores, images);
        Kernels kernels = Kernels.on(images.lane());
        try (Tensor one = Tensors.doubles(images.device(), images.rows())) {
            double share = 1.0 / IMAGES;
            Tensors.fill(one, Double.NaN);
            part.score(images, one);
            kernels.accumulate(Tensors.pointer(one), images.rows(), share, 0, mean);
            for (int[] move : MOVES) {
                Tensors.fill(one, Double.NaN);
                try (Tensor pixels = moved(images, move[0], move[1])) {
                    part.score(
                            new ImageBatch(images.lane(), images.shape(), pixels, images.labels(), images.conditions()),
                            one);
                }
                kernels.accumulate(Tensors.pointer(one), images.rows(), share, 1, mean);
            }
        }
    }

    private static Tensor moved(ImageBatch images, int dimension, int direction) {
        ImageShape shape = images.shape();
        int size = dimension == HEIGHT ? shape.height() : shape.width();
        try (Tensor places = places(images, size, direction)) {
            return Torch.call(() -> {
                try (Tensor whole =
                        images.pixels().view(images.rows(), shape.channels(), shape.height(), shape.width())) {
                    return whole.index_select(dimension, places);
                }
            });
        }
    }

    private static Tensor places(ImageBatch images, int size, int direction) {
        int by = direction * Math.max(1, size / 32);
        long[] places = new long[size];
        for (int i = 0; i < size; i++) {
            places[i] = Math.min(Math.max(i - by, 0), size - 1);
        }
        return Tensors.of(images.device(), places, size);
    }

    @Override
    public void close() {
        part.close();
    }
}
