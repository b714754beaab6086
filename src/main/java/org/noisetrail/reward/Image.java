package org.noisetrail.reward;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;

/**
 * One 8-bit image on the host, as a user's reward sees it.
 *
 * @param shape channels (1 grey, 3 RGB), height, width
 * @param pixels channel after channel, row after row; each byte is 0..255 unsigned. Not copied: do not change it.
 * @param condition what the image was asked to be
 */
public record Image(ImageShape shape, byte[] pixels, Condition condition) {
    public Image {
        if (pixels.length != shape.elements()) {
            throw new IllegalArgumentException(
                    "pixels must be " + shape.elements() + " (" + shape + "): " + pixels.length);
        }
    }

    /** The class the image was asked to be; -1 without one. */
    public int label() {
        return condition instanceof Condition.Label asked ? asked.label() : -1;
    }

    /** The prompt the image was asked to be; empty without one. */
    public String prompt() {
        return condition instanceof Condition.Prompt asked ? asked.text() : "";
    }

    /** The value 0..255 at a channel, row and column. */
    public int at(int channel, int y, int x) {
        return pixels[(channel * shape.height() + y) * shape.width() + x] & 0xff;
    }

    /**
     * The image for Java's own graphics and file writers ({@code ImageIO}), its values as they are.
     *
     * @throws IllegalArgumentException if it has neither 1 (grey) nor 3 channels (RGB)
     */
    public BufferedImage toBufferedImage() {
        if (shape.channels() != 1 && shape.channels() != 3) {
            throw new IllegalArgumentException("a picture's channels must be 1 or 3: " + shape.channels());
        }
        int type = shape.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
        BufferedImage picture = new BufferedImage(shape.width(), shape.height(), type);
        // The raster's samples are the file's: setRGB would convert grey values between colour spaces.
        WritableRaster raster = picture.getRaster();
        for (int c = 0; c < shape.channels(); c++) {
            for (int y = 0; y < shape.height(); y++) {
                for (int x = 0; x < shape.width(); x++) {
                    raster.setSample(x, y, c, at(c, y, x));
                }
            }
        }
        return picture;
    }
}
