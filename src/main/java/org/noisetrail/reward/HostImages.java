package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;

/** Images of the host on a device, where rewards score them. Owns what lies there; not thread-safe. */
public final class HostImages implements AutoCloseable {
    private final Device device;
    private final ImageShape shape;
    private final List<Condition> conditions;
    private final Tensor pixels;
    private final Tensor labels;

    /** @throws IllegalArgumentException if there is no image, or they differ in shape */
    public HostImages(Device device, List<Image> images) {
        this.device = device;
        shape = shape(images);
        conditions = images.stream().map(Image::condition).toList();
        int size = shape.elements();
        byte[] all = new byte[Math.multiplyExact(images.size(), size)];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i).pixels(), 0, all, i * size, size);
        }
        int[] classes = images.stream().mapToInt(Image::label).toArray();
        try (Unfinished parts = new Unfinished()) {
            pixels = parts.add(Tensors.bytes(device, images.size(), shape.channels(), shape.height(), shape.width()));
            Tensors.copy(all, pixels);
            labels = parts.add(Tensors.of(device, classes, classes.length));
            parts.finish();
        }
    }

    private static ImageShape shape(List<Image> images) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
        ImageShape shape = images.get(0).shape();
        for (Image image : images) {
            if (!image.shape().equals(shape)) {
                throw new IllegalArgumentException("images must be of one shape, " + shape + ": " + image.shape());
            }
        }
        return shape;
    }

    /** All of them; of no use once this is closed. */
    public ImageBatch batch() {
        return new ImageBatch(device, shape, pixels, labels, conditions);
    }

    /**
     * What a reward says of the first of them; NaN where it says nothing.
     *
     * @param rows how many, from 1 to all
     */
    public double[] scores(Reward reward, int rows) {
        try (Tensor first = Tensors.rows(pixels, 0, rows);
                Tensor classes = Tensors.rows(labels, 0, rows);
                Tensor scores = Tensors.doubles(device, rows)) {
            new ImageBatch(device, shape, first, classes, conditions.subList(0, rows)).score(reward, scores);
            return Tensors.toDoubles(scores);
        }
    }

    /**
     * What a reward says of images, asked first whether it can judge them; NaN where it says nothing. Thread-safe if the reward is.
     *
     * @param images at least one, all of one shape
     * @param maxBatch the most that are judged at once, >= 1
     * @throws IllegalArgumentException also if the reward cannot judge them
     */
    public static double[] scores(Reward reward, Device device, List<Image> images, int maxBatch) {
        reward.check(shape(images), images.stream().map(Image::condition).toList());
        double[] all = new double[images.size()];
        for (int from = 0; from < all.length; from += maxBatch) {
            List<Image> part = images.subList(from, Math.min(all.length, from + maxBatch));
            try (HostImages there = new HostImages(device, part)) {
                System.arraycopy(there.scores(reward, part.size()), 0, all, from, part.size());
            }
        }
        return all;
    }

    @Override
    public void close() {
        pixels.close();
        labels.close();
    }
}
