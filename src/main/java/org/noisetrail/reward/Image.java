package org.noisetrail.reward;

import org.noisetrail.model.ImageShape;

/**
 * One 8-bit image on the host, as a user's reward sees it.
 *
 * @param shape channels (1 grey, 3 RGB), height, width
 * @param pixels channel after channel, row after row; each byte is 0..255 unsigned. Not copied: do not change it.
 * @param label the class the image was asked to be; -1 without one
 */
public record Image(ImageShape shape, byte[] pixels, int label) {
    public Image {
        if (pixels.length != shape.elements()) {
            throw new IllegalArgumentException(
                    "pixels must be " + shape.elements() + " (" + shape + "): " + pixels.length);
        }
    }

    /** The value 0..255 at a channel, row and column. */
    public int at(int channel, int y, int x) {
        return pixels[(channel * shape.height() + y) * shape.width() + x] & 0xff;
    }
}
