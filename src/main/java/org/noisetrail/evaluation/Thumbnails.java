package org.noisetrail.evaluation;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;

/**
 * What a comparison holds of its pictures to the end, for its page to show: of each row so few and so small ones that all rows' fit into memory.
 *
 * @param images of a search, its first
 * @param times how many pixels each way become one
 */
record Thumbnails(int images, int times) {
    static final Thumbnails NONE = new Thumbnails(0, 1);

    /** More would make a page that a telephone cannot hold. */
    static final int MOST_IMAGES = 64;

    /** Bytes, a value each: five pictures of 512x512 in colours are shown as they are, 64 of them at a quarter of the size. */
    static final int MOST_OF_A_ROW = 1 << 22;

    /** Of all rows together. */
    static final int MOST = 1 << 27;

    /** @param rows no fewer than the comparison will have */
    static Thumbnails of(ImageShape shape, int images, long rows) {
        int shown = Math.min(images, MOST_IMAGES);
        long most = Math.min(MOST_OF_A_ROW, MOST / rows);
        int times = 1;
        while (times < Math.max(shape.width(), shape.height())
                && (long) shown * smaller(shape, times).elements() > most) {
            times++;
        }
        return new Thumbnails(shown, times);
    }

    private static ImageShape smaller(ImageShape shape, int times) {
        return new ImageShape(shape.channels(), (shape.height() - 1) / times + 1, (shape.width() - 1) / times + 1);
    }

    /** Null for an image that is not shown. */
    @Nullable
    Image of(int place, BufferedImage picture, Condition condition) {
        return place < images ? small(picture, condition) : null;
    }

    /** Each value the mean of a square's: of one pixel, what it is. */
    private Image small(BufferedImage picture, Condition condition) {
        Raster raster = picture.getRaster();
        ImageShape shape = smaller(new ImageShape(raster.getNumBands(), raster.getHeight(), raster.getWidth()), times);
        byte[] pixels = new byte[shape.elements()];
        int to = 0;
        for (int c = 0; c < shape.channels(); c++) {
            for (int y = 0; y < shape.height(); y++) {
                for (int x = 0; x < shape.width(); x++) {
                    pixels[to++] = (byte) mean(raster, c, y * times, x * times);
                }
            }
        }
        return new Image(shape, pixels, condition);
    }

    private int mean(Raster raster, int channel, int top, int left) {
        int bottom = Math.min(top + times, raster.getHeight());
        int right = Math.min(left + times, raster.getWidth());
        int count = (bottom - top) * (right - left);
        long sum = count / 2;
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                sum += raster.getSample(x, y, channel);
            }
        }
        return (int) (sum / count);
    }
}
